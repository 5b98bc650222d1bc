"""Portfolios and taxes in the long run: simulated years of its stationary policies on the nodes of the chain (deck M8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regspec.errors import ModelFailure
from regspec.model.kernels.period import solve_point, state_in
from regspec.model.kernels.records import Outcome, make_scratch
from regspec.model.markov import draw_states
from regspec.model.problem import Problem
from regspec.model.simulation.euler_errors import policy_at
from regspec.model.simulation.paths import solved_choice, starts, taxes
from regspec.model.solver.policies import Policies
from regspec.model.solver.time_iteration import Solver

_DROPPED = 200  # years between the first state and the long run: a gap of the portfolio halves in three or four


@dataclass(frozen=True)
class LongRun:
    """Simulated years (years,) at last-year productivity: ``binding``; tau_b (years,), tau_k and k_next (years, I); ``nodes``
    (years, I): the productivity node of each industry, ``last`` (I,) its highest.
    """

    binding: np.ndarray
    tau_b: np.ndarray
    tau_k: np.ndarray
    k_next: np.ndarray
    nodes: np.ndarray
    last: np.ndarray

    def debt_tax(self) -> float:
        """Mean tau_b of the years in which the limit is slack: elsewhere a convention (docs/model.md, (3.1))."""
        return float(self.tau_b[~self.binding].mean()) if (~self.binding).any() else 0.0

    def extremes(self, industry: int) -> dict[str, np.ndarray]:
        """Years (bool) in which productivity of ``industry`` is at its lowest and highest node; none where it has one."""
        nodes, last = self.nodes[:, industry], self.last[industry]
        return {"low": (nodes == 0) & (last > 0), "high": (nodes == last) & (last > 0)}

    def capital_taxes(self) -> np.ndarray:
        """Mean tau_k (I,) of all years."""
        return self.tau_k.mean(axis=0)


def long_run(problem: Problem, planner: bool, tail: Policies, years: int, seed: list[int], label: str) -> LongRun:
    """``years`` years after `_DROPPED`, each year's conditions solved at its bonds and portfolio.

    Raises ModelFailure for a year without a solution.
    """
    solver = Solver(problem, planner, label=label)
    n, t = problem.industries, problem.horizon + 1
    next_year = solver.grids.next_year(solver.expectations(tail, t), t)
    lattice, _, exogenous, const = solver.grids.at(t)
    scratch, y, policy = make_scratch(const), np.empty(n), np.ones(n + 5)
    states = draw_states(problem.chain, years + _DROPPED, seed)
    binding, tau_b = np.zeros(len(states), bool), np.zeros(len(states))
    tau_k, chosen = np.zeros((len(states), n)), np.zeros((len(states), n))
    b, guess = problem.b0, None
    k = lattice.corners.mean(axis=0)  # k0 may be outside
    for year, e in enumerate(states):
        state = state_in(b, k, exogenous, e, const)
        first = starts(b, k, solver, t, solved_choice(solver, tail, t, b, k, int(e)), guess)
        outcome = solve_point(state, first, next_year, const, scratch, y, solver.options.state_search())
        if outcome == Outcome.UNSOLVED:
            raise ModelFailure(
                f"{label}: no solution in year {year} of the long run at b = {b:.4f}, k = {k.round(4).tolist()}, exogenous "
                f"state {int(e)}; {problem.case()}",
                "no_equilibrium",
            )
        policy_at(outcome, y, const, scratch, policy)
        binding[year], k_next = outcome == Outcome.BINDING, scratch.k_next.copy()
        tau_b[year], tau_k[year] = taxes(policy, k_next, state.bond_price, solver, scratch)
        chosen[year], b, k, guess = k_next, float(y[0]), k_next, y.copy()
    sizes = [len(values) for values in problem.chain.values]
    nodes = np.stack(np.unravel_index(states, sizes)[:n], axis=1)
    kept = slice(_DROPPED, None)
    return LongRun(binding[kept], tau_b[kept], tau_k[kept], chosen[kept], nodes[kept], np.array(sizes[:n]) - 1)
