"""Stationary economies without trend, and long simulations of their markets on the nodes of the chain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regspec.calibration.records import InterestProcess, NationalProcesses, ZoneCalibration
from regspec.calibration.technology import Technology
from regspec.config.config import Config
from regspec.errors import ModelFailure
from regspec.model.kernels.period import solve_point, state_in, static_roots
from regspec.model.kernels.records import C, Outcome, Q, make_scratch
from regspec.model.markov import draw_states
from regspec.model.problem import Problem
from regspec.model.simulation.euler_errors import policy_at
from regspec.model.simulation.paths import starts
from regspec.model.solver.policies import Policies
from regspec.model.solver.time_iteration import Solver
from regspec.solves.attempts import AttemptFailed, Sizes, on_larger_grids
from regspec.solves.certify import check_grids
from regspec.solves.problem import build_problem
from regspec.solves.settings import SolveSettings

_DROPPED = 200  # first years of a simulation
_EVERY = 20  # years between two counts of static equilibria
_SCAN = 200


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
    return build_problem(*inputs(config, economy), widen, margin)


def inputs(config: Config, economy: Economy) -> tuple[ZoneCalibration, NationalProcesses, SolveSettings]:
    """What `build_problem` makes the economy's problem of: two years without trend, a constant interest rate."""
    own, n = config.theory, len(economy.shares)
    names = tuple(f"industry {i}" for i in range(1, n + 1))
    shares, flat = np.array(economy.shares), np.zeros((n, 2)).T
    rate = InterestProcess(config.calibration.interest.mean, rho=0.0, sigma=0.0)
    rho, sigma = np.full(n, own.rho), np.full(n, own.sigma)
    national = NationalProcesses(names, config.calibration.first_year, rho, sigma, flat, flat, rate, shares)
    parameters = config.model.parameters.model_copy(update=dict(economy.overrides))
    grid = {name: getattr(own, name) for name in ("k_steps", "u_nodes", "b_below", "b_above", "b_fine")}
    settings = SolveSettings(
        parameters=parameters,
        technology=Technology(parameters.alpha, np.full(n, own.xi), np.full(n, economy.phi)),
        planner=False,
        rate_nodes=1,
        grid=config.model.grid.model_copy(update=grid),
        solver=config.model.solver,
        seed=config.run.seed,
    )
    return ZoneCalibration(0, names, shares, level=1.0, gini_data=np.nan), national, settings


def solve(config: Config, economy: Economy) -> tuple[Solver, Policies]:
    """Stationary market of the economy, on larger grids after a failure that they may mend.

    Raises ModelFailure that names it.
    """
    bounds, label = config.model.solver, f"theory, {economy.label}"

    def attempt(sizes: Sizes) -> tuple[Solver, Policies]:
        own = problem(config, economy, sizes.depth, sizes.margin)
        solver = Solver(own, False, label=label)
        try:
            tail = solver.stationary(bounds.tolerance, bounds.residual, bounds.max_sweeps)
            check_grids(solver, sizes.bears_edges)
        except ModelFailure as failure:
            raise AttemptFailed(failure, own, False) from failure
        return solver, tail

    return on_larger_grids(attempt, Sizes())


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
