"""Compiled expectations: policies at the solve nodes -> expectation functions on the common bond grid.

e is exogenous, so E[f(b', k', e') | e] is taken at all grid points once per year, factor by factor of the exogenous chain, and
only (b', k') is interpolated afterwards. Each policy is interpolated cubically on either side of its own kink.
"""

from __future__ import annotations

import math

import numpy as np

from regspec.model.conditions import portfolio, power
from regspec.model.jit import njit
from regspec.model.types import ETA, MU, VALUE, C, Q, X


@njit
def side_policy(rows, first, nodes, relative, cursor, result):
    """Cubic Lagrange interpolation of policy rows ``first + j`` with relative positions nodes[j] at ``relative``.

    ``cursor`` is the interval used last (positions come in increasing order); returns the interval used now.
    """
    m = len(nodes)
    while cursor < m - 2 and relative > nodes[cursor + 1]:
        cursor += 1
    base = min(max(cursor - 1, 0), m - 4)
    p0, p1, p2, p3 = nodes[base], nodes[base + 1], nodes[base + 2], nodes[base + 3]
    d0, d1, d2, d3 = relative - p0, relative - p1, relative - p2, relative - p3
    w0 = d1 * d2 * d3 / ((p0 - p1) * (p0 - p2) * (p0 - p3))
    w1 = d0 * d2 * d3 / ((p1 - p0) * (p1 - p2) * (p1 - p3))
    w2 = d0 * d1 * d3 / ((p2 - p0) * (p2 - p1) * (p2 - p3))
    w3 = d0 * d1 * d2 / ((p3 - p0) * (p3 - p1) * (p3 - p2))
    r0, r1, r2, r3 = rows[first + base], rows[first + base + 1], rows[first + base + 2], rows[first + base + 3]
    for col in range(len(result)):
        result[col] = w0 * r0[col] + w1 * r1[col] + w2 * r2[col] + w3 * r3[col]
    left, right = rows[first + cursor], rows[first + cursor + 1]
    for col in (C, Q, VALUE):
        # rough policies (early sweeps, corners of the lattice): positive quantities stay positive, by linear interpolation
        if not (0.5 * min(left[col], right[col]) <= result[col] <= 2.0 * max(left[col], right[col])):
            share = min(max((relative - nodes[cursor]) / (nodes[cursor + 1] - nodes[cursor]), 0.0), 1.0)
            for other in range(len(result)):
                result[other] = (1.0 - share) * left[other] + share * right[other]
            break
    return cursor


@njit
def integrands(policy, k, z, kappa, tech, k_next, weight, target):
    """Add ``weight`` times the integrands at one grid point to ``target`` (slots,). Source: docs/model.md, sections 2, 3."""
    n = len(tech.a)
    c, q = policy[C], policy[Q]
    marginal = 1.0 / power(c, tech.gamma, tech.gamma_int)
    portfolio(policy[X:], tech, k_next)
    target[0] += weight * marginal
    if tech.gamma == 1.0:
        target[1] += weight * math.log(policy[VALUE])
    else:
        target[1] += weight * math.exp((1.0 - tech.gamma) * math.log(policy[VALUE]))
    base = q * (1.0 + kappa * policy[ETA])
    tangible = q
    for i in range(n):
        growth = k_next[i] / k[i]
        first = -0.5 * tech.phi[i] * (growth * growth - 1.0)
        target[2 + i] += weight * marginal * z[i]
        target[2 + n + i] += weight * marginal * (base - first)
        tangible += k_next[i] * tech.phi[i] * (growth - 1.0)
    if len(tech.planner) == 2:
        pull = tech.pecuniary * policy[MU] * kappa
        wealth = marginal * (1.0 + pull * tech.gamma / c * tangible)
        target[2 + 2 * n] += weight * wealth
        for i in range(n):
            growth = k_next[i] / k[i]
            first = -0.5 * tech.phi[i] * (growth * growth - 1.0)
            target[3 + 2 * n + i] += weight * wealth * z[i]
            target[3 + 3 * n + i] += weight * (-wealth * first + marginal * pull * tech.phi[i] * growth * growth)


@njit
def mix(work, transition, stride, count, scratch):
    """Apply one factor's transition matrix along the exogenous axis of ``work`` (E, points, slots)."""
    total, points, slots = work.shape
    for start in range(0, total, stride * count):
        for offset in range(stride):
            for p in range(points):
                for row in range(count):
                    for f in range(slots):
                        scratch[row, f] = 0.0
                    for col in range(count):
                        weight = transition[row, col]
                        source = work[start + offset + col * stride, p]
                        for f in range(slots):
                            scratch[row, f] += weight * source[f]
                for row in range(count):
                    for f in range(slots):
                        work[start + offset + row * stride, p, f] = scratch[row, f]


