"""Compiled solution of the period's equilibrium at any state (b, k, e), on or off the grid."""

from __future__ import annotations

import math

from regspec.model.kernels.conditions import BINDING, OUT_ETA, OUT_MU, SLACK, growth_target, pledged_price
from regspec.model.kernels.jit import njit
from regspec.model.kernels.lookup import bond_at, grid_shift, locate
from regspec.model.kernels.newton import SOLVED, evaluate, solve_state

UNSOLVED, IS_SLACK, IS_BINDING = 0, 1, 2
_TOLERANCE = 1e-9


@njit
def attempt(mode, b, k, cash, bond_price, kappa, debt, e, y, functions, table, tech, ahead, s, accept, limit):
    """Solve one regime from ``y`` and check its inequality; True when it is an equilibrium of that regime."""
    status, _, _ = solve_state(
        mode,
        b,
        k,
        cash,
        bond_price,
        kappa,
        debt,
        e,
        y,
        growth_target(bond_price, 0.0, tech),
        s.zeros,
        functions,
        table,
        tech,
        ahead,
        s,
        accept,
        0.0,
        limit,
    )
    if status != SOLVED:
        return False
    if mode == SLACK:
        return y[0] * bond_price + kappa * pledged_price(tech, s) + debt >= -_TOLERANCE
    return (s.out[OUT_MU] if len(tech.planner) == 2 else s.out[OUT_ETA]) >= -_TOLERANCE


@njit
def solve_point(b, k, z, bond_price, kappa, debt, e, starts, functions, table, tech, ahead, s, y, accept, limit):
    """Solve the period's conditions at (b, k) with productivity z (I,), trying ``starts`` (S, I) in order.

    ``kappa`` and ``debt`` are the limit's; ``e`` is the column of ``functions`` (N, E, points, slots) that holds.

    Leaves unknowns in ``y`` and results in ``s``. Returns IS_SLACK, IS_BINDING or UNSOLVED.
    """
    cash = 0.0
    for i in range(len(k)):
        cash += z[i] * math.exp(tech.a[i] * math.log(k[i]))
    for first in range(starts.shape[0]):
        for regime in range(2):
            for r in range(len(y)):
                y[r] = starts[first, r]
            mode = SLACK if regime == 0 else BINDING
            if attempt(mode, b, k, cash, bond_price, kappa, debt, e, y, functions, table, tech, ahead, s, accept, limit):
                return IS_SLACK if mode == SLACK else IS_BINDING
    return UNSOLVED


@njit
def static_roots(b, k, z, bond_price, kappa, debt, e, x, functions, table, tech, ahead, s, y, points):
    """Number of static equilibria along b' with the portfolio held at ``x``: sign changes of min(limit gap, Euler gap).

    ``y`` (I,) is scratch.
    """
    cash = 0.0
    for i in range(len(k)):
        cash += z[i] * math.exp(tech.a[i] * math.log(k[i]))
    for j in range(len(x)):
        y[j + 1] = x[j]
    width = ahead.dx * (ahead.points - 1)
    count = locate(x, tech, s.ids, s.weights, s.gradients, s.order, s.fractions)
    grid_shift(table, ahead, s.ids, s.weights, s.gradients, count, s.shift)
    low = s.shift[0]
    begin = math.asinh((ahead.low - s.shift[0] - ahead.centre) / ahead.stretch) - ahead.origin
    roots, last = 0, 0.0
    target = growth_target(bond_price, 0.0, tech)
    for p in range(points):
        y[0] = low + bond_at(begin + (width - begin) * p / (points - 1), ahead)
        worst = evaluate(SLACK, b, k, cash, bond_price, kappa, debt, e, y, target, s.zeros, functions, table, tech, ahead, s)
        if not math.isfinite(worst):
            continue
        gap = y[0] * bond_price + kappa * pledged_price(tech, s) + debt
        psi = min(gap, -s.res[len(y) - 1])
        if last != 0.0 and psi * last < 0.0:
            roots += 1
        if psi != 0.0:
            last = psi
    return roots
