"""Compiled expectations: policies at the solve nodes -> expectation functions on the common bond grid.

e is exogenous, so E[f(b', k', e') | e] is taken at all grid points once per year, factor by factor of the exogenous chain, and
only (b', k') is interpolated afterwards. Each policy is interpolated cubically on either side of its own kink.
"""

from __future__ import annotations

import math

import numpy as np

from regspec.model.conditions import expected_price, portfolio, power, value_root
from regspec.model.jit import inlined, njit
from regspec.model.types import ETA, MU, VALUE, C, Q, X


@inlined
def coordinate(x, grid):
    """Where policies are interpolated: x of the grid, or bonds in units of its stretch, in which c is nearly straight far from
    a limit.
    """
    return math.sinh(x + grid.origin) if grid.straight > 0.0 else x


@inlined
def place_nodes(start, length, relative, grid, nodes, scales):
    """`coordinate` of the nodes at ``start`` + ``length`` ``relative`` (m,) in x to ``nodes`` (m,), inverse denominators of the
    cubic Lagrange polynomials of every four of them to ``scales`` (m - 3, 4).
    """
    m = len(relative)
    for j in range(m):
        nodes[j] = coordinate(start + length * relative[j], grid)
    for j in range(m - 3):
        p0, p1, p2, p3 = nodes[j], nodes[j + 1], nodes[j + 2], nodes[j + 3]
        d01, d02, d03, d12, d13, d23 = p0 - p1, p0 - p2, p0 - p3, p1 - p2, p1 - p3, p2 - p3
        scales[j, 0], scales[j, 1] = 1.0 / (d01 * d02 * d03), -1.0 / (d01 * d12 * d13)
        scales[j, 2], scales[j, 3] = 1.0 / (d02 * d12 * d23), -1.0 / (d03 * d13 * d23)


@inlined
def side_policy(rows, first, nodes, scales, at, cursor, result):
    """Cubic Lagrange interpolation at ``at`` of policy rows ``first + j``, which `place_nodes` has placed at nodes[j].

    ``cursor`` is the interval used last (positions come in increasing order); returns the interval used now.
    """
    m = len(nodes)
    while cursor < m - 2 and at > nodes[cursor + 1]:
        cursor += 1
    base = min(max(cursor - 1, 0), m - 4)
    p0, p1, p2, p3 = nodes[base], nodes[base + 1], nodes[base + 2], nodes[base + 3]
    d0, d1, d2, d3 = at - p0, at - p1, at - p2, at - p3
    w0, w1 = d1 * d2 * d3 * scales[base, 0], d0 * d2 * d3 * scales[base, 1]
    w2, w3 = d0 * d1 * d3 * scales[base, 2], d0 * d1 * d2 * scales[base, 3]
    r0, r1, r2, r3 = rows[first + base], rows[first + base + 1], rows[first + base + 2], rows[first + base + 3]
    for col in range(len(result)):
        result[col] = w0 * r0[col] + w1 * r1[col] + w2 * r2[col] + w3 * r3[col]
    left, right = rows[first + cursor], rows[first + cursor + 1]
    for col in (C, Q, VALUE):
        # rough policies (early sweeps, corners of the lattice): positive quantities stay positive, by linear interpolation
        if not (0.5 * min(left[col], right[col]) <= result[col] <= 2.0 * max(left[col], right[col])):
            share = min(max((at - nodes[cursor]) / (nodes[cursor + 1] - nodes[cursor]), 0.0), 1.0)
            for other in range(len(result)):
                result[other] = (1.0 - share) * left[other] + share * right[other]
            break
    return cursor


