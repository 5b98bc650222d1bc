"""Stationary economies without trend, and long simulations of their markets on the nodes of the chain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regspec.config.calibration import IndustryGroup
from regspec.config.config import Config
from regspec.config.model import Grid
from regspec.config.scenarios import Scenario
from regspec.errors import ModelFailure
from regspec.model.kernels.period import solve_point, state_in, static_roots
from regspec.model.kernels.records import C, Outcome, Q, make_scratch
from regspec.model.markov import draw_states
from regspec.model.problem import Problem
from regspec.model.simulation.euler_errors import policy_at
from regspec.model.simulation.paths import starts
from regspec.model.solver.policies import Policies
from regspec.model.solver.time_iteration import Solver
from regspec.solves.zone import build_problem

_DROPPED = 200  # first years of a simulation
_EVERY = 20  # years between two counts of static equilibria
_SCAN = 200
_ATTEMPTS = ((1.0, 0.85), (1.4, 0.7), (2.0, 0.55), (2.8, 0.4))  # depth of the bond grid, margin of the lattice
_NAME = "theory"


@dataclass(frozen=True)
class Economy:
    """Base-year shares (I,) of industries that differ in nothing else, adjustment cost, and overrides of model.parameters."""

    shares: tuple[float, ...]
    phi: float
    overrides: tuple[tuple[str, object], ...] = ()

    @property
    def label(self) -> str:
        """Text for messages."""
        more = "".join(f", {key} = {value}" for key, value in self.overrides)
        return f"shares {', '.join(f'{share:.3g}' for share in self.shares)}, phi = {self.phi:g}{more}"


@dataclass(frozen=True)
class Series:
    """A simulation: log productivities u (T, I); price, consumption, output, bonds at the start of the year, binding (T,)."""

    u: np.ndarray
    q: np.ndarray
    c: np.ndarray
    output: np.ndarray
    b: np.ndarray
    binding: np.ndarray


def problem(config: Config, economy: Economy, widen: float, margin: float) -> Problem:
    """The economy's numerical problem with the parameters of ``model.parameters`` and the grid of ``theory``."""
    own, n = config.theory, len(economy.shares)
    names = [f"industry {i}" for i in range(1, n + 1)]
    groups = {name: IndustryGroup(members=[name], xi=own.xi, phi=economy.phi) for name in names}
    parameters = config.model.parameters.model_copy(update={"xi_scale": 1.0, "phi_scale": 1.0, **dict(economy.overrides)})
    grid = Grid(
        k_steps=own.k_steps,
        u_nodes=own.u_nodes,
        b_below=own.b_below,
        b_above=own.b_above,
        b_fine=own.b_fine,
        b_max=config.model.grid.b_max,
    )
    first = config.calibration.first_year
    interest = config.calibration.interest.model_copy(update={"nodes": 1})
    calibration = config.calibration.model_copy(
        update={"industries": groups, "last_year": first + 1, "interest": interest, "level": "predicted"}
    )
    changed = config.model_copy(
        update={
            "calibration": calibration,
            "scenarios": {_NAME: Scenario(planner=False)},
            "model": config.model.model_copy(update={"parameters": parameters, "grid": grid}),
        }
    )
    shares = list(economy.shares)
    zone = {"zone": 0, "industries": names, "shares": shares, "k0": shares, "level": 1.0}
    national = {
        "rho": [own.rho] * n,
        "sigma": [own.sigma] * n,
        "trend": np.zeros((n, 2)).tolist(),
        "national_share": shares,
        "interest": {"mean": interest.mean, "rho": 0.0, "sigma": 0.0},
    }
    return build_problem(zone, national, changed, _NAME, widen, margin)


def solve(config: Config, economy: Economy) -> tuple[Solver, Policies]:
    """Stationary market of the economy, on wider grids when choices reach their ends. Raises ModelFailure that names it."""
    settings, label = config.model.solver, f"theory, {economy.label}"
    for widen, margin in _ATTEMPTS:
        own = problem(config, economy, widen, margin)
        solver = Solver(own, False, label=label)
        tail = solver.stationary(settings.tolerance, settings.residual, settings.max_sweeps)
        deep = own.limit != "collateral" or solver.diagnostics.lowest > 0.0
        if deep and solver.diagnostics.edge_hits == 0:
            return solver, tail
    raise ModelFailure(f"{label}: choices reach the ends of the grids")


def simulate(solver: Solver, tail: Policies, years: int, seed: int) -> Series:
    """``years`` years after ``_DROPPED``, each year's equilibrium solved at its bonds and portfolio.

    Raises ModelFailure where a year has no equilibrium or, among those looked at, several.
    """
    p, t, n = solver.problem, solver.problem.horizon + 1, solver.problem.industries
    next_year = solver.grids.next_year(solver.expectations(tail, t), t)
    exogenous, const = solver.grids.at(t).exogenous, solver.grids.at(t).constants
    scratch, y, policy, spare = make_scratch(const), np.empty(n), np.ones(n + 5), np.empty(n)
    states, values = draw_states(p.chain, years + _DROPPED, seed), p.chain.states()[:, :n]
    rows, binding = np.empty((len(states), 4)), np.zeros(len(states), bool)
    b, k, guess = p.b0, np.array(p.k0, float), None
    for year, e in enumerate(states):
        state, first = state_in(b, k, exogenous, e, const), starts(b, k, solver, t, guess)
        outcome = solve_point(state, first, next_year, const, scratch, y, solver.options.state_search())
        if outcome == Outcome.UNSOLVED:
            raise ModelFailure(f"{solver.label}: no equilibrium in simulated year {year} at b = {b:.4f}; {p.case()}")
        policy_at(outcome, y, const, scratch, policy)
        rows[year] = policy[Q], policy[C], np.sum(exogenous.z[e] * k**p.a), b
        binding[year] = outcome == Outcome.BINDING
        k_next = scratch.k_next.copy()
        if year % _EVERY == 0:
            roots = static_roots(state, y[1:].copy(), next_year, const, scratch, spare, _SCAN)
            if roots > 1:
                raise ModelFailure(f"{solver.label}: {roots} static equilibria in simulated year {year}; {p.case()}")
        b, k, guess = float(y[0]), k_next, y.copy()
    kept = slice(_DROPPED, None)
    q, c, output, held = rows[kept].T
    return Series(values[states[kept]], q, c, output, held, binding[kept])
