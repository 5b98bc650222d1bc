"""Small economies for the tests of the solver, and the equilibrium at single states of their solutions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from regspec.model.grids.bond_grid import bond_bounds
from regspec.model.grids.corners import lattice_bounds, simplex
from regspec.model.kernels.period import solve_point, state_in
from regspec.model.kernels.records import ETA, MU, VALUE, C, NextYear, Outcome, Q, Search, Year, make_scratch
from regspec.model.markov import Chain, product_chain
from regspec.model.problem import Problem
from regspec.model.simulation.euler_errors import policy_at
from regspec.model.simulation.paths import starts
from regspec.model.solver.policies import Policies
from regspec.model.solver.time_iteration import Solver

TOLERANCE, RESIDUAL, ITERATIONS = 1e-9, 1e-10, 2000


def economy(
    xi=(0.1, 0.2),
    phi=1.0,
    *,
    alpha=0.3,
    kappa=0.02,
    gamma=2.0,
    beta=0.95,
    rate=1.013,
    rho=0.8,
    sigma=0.02,
    nodes=2,
    chain=None,
    ztilde=None,
    k0=None,
    b0=-0.1,
    trend=None,
    limit="collateral",
    steps=4,
    below=6,
    above=10,
    fine=64,
    b_max=0.6,
    bonds=None,
    debt=None,
    lower=None,
    corners=None,
    variant="full",
    regimes=(),
    stay=(0.9, 0.8),
    realized=(),
    next_price=False,
    tax_b=0.0,
    tax_k=(),
) -> Problem:
    """A zone of I = len(xi) industries with equal shares and unit output unless told otherwise; scalars are repeated.

    ``bonds`` (4,), ``debt`` (scalar) and ``lower`` (I,) or ``corners`` (I, I) of the lattice replace the package's own grids
    and limit in every year. ``regimes`` (2,) are two values of kappa with probabilities ``stay`` (2,) of the same one next
    year.
    """
    a = alpha + np.asarray(xi, float)
    n = len(a)
    shares = np.full(n, 1.0 / n) if k0 is None else np.asarray(k0, float)
    ztilde = shares ** (1.0 - a) if ztilde is None else np.asarray(ztilde, float)
    trend = np.zeros((3, n)) if trend is None else np.asarray(trend, float)
    chain = chain or product_chain(np.broadcast_to(rho, n), np.broadcast_to(sigma, n), nodes, stay=stay if regimes else ())
    years = len(trend)
    if lower is not None:
        lower = np.tile(np.asarray(lower, float), (years, 1))
    else:
        lower = lattice_bounds(ztilde, a, alpha, trend, shares) if n > 1 else np.ones((years, 1))
    own_bonds, own_debt = bond_bounds(
        {
            "alpha": alpha,
            "beta": beta,
            "kappa": kappa,
            "a": a,
            "ztilde": ztilde,
            "trend": trend,
            "chain": chain,
            "rate": rate,
            "limit": limit,
            "b_max": b_max,
            "lower": lower,
            "gamma": gamma,
            "regimes": regimes,
            "next_price": next_price,
        }
    )
    return Problem(
        alpha=alpha,
        beta=beta,
        gamma=gamma,
        kappa=kappa,
        a=a,
        phi=np.broadcast_to(np.asarray(phi, float), n).copy(),
        ztilde=ztilde,
        k0=shares,
        b0=b0,
        trend=trend,
        chain=chain,
        rate=rate,
        limit=limit,
        bonds=own_bonds if bonds is None else np.tile(np.asarray(bonds, float), (years, 1)),
        debt=own_debt if debt is None else np.full(years, float(debt)),
        corners=simplex(lower) if corners is None else np.tile(corners, (years, 1, 1)),
        steps=steps,
        below=below,
        above=above,
        fine=fine,
        variant=variant,
        regimes=tuple(regimes),
        realized=tuple(realized),
        next_price=next_price,
        tax_b=tax_b,
        tax_k=tax_k,
    )


def still(industries: int) -> Chain:
    """A chain without shocks."""
    return product_chain([0.8] * industries, [0.0] * industries, 1)


@dataclass(frozen=True)
class State:
    """Equilibrium at one state: consumption, price, multipliers relative to u'(c), value, portfolio and bonds chosen."""

    c: float
    q: float
    eta: float
    mu: float
    value: float
    k_next: np.ndarray
    b_next: float
    binding: bool

    def numbers(self) -> np.ndarray:
        """All of it as one vector."""
        return np.array([self.c, self.q, self.eta, self.mu, self.value, *self.k_next, self.b_next])


@dataclass
class Solution:
    """A stationary solution and its equilibrium at any state."""

    solver: Solver
    tail: Policies
    next_year: NextYear = field(init=False)

    def __post_init__(self):
        grids = self.solver.grids
        expectations = self.solver.expectations(self.tail, grids.stationary).copy()
        self.next_year = grids.next_year(expectations, grids.stationary)

    @property
    def year(self) -> Year:
        """Grids, exogenous states and kernel constants of the stationary solution."""
        return self.solver.grids.at(self.solver.grids.stationary)

    def bonds(self) -> np.ndarray:
        """Bonds (N, E, nodes) at the solve nodes."""
        return self.year.bonds.at_nodes(self.tail.kink)

    def in_use(self) -> np.ndarray:
        """Which solve nodes (N, E, nodes) carry a solution: both sides of an inner kink, one side of an outer one."""
        grid = self.year.bonds
        at, width = self.tail.kink[..., None], grid.width
        below = np.broadcast_to(at > grid.start[:, None, None], (*self.tail.kink.shape, len(grid.below)))
        above = np.broadcast_to(at < width, (*self.tail.kink.shape, len(grid.above)))
        return np.concatenate([below, above], axis=2)

    def at(self, b: float, k, e: int) -> State:
        """Equilibrium of the period at bonds ``b``, portfolio ``k`` (I,) and exogenous state ``e``."""
        const, grids = self.year.constants, self.solver.grids
        k = np.asarray(k, float)
        scratch, y, row = make_scratch(const), np.empty(len(k)), np.ones(len(k) + 5)
        state = state_in(b, k, self.year.exogenous, e, const)
        begin = starts(b, k, self.solver, grids.stationary)
        outcome = solve_point(state, begin, self.next_year, const, scratch, y, Search(1e-12, 0.0, 80))
        assert outcome != Outcome.UNSOLVED, f"no equilibrium at b = {b}, k = {k}, e = {e}"
        policy_at(outcome, y, const, scratch, row)
        binding = outcome == Outcome.BINDING
        return State(row[C], row[Q], row[ETA], row[MU], row[VALUE], scratch.k_next.copy(), y[0], binding)

    def simulate(self, b: float, k, years: int) -> State:
        """The state reached after ``years`` of a deterministic economy."""
        for _ in range(years):
            now = self.at(b, k, 0)
            b, k = now.b_next, now.k_next
        return self.at(b, k, 0)


def solve(problem: Problem, planner: bool, start: Policies | None = None, tolerance=TOLERANCE) -> Solution:
    """Stationary solution of ``problem``; the planner starts from the market's policies as the package does."""
    if planner and start is None:
        start = solve(problem, False, tolerance=min(1e-4, tolerance * 1e4)).tail
    solver = Solver(problem, planner)
    return Solution(solver, solver.stationary(tolerance, RESIDUAL, ITERATIONS, start))