@inlined
def integrands(policy, k, z, kappa, tech, growth, weight, target):
    """Add ``weight`` times the integrands at one grid point to ``target`` (slots,). Source: docs/model.md, sections 2, 3.

    ``growth`` (I,) is scratch.
    """
    n = len(tech.a)
    planner = len(tech.planner) == 2
    c, q, value = policy[C], policy[Q], policy[VALUE]
    marginal = weight / power(c, tech.gamma, tech.gamma_int)
    portfolio(policy[X:], tech, growth)
    tangible = q
    for i in range(n):
        k_next = growth[i]
        growth[i] = k_next / k[i]
        tangible += k_next * tech.phi[i] * (growth[i] - 1.0)
    ahead = len(tech.timing) == 2
    # at next year's price the limit holds nothing of today's state: wealth and capital do not relax it
    pull = 0.0 if ahead else tech.pecuniary * policy[MU] * kappa
    wealth = marginal * (1.0 + pull * tech.gamma / c * tangible)
    target[0] += marginal
    priced = marginal * q
    target[2 + 2 * n] += priced if ahead else priced * (1.0 + kappa * policy[ETA])
    if ahead:
        target[expected_price(tech)] += weight * q
    if tech.gamma == 1.0:
        target[1] += weight * math.log(value)
    else:
        target[1] += weight * value / power(value, tech.gamma, tech.gamma_int)
    if planner:
        target[3 + 2 * n] += wealth
    for i in range(n):
        first = -0.5 * tech.phi[i] * (growth[i] * growth[i] - 1.0)
        target[2 + i] += marginal * z[i]
        target[2 + n + i] -= marginal * first
        if planner:
            target[4 + 2 * n + i] += wealth * z[i]
            target[4 + 3 * n + i] += marginal * pull * tech.phi[i] * growth[i] * growth[i] - wealth * first


