"""Uniform lattice on the simplex of portfolios and its dense index table (docs/model.md, section 6)."""

from __future__ import annotations

from functools import cache
from itertools import permutations, product
from typing import NamedTuple

import numpy as np


class Lattice(NamedTuple):
    """Nodes with coordinates n >= x_1 >= ... >= x_{I-1} >= 0; k_i = lo_i + h (x_i - x_{i+1}), x_0 = n, x_I = 0."""

    coords: np.ndarray  # (N, I-1) integer coordinates
    capital: np.ndarray  # (N, I) portfolios, rows sum to 1
    table: np.ndarray  # dense index: sum_j x_j strides_j -> node, -1 outside
    strides: tuple[int, ...]  # length I, the last entry unused
    lo: tuple[float, ...]
    steps: int
    h: float
    neighbours: np.ndarray  # (N, M) nodes whose values give the recovered gradient at each node, padded with the node
    slopes: np.ndarray  # (N, M, I-1) their weights in d/dx_j, zero where padded


def _elements(dims: int, macro: int):
    """Vertices (I, I-1), in fine coordinates, of every quadratic element: Freudenthal simplices of the macro-lattice."""
    for cell in product(range(macro), repeat=dims):
        for order in permutations(range(dims)):
            vertices = [np.array(cell)]
            for j in order:
                vertices.append(vertices[-1] + np.eye(dims, dtype=int)[j])
            corners = np.array(vertices)
            if all(np.all(np.diff(v) <= 0) for v in corners):
                yield 2 * corners


def _recovery(coords: np.ndarray, strides: np.ndarray, table: np.ndarray, macro: int) -> tuple[np.ndarray, np.ndarray]:
    """Recovered gradients: the mean over the elements around a node of the quadratic interpolant's gradient there."""
    n, dims = coords.shape
    total, touching = np.zeros((n, n, dims)), np.zeros(n)
    for corners in _elements(dims, macro):
        size = dims + 1
        inverse = np.linalg.inv(np.vstack([corners.T, np.ones(size)]))  # barycentric weights = inverse @ (x, 1)
        direction = inverse[:, :dims]  # d w_u / d x_j
        pairs = [(u, v) for u in range(size) for v in range(u, size)]
        ids = [table[int(((corners[u] + corners[v]) // 2) @ strides)] for u, v in pairs]
        for at in ids:
            w = inverse @ np.append(coords[at], 1.0)
            for (u, v), node in zip(pairs, ids, strict=True):
                slope = (4 * w[u] - 1) * direction[u] if u == v else 4 * (w[u] * direction[v] + w[v] * direction[u])
                total[at, node] += slope
            touching[at] += 1
    total /= touching[:, None, None]
    used = np.abs(total).max(axis=2) > 1e-12
    width = int(used.sum(axis=1).max())
    neighbours = np.tile(np.arange(n)[:, None], (1, width))
    slopes = np.zeros((n, width, dims))
    for node in range(n):
        found = np.flatnonzero(used[node])
        neighbours[node, : len(found)] = found
        slopes[node, : len(found)] = total[node, found]
    return neighbours, slopes


@cache
def _shape(n_ind: int, steps: int) -> tuple:
    """Coordinates, index table, strides and gradient recovery: what does not depend on the bounds."""
    dims = n_ind - 1
    strides = tuple((steps + 1) ** (dims - 1 - j) for j in range(dims)) + (0,)
    points = [p for p in product(range(steps + 1), repeat=dims) if all(np.diff(p) <= 0)]
    coords = np.array(points, np.int64).reshape(len(points), dims)
    table = np.full((steps + 1) ** dims, -1, np.int64)
    table[coords @ np.array(strides[:dims], np.int64)] = np.arange(len(points))
    if dims:
        neighbours, slopes = _recovery(coords, np.array(strides[:dims]), table, steps // 2)
    else:
        neighbours, slopes = np.zeros((1, 1), np.int64), np.zeros((1, 1, 0))
    return coords, table, strides, neighbours, slopes


def build(lo, steps: int) -> Lattice:
    """Lattice of ``steps`` (even) steps per side above the lower bounds ``lo`` (length I, sum < 1).

    Raises ValueError for odd steps or bounds that leave no room.
    """
    lo = np.asarray(lo, float)
    n_ind, room = len(lo), 1.0 - float(np.sum(lo))
    if steps % 2 or steps < 2:
        raise ValueError(f"lattice steps must be even and positive, not {steps}")
    if room <= 0 and n_ind > 1:
        raise ValueError(f"lower bounds {lo.tolist()} leave no room on the simplex")
    dims = n_ind - 1
    coords, table, strides, neighbours, slopes = _shape(n_ind, steps)
    h = room / steps
    full = np.hstack([np.full((len(coords), 1), steps), coords, np.zeros((len(coords), 1), np.int64)])
    capital = lo + h * (full[:, :-1] - full[:, 1:]) if dims else np.ones((1, 1))
    return Lattice(coords, np.ascontiguousarray(capital), table, strides, tuple(lo.tolist()), steps, h, neighbours, slopes)


def coordinates(capital, lattice: Lattice) -> np.ndarray:
    """Lattice coordinates x (..., I-1) of portfolios ``capital`` (..., I)."""
    if len(lattice.lo) == 1:
        return np.empty((*np.shape(capital)[:-1], 0))
    excess = (np.asarray(capital, float) - np.array(lattice.lo)) / lattice.h
    return np.cumsum(excess[..., ::-1], axis=-1)[..., ::-1][..., 1:]
