"""Compiled expectations: policies at the solve nodes -> expectation functions on the common bond grid.

e is exogenous, so E[f(b', k', e') | e] is taken at all grid points once per year, factor by factor of the exogenous chain, and
only (b', k') is interpolated afterwards. Each policy is interpolated cubically on either side of its own kink.
"""

from __future__ import annotations

import math

import numpy as np

from regspec.model.kernels.conditions import expected_price, value_root
from regspec.model.kernels.jit import inlined, njit
from regspec.model.kernels.policy_interpolation import coordinate, place_policies
from regspec.model.kernels.records import ETA, MU, VALUE, C, Q, X
from regspec.model.kernels.simd import BLOCK, transpose


@inlined
def integrated(tech):
    """Number of the slots that are expectations; those after them follow from these."""
    n, ahead = len(tech.a), len(tech.timing) - 1
    return (4 + 4 * n if len(tech.planner) == 2 else 3 + 2 * n) + ahead


@inlined
def copy(given, row):
    """``given`` to ``row``; a slice assignment of arrays that may overlap would allocate."""
    for p in range(len(row)):
        row[p] = given[p]


@inlined
def raise_all(base, tech, result):
    """base^gamma of every entry of ``base`` to ``result``, as `power` has it."""
    if tech.gamma_int > 0:
        for p in range(len(base)):
            result[p] = base[p]
        for _ in range(tech.gamma_int - 1):
            for p in range(len(base)):
                result[p] *= base[p]
    else:
        for p in range(len(base)):
            result[p] = math.exp(tech.gamma * math.log(base[p]))


@inlined
def growth_of_capital(policy, k, tech, growth):
    """k'_i / k_i at every point of ``policy`` (I+5, points) to ``growth`` (I, points)."""
    n = len(tech.a)
    for i in range(n):
        ratio = growth[i]
        ratio[:] = tech.base[i] / k[i]
        for r in range(1, n):
            step, x = tech.tilt[i, r] / k[i], policy[X + r - 1]
            for p in range(len(ratio)):
                ratio[p] += step * x[p]


@inlined
def integrands(policy, k, z, kappa, tech, scratch, work, e):
    """The integrands at all points of one portfolio and exogenous state to ``work[:, e]`` (slots, E, points).

    policy (I+5, points); k, z (I,); ``scratch`` (I+1, points). The first `integrated` slots are written. Source: docs/model.md,
    sections 2, 3.
    """
    n, points = len(tech.a), work.shape[2]
    planner, ahead = len(tech.planner) == 2, len(tech.timing) == 2
    c, q, value, eta, mu, marginal = policy[C], policy[Q], policy[VALUE], policy[ETA], policy[MU], work[0, e]
    level, priced = work[1, e], work[2 + 2 * n, e]
    growth_of_capital(policy, k, tech, scratch)
    raise_all(c, tech, marginal)
    for p in range(points):
        marginal[p] = 1.0 / marginal[p]
    if tech.gamma == 1.0:
        for p in range(points):
            level[p] = math.log(value[p])
    else:
        raise_all(value, tech, level)
        for p in range(points):
            level[p] = value[p] / level[p]
    for p in range(points):
        priced[p] = marginal[p] * q[p]
    if ahead:
        copy(q, work[expected_price(tech), e])
    else:
        for p in range(points):
            priced[p] *= 1.0 + kappa * eta[p]
    for i in range(n):
        paid, held, ratio, half = work[2 + i, e], work[2 + n + i, e], scratch[i], 0.5 * tech.phi[i]
        for p in range(points):
            paid[p] = marginal[p] * z[i]
        for p in range(points):
            held[p] = marginal[p] * half * (ratio[p] * ratio[p] - 1.0)
    if not planner:
        return
    # at next year's price the limit holds nothing of today's state: wealth and capital do not relax it
    pull = 0.0 if ahead else tech.pecuniary * kappa
    wealth, tangible = work[3 + 2 * n, e], scratch[n]
    copy(q, tangible)
    for i in range(n):
        ratio, weight = scratch[i], k[i] * tech.phi[i]
        for p in range(points):
            tangible[p] += weight * ratio[p] * (ratio[p] - 1.0)
    for p in range(points):
        tangible[p] *= pull * tech.gamma * mu[p] / c[p]
    for p in range(points):
        wealth[p] = marginal[p] * (1.0 + tangible[p])
    for p in range(points):
        tangible[p] = marginal[p] * pull * mu[p]
    for i in range(n):
        paid, held, ratio = work[4 + 2 * n + i, e], work[4 + 3 * n + i, e], scratch[i]
        phi, half = tech.phi[i], 0.5 * tech.phi[i]
        for p in range(points):
            paid[p] = wealth[p] * z[i]
        for p in range(points):
            held[p] = wealth[p] * half * (ratio[p] * ratio[p] - 1.0)
        for p in range(points):
            held[p] += tangible[p] * phi * ratio[p] * ratio[p]


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
def roots(row, tech):
    """row^(-1/gamma) of positive entries, in place.

    For the usual gamma without exponentials, in loops that vector units take: with s = x^(1/16), x^(-1/5) is about
    x^(-3/16) times a Pade approximation of s^(-1/5), within 16 percent for s from .1 to 10. Three steps of fourth order,
    y (1 - r)^(-1/5) with r = 1 - x y^5, leave rounding errors. Beyond these s the general formula is taken.
    """
    plain = tech.gamma_int == 5
    if plain:
        for p in range(len(row)):
            plain &= 1e-16 < row[p] < 1e16
    if not plain:
        for p in range(len(row)):
            row[p] = math.exp(-math.log(row[p]) / tech.gamma)
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
def normalize(work, marginal, first, k, tech, inverse):
    """Divide the I + I rows from ``first`` on by the row ``marginal``, whose inverse goes to ``inverse``, and take that row to
    the power -1/gamma.
    """
    n, row = len(tech.a), work[marginal]
    for p in range(len(row)):
        inverse[p] = 1.0 / row[p]
    for i in range(n):
        scale(work[first + i], inverse, 1.0)
        scale(work[first + n + i], inverse, k[i] * k[i])
    roots(row, tech)


