"""Accuracy measured from outside the solver: Euler errors with next year's equilibrium solved afresh, not interpolated.

The error of the bond condition follows Brumm and Scheidegger (2017): max{EE, IC, min(-EE, -IC)}, with EE the unit-free Euler
error in consumption and IC the relative violation of the borrowing limit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from regspec.model.kernels.columns import IMPLIED_C, has_next_price, is_planner, log_value_column, wealth_column
from regspec.model.kernels.conditions import conditions, growth_target, pledged_price, production
from regspec.model.kernels.expectations import integrands, transform
from regspec.model.kernels.jit import njit
from regspec.model.kernels.period import solve_point
from regspec.model.kernels.policy_rows import write_row
from regspec.model.kernels.records import (
    OUT_C,
    OUT_Q,
    Constants,
    ExogenousStates,
    Mode,
    NextYear,
    Outcome,
    Scratch,
    Search,
    State,
    make_scratch,
)
from regspec.model.markov import OffGridWeights


@njit
def policy_at(outcome, y, const, s, policy):
    """Write the policy row (I+5,) of a state that `solve_point` has just solved."""
    write_row(policy, outcome == Outcome.BINDING, y, const, s)


class _Work(NamedTuple):
    """Work arrays of `_exact`."""

    scratch: Scratch
    y: np.ndarray  # (I,)
    policy: np.ndarray  # (I+5,)
    growth: np.ndarray  # (I+1, 1)
    integrand: np.ndarray  # (columns, 1, 1)
    sums: np.ndarray  # (columns, M), zero at first
    inverse: np.ndarray  # (M,)


def exact_expectations(
    b: float,
    k: np.ndarray,
    weights: OffGridWeights,
    starts: np.ndarray,
    exogenous: ExogenousStates,
    next_year: NextYear,
    const: Constants,
    search: Search,
    result: np.ndarray,
) -> int:
    """Write to ``result`` (columns,) the expectations at the choice (b, k) with the equilibrium solved afresh in every
    exogenous state of the year after, from ``starts`` (S, I).

    ``weights``: next year's states; ``next_year``: what the choices made then are valued by. Returns the number of states
    without a solution.
    """
    n, columns, rows = len(k), len(const.columns), len(weights.rows)
    work = _Work(
        scratch=make_scratch(const),
        y=np.empty(n),
        policy=np.ones(n + 5),
        growth=np.empty((n + 1, 1)),
        integrand=np.zeros((columns, 1, 1)),
        sums=np.zeros((columns, rows)),
        inverse=np.empty(rows),
    )
    return _exact(b, k, weights, starts, exogenous, next_year, const, search, work, result)


@njit
def _exact(b, k, weights, starts, exogenous, next_year, const, search, work, result):
    missing = 0
    for e in range(weights.rows.shape[1]):
        z, kappa = exogenous.z[e], exogenous.kappa[e]
        state = State(b, k, production(k, z, const), 1.0 / exogenous.R[e], kappa, exogenous.debt[e], e)
        outcome = solve_point(state, starts, next_year, const, work.scratch, work.y, search)
        if outcome == Outcome.UNSOLVED:
            missing += 1
            continue
        policy_at(outcome, work.y, const, work.scratch, work.policy)
        integrands(work.policy.reshape(len(work.policy), 1), k, z, kappa, const, work.growth, work.integrand, 0)
        for f in range(len(work.sums)):
            for m in range(len(weights.rows)):
                work.sums[f, m] += weights.rows[m, e] * work.integrand[f, 0, 0]
    transform(work.sums, k, const, work.inverse)
    for f in range(len(result)):
        result[f] = 0.0
        for m in range(len(weights.rows)):
            result[f] += weights.shares[m] * work.sums[f, m]
    return missing


@njit
def euler_errors(outcome, state, y, exact, const, s):
    """Unit-free errors (bonds, portfolio) of the solved state left in ``s``, given ``exact`` expectations (columns,)."""
    n = len(state.k)
    q_used = s.out[OUT_Q]
    # log sum k' M and the recovered slopes stay interpolated; the plan's E q', in the column of log sum k' M, does not
    for f in range(min(len(exact), log_value_column(n) + int(has_next_price(const)))):
        s.value[f] = exact[f]
    target = growth_target(state.bond_price, 0.0, const)
    mode = Mode.BINDING if outcome == Outcome.BINDING else Mode.SLACK
    conditions(mode, state, y, target, s.zeros, const, s)
    implied_c = min(exact[IMPLIED_C], exact[wealth_column(n)]) if is_planner(const) else exact[IMPLIED_C]
    euler = implied_c / (s.out[OUT_C] * target) - 1.0
    room = state.kappa * pledged_price(const, s) + state.debt
    slackness = (y[0] * state.bond_price + room) / room
    bonds = max(-euler, -slackness, min(euler, slackness))
    portfolio = 0.0
    if is_planner(const):
        for j in range(n - 1):
            portfolio = max(portfolio, abs(s.res[j]) / q_used)
        portfolio = max(portfolio, abs(s.out[OUT_Q] / q_used - 1.0))
    else:
        for i in range(n):
            portfolio = max(portfolio, abs(s.private_value[i] / q_used - 1.0))
    return abs(bonds), portfolio


def summarize(errors: np.ndarray, prefix: str) -> dict[str, float]:
    """log10 of mean, 99th percentile and maximum of errors (N, 2) in bonds and portfolio."""
    result: dict[str, float] = {}
    for column, name in enumerate(("bonds", "portfolio")):
        values = np.maximum(errors[:, column], 1e-16)
        stats = {"mean": np.mean(values), "p99": np.quantile(values, 0.99), "max": np.max(values)}
        result |= {f"{prefix}euler_{name}_{k}_log10": float(np.log10(v)) for k, v in stats.items()}
    return result
