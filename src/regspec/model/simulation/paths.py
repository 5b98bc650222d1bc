"""Forward simulation: the period's equilibrium is solved at the actual (b, k, u), policies are never interpolated.

docs/model.md, section 4. Expectations at realized productivities off the grid are those of `Chain.weights_off_grid`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regspec.errors import ModelFailure
from regspec.model.grids.lattice import coordinates
from regspec.model.kernels.columns import PRODUCTIVITY
from regspec.model.kernels.conditions import production
from regspec.model.kernels.period import solve_point, state_in, static_roots
from regspec.model.kernels.records import (
    ETA,
    MU,
    OUT_RATIO,
    VALUE,
    C,
    Constants,
    NextYear,
    Outcome,
    Q,
    Scratch,
    State,
    X,
    make_scratch,
)
from regspec.model.markov import OffGridWeights
from regspec.model.simulation.euler_errors import euler_errors, exact_expectations, policy_at
from regspec.model.solver.policies import Policies
from regspec.model.solver.time_iteration import Solver


@dataclass(frozen=True)
class SimulatedPath:
    """A simulated path over the years 0..T; first axis is the year, units are the zone's own first-year output.

    output, c, b (start of year), b_next, q (T+1,); k, k_next (T+1, I); eta, mu relative to u'(c) (T+1,); binding (T+1,) bool;
    tau_b (T+1,), tau_k (T+1, I) (M8, docs/model.md section 3); value (T+1,) certainty-equivalent consumption;
    errors (T+1, 2) Euler errors in bonds and portfolio; roots (T+1,) number of static equilibria.
    """

    output: np.ndarray
    c: np.ndarray
    b: np.ndarray
    b_next: np.ndarray
    q: np.ndarray
    k: np.ndarray
    k_next: np.ndarray
    eta: np.ndarray
    mu: np.ndarray
    binding: np.ndarray
    tau_b: np.ndarray
    tau_k: np.ndarray
    value: np.ndarray
    errors: np.ndarray
    roots: np.ndarray


def starts(b: float, k: np.ndarray, solver: Solver, t: int, *guesses: np.ndarray | None) -> np.ndarray:
    """Start values (S, I) for a state of year index ``t``: the ``guesses`` there are, then staying put at several debts."""
    next_year, options = solver.grids.at(t + 1), solver.options
    lattice, low = next_year.lattice, next_year.bonds.low
    x = np.clip(coordinates(k, lattice), options.inside, lattice.steps - options.inside)
    levels = (b, *(depth * low for depth in options.start_depths), 0.0)
    stay = [np.concatenate([[level], x]) for level in levels]
    return np.array([guess for guess in guesses if guess is not None] + stay)


def solved_choice(solver: Solver, policies: Policies, t: int, b: float, k: np.ndarray, e: int) -> np.ndarray:
    """Choice (I,), b' and lattice coordinates, at bonds ``b`` of the solved states of year index ``t`` nearest to portfolio
    ``k``; collective. A start from it leads to the equilibrium that the backward solution has found, where there are more.
    """
    grids, industries = solver.grids, solver.problem.industries
    year = grids.at(t)
    node, choice = int(np.argmin(np.sum((year.lattice.capital - k) ** 2, axis=1))), np.zeros(industries)
    if grids.first <= node < grids.last:
        bonds = year.bonds.at_nodes(policies.kink, grids.first)[node - grids.first, e]
        rows = policies.pol[node - grids.first, e][:, X : X + industries]
        columns = [np.interp(b, bonds, column) for column in rows.T]
        choice[:] = np.roll(columns, 1)  # b' is the last column of a policy and the first unknown
    return solver.ranks.reduce(choice, "sum")


def taxes(policy: np.ndarray, k_next: np.ndarray, bond_price: float, solver: Solver, s: Scratch) -> tuple[float, np.ndarray]:
    """tau_b and tau_k (I,) of (3.10) and (3.11) in the state just solved; of a market its constant taxes."""
    p, n = solver.problem, solver.problem.industries
    ratio, q = s.out[OUT_RATIO], policy[Q]
    constant = 0.0 if solver.planner else np.asarray(p.tax_k or 0.0, float)
    tau_b = (1.0 - policy[ETA]) / (p.beta / bond_price * ratio) - 1.0
    marginal = p.beta * ratio * p.alpha * s.value[PRODUCTIVITY : PRODUCTIVITY + n] * k_next ** (p.a - 1.0)
    return float(tau_b), (q - s.private_value) / marginal + constant


class _Simulation:
    """One series of shocks: what its years have in common."""

    def __init__(self, solver: Solver, years: list[Policies], shocks: np.ndarray):
        p, n = solver.problem, solver.problem.industries
        self.solver, self.years, self.shocks = solver, years, shocks
        points = p.realized_state(shocks)
        self.weights = [p.chain.weights_off_grid(point) for point in points]  # of next year's states, year by year
        self.nearest = [p.chain.nearest(point) for point in points]
        const = solver.grids.at(0).constants
        self.scratch, self.trial = make_scratch(const), make_scratch(const)
        self.y, self.spare, self.policy, self.exact = np.empty(n), np.empty(n), np.ones(n + 5), np.empty(len(const.columns))

    def _solved_year(self, t: int) -> int:
        """The year whose policies hold in year index ``t``: the last year's for ever."""
        return min(t, len(self.shocks) - 1)

    def near(self, t: int, b: float, k: np.ndarray) -> np.ndarray:
        """`solved_choice` in the realized state's nearest exogenous state."""
        year = self._solved_year(t)
        return solved_choice(self.solver, self.years[year], t, b, k, self.nearest[year])

    def next_years(self, t: int, k: np.ndarray | None) -> tuple[NextYear, NextYear]:
        """Expectations of year index ``t`` given each exogenous state of the year before, and given the realized one."""
        weights = self.weights[self._solved_year(t - 1)]
        return self.solver.expectations_at(self.years[self._solved_year(t)], t, weights, k)

    def state(self, t: int, b: float, k: np.ndarray, const: Constants) -> State:
        """The realized state (b, k) of year index ``t``."""
        p = self.solver.problem
        kappa, debt = p.realized_limit(t, self.solver.grids.at(t).exogenous)
        return State(b, k, production(k, self.productivity(t), const), 1.0 / p.rate, kappa, debt, 0)

    def productivity(self, t: int) -> np.ndarray:
        """(I,)"""
        p = self.solver.problem
        return p.ztilde * np.exp(p.trend[t] + self.shocks[t])

    def solve(
        self, t: int, b: float, k: np.ndarray, guess: np.ndarray | None, next_year: NextYear
    ) -> tuple[Outcome, State, NextYear, Constants]:
        """Solve year index ``t`` at (b, k), left in ``self.y`` and ``self.scratch``; with the expectations and constants
        that did.

        Raises ModelFailure where there is no equilibrium.
        """
        solver, search = self.solver, self.solver.options.state_search()
        plain = solver.grids.at(t).constants
        const = plain._replace(bounded=float(solver.planner))
        state = self.state(t, b, k, const)
        begin, close = starts(b, k, solver, t, self.near(t, b, k), guess), 2 if guess is None else 3
        outcome = solve_point(state, begin[:close], next_year, const, self.scratch, self.y, search)
        if outcome == Outcome.UNSOLVED:  # perhaps for want of expectations; far starts could find another equilibrium among few
            _, next_year = self.next_years(t + 1, None)
            outcome = solve_point(state, begin, next_year, const, self.scratch, self.y, search)
        if outcome == Outcome.UNSOLVED and solver.planner:  # the bound is a break of slope, where Newton's method may stop
            const = plain
            outcome = solve_point(state, begin, next_year, const, self.scratch, self.y, search)
        if outcome == Outcome.UNSOLVED:
            raise ModelFailure(
                f"{solver.label}: no equilibrium in year index {t} of the realized path at b = {b:.4f}, "
                f"k = {k.round(4).tolist()}, u = {self.shocks[t].round(4).tolist()}; {solver.problem.case()}",
                "no_equilibrium",
            )
        return outcome, state, next_year, const

    def expect(self, t: int, b: float, k: np.ndarray) -> NextYear:
        """Exact expectations of the choice (b, k) of year index ``t``, to ``self.exact``; returns what the realized state of
        the year after is valued by.

        Raises ModelFailure where a state of that year has no equilibrium.
        """
        solver, later = self.solver, self.solver.grids.at(t + 1)
        search = solver.options.error_search()
        begin = starts(b, k, solver, t + 1, self.near(t + 1, b, k))
        for around, first in ((k, begin[:2]), (None, begin)):
            every, realized = self.next_years(t + 2, around)
            missing = exact_expectations(
                b, k, self.weights[t], first, later.exogenous, every, later.constants, search, self.exact
            )
            if not missing:
                return realized
        raise ModelFailure(
            f"{solver.label}: {missing} states have no equilibrium after year index {t} of the realized path at "
            f"b' = {b:.4f}, k' = {k.round(4).tolist()}; {solver.problem.case()}",
            "no_equilibrium",
        )


