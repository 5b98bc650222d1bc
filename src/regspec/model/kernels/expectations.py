"""Compiled expectations: policies at the solve nodes -> expectations on the common bond grid.

e is exogenous, so E[f(b', k', e') | e] is taken at all grid points once per year, factor by factor of the exogenous chain, and
only (b', k') is interpolated afterwards. Each policy is interpolated cubically on either side of its own kink.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from regspec.model.kernels.columns import (
    FUTURE_VALUE,
    IMPLIED_C,
    PRODUCTIVITY,
    adjustment_column,
    expected_price_column,
    has_next_price,
    integrated_columns,
    is_planner,
    log_value_column,
    price_column,
    price_slope_column,
    social_adjustment_column,
    social_productivity_column,
    wealth_column,
)
from regspec.model.kernels.conditions import value_root
from regspec.model.kernels.jit import inlined, njit
from regspec.model.kernels.policy_interpolation import coordinate, place_policies
from regspec.model.kernels.records import ETA, MU, VALUE, C, Q, X
from regspec.model.kernels.simd import BLOCK, transpose


@inlined
def copy(given, row):
    """``given`` to ``row``; a slice assignment of arrays that may overlap would allocate."""
    for p in range(len(row)):
        row[p] = given[p]


@inlined
def raise_all(base, const, result):
    """base^gamma of every entry of ``base`` to ``result``, as `power` has it."""
    if const.gamma_int > 0:
        for p in range(len(base)):
            result[p] = base[p]
        for _ in range(const.gamma_int - 1):
            for p in range(len(base)):
                result[p] *= base[p]
    else:
        for p in range(len(base)):
            result[p] = math.exp(const.gamma * math.log(base[p]))


@inlined
def growth_of_capital(policy, k, const, growth):
    """k'_i / k_i at every point of ``policy`` (I+5, points) to ``growth`` (I, points)."""
    n = len(const.a)
    for i in range(n):
        ratio = growth[i]
        ratio[:] = const.base[i] / k[i]
        for r in range(1, n):
            step, x = const.dk_dx[i, r] / k[i], policy[X + r - 1]
            for p in range(len(ratio)):
                ratio[p] += step * x[p]


@inlined
def weigh(marginal, z, half, ratio, product, adjustment):
    """``marginal`` times z, and ``marginal`` times the marginal saving of later adjustment, half (ratio^2 - 1)."""
    for p in range(len(marginal)):
        product[p] = marginal[p] * z
    for p in range(len(marginal)):
        adjustment[p] = marginal[p] * half * (ratio[p] * ratio[p] - 1.0)


@inlined
def integrands(policy, k, z, kappa, const, scratch, work, e):
    """The integrands at all points of one portfolio and exogenous state to ``work[:, e]`` (columns, E, points).

    policy (I+5, points); k, z (I,); ``scratch`` (I+1, points). The first `integrated_columns` are written. Source:
    docs/model.md, sections 2, 3.
    """
    n, points = len(const.a), work.shape[2]
    c, q, value, eta, mu, marginal = policy[C], policy[Q], policy[VALUE], policy[ETA], policy[MU], work[IMPLIED_C, e]
    level, priced = work[FUTURE_VALUE, e], work[price_column(n), e]
    growth_of_capital(policy, k, const, scratch)
    raise_all(c, const, marginal)
    for p in range(points):
        marginal[p] = 1.0 / marginal[p]
    if const.gamma == 1.0:
        for p in range(points):
            level[p] = math.log(value[p])
    else:
        raise_all(value, const, level)
        for p in range(points):
            level[p] = value[p] / level[p]
    for p in range(points):
        priced[p] = marginal[p] * q[p]
    if has_next_price(const):
        copy(q, work[expected_price_column(const), e])
    else:
        for p in range(points):
            priced[p] *= 1.0 + kappa * eta[p]
    for i in range(n):
        product, adjustment = work[PRODUCTIVITY + i, e], work[adjustment_column(n) + i, e]
        weigh(marginal, z[i], 0.5 * const.phi[i], scratch[i], product, adjustment)
    if not is_planner(const):
        return
    # at next year's price the limit holds nothing of today's state: wealth and capital do not relax it
    relief = 0.0 if has_next_price(const) else const.pecuniary * kappa
    wealth, relaxed = work[wealth_column(n), e], scratch[n]
    copy(q, relaxed)
    for i in range(n):
        ratio, weight = scratch[i], k[i] * const.phi[i]
        for p in range(points):
            relaxed[p] += weight * ratio[p] * (ratio[p] - 1.0)
    for p in range(points):
        relaxed[p] *= relief * const.gamma * mu[p] / c[p]
    for p in range(points):
        wealth[p] = marginal[p] * (1.0 + relaxed[p])
    for p in range(points):
        relaxed[p] = marginal[p] * relief * mu[p]
    for i in range(n):
        ratio, phi = scratch[i], const.phi[i]
        product, adjustment = work[social_productivity_column(n) + i, e], work[social_adjustment_column(n) + i, e]
        weigh(wealth, z[i], 0.5 * phi, ratio, product, adjustment)
        for p in range(points):
            adjustment[p] += relaxed[p] * phi * ratio[p] * ratio[p]


