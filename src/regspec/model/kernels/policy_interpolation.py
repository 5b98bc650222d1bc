"""Compiled: policies at the solve nodes -> policies at the points of the common bond grid, cubic on either side of the kink."""

from __future__ import annotations

import math

from regspec.model.kernels.jit import inlined
from regspec.model.kernels.records import VALUE, C, Q
from regspec.model.kernels.simd import BLOCK, combine, gather


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
def place_side(rows, first, nodes, scales, places, span, lowest, block, columns, result):
    """Cubic Lagrange interpolation of policy rows ``first + j``, which `place_nodes` has placed at nodes[j], at the points
    of the grid from the first to before the second of ``span``, or at ``lowest`` where they are below.

    A row at a time to ``block`` (BLOCK, I+5), from there to ``result`` (I+5, points). ``columns`` is a tuple of length I+5.
    """
    p, end = span
    m, cursor = len(nodes), 0
    while p < end:  # an interval of nodes at a time
        while cursor < m - 2 and max(places[p], lowest) > nodes[cursor + 1]:
            cursor += 1
        upper = nodes[cursor + 1] if cursor < m - 2 else math.inf
        base = min(max(cursor - 1, 0), m - 4)
        p0, p1, p2, p3 = nodes[base], nodes[base + 1], nodes[base + 2], nodes[base + 3]
        s0, s1, s2, s3 = scales[base, 0], scales[base, 1], scales[base, 2], scales[base, 3]
        four = rows[first + base], rows[first + base + 1], rows[first + base + 2], rows[first + base + 3]
        left, right = rows[first + cursor], rows[first + cursor + 1]
        c_low, c_high = 0.5 * min(left[C], right[C]), 2.0 * max(left[C], right[C])
        q_low, q_high = 0.5 * min(left[Q], right[Q]), 2.0 * max(left[Q], right[Q])
        v_low, v_high = 0.5 * min(left[VALUE], right[VALUE]), 2.0 * max(left[VALUE], right[VALUE])
        while p < end:
            at = max(places[p], lowest)
            if at > upper:
                break
            row = block[p % BLOCK]
            d0, d1, d2, d3 = at - p0, at - p1, at - p2, at - p3
            low, high = d0 * d1, d2 * d3
            combine(row, (d1 * high * s0, d0 * high * s1, low * d3 * s2, low * d2 * s3), four, columns)
            # rough policies (early, or at corners of the lattice): positive quantities stay positive, by linear interpolation
            if not (c_low <= row[C] <= c_high and q_low <= row[Q] <= q_high and v_low <= row[VALUE] <= v_high):
                share = min(max((at - nodes[cursor]) / (nodes[cursor + 1] - nodes[cursor]), 0.0), 1.0)
                combine(row, (1.0 - share, share), (left, right), columns)
            p += 1
            if p % BLOCK == 0:
                gather(result, p - BLOCK, block, columns)


@inlined
def points_below(at, grid):
    """Number of the grid's points whose x is below ``at``."""
    count = min(max(int(at / grid.dx), 0), grid.points)
    while count > 0 and (count - 1) * grid.dx >= at:
        count -= 1
    while count < grid.points and count * grid.dx < at:
        count += 1
    return count


@inlined
def place_policies(rows, begin, at, width, places, grid, nodes, columns, result):
    """Policies of one portfolio and exogenous state at all grid points, to ``result`` (I+5, points).

    rows (below + above, I+5); ``begin``, ``at``: x of the lowest solve node and of the kink; ``width`` of the grid; ``places``
    (points,): `coordinate` of the points; ``nodes``: work arrays for `place_nodes` on either side and policies (BLOCK, I+5).
    """
    low_nodes, low_scales, high_nodes, high_scales, block = nodes
    split = 0 if at <= begin else (grid.points if at >= width else points_below(at, grid))
    lowest = coordinate(begin, grid)  # constant below the first solve node, where no expectation is needed
    if split > 0:
        place_nodes(begin, at - begin, grid.below, grid, low_nodes, low_scales)
        place_side(rows, 0, low_nodes, low_scales, places, (0, split), lowest, block, columns, result)
    if split < grid.points:
        place_nodes(at, width - at, grid.above, grid, high_nodes, high_scales)
        place_side(rows, len(grid.below), high_nodes, high_scales, places, (split, grid.points), lowest, block, columns, result)
    for p in range(grid.points - grid.points % BLOCK, grid.points):
        for col in range(len(columns)):
            result[col, p] = block[p % BLOCK, col]