@inlined
def value_roots(moments, tech):
    """moments^(1/(1-gamma)), or exponentials where gamma is one, in place; for the usual gamma by square roots."""
    if tech.gamma_int == 5:
        for p in range(len(moments)):
            moments[p] = 1.0 / math.sqrt(math.sqrt(moments[p]))
    elif tech.gamma == 1.0:
        for p in range(len(moments)):
            moments[p] = math.exp(moments[p])
    else:
        for p in range(len(moments)):
            moments[p] = value_root(moments[p], tech)


@njit
def transform(work, k, tech, inverse):
    """Turn expectations ``work`` (slots, points) into what is interpolated: certainty equivalents, ratios to marginal utility.

    What holds (k''/k)^2 is multiplied by k_i^2: with partial adjustment the product is a quadratic in k, as the elements are.
    The planner's row log sum_i k_i M_i is made here. ``inverse`` (at least points,) is scratch.
    """
    n, points, planner = len(tech.a), work.shape[1], len(tech.planner) == 2
    if planner and len(tech.timing) == 1:
        total = work[4 + 4 * n]
        copy(work[2 + 2 * n], total)
        for i in range(n):
            paid, held, own = work[2 + i], work[2 + n + i], k[i]
            output = tech.alpha * math.exp(tech.a[i] * math.log(own))
            for p in range(points):
                total[p] += held[p] * own + paid[p] * output
        for p in range(points):
            total[p] = math.log(total[p])
    if planner:
        normalize(work, 3 + 2 * n, 4 + 2 * n, k, tech, inverse)
    normalize(work, 0, 2, k, tech, inverse)
    scale(work[2 + 2 * n], inverse, 1.0)
    value_roots(work[1], tech)


@njit
def spline_coefficients(work, result, buffer, tech):
    """Coefficients of the quadratic quasi-interpolant (exact for quadratics) from values ``work`` (slots, E, points) on the
    common bond grid to ``result`` (E, points, slots); ``buffer`` (slots, points) is scratch. Returns whether all are finite.
    """
    slots, states, points = work.shape
    bad = False
    for e in range(states):
        for f in range(slots):
            given, out = work[f, e], buffer[f]
            for p in range(1, points - 1):
                out[p] = given[p] - 0.125 * (given[p - 1] - 2.0 * given[p] + given[p + 1])
            out[0] = given[0] - (given[1] - out[1])
            out[points - 1] = given[points - 1] - (given[points - 2] - out[points - 2])
            for p in range(points):
                bad |= out[p] - out[p] != 0.0
        whole = points - points % BLOCK
        for p in range(0, whole, BLOCK):
            transpose(result[e], p, 0, buffer, p, tech.slots)
        for p in range(whole, points):
            for f in range(slots):
                result[e, p, f] = buffer[f, p]
    return not bad


