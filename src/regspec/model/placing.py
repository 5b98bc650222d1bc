"""Compiled: policies at the solve nodes -> policies at the points of the common bond grid, cubic on either side of the kink."""

from __future__ import annotations

import math

from regspec.model.jit import inlined
from regspec.model.rows import combine
from regspec.model.types import VALUE, C, Q


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
def side_policy(rows, first, nodes, scales, at, cursor, columns, result):
    """Cubic Lagrange interpolation at ``at`` of policy rows ``first + j``, which `place_nodes` has placed at nodes[j].

    ``cursor`` is the interval used last (positions come in increasing order); returns the interval used now. ``columns`` is a
    tuple of the length of ``result``.
    """
    m = len(nodes)
    while cursor < m - 2 and at > nodes[cursor + 1]:
        cursor += 1
    base = min(max(cursor - 1, 0), m - 4)
    p0, p1, p2, p3 = nodes[base], nodes[base + 1], nodes[base + 2], nodes[base + 3]
    d0, d1, d2, d3 = at - p0, at - p1, at - p2, at - p3
    at_once = rows[first + base], rows[first + base + 1], rows[first + base + 2], rows[first + base + 3]
    w0, w1 = d1 * d2 * d3 * scales[base, 0], d0 * d2 * d3 * scales[base, 1]
    w2, w3 = d0 * d1 * d3 * scales[base, 2], d0 * d1 * d2 * scales[base, 3]
    combine(result, (w0, w1, w2, w3), at_once, columns)
    left, right = rows[first + cursor], rows[first + cursor + 1]
    for col in (C, Q, VALUE):
        # rough policies (early sweeps, corners of the lattice): positive quantities stay positive, by linear interpolation
        if not (0.5 * min(left[col], right[col]) <= result[col] <= 2.0 * max(left[col], right[col])):
            share = min(max((at - nodes[cursor]) / (nodes[cursor + 1] - nodes[cursor]), 0.0), 1.0)
            combine(result, (1.0 - share, share), (left, right), columns)
            break
    return cursor


@inlined
def place_policies(rows, begin, at, width, places, here, nodes, columns, result):
    """Policies of one portfolio and exogenous state at all grid points, to ``result`` (I+5, points).

    rows (below + above, I+5); ``begin``, ``at``: x of the lowest solve node and of the kink; ``width`` of the grid; ``places``
    (points,): `coordinate` of the points; ``nodes``: work arrays for `place_nodes` on either side and a policy row.
    """
    low_nodes, low_scales, high_nodes, high_scales, policy = nodes
    below, lowest = len(here.below), coordinate(begin, here)
    if at > begin:
        place_nodes(begin, at - begin, here.below, here, low_nodes, low_scales)
    if at < width:
        place_nodes(at, width - at, here.above, here, high_nodes, high_scales)
    cursor_low, cursor_high = 0, 0
    for p in range(here.points):
        place = max(places[p], lowest)  # constant below the first solve node, where no function is needed
        if at > begin and (at >= width or p * here.dx < at):
            cursor_low = side_policy(rows, 0, low_nodes, low_scales, place, cursor_low, columns, policy)
        else:
            cursor_high = side_policy(rows, below, high_nodes, high_scales, place, cursor_high, columns, policy)
        for col in range(len(policy)):
            result[col, p] = policy[col]
