"""Compiled damped Newton method for one state."""

from __future__ import annotations

import math

import numpy as np

from regspec.model.kernels.conditions import BINDING, KINK, OUT_C, OUT_ETA, OUT_Q, OUT_RHO, conditions, expected_price, power
from regspec.model.kernels.jit import inlined
from regspec.model.kernels.lookup import lookup, slope_bend

SOLVED, STUCK, NOT_FINITE = 0, 1, 2
_HALVINGS = 12
_KICKS = 3


@inlined
def eliminate(jac, res, step, unknowns):
    """Solve jac step = -res in place by Gaussian elimination with row pivoting; False when singular.

    ``unknowns`` is a tuple whose length, that of ``res``, is a constant for the compiler.
    """
    n = len(unknowns)
    for r in range(n):
        step[r] = -res[r]
    for p in range(n):
        best, largest = p, abs(jac[p, p])
        for r in range(p + 1, n):
            if abs(jac[r, p]) > largest:
                best, largest = r, abs(jac[r, p])
        if not largest > 0.0:
            return False
        if best != p:
            for c in range(p, n):
                jac[p, c], jac[best, c] = jac[best, c], jac[p, c]
            step[p], step[best] = step[best], step[p]
        inverse = 1.0 / jac[p, p]
        jac[p, p] = inverse
        for r in range(p + 1, n):
            factor = jac[r, p] * inverse
            for c in range(p + 1, n):
                jac[r, c] -= factor * jac[p, c]
            step[r] -= factor * step[p]
    finite = True
    for p in range(n - 1, -1, -1):
        for c in range(p + 1, n):
            step[p] -= jac[p, c] * step[c]
        step[p] *= jac[p, p]
        finite &= math.isfinite(step[p])
    return finite


@inlined
def inside(y, tech, grid):
    """Clip ``y`` to the bond grid and the interior of the portfolio lattice."""
    y[0] = min(max(y[0], grid.low), grid.high)
    n = len(tech.a)
    margin = 1e-9 * tech.steps
    for j in range(1, n):  # n >= x_1 >= ... >= x_{I-1} >= 0
        upper = tech.steps - margin if j == 1 else y[j - 1] - margin
        y[j] = min(y[j], upper)
    for j in range(n - 1, 0, -1):
        lower = margin if j == n - 1 else y[j + 1] + margin
        y[j] = max(y[j], lower)


@inlined
def size(tech, s):
    """Largest residual; valuations relative to the price, the bond condition in output or consumption units."""
    n = len(tech.a)
    worst, per_price = abs(s.res[n - 1]), 1.0 / (1.0 + abs(s.out[OUT_Q]))
    for j in range(n - 1):
        worst = max(worst, abs(s.res[j]) * per_price)
    return worst


@inlined
def evaluate(mode, b, k, cash, bond_price, kappa, debt, e, y, target, tax_k, functions, table, tech, grid, s):
    """Look up expectations at y and evaluate the conditions; returns the residual's size, or inf where undefined."""
    lookup(
        functions,
        e,
        table,
        y[0],
        y[1:],
        tech,
        grid,
        s.value,
        s.slope,
        s.ids,
        s.weights,
        s.gradients,
        s.order,
        s.fractions,
        s.shift,
    )
    if len(tech.planner) == 2 and mode == BINDING:
        slope_bend(functions, e, table, y[0], expected_price(tech), tech, grid, s.ids, s.weights, s.gradients, s.shift, s.bend)
    if not conditions(mode, b, k, cash, bond_price, kappa, debt, y, target, tax_k, tech, s):
        return np.inf
    worst = size(tech, s)
    return worst if math.isfinite(worst) else np.inf


@inlined
def linear_update(target, tech, s):
    """Move c, q, rho, eta, the expected value and price along the accepted step s.step to first order."""
    wanted = power(target, tech.gamma, tech.gamma_int)
    for r in range(len(tech.a)):
        s.out[OUT_Q] += s.q_grad[r] * s.step[r]
        s.out[OUT_RHO] += s.rho_grad[r] * s.step[r]
        s.out[OUT_ETA] -= wanted * (s.e_grad[r] if len(tech.planner) == 2 else s.rho_grad[r]) * s.step[r]
        s.out[OUT_C] += s.c_grad[r] * s.step[r]
        s.value[1] += s.slope[r, 1] * s.step[r]
        if len(tech.timing) == 2:
            s.value[expected_price(tech)] += s.slope[r, expected_price(tech)] * s.step[r]


@inlined
def solve_state(
    mode, b, k, cash, bond_price, kappa, debt, e, y, target, tax_k, functions, table, tech, grid, s, accept, loose, limit
):
    """Solve one state's conditions from the start ``y``, which is overwritten.

    A residual below ``accept`` ends the search. But at a kink, so does a full step shorter than ``loose`` whose product with
    ten times the residual is below ``accept``: results are then updated to first order, and that product is the residual
    reported. A step is shortened until the residual falls; when it does not, half a step is taken all the same, thrice at
    most. Returns (status, residual, evaluations).
    """
    n = len(tech.a)
    inside(y, tech, grid)
    worst, damp, tries, kicks, count = np.inf, 1.0, 0, 0, 0
    status = STUCK
    while count < limit:
        trial = evaluate(mode, b, k, cash, bond_price, kappa, debt, e, y, target, tax_k, functions, table, tech, grid, s)
        count += 1
        if not math.isfinite(trial) and not math.isfinite(worst):  # no start yet: consumption not positive, borrow more
            if count == _HALVINGS:
                status = NOT_FINITE
                break
            y[0] = grid.low + 0.9 * (y[0] - grid.low)
            continue
        if not (trial < worst or trial < 10.0 * accept):
            tries += 1
            if tries == _HALVINGS:
                if kicks == _KICKS:
                    break
                kicks += 1  # a break of the interpolant's slope blocks the way: cross it, whatever the residual
                tries, damp, worst = 0, 1.25, np.inf
            damp *= 0.4
            for r in range(n):
                y[r] = s.old[r] + damp * s.step[r]
            inside(y, tech, grid)
            continue
        worst = trial
        if worst <= accept:
            status = SOLVED
            break
        if not eliminate(s.jac, s.res, s.step, tech.a):
            break
        length = abs(s.step[0]) / (grid.stretch + abs(y[0] - grid.centre))
        for j in range(1, n):
            length = max(length, tech.h * abs(s.step[j]))
        damp = 1.0 if length < 0.5 else 0.5 / length
        tries = 0
        for r in range(n):
            s.old[r] = y[r]
            y[r] += damp * s.step[r]
        inside(y, tech, grid)
        if mode != KINK and length < loose and 10.0 * worst * length <= accept:
            linear_update(target, tech, s)
            worst *= 10.0 * length  # more than a Newton step leaves, by its quadratic convergence
            status = SOLVED
            break
    return status, worst, count
