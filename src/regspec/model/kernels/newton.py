"""Compiled damped Newton method for one state."""

from __future__ import annotations

import math

import numpy as np

from regspec.model.kernels.columns import FUTURE_VALUE, expected_price_column, has_next_price, is_planner
from regspec.model.kernels.conditions import conditions, power
from regspec.model.kernels.jit import inlined
from regspec.model.kernels.lookup import lookup, slope_bend
from regspec.model.kernels.records import OUT_C, OUT_ETA, OUT_Q, OUT_RATIO, Mode, Status

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
def inside(y, const, grid):
    """Clip ``y`` to the bond grid and the interior of the portfolio lattice."""
    y[0] = min(max(y[0], grid.low), grid.high)
    n = len(const.a)
    margin = 1e-9 * const.steps
    for j in range(1, n):  # n >= x_1 >= ... >= x_{I-1} >= 0
        upper = const.steps - margin if j == 1 else y[j - 1] - margin
        y[j] = min(y[j], upper)
    for j in range(n - 1, 0, -1):
        lower = margin if j == n - 1 else y[j + 1] + margin
        y[j] = max(y[j], lower)


@inlined
def size(const, s):
    """Largest residual; valuations relative to the price, the bond condition in output or consumption units."""
    n = len(const.a)
    worst, per_price = abs(s.res[n - 1]), 1.0 / (1.0 + abs(s.out[OUT_Q]))
    for j in range(n - 1):
        worst = max(worst, abs(s.res[j]) * per_price)
    return worst


@inlined
def evaluate(mode, state, y, desired_growth, tax_k, next_year, const, s):
    """Look up expectations at y and evaluate the conditions; returns the residual's size, or inf where undefined."""
    lookup(next_year, state.e, y[0], y[1:], const, s)
    if is_planner(const) and mode == Mode.BINDING:
        slope_bend(next_year, state.e, y[0], expected_price_column(const), const, s)
    if not conditions(mode, state, y, desired_growth, tax_k, const, s):
        return np.inf
    worst = size(const, s)
    return worst if math.isfinite(worst) else np.inf


@inlined
def linear_update(desired_growth, const, s):
    """Move c, q, E u'(c')/u'(c), eta, the expected value and price along the accepted step s.step to first order."""
    discounted_return = power(desired_growth, const.gamma, const.gamma_int)
    for r in range(len(const.a)):
        s.out[OUT_Q] += s.q_grad[r] * s.step[r]
        s.out[OUT_RATIO] += s.ratio_grad[r] * s.step[r]
        s.out[OUT_ETA] -= discounted_return * (s.e_grad[r] if is_planner(const) else s.ratio_grad[r]) * s.step[r]
        s.out[OUT_C] += s.c_grad[r] * s.step[r]
        s.value[FUTURE_VALUE] += s.slope[r, FUTURE_VALUE] * s.step[r]
        if has_next_price(const):
            s.value[expected_price_column(const)] += s.slope[r, expected_price_column(const)] * s.step[r]


@inlined
def shorten(y, damp, const, grid, s):
    """The last step again, times ``damp``."""
    for r in range(len(y)):
        y[r] = s.old[r] + damp * s.step[r]
    inside(y, const, grid)


@inlined
def advance(y, const, grid, s):
    """A Newton step from ``y``, at most half a unit long; returns its whole length in logs of bonds and units of capital, and
    the share taken.
    """
    length = abs(s.step[0]) / (grid.stretch + abs(y[0] - grid.centre))
    for j in range(1, len(y)):
        length = max(length, const.largest_step * abs(s.step[j]))
    damp = 1.0 if length < 0.5 else 0.5 / length
    for r in range(len(y)):
        s.old[r] = y[r]
        y[r] += damp * s.step[r]
    inside(y, const, grid)
    return length, damp


@inlined
def solve_state(mode, state, y, desired_growth, tax_k, next_year, const, s, search):
    """Solve one state's conditions from the start ``y``, which is overwritten.

    A residual below ``search.accept`` ends the search. But at a kink, so does a full step shorter than ``search.loose`` whose
    product with ten times the residual is below ``search.accept``: results are then updated to first order, and that product is
    the residual reported. A step is shortened until the residual falls; when it does not, half a step is taken all the same,
    thrice at most. Returns (status, residual, evaluations).
    """
    grid = next_year.grid
    inside(y, const, grid)
    worst, damp, tries, kicks, count = np.inf, 1.0, 0, 0, 0
    status = Status.STUCK
    while count < search.limit:
        trial = evaluate(mode, state, y, desired_growth, tax_k, next_year, const, s)
        count += 1
        if not math.isfinite(trial) and not math.isfinite(worst):  # no start yet: consumption not positive, borrow more
            if count == _HALVINGS:
                status = Status.NOT_FINITE
                break
            y[0] = grid.low + 0.9 * (y[0] - grid.low)
            continue
        if not (trial < worst or trial < 10.0 * search.accept):
            tries += 1
            if tries == _HALVINGS:
                if kicks == _KICKS:
                    break
                kicks += 1  # a break of the interpolant's slope blocks the way: cross it, whatever the residual
                tries, damp, worst = 0, 1.25, np.inf
            damp *= 0.4
            shorten(y, damp, const, grid, s)
            continue
        worst = trial
        if worst <= search.accept:
            status = Status.SOLVED
            break
        if not eliminate(s.jac, s.res, s.step, const.a):
            break
        length, damp = advance(y, const, grid, s)
        tries = 0
        if mode != Mode.KINK and length < search.loose and 10.0 * worst * length <= search.accept:
            linear_update(desired_growth, const, s)
            worst *= 10.0 * length  # more than a Newton step leaves, by its quadratic convergence
            status = Status.SOLVED
            break
    return status, worst, count