@njit
def mix(source, result, transition, stride):
    """Apply one factor's transition matrix (n, n) along the exogenous axis of ``source`` (E, points) to ``result``.

    ``stride`` is the number of states of the faster factors. Whole rows are added: loops that vector units take.
    """
    count = len(transition)
    for e in range(len(source)):
        row = (e // stride) % count
        first = e - row * stride
        out, weights = result[e], transition[row]
        if count == 3:  # the usual number of nodes, in one pass
            near, middle, far = source[first], source[first + stride], source[first + 2 * stride]
            for j in range(len(out)):
                out[j] = weights[0] * near[j] + weights[1] * middle[j] + weights[2] * far[j]
            continue
        for col in range(count):
            given = source[first + col * stride]
            if col == 0:
                for j in range(len(out)):
                    out[j] = weights[col] * given[j]
            else:
                for j in range(len(out)):
                    out[j] += weights[col] * given[j]


@inlined
def expect(values, other, transitions):
    """Expectations of ``values`` (E, points) in place, factor by factor of the chain; ``other`` is scratch of that shape."""
    stride, swapped = len(values), False
    for transition in transitions:
        stride //= len(transition)
        if len(transition) > 1:
            if swapped:
                mix(other, values, transition, stride)
            else:
                mix(values, other, transition, stride)
            swapped = not swapped
    if swapped:
        for e in range(len(values)):
            copy(other[e], values[e])


@inlined
def scale(row, factor, weight):
    """Multiply ``row`` by ``factor`` (points,) times a number."""
    for p in range(len(row)):
        row[p] *= factor[p] * weight


@inlined
def roots(row, const):
    """row^(-1/gamma) of positive entries, in place.

    For the usual gamma without exponentials, in loops that vector units take: with s = x^(1/16), x^(-1/5) is about
    x^(-3/16) times a Pade approximation of s^(-1/5), within 16 percent for s from .1 to 10. Three steps of fourth order,
    y (1 - r)^(-1/5) with r = 1 - x y^5, leave rounding errors. Beyond these s the general formula is taken.
    """
    plain = const.gamma_int == 5
    if plain:
        for p in range(len(row)):
            plain &= 1e-16 < row[p] < 1e16
    if not plain:
        for p in range(len(row)):
            row[p] = math.exp(-math.log(row[p]) / const.gamma)
        return
    for p in range(len(row)):
        x = row[p]
        eighth = math.sqrt(math.sqrt(math.sqrt(x)))
        s = math.sqrt(eighth)
        y = (1.2 + 0.8 * s) / ((0.8 + 1.2 * s) * eighth * s)
        r = 1.0 - x * (y * y) * (y * y) * y
        y *= 1.0 + r * (0.2 + r * (0.12 + r * 0.088))
        r = 1.0 - x * (y * y) * (y * y) * y
        y *= 1.0 + r * (0.2 + r * (0.12 + r * 0.088))
        r = 1.0 - x * (y * y) * (y * y) * y
        y *= 1.0 + r * (0.2 + r * (0.12 + r * 0.088))
        row[p] = y


@inlined
def normalize(work, marginal, first, k, const, inverse):
    """Divide the I + I rows from ``first`` on by the row ``marginal``, whose inverse goes to ``inverse``, and take that row to
    the power -1/gamma.
    """
    n, row = len(const.a), work[marginal]
    for p in range(len(row)):
        inverse[p] = 1.0 / row[p]
    for i in range(n):
        scale(work[first + i], inverse, 1.0)
        scale(work[first + n + i], inverse, k[i] * k[i])
    roots(row, const)


@inlined
def value_roots(moments, const):
    """moments^(1/(1-gamma)), or exponentials where gamma is one, in place; for the usual gamma by square roots."""
    if const.gamma_int == 5:
        for p in range(len(moments)):
            moments[p] = 1.0 / math.sqrt(math.sqrt(moments[p]))
    elif const.gamma == 1.0:
        for p in range(len(moments)):
            moments[p] = math.exp(moments[p])
    else:
        for p in range(len(moments)):
            moments[p] = value_root(moments[p], const)


@njit
def transform(work, k, const, inverse):
    """Turn expectations ``work`` (columns, points) into what is interpolated: certainty equivalents, ratios to marginal
    utility.

    What holds (k''/k)^2 is multiplied by k_i^2: with partial adjustment the product is a quadratic in k, as the elements are.
    The planner's row log sum_i k_i M_i is made here. ``inverse`` (at least points,) is scratch.
    """
    n, points = len(const.a), work.shape[1]
    if is_planner(const) and not has_next_price(const):
        total = work[log_value_column(n)]
        copy(work[price_column(n)], total)
        for i in range(n):
            product, adjustment, ki = work[PRODUCTIVITY + i], work[adjustment_column(n) + i], k[i]
            income = const.alpha * math.exp(const.a[i] * math.log(ki))
            for p in range(points):
                total[p] += adjustment[p] * ki + product[p] * income
        for p in range(points):
            total[p] = math.log(total[p])
    if is_planner(const):
        normalize(work, wealth_column(n), social_productivity_column(n), k, const, inverse)
    normalize(work, IMPLIED_C, PRODUCTIVITY, k, const, inverse)
    scale(work[price_column(n)], inverse, 1.0)
    value_roots(work[FUTURE_VALUE], const)


@njit
def spline_coefficients(work, result, buffer, const):
    """Coefficients of the quadratic quasi-interpolant (exact for quadratics) from values ``work`` (columns, E, points) on the
    common bond grid to ``result`` (E, points, columns); ``buffer`` (columns, points) is scratch. Returns whether all are
    finite.
    """
    columns, states, points = work.shape
    bad = False
    for e in range(states):
        for f in range(columns):
            given, out = work[f, e], buffer[f]
            for p in range(1, points - 1):
                out[p] = given[p] - 0.125 * (given[p - 1] - 2.0 * given[p] + given[p + 1])
            out[0] = given[0] - (given[1] - out[1])
            out[points - 1] = given[points - 1] - (given[points - 2] - out[points - 2])
            for p in range(points):
                bad |= out[p] - out[p] != 0.0
        whole = points - points % BLOCK
        for p in range(0, whole, BLOCK):
            transpose(result[e], p, 0, buffer, p, const.columns)
        for p in range(whole, points):
            for f in range(columns):
                result[e, p, f] = buffer[f, p]
    return not bad


class OffGrid(NamedTuple):
    """Expectations given a state off the grid: probabilities (M, E) of this year's states, and where they go."""

    rows: np.ndarray  # (M, E)
    mixed: np.ndarray  # (block, M, points, columns)


class Workspace(NamedTuple):
    """Work arrays of `expand`; zero at first, as unused columns stay."""

    work: np.ndarray  # (columns, E, points)
    under: np.ndarray  # (columns, M, points)
    other: np.ndarray  # (E, points)
    inverse: np.ndarray  # (max(E, M) points,)
    policy: np.ndarray  # (I+5, points)
    scratch: np.ndarray  # (I+1, points)
    buffer: np.ndarray  # (columns, points)
    sides: tuple[np.ndarray, ...]  # of `place_policies`
    places: np.ndarray  # (points,)


def workspace(const, grid, states: int, rows: int) -> Workspace:
    """Work arrays for E = ``states`` and M = ``rows``."""
    n, columns, points = len(const.a), len(const.columns), grid.points
    low, high = len(grid.below), len(grid.above)
    return Workspace(
        work=np.zeros((columns, states, points)),
        under=np.zeros((columns, rows, points)),
        other=np.zeros((states, points)),
        inverse=np.zeros(max(states, rows) * points),
        policy=np.zeros((n + 5, points)),
        scratch=np.zeros((n + 1, points)),
        buffer=np.zeros((columns, points)),
        sides=(np.zeros(low), np.zeros((low - 3, 4)), np.zeros(high), np.zeros((high - 3, 4)), np.zeros((BLOCK, n + 5))),
        places=np.zeros(points),
    )


@inlined
def expand_off_grid(local, used, k, const, off_grid, space):
    """Expectations under the rows of ``off_grid`` at one node, from the integrands in ``space.work``."""
    rows, work, under = off_grid.rows, space.work, space.under
    columns, count, points = under.shape
    for f in range(used):
        for m in range(count):
            under[f, m, :] = 0.0
            for e in range(rows.shape[1]):
                for p in range(points):
                    under[f, m, p] += rows[m, e] * work[f, e, p]
    transform(under.reshape(columns, count * points), k, const, space.inverse)
    spline_coefficients(under, off_grid.mixed[local], space.buffer, const)


@njit
def expand(year, first, built, block, factors, expectations, off_grid, space):
    """Expectations of a block of lattice nodes from ``first`` on, where ``built`` (N,), conditional on the previous year's e.

    ``block``: this year's policies; ``factors``: tuple of transition matrices whose Kronecker product is the chain, first
    factor slowest. Writes expectations[first : first + block] (N, E, points, columns), and those under the rows of
    ``off_grid``, if any. Returns whether the former are all finite.
    """
    grid, exogenous, const, work = year.bonds, year.exogenous, year.constants, space.work
    columns, states, points = work.shape
    used, finite = integrated_columns(const), True
    width, policy_columns = grid.dx * (points - 1), const.a + (0.0, 0.0, 0.0, 0.0, 0.0)
    for p in range(points):
        space.places[p] = coordinate(p * grid.dx, grid)
    for local in range(block.pol.shape[0]):
        node = first + local
        if not built[node]:
            continue
        k, begin = year.lattice.capital[node], grid.start[node]
        for e in range(states):
            rows, at = block.pol[local, e], block.kink[local, e]
            place_policies(rows, begin, at, width, space.places, grid, space.sides, policy_columns, space.policy)
            integrands(space.policy, k, exogenous.z[e], exogenous.kappa[e], const, space.scratch, work, e)
        if len(off_grid.rows) > 0:
            expand_off_grid(local, used, k, const, off_grid, space)
        for f in range(used):
            expect(work[f], space.other, factors)
        transform(work.reshape(columns, states * points), k, const, space.inverse)
        finite &= spline_coefficients(work, expectations[node], space.buffer, const)
    return finite


def slope_source(expectations, const):
    """View (nodes, E, points) of log(sum_i k_i M_i) in ``expectations``, whose slopes `recover_slopes` fills in."""
    return expectations[..., log_value_column(len(const.a))]


class Recovery(NamedTuple):
    """How slopes at a node follow from values at its neighbours."""

    neighbours: np.ndarray  # (N, M)
    weights: np.ndarray  # (N, M, I-1)
    shifts: np.ndarray  # (N, I-1) slopes of the bond grid's shift


@njit
def recover_slopes(expectations, logs, span, wanted, recovery, const, grid, line, per_b):
    """Fill the planner's columns of the slopes of log(sum_i k_i M_i) in capital moved from one industry to the next, from nodal
    values, at the nodes of ``span`` (first, last) that are ``wanted`` (N,): continuous, unlike the elements' own. Recovered at
    equal distance from the grid's shift, then turned into slopes at equal bonds.

    ``logs`` (N, E x points): `slope_source` of all nodes; ``line`` (E x points,) and ``per_b`` (points,) are scratch. Returns
    whether all slopes are finite.
    """
    n = len(const.a)
    _, states, points, _ = expectations.shape
    bad = False
    for p in range(points):  # points of the grid per unit of bonds
        per_b[p] = 1.0 / (grid.stretch * math.cosh(p * grid.dx + grid.origin) * grid.dx)
    for node in range(span[0], span[1]):
        if not wanted[node]:
            continue
        here = logs[node]
        for j in range(n - 1):
            line[:] = 0.0
            for m in range(recovery.neighbours.shape[1]):
                weight = recovery.weights[node, m, j]
                if weight != 0.0:
                    given = logs[recovery.neighbours[node, m]]
                    for i in range(len(line)):
                        line[i] += weight * given[i]
            shift, column = recovery.shifts[node, j], price_slope_column(n, j + 1)
            for e in range(states):
                for p in range(points):
                    left, right = max(p - 1, 0), min(p + 1, points - 1)
                    rise = (here[e * points + right] - here[e * points + left]) / (right - left)
                    result = line[e * points + p] - shift * per_b[p] * rise
                    expectations[node, e, p, column] = result
                    bad |= result - result != 0.0
    return not bad