@njit
def transform(work, k, tech):
    """Turn expectations into what is interpolated: certainty equivalents and ratios to marginal utility."""
    n = len(tech.a)
    planner = len(tech.planner) == 2
    for e in range(work.shape[0]):
        for p in range(work.shape[1]):
            row = work[e, p]
            inverse = 1.0 / row[0]
            row[0] = math.exp(-math.log(row[0]) / tech.gamma)
            if tech.gamma == 1.0:
                row[1] = math.exp(row[1])
            else:
                row[1] = math.exp(math.log(row[1]) / (1.0 - tech.gamma))
            for f in range(2, 2 + 2 * n):
                row[f] *= inverse
            if planner:
                wealth = row[2 + 2 * n]
                row[2 + 2 * n] = math.exp(-math.log(wealth) / tech.gamma)
                for f in range(3 + 2 * n, 3 + 4 * n):
                    row[f] /= wealth
                total = 0.0
                for i in range(n):
                    total += k[i] * (row[2 + n + i] + tech.alpha * math.exp((tech.a[i] - 1.0) * math.log(k[i])) * row[2 + i])
                row[3 + 4 * n] = math.log(total) - tech.gamma * math.log(row[0])


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


@njit
def expand(capital, first, pol, kink, exo, tech, here, factors, functions, rows, mixed):
    """Expectation functions of a block of lattice nodes, conditional on the previous year's e.

    pol (block, E, nodes, I+5), kink (block, E): this year's policies on the grid ``here``; exo: this year's exogenous
    states; factors: tuple of transition matrices whose Kronecker product is the chain, first factor slowest. Writes
    functions[first : first + block] (N, E, points, slots). For each of ``rows`` (M, E), probabilities of this year's
    states, the functions under them go to mixed[first : first + block] (N, M, points, slots).
    """
    below = len(here.below)
    width = here.dx * (here.points - 1)
    states, slots = pol.shape[1], len(tech.slots)
    work = np.zeros((states, here.points, slots))
    under = np.empty((len(rows), here.points, slots))
    policy = np.empty(pol.shape[3])
    k_next = np.empty(len(tech.a))
    largest = 1
    for transition in factors:
        largest = max(largest, transition.shape[0])
    scratch = np.empty((largest, slots))
    for local in range(pol.shape[0]):
        k = capital[first + local]
        work[:] = 0.0
        for e in range(states):
            at = kink[local, e]
            cursor_low, cursor_high = 0, 0
            for p in range(here.points):
                x = p * here.dx
                # the cell around the kink blends both sides by length: continuous in the kink's position
                share = min(max((at - x) / here.dx + 0.5, 0.0), 1.0)
                if at <= 0.0:
                    share = 0.0
                elif at >= width:
                    share = 1.0
                if share > 0.0:
                    cursor_low = side_policy(pol[local, e], 0, here.below, x / at, cursor_low, policy)
                    integrands(policy, k, exo.z[e], exo.kappa[e], tech, k_next, share, work[e, p])
                if share < 1.0:
                    relative = (x - at) / (width - at)
                    cursor_high = side_policy(pol[local, e], below, here.above, relative, cursor_high, policy)
                    integrands(policy, k, exo.z[e], exo.kappa[e], tech, k_next, 1.0 - share, work[e, p])
        if len(rows) > 0:
            under[:] = 0.0
            for m in range(len(rows)):
                for e in range(states):
                    for p in range(here.points):
                        for f in range(slots):
                            under[m, p, f] += rows[m, e] * work[e, p, f]
            transform(under, k, tech)
            spline_coefficients(under, mixed[first + local])
        stride = states
        for transition in factors:
            count = transition.shape[0]
            stride //= count
            if count > 1:
                mix(work, transition, stride, count, scratch)
        transform(work, k, tech)
        spline_coefficients(work, functions[first + local])


@njit
def recover_slopes(functions, neighbours, slopes, tech):
    """Fill the planner's slots of d log(sum_i k_i M_i) / d x_j from nodal values: continuous, unlike the elements' own."""
    n = len(tech.a)
    source = 3 + 4 * n
    for node in range(functions.shape[0]):
        for e in range(functions.shape[1]):
            for p in range(functions.shape[2]):
                for j in range(n - 1):
                    functions[node, e, p, source + 1 + j] = 0.0
        for m in range(neighbours.shape[1]):
            other = neighbours[node, m]
            for e in range(functions.shape[1]):
                for p in range(functions.shape[2]):
                    for j in range(n - 1):
                        functions[node, e, p, source + 1 + j] += slopes[node, m, j] * functions[other, e, p, source]