@njit
def mix(source, result, transition, stride):
    """Apply one factor's transition matrix (n, n) along the exogenous axis of ``source`` (E, points x slots) to ``result``.

    ``stride`` is the number of states of the faster factors. Whole rows are added: loops that vector units take.
    """
    count = len(transition)
    for e in range(len(source)):
        row = (e // stride) % count
        first = e - row * stride
        out = result[e]
        for col in range(count):
            weight = transition[row, col]
            given = source[first + col * stride]
            if col == 0:
                for j in range(len(out)):
                    out[j] = weight * given[j]
            else:
                for j in range(len(out)):
                    out[j] += weight * given[j]


@njit
def transform(work, k, tech, returns):
    """Turn expectations into what is interpolated: certainty equivalents and ratios to marginal utility.

    What holds (k''/k)^2 is multiplied by k_i^2: with partial adjustment the product is a quadratic in k, as the elements are.
    ``returns`` (I,) is scratch.
    """
    n = len(tech.a)
    planner = len(tech.planner) == 2
    for i in range(n):
        returns[i] = tech.alpha * math.exp((tech.a[i] - 1.0) * math.log(k[i]))
    for e in range(work.shape[0]):
        for p in range(work.shape[1]):
            row = work[e, p]
            inverse, marginal = 1.0 / row[0], math.log(row[0])
            row[0] = math.exp(-marginal / tech.gamma)
            if tech.gamma == 1.0:
                row[1] = math.exp(row[1])
            else:
                row[1] = value_root(row[1], tech)
            for i in range(n):
                row[2 + i] *= inverse
                row[2 + n + i] *= inverse * k[i] * k[i]
            row[2 + 2 * n] *= inverse
            if planner:
                inverse = 1.0 / row[3 + 2 * n]
                row[3 + 2 * n] = math.exp(-math.log(row[3 + 2 * n]) / tech.gamma)
                total = row[2 + 2 * n]
                for i in range(n):
                    row[4 + 2 * n + i] *= inverse
                    row[4 + 3 * n + i] *= inverse * k[i] * k[i]
                    total += row[2 + n + i] / k[i] + k[i] * returns[i] * row[2 + i]
                if len(tech.timing) == 1:
                    row[4 + 4 * n] = math.log(total) + marginal


@njit
def spline_coefficients(work, result):
    """Coefficients of the quadratic quasi-interpolant (exact for quadratics) from values on the common bond grid."""
    points, slots = work.shape[1], work.shape[2]
    for e in range(work.shape[0]):
        for p in range(points):
            mid = min(max(p, 1), points - 2)
            for f in range(slots):
                second = work[e, mid - 1, f] - 2.0 * work[e, mid, f] + work[e, mid + 1, f]
                result[e, p, f] = work[e, p, f] - 0.125 * second


def workspace(tech, grid, states: int, rows: int) -> tuple[np.ndarray, ...]:
    """Work arrays of `expand` for E = ``states`` and M = ``rows``."""
    n, slots, points = len(tech.a), len(tech.slots), grid.points
    shapes = (states, points, slots), (states, points, slots), (rows, points, slots), (n + 5,), (n,)
    low, high = len(grid.below), len(grid.above)
    shapes += (low,), (low - 3, 4), (high,), (high - 3, 4), (points,)
    return tuple(np.empty(shape) for shape in shapes)


@njit
def expand(capital, first, pol, kink, exo, tech, here, factors, functions, rows, mixed, space):
    """Expectation functions of a block of lattice nodes, conditional on the previous year's e.

    pol (block, E, nodes, I+5), kink (block, E): this year's policies on the grid ``here``; exo: this year's exogenous
    states; factors: tuple of transition matrices whose Kronecker product is the chain, first factor slowest. Writes
    functions[first : first + block] (N, E, points, slots). For each of ``rows`` (M, E), probabilities of this year's
    states, the functions under them go to mixed (block, M, points, slots). ``space`` is a `workspace`.
    """
    below = len(here.below)
    width = here.dx * (here.points - 1)
    states, slots = pol.shape[1], len(tech.slots)
    work, other, under, policy, k_next, low_nodes, low_scales, high_nodes, high_scales, places = space
    flat, turned = work.reshape(states, here.points * slots), other.reshape(states, here.points * slots)
    for p in range(here.points):
        places[p] = coordinate(p * here.dx, here)
    for local in range(pol.shape[0]):
        k, begin = capital[first + local], here.start[first + local]
        lowest = coordinate(begin, here)
        work[:] = 0.0
        for e in range(states):
            at = kink[local, e]
            if at > begin:
                place_nodes(begin, at - begin, here.below, here, low_nodes, low_scales)
            if at < width:
                place_nodes(at, width - at, here.above, here, high_nodes, high_scales)
            rows_here, z, target = pol[local, e], exo.z[e], work[e]
            cursor_low, cursor_high = 0, 0
            for p in range(here.points):
                x = p * here.dx
                place = max(places[p], lowest)  # constant below the first solve node, where no function is needed
                if at > begin and (at >= width or x < at):
                    cursor_low = side_policy(rows_here, 0, low_nodes, low_scales, place, cursor_low, policy)
                else:
                    cursor_high = side_policy(rows_here, below, high_nodes, high_scales, place, cursor_high, policy)
                integrands(policy, k, z, exo.kappa[e], tech, k_next, 1.0, target[p])
        if len(rows) > 0:
            under[:] = 0.0
            for m in range(len(rows)):
                for e in range(states):
                    for p in range(here.points):
                        for f in range(slots):
                            under[m, p, f] += rows[m, e] * work[e, p, f]
            transform(under, k, tech, k_next)
            spline_coefficients(under, mixed[local])
        stride, swapped = states, False
        for transition in factors:
            stride //= len(transition)
            if len(transition) > 1:
                if swapped:
                    mix(turned, flat, transition, stride)
                else:
                    mix(flat, turned, transition, stride)
                swapped = not swapped
        expected = other if swapped else work
        transform(expected, k, tech, k_next)
        spline_coefficients(expected, functions[first + local])


def slope_source(functions, tech):
    """View (nodes, E, points) of log(sum_i k_i M_i) in ``functions``, whose slopes `recover_slopes` fills in."""
    return functions[..., 4 + 4 * len(tech.a)]


@njit
def recover_slopes(functions, logs, first, last, neighbours, slopes, tech, grid, line):
    """Fill the planner's slots of d log(sum_i k_i M_i) / d x_j at the nodes ``first`` to ``last`` from nodal values:
    continuous, unlike the elements' own. Recovered at equal distance from the grid's shift, then turned into slopes at equal
    bonds.

    ``logs`` (N, E x points): `slope_source` of all nodes; ``line`` (E x points,) is scratch.
    """
    target = 5 + 4 * len(tech.a)
    _, states, points, _ = functions.shape
    for node in range(first, last):
        for j in range(len(tech.a) - 1):
            line[:] = 0.0
            for m in range(neighbours.shape[1]):
                weight = slopes[node, m, j]
                if weight != 0.0:
                    given = logs[neighbours[node, m]]
                    for i in range(len(line)):
                        line[i] += weight * given[i]
            shift = grid.shift_slopes[node, j]
            for e in range(states):
                for p in range(points):
                    at = e * points + p
                    result = line[at]
                    if shift != 0.0:
                        left, right = max(p - 1, 0), min(p + 1, points - 1)
                        per_b = 1.0 / (grid.stretch * math.cosh(p * grid.dx + grid.origin) * grid.dx)
                        own = logs[node]
                        result -= shift * per_b * (own[at - p + right] - own[at - p + left]) / (right - left)
                    functions[node, e, p, target + j] = result