def simulate(solver: Solver, years: list[Policies], shocks: np.ndarray) -> SimulatedPath:
    """Simulate from (b0, k0) with log productivities ``shocks`` (T+1, I) and Euler errors along the way.

    The regime of kappa, where there are two, is `Problem.realized`. Raises ModelFailure naming the year and state when a
    period has no equilibrium.
    """
    p, n, length = solver.problem, solver.problem.industries, len(shocks)
    numbers = {name: np.zeros(length) for name in ("output", "c", "b", "b_next", "q", "eta", "mu", "tau_b", "value")}
    k_path, k_next_path, tau_k = (np.zeros((length, n)) for _ in range(3))
    binding, errors, roots = np.zeros(length, bool), np.zeros((length, 2)), np.zeros(length, int)
    run = _Simulation(solver, years, shocks)
    s, y, policy = run.scratch, run.y, run.policy
    b, k, guess = p.b0, np.array(p.k0, float), None
    _, realized = run.next_years(1, k)
    for t in range(length):
        outcome, state, next_year, const = run.solve(t, b, k, guess, realized)
        policy_at(outcome, y, const, s, policy)
        k_next = s.k_next.copy()
        numbers["output"][t] = np.sum(run.productivity(t) * k**p.a)
        for name, column in (("c", C), ("q", Q), ("eta", ETA), ("mu", MU), ("value", VALUE)):
            numbers[name][t] = policy[column]
        numbers["b"][t], numbers["b_next"][t], binding[t] = b, y[0], outcome == Outcome.BINDING
        numbers["tau_b"][t], tau_k[t] = taxes(policy, k_next, state.bond_price, solver, s)
        k_path[t], k_next_path[t] = k, k_next
        roots[t] = static_roots(state, y[1:].copy(), next_year, const, run.trial, run.spare, solver.options.root_scan)
        realized = run.expect(t, y[0], k_next)
        errors[t] = euler_errors(outcome, state, y, run.exact, const, s)
        b, k, guess = y[0], k_next, y.copy()
    return SimulatedPath(k=k_path, k_next=k_next_path, binding=binding, tau_k=tau_k, errors=errors, roots=roots, **numbers)


