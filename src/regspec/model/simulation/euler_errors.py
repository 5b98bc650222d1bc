"""Accuracy measured from outside the solver: Euler errors with next year's equilibrium solved afresh, not interpolated.

The error of the bond condition follows Brumm and Scheidegger (2017): max{EE, IC, min(-EE, -IC)}, with EE the unit-free Euler
error in consumption and IC the relative violation of the borrowing limit.
"""

from __future__ import annotations

import math

import numpy as np

from regspec.model.kernels.conditions import (
    BINDING,
    OUT_C,
    OUT_ETA,
    OUT_MU,
    OUT_Q,
    SLACK,
    conditions,
    growth_target,
    make_scratch,
    pledged_price,
)
from regspec.model.kernels.expectations import integrands, transform
from regspec.model.kernels.jit import njit
from regspec.model.kernels.period import IS_BINDING, UNSOLVED, solve_point
from regspec.model.kernels.records import ETA, MU, VALUE, C, Q, X
from regspec.model.kernels.time_step import certainty_equivalent, utility_level


@njit
def policy_at(code, y, tech, s, policy):
    """Write the policy row (I+5,) of a state that `solve_point` has just solved."""
    n = len(y)
    policy[C], policy[Q] = s.out[OUT_C], s.out[OUT_Q]
    binding = code == IS_BINDING
    policy[ETA] = max(0.0, s.out[OUT_ETA]) if binding else 0.0
    policy[MU] = s.out[OUT_MU] if binding else 0.0
    level = (1.0 - tech.beta) * utility_level(s.out[OUT_C], tech) + tech.beta * utility_level(s.value[1], tech)
    policy[VALUE] = certainty_equivalent(level, tech)
    for j in range(n - 1):
        policy[X + j] = y[j + 1]
    policy[X + n - 1] = y[0]


def exact_expectations(b, k, rows, shares, starts, exo, functions, table, tech, ahead, result) -> int:
    """Expectation functions (slots,) at (b, k) with the equilibrium solved afresh in every exogenous state.

    ``rows`` (M, E), ``shares`` (M,): `Chain.mixture` of next year's states; ``functions`` belong to the year after next.
    Returns the number of states without a solution.
    """
    n = len(k)
    slots = len(tech.slots)
    space = np.empty(n), np.empty(n + 5), np.empty((n + 1, 1)), np.zeros((slots, 1, 1)), np.zeros((slots, len(rows)))
    space += (np.empty(len(rows)),)
    return _exact(b, k, rows, shares, starts, exo, functions, table, tech, ahead, make_scratch(tech), *space, result)


@njit
def _exact(b, k, rows, shares, starts, exo, functions, table, tech, ahead, s, y, policy, scratch, own, work, inverse, result):
    missing = 0
    for e in range(rows.shape[1]):
        bond_price = 1.0 / exo.R[e]
        code = solve_point(
            b, k, exo.z[e], bond_price, exo.kappa[e], exo.debt[e], e, starts, functions, table, tech, ahead, s, y, 1e-11, 60
        )
        if code == UNSOLVED:
            missing += 1
            continue
        policy_at(code, y, tech, s, policy)
        integrands(policy.reshape(len(policy), 1), k, exo.z[e], exo.kappa[e], tech, scratch, own, 0)
        for f in range(len(work)):
            for m in range(len(rows)):
                work[f, m] += rows[m, e] * own[f, 0, 0]
    transform(work, k, tech, inverse)
    for f in range(len(result)):
        result[f] = 0.0
        for m in range(len(rows)):
            result[f] += shares[m] * work[f, m]
    return missing


@njit
def euler_errors(code, b, k, z, bond_price, kappa, debt, y, exact, tech, s):
    """Unit-free errors (bonds, portfolio) of the solved state left in ``s``, given exact expectations (slots,)."""
    n = len(k)
    cash = 0.0
    for i in range(n):
        cash += z[i] * math.exp(tech.a[i] * math.log(k[i]))
    q_used = s.out[OUT_Q]
    # log sum k' M and the recovered slopes stay interpolated; the plan's E q', in the column of log sum k' M, does not
    for f in range(min(len(exact), 4 + 4 * n + len(tech.timing) - 1)):
        s.value[f] = exact[f]
    target = growth_target(bond_price, 0.0, tech)
    mode = BINDING if code == IS_BINDING else SLACK
    conditions(mode, b, k, cash, bond_price, kappa, debt, y, target, s.zeros, tech, s)
    hat = min(exact[0], exact[3 + 2 * n]) if len(tech.planner) == 2 else exact[0]
    euler = hat / (s.out[OUT_C] * target) - 1.0
    room = kappa * pledged_price(tech, s) + debt
    slackness = (y[0] * bond_price + room) / room
    bonds = max(-euler, -slackness, min(euler, slackness))
    portfolio = 0.0
    if len(tech.planner) == 2:
        for j in range(n - 1):
            portfolio = max(portfolio, abs(s.res[j]) / q_used)
        portfolio = max(portfolio, abs(s.out[OUT_Q] / q_used - 1.0))
    else:
        for i in range(n):
            portfolio = max(portfolio, abs(s.worth[i] / q_used - 1.0))
    return abs(bonds), portfolio


def summarize(errors: np.ndarray, prefix: str) -> dict[str, float]:
    """log10 of mean, 99th percentile and maximum of errors (N, 2) in bonds and portfolio."""
    result = {}
    for column, name in enumerate(("bonds", "portfolio")):
        values = np.maximum(errors[:, column], 1e-16)
        stats = {"mean": np.mean(values), "p99": np.quantile(values, 0.99), "max": np.max(values)}
        result |= {f"{prefix}euler_{name}_{k}_log10": float(np.log10(v)) for k, v in stats.items()}
    return result
