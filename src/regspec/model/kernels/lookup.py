"""Compiled look-ups: quadratic (P2) elements on the simplex lattice times a quadratic B-spline in bonds.

Expectations live on the lattice times the common bond grid; on the macro-lattice of every second node a Freudenthal (Kuhn)
simplex holds I vertices and I(I-1)/2 edge midpoints, all of them lattice nodes: a quadratic interpolant of order three.
In bonds the spline's coefficients are stored, so value and slope are continuous (docs/numerics.md).
"""

from __future__ import annotations

import math

from regspec.model.kernels.jit import inlined
from regspec.model.kernels.simd import stencil


@inlined
def bond_position(b, grid):
    """Position of ``b`` on the common bond grid in steps, and its derivative with respect to b."""
    scaled = (b - grid.centre) / grid.stretch
    root = math.sqrt(1.0 + scaled * scaled)
    size = math.log(abs(scaled) + root)  # asinh up to an absolute rounding error, faster
    position = (math.copysign(size, scaled) - grid.origin) / grid.dx
    return position, 1.0 / (grid.stretch * root * grid.dx)


@inlined
def bond_at(x, grid):
    """Bonds at the coordinate x of the common grid."""
    return grid.centre + grid.stretch * math.sinh(x + grid.origin)


@inlined
def locate(x, const, ids, weights, gradients, order, fractions):
    """Nodes, P2 weights and their gradients in x for lattice coordinates ``x`` (I-1,).

    Writes the I(I+1)/2 index-table entries to ``ids``, weights to ``weights`` and d weight / d x_j to
    ``gradients[:, j]``. ``order``, ``fractions`` (I-1,) are scratch.
    """
    n_ind = len(const.a)
    dims = n_ind - 1
    macro = const.steps // 2
    base = 0
    for j in range(dims):
        scaled = 0.5 * x[j]
        cell = int(math.floor(scaled))
        cell = 0 if cell < 0 else (macro - 1 if cell > macro - 1 else cell)
        frac = scaled - cell
        base += 2 * cell * const.strides[j]
        slot = j  # insertion sort by descending fraction, ties in coordinate order keep k' inside the simplex
        while slot > 0 and fractions[slot - 1] < frac:
            fractions[slot] = fractions[slot - 1]
            order[slot] = order[slot - 1]
            slot -= 1
        fractions[slot] = frac
        order[slot] = j
    count = 0
    first = base
    for u in range(n_ind):
        wu = (1.0 if u == 0 else fractions[u - 1]) - (0.0 if u == dims else fractions[u])
        if u > 0:
            first += 2 * const.strides[order[u - 1]]
        ids[count] = first
        weights[count] = wu * (2.0 * wu - 1.0)
        slope_u = 4.0 * wu - 1.0
        for j in range(dims):
            gradients[count, j] = 0.0
        if u > 0:
            gradients[count, order[u - 1]] += 0.5 * slope_u
        if u < dims:
            gradients[count, order[u]] -= 0.5 * slope_u
        count += 1
        middle = first
        for w in range(u + 1, n_ind):
            middle += const.strides[order[w - 1]]
            ww = fractions[w - 1] - (0.0 if w == dims else fractions[w])
            ids[count] = middle
            weights[count] = 4.0 * wu * ww
            for j in range(dims):
                gradients[count, j] = 0.0
            if u > 0:
                gradients[count, order[u - 1]] += 2.0 * ww
            if u < dims:
                gradients[count, order[u]] -= 2.0 * ww
            gradients[count, order[w - 1]] += 2.0 * wu
            if w < dims:
                gradients[count, order[w]] -= 2.0 * wu
            count += 1
    return count


@inlined
def grid_shift(table, grid, count, s):
    """Shift of the bond grid, and its gradient in x, at the portfolio that `locate` has just located, to ``s.shift`` (I,)."""
    for r in range(len(s.shift)):
        total = 0.0
        for p in range(count):
            total += (s.weights[p] if r == 0 else s.gradients[p, r - 1]) * grid.shift[table[s.ids[p]]]
        s.shift[r] = total


@inlined
def spline_cell(position, grid):
    """Middle one of the three spline coefficients at ``position``, and the position relative to it."""
    j = int(math.floor(position + 0.5))
    j = 1 if j < 1 else (grid.points - 2 if j > grid.points - 2 else j)
    return j, position - j


@inlined
def slope_bend(next_year, e, b, column, const, s):
    """Gradient ``s.bend`` (I,) of the slope in b' of one column of the expectations, at the nodes that `lookup` has just
    located.
    """
    n_ind = len(const.a)
    grid, coefficients = next_year.grid, next_year.expectations
    position, per_b = bond_position(b - s.shift[0], grid)
    j, t = spline_cell(position, grid)
    scaled = (b - s.shift[0] - grid.centre) / grid.stretch
    stretched = -scaled * per_b / (grid.stretch * (1.0 + scaled * scaled))  # d per_b / db
    for r in range(n_ind):
        s.bend[r] = 0.0
    for p in range(n_ind * (n_ind + 1) // 2):
        node = next_year.table[s.ids[p]]
        low, mid = coefficients[node, e, j - 1, column], coefficients[node, e, j, column]
        high = coefficients[node, e, j + 1, column]
        slope = (t - 0.5) * low - 2.0 * t * mid + (t + 0.5) * high
        s.bend[0] += s.weights[p] * ((low - 2.0 * mid + high) * per_b * per_b + slope * stretched)
        for r in range(1, n_ind):
            s.bend[r] += s.gradients[p, r - 1] * slope * per_b
    for r in range(1, n_ind):
        s.bend[r] -= s.bend[0] * s.shift[r]


@inlined
def lookup(next_year, e, b, x, const, s):
    """Values and slopes of all expectations at (b', x') given e.

    Writes ``s.value`` (columns,) and ``s.slope`` (I, columns): row 0 is d/db', rows 1..I-1 are d/dx_j; and ``s.shift`` (I,) of
    `grid_shift`. Nodes are combined at equal distance of b' from their own shift: at that distance their kinks lie close
    together.
    """
    n_ind, grid = len(const.a), next_year.grid
    count = locate(x, const, s.ids, s.weights, s.gradients, s.order, s.fractions)
    grid_shift(next_year.table, grid, count, s)
    position, per_b = bond_position(b - s.shift[0], grid)
    j, t = spline_cell(position, grid)
    levels = 0.5 * (0.5 - t) * (0.5 - t), 0.75 - t * t, 0.5 * (0.5 + t) * (0.5 + t)
    rises = (t - 0.5) * per_b, -2.0 * t * per_b, (t + 0.5) * per_b
    place = (next_year.table, s.ids, s.weights, s.gradients, count)
    stencil(s.value, s.slope, next_year.expectations, e, j, place, levels, rises, const.columns, const.a)
    for r in range(1, n_ind):
        for f in range(len(const.columns)):
            s.slope[r, f] -= s.shift[r] * s.slope[0, f]