def euler_errors_at_random_states(
    solver: Solver, policies: Policies, draws: int, seed: int, reach: float
) -> tuple[np.ndarray, int]:
    """Euler errors (draws, 2) of the stationary ``policies`` at random off-grid states, and the largest number of static roots;
    collective.

    Bonds are uniform between the largest debt ``reach`` that any policy reaches and a third of the way to the grid's top;
    portfolios are Dirichlet draws mixed with the lattice's centre; e is uniform.
    """
    ranks, t = solver.ranks, solver.grids.stationary
    next_year = solver.grids.next_year(solver.expectations(policies, t), t)
    states, transition = _random_states(solver, draws, seed, reach), solver.problem.chain.transition()
    near = [solved_choice(solver, policies, t, *state) for state in states]
    errors, roots, failed = np.full((draws, 2), np.nan), 1, None
    first, last = ranks.block(draws)
    for draw in range(first, last):
        b, k, e = states[draw]
        weights = OffGridWeights(transition[e][None], np.ones(1))
        try:
            errors[draw], count = _state_errors(solver, next_year, weights, b, k, e, near[draw])
        except ModelFailure as failure:
            failed = failure
            break
        roots = max(roots, count)
    failed = ranks.first(failed)
    if failed:
        raise failed
    ranks.gather(errors)
    return errors, int(ranks.reduce(np.array([float(roots)]), "max")[0])


def _random_states(solver: Solver, draws: int, seed: int, reach: float) -> list[tuple[float, np.ndarray, int]]:
    """Random states (b, k, e), the same on every rank."""
    p, n = solver.problem, solver.problem.industries
    rng, corners, top = np.random.default_rng(seed), solver.grids.at(solver.grids.stationary).lattice.corners, p.bonds[-1, 3]
    states = []
    for _ in range(draws):
        b = reach + rng.uniform() * (top - reach) / 3.0
        inner = 0.8 * rng.dirichlet(np.ones(n)) + 0.2 / n
        k = inner @ corners
        states.append((b, k, int(rng.integers(p.chain.size))))
    return states


def _state_errors(
    solver: Solver, next_year: NextYear, weights: OffGridWeights, b: float, k: np.ndarray, e: int, near: np.ndarray
) -> tuple[tuple[float, float], int]:
    """Euler errors and number of static roots at one state of the stationary solution; ``near``: `solved_choice` there,
    ``weights``: next year's states.
    """
    n, t, options = solver.problem.industries, solver.grids.stationary, solver.options
    _, _, exogenous, const = solver.grids.at(t)
    s, y, exact = make_scratch(const), np.empty(n), np.empty(len(const.columns))
    state = state_in(b, k, exogenous, e, const)
    outcome = solve_point(state, starts(b, k, solver, t, near), next_year, const, s, y, options.state_search())
    if outcome == Outcome.UNSOLVED:
        raise ModelFailure(
            f"{solver.label}: no equilibrium at the reachable state b = {b:.4f}, k = {k.round(4).tolist()}, exogenous "
            f"state {e} of the stationary tail; {solver.problem.case()}",
            "no_equilibrium",
        )
    k_next = s.k_next.copy()
    begin = starts(y[0], k_next, solver, t)
    exact_expectations(y[0], k_next, weights, begin, exogenous, next_year, const, options.error_search(), exact)
    errors = euler_errors(outcome, state, y, exact, const, s)
    return errors, static_roots(state, y[1:].copy(), next_year, const, s, np.empty(n), options.root_scan)
