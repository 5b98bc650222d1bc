"""Forward simulation: the period's equilibrium is solved at the actual (b, k, u), policies are never interpolated.

docs/model.md, section 4. Expectations at realized productivities off the grid are those of `Chain.mixture`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regspec.errors import ModelFailure
from regspec.model.grids.lattice import coordinates
from regspec.model.kernels.conditions import make_scratch
from regspec.model.kernels.period import IS_BINDING, UNSOLVED, solve_point, static_roots
from regspec.model.kernels.records import ETA, MU, VALUE, C, Q, X
from regspec.model.simulation.euler_errors import euler_errors, exact_expectations, policy_at
from regspec.model.solver.policies import Policies
from regspec.model.solver.time_iteration import Solver

_ROOT_SCAN = 200


@dataclass(frozen=True)
class Path:
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
    ahead = solver.year(t + 1)
    lattice, grid = ahead[0], ahead[1]
    x = np.clip(coordinates(k, lattice), 1e-6, lattice.steps - 1e-6)
    stay = [np.concatenate([[level], x]) for level in (b, 0.6 * grid.low, 0.9 * grid.low, 0.3 * grid.low, 0.0)]
    return np.array([guess for guess in guesses if guess is not None] + stay)


def solved_choice(solver: Solver, policies: Policies, t: int, b: float, k: np.ndarray, e: int) -> np.ndarray:
    """Choice (I,), b' and lattice coordinates, at bonds ``b`` of the solved states of year index ``t`` nearest to portfolio
    ``k``; collective. A start from it leads to the equilibrium that the backward solution has found, where there are more.
    """
    p = solver.problem
    lattice, grid = solver.year(t)[:2]
    node, found = int(np.argmin(np.sum((lattice.capital - k) ** 2, axis=1))), np.zeros(p.industries)
    if solver.first <= node < solver.last:
        bonds = grid.at_nodes(policies.kink, solver.first)[node - solver.first, e]
        rows = policies.pol[node - solver.first, e][:, X : X + p.industries]
        chosen = [np.interp(b, bonds, column) for column in rows.T]
        found[:] = np.roll(chosen, 1)  # b' is the last column of a policy and the first unknown
    return solver.ranks.reduce(found, "sum")


def taxes(policy, k_next, bond_price, solver: Solver, s) -> tuple[float, np.ndarray]:
    """tau_b and tau_k (I,) of (3.10) and (3.11) in the state just solved; of a market its constant taxes."""
    p, n = solver.problem, solver.problem.industries
    rho, q = s.out[2], policy[Q]
    own_k = 0.0 if solver.planner else np.asarray(p.tax_k or 0.0, float)
    tau_b = (1.0 - policy[ETA]) / (p.beta / bond_price * rho) - 1.0
    marginal = p.beta * rho * p.alpha * s.value[2 : 2 + n] * k_next ** (p.a - 1.0)
    return float(tau_b), (q - s.worth) / marginal + own_k


def simulate(solver: Solver, years: list[Policies], shocks: np.ndarray) -> Path:
    """Simulate from (b0, k0) with log productivities ``shocks`` (T+1, I) and Euler errors along the way.

    The regime of kappa, where there are two, is `Problem.realized`. Raises ModelFailure naming the year and state when a
    period has no equilibrium or several.
    """
    p, n = solver.problem, solver.problem.industries
    length = len(shocks)
    store = {name: np.zeros(length) for name in ("output", "c", "b", "b_next", "q", "eta", "mu", "tau_b", "value")}
    k_path, k_next_path, tau_k = (np.zeros((length, n)) for _ in range(3))
    binding, errors, roots = np.zeros(length, bool), np.zeros((length, 2)), np.zeros(length, int)
    scratch, trial, y, policy = make_scratch(solver.year(0)[3]), make_scratch(solver.year(0)[3]), np.empty(n), np.empty(n + 5)
    exact = np.empty(len(solver.year(0)[3].slots))
    b, k, guess = p.b0, np.array(p.k0, float), None
    points = p.realized_state(shocks)
    chances = [p.chain.mixture(point) for point in points]  # of next year's states, year by year
    nearest = [p.chain.nearest(point) for point in points]

    def solved_near(t: int, b: float, k: np.ndarray) -> np.ndarray:
        return solved_choice(solver, years[min(t, length - 1)], t, b, k, nearest[min(t, length - 1)])

    def functions_of(t: int, near):
        return solver.expectations_at(years[min(t, length - 1)], t, chances[min(t - 1, length - 1)], near)

    _, functions, table = functions_of(1, k)
    for t in range(length):
        _, exo, plain = solver.year(t)[1:]
        grid_ahead, tech = solver.year(t + 1)[1], plain._replace(bounded=float(solver.planner))
        z = p.ztilde * np.exp(p.trend[t] + shocks[t])
        bond_price, (kappa, debt) = 1.0 / p.rate, p.realized_limit(t, exo)
        state = b, k, z, bond_price, kappa, debt
        begin, close = starts(b, k, solver, t, solved_near(t, b, k), guess), 2 if guess is None else 3
        code = solve_point(*state, 0, begin[:close], functions, table, tech, grid_ahead, scratch, y, 1e-11, 80)
        if code == UNSOLVED:  # perhaps for want of functions; far starts could find another equilibrium among few
            _, functions, table = functions_of(t + 1, None)
            code = solve_point(*state, 0, begin, functions, table, tech, grid_ahead, scratch, y, 1e-11, 80)
        if code == UNSOLVED and solver.planner:  # the bound is a break of slope, at which Newton's method may stop
            tech = plain
            code = solve_point(*state, 0, begin, functions, table, tech, grid_ahead, scratch, y, 1e-11, 80)
        if code == UNSOLVED:
            raise ModelFailure(
                f"{solver.label}: no equilibrium in year index {t} of the realized path at b = {b:.4f}, "
                f"k = {k.round(4).tolist()}, u = {shocks[t].round(4).tolist()}; {solver.case()}",
                "no_equilibrium",
            )
        policy_at(code, y, tech, scratch, policy)
        k_next = scratch.k_next.copy()
        store["output"][t] = np.sum(z * k**p.a)
        for name, column in (("c", C), ("q", Q), ("eta", ETA), ("mu", MU), ("value", VALUE)):
            store[name][t] = policy[column]
        store["b"][t], store["b_next"][t], binding[t] = b, y[0], code == IS_BINDING
        store["tau_b"][t], tau_k[t] = taxes(policy, k_next, bond_price, solver, scratch)
        k_path[t], k_next_path[t] = k, k_next
        roots[t] = static_roots(*state, 0, y[1:].copy(), functions, table, tech, grid_ahead, trial, np.empty(n), _ROOT_SCAN)
        begin = starts(y[0], k_next, solver, t + 1, solved_near(t + 1, y[0], k_next))
        for around, first in ((k_next, begin[:2]), (None, begin)):
            following, functions, table = functions_of(t + 2, around)
            later, afterwards = solver.year(t + 1), solver.year(t + 2)
            missing = exact_expectations(
                y[0], k_next, *chances[t], first, later[2], following, table, later[3], afterwards[1], exact
            )
            if not missing:
                break
        else:
            raise ModelFailure(
                f"{solver.label}: {missing} states have no equilibrium after year index {t} of the realized path at "
                f"b' = {y[0]:.4f}, k' = {k_next.round(4).tolist()}; {solver.case()}",
                "no_equilibrium",
            )
        errors[t] = euler_errors(code, b, k, z, bond_price, kappa, debt, y, exact, tech, scratch)
        b, k, guess = y[0], k_next, y.copy()
    return Path(k=k_path, k_next=k_next_path, binding=binding, tau_k=tau_k, errors=errors, roots=roots, **store)


def cloud_errors(solver: Solver, tail: Policies, draws: int, seed: int, reach: float) -> tuple[np.ndarray, int]:
    """Euler errors (draws, 2) of the stationary tail at random off-grid states, and the largest number of static roots.

    Bonds are uniform between the largest debt ``reach`` that any policy reaches and a third of the way to the grid's top;
    portfolios are Dirichlet draws mixed with the lattice's centre; e is uniform.
    """
    ranks, t = solver.ranks, solver.problem.horizon + 1
    functions = solver.expectations(tail, t)
    states, transition = _cloud(solver, draws, seed, reach), solver.problem.chain.transition()
    near = [solved_choice(solver, tail, t, *state) for state in states]
    errors, roots, found = np.full((draws, 2), np.nan), 1, None
    first, last = ranks.block(draws)
    for draw in range(first, last):
        try:
            errors[draw], count = _state_errors(solver, functions, transition, *states[draw], near[draw])
        except ModelFailure as failure:
            found = failure
            break
        roots = max(roots, count)
    found = ranks.first(found)
    if found:
        raise found
    ranks.gather(errors)
    return errors, int(ranks.reduce(np.array([float(roots)]), "max")[0])


def _cloud(solver: Solver, draws: int, seed: int, reach: float) -> list[tuple[float, np.ndarray, int]]:
    """Random states (b, k, e), the same on every rank."""
    p, n = solver.problem, solver.problem.industries
    rng, corners, top = np.random.default_rng(seed), solver.year(p.horizon + 1)[0].corners, p.bonds[-1, 3]
    states = []
    for _ in range(draws):
        b = reach + rng.uniform() * (top - reach) / 3.0
        inner = 0.8 * rng.dirichlet(np.ones(n)) + 0.2 / n
        k = inner @ corners
        states.append((b, k, int(rng.integers(p.chain.size))))
    return states


def _state_errors(
    solver: Solver, functions, transition, b: float, k: np.ndarray, e: int, near: np.ndarray
) -> tuple[tuple[float, float], int]:
    """Euler errors and number of static roots at one state of the tail; ``near``: `solved_choice` there."""
    n, t = solver.problem.industries, solver.problem.horizon + 1
    lattice, grid, exo, tech = solver.year(t)
    scratch, y, exact = make_scratch(tech), np.empty(n), np.empty(len(tech.slots))
    bond_price, kappa, debt = 1.0 / exo.R[e], float(exo.kappa[e]), float(exo.debt[e])
    code = solve_point(
        b,
        k,
        exo.z[e],
        bond_price,
        kappa,
        debt,
        e,
        starts(b, k, solver, t, near),
        functions,
        lattice.table,
        tech,
        grid,
        scratch,
        y,
        1e-11,
        80,
    )
    if code == UNSOLVED:
        raise ModelFailure(
            f"{solver.label}: no equilibrium at the reachable state b = {b:.4f}, k = {k.round(4).tolist()}, exogenous "
            f"state {e} of the stationary tail; {solver.case()}",
            "no_equilibrium",
        )
    k_next = scratch.k_next.copy()
    exact_expectations(
        y[0],
        k_next,
        transition[e][None],
        np.ones(1),
        starts(y[0], k_next, solver, t),
        exo,
        functions,
        lattice.table,
        tech,
        grid,
        exact,
    )
    errors = euler_errors(code, b, k, exo.z[e], bond_price, kappa, debt, y, exact, tech, scratch)
    count = static_roots(
        b,
        k,
        exo.z[e],
        bond_price,
        kappa,
        debt,
        e,
        y[1:].copy(),
        functions,
        lattice.table,
        tech,
        grid,
        scratch,
        np.empty(n),
        _ROOT_SCAN,
    )
    return errors, count
