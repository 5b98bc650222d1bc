"""Compiled solution of the period's equilibrium at any state (b, k, e), on or off the grid."""

from __future__ import annotations

import math

from regspec.model.kernels.conditions import growth_target, limit_gap, limit_multiplier, production
from regspec.model.kernels.jit import njit
from regspec.model.kernels.lookup import bond_at, grid_shift, locate
from regspec.model.kernels.newton import evaluate, solve_state
from regspec.model.kernels.records import Constants, ExogenousStates, Mode, Outcome, State, Status

_TOLERANCE = 1e-9


def state_in(b: float, k, exogenous: ExogenousStates, e: int, const: Constants) -> State:
    """The state (b, k) in exogenous state ``e`` of a year."""
    output = production(k, exogenous.z[e], const)
    return State(b, k, output, 1.0 / exogenous.R[e], float(exogenous.kappa[e]), float(exogenous.debt[e]), int(e))


@njit
def attempt(mode, state, y, next_year, const, s, search):
    """Solve one mode from ``y`` and check its inequality; True when it is an equilibrium in that mode."""
    target = growth_target(state.bond_price, 0.0, const)
    status, _, _ = solve_state(mode, state, y, target, s.zeros, next_year, const, s, search)
    if status != Status.SOLVED:
        return False
    if mode == Mode.SLACK:
        return limit_gap(state, y, const, s) >= -_TOLERANCE
    return limit_multiplier(const, s) >= -_TOLERANCE


@njit
def solve_point(state, starts, next_year, const, s, y, search):
    """Solve the period's conditions at a state, trying ``starts`` (S, I) in order.

    Leaves unknowns in ``y`` and results in ``s``. Returns an `Outcome`.
    """
    for first in range(starts.shape[0]):
        for mode in (Mode.SLACK, Mode.BINDING):
            for r in range(len(y)):
                y[r] = starts[first, r]
            if attempt(mode, state, y, next_year, const, s, search):
                return Outcome.SLACK if mode == Mode.SLACK else Outcome.BINDING
    return Outcome.UNSOLVED


@njit
def static_roots(state, x, next_year, const, s, y, points):
    """Number of static equilibria along b' with the portfolio held at ``x``: sign changes of min(limit gap, Euler gap) over
    ``points`` levels of b'.

    ``y`` (I,) is scratch.
    """
    for j in range(len(x)):
        y[j + 1] = x[j]
    grid = next_year.grid
    width = grid.dx * (grid.points - 1)
    count = locate(x, const, s.ids, s.weights, s.gradients, s.order, s.fractions)
    grid_shift(next_year.table, grid, count, s)
    low = s.shift[0]
    begin = math.asinh((grid.low - s.shift[0] - grid.centre) / grid.stretch) - grid.origin
    roots, last = 0, 0.0
    target = growth_target(state.bond_price, 0.0, const)
    for p in range(points):
        y[0] = low + bond_at(begin + (width - begin) * p / (points - 1), grid)
        worst = evaluate(Mode.SLACK, state, y, target, s.zeros, next_year, const, s)
        if not math.isfinite(worst):
            continue
        psi = min(limit_gap(state, y, const, s), -s.res[len(y) - 1])
        if last != 0.0 and psi * last < 0.0:
            roots += 1
        if psi != 0.0:
            last = psi
    return roots