def workspace(tech, grid, states: int, rows: int) -> tuple[np.ndarray, ...]:
    """Work arrays of `expand` for E = ``states`` and M = ``rows``; zero, as the rows of unused slots stay."""
    n, slots, points = len(tech.a), len(tech.slots), grid.points
    shapes = (slots, states, points), (slots, rows, points), (states, points), (max(states, rows) * points,)
    shapes += (n + 5, points), (n + 1, points), (slots, points), (BLOCK, n + 5)
    low, high = len(grid.below), len(grid.above)
    shapes += (low,), (low - 3, 4), (high,), (high - 3, 4), (points,)
    return tuple(np.zeros(shape) for shape in shapes)


@njit
def expand(capital, first, built, pol, kink, exo, tech, here, factors, functions, rows, mixed, space):
    """Expectation functions of a block of lattice nodes, where ``built`` (N,), conditional on the previous year's e.

    pol (block, E, nodes, I+5), kink (block, E): this year's policies on the grid ``here``; exo: this year's exogenous
    states; factors: tuple of transition matrices whose Kronecker product is the chain, first factor slowest. Writes
    functions[first : first + block] (N, E, points, slots). For each of ``rows`` (M, E), probabilities of this year's
    states, the functions under them go to mixed (block, M, points, slots). ``space`` is a `workspace`. Returns whether the
    former are all finite.
    """
    states, slots, points, used = pol.shape[1], len(tech.slots), here.points, integrated(tech)
    work, under, other, inverse, policy, scratch, buffer, block, low_nodes, low_scales, high_nodes, high_scales, places = space
    nodes, columns = (low_nodes, low_scales, high_nodes, high_scales, block), tech.a + (0.0, 0.0, 0.0, 0.0, 0.0)
    width, finite = here.dx * (points - 1), True
    for p in range(points):
        places[p] = coordinate(p * here.dx, here)
    for local in range(pol.shape[0]):
        if not built[first + local]:
            continue
        k, begin = capital[first + local], here.start[first + local]
        for e in range(states):
            place_policies(pol[local, e], begin, kink[local, e], width, places, here, nodes, columns, policy)
            integrands(policy, k, exo.z[e], exo.kappa[e], tech, scratch, work, e)
        for f in range(used if len(rows) > 0 else 0):
            for m in range(len(rows)):
                under[f, m, :] = 0.0
                for e in range(states):
                    for p in range(points):
                        under[f, m, p] += rows[m, e] * work[f, e, p]
        if len(rows) > 0:
            transform(under.reshape(slots, len(rows) * points), k, tech, inverse)
            spline_coefficients(under, mixed[local], buffer, tech)
        for f in range(used):
            expect(work[f], other, factors)
        transform(work.reshape(slots, states * points), k, tech, inverse)
        finite &= spline_coefficients(work, functions[first + local], buffer, tech)
    return finite


def slope_source(functions, tech):
    """View (nodes, E, points) of log(sum_i k_i M_i) in ``functions``, whose slopes `recover_slopes` fills in."""
    return functions[..., 4 + 4 * len(tech.a)]


@njit
def recover_slopes(functions, logs, first, last, wanted, neighbours, slopes, shifts, tech, grid, line, per_b):
    """Fill the planner's slots of the slopes of log(sum_i k_i M_i) in capital moved from one industry to the next, from nodal
    values, at the nodes ``first`` to ``last`` that are ``wanted`` (N,): continuous, unlike the elements' own. Recovered at
    equal distance from the grid's shift, then turned into slopes at equal bonds.

    ``logs`` (N, E x points): `slope_source` of all nodes; ``slopes`` (N, M, I-1): weights of the ``neighbours`` (N, M);
    ``shifts`` (N, I-1): slopes of the grid's shift; ``line`` (E x points,) and ``per_b`` (points,) are scratch. Returns whether
    all slopes are finite.
    """
    target = 5 + 4 * len(tech.a)
    _, states, points, _ = functions.shape
    bad = False
    for p in range(points):  # points of the grid per unit of bonds
        per_b[p] = 1.0 / (grid.stretch * math.cosh(p * grid.dx + grid.origin) * grid.dx)
    for node in range(first, last):
        if not wanted[node]:
            continue
        own = logs[node]
        for j in range(len(tech.a) - 1):
            line[:] = 0.0
            for m in range(neighbours.shape[1]):
                weight = slopes[node, m, j]
                if weight != 0.0:
                    given = logs[neighbours[node, m]]
                    for i in range(len(line)):
                        line[i] += weight * given[i]
            shift = shifts[node, j]
            for e in range(states):
                for p in range(points):
                    left, right = max(p - 1, 0), min(p + 1, points - 1)
                    rise = (own[e * points + right] - own[e * points + left]) / (right - left)
                    result = line[e * points + p] - shift * per_b[p] * rise
                    functions[node, e, p, target + j] = result
                    bad |= result - result != 0.0
    return not bad
