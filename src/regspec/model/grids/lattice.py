"""Lattice on a simplex of portfolios and its dense index table (docs/model.md, section 6)."""

from __future__ import annotations

from functools import cache
from itertools import permutations, product
from typing import NamedTuple

import numpy as np


class Lattice(NamedTuple):
    """Nodes with coordinates n >= x_1 >= ... >= x_{I-1} >= 0: the share (x_j - x_{j+1})/n of corner j, x_0 = n, x_I = 0."""

    coords: np.ndarray  # (N, I-1) integer coordinates
    capital: np.ndarray  # (N, I) portfolios, rows sum to 1
    table: np.ndarray  # dense index: sum_j x_j strides_j -> node, -1 outside
    strides: tuple[int, ...]  # length I, the last entry unused
    steps: int
    corners: np.ndarray  # (I, I) portfolios at the corners
    dk_dx: np.ndarray  # (I, I) dk_i / dx_r; column 0 is zero
    dx_dk: np.ndarray  # (I, I) x_r = sum_i back_ri k_i; row 0 is zero
    neighbours: np.ndarray  # (N, M) nodes whose values give the recovered gradient at each node, padded with the node
    slopes: np.ndarray  # (N, M, I-1) their weights in d/dx_j, zero where padded

    @property
    def largest_step(self) -> float:
        """Largest change of any industry's capital in one step."""
        return float(np.abs(self.dk_dx).max())

    @property
    def moves(self) -> np.ndarray:
        """(I-1, I-1) change of x_r (rows) with capital moved from industry j - 1 to j (columns)."""
        return np.diff(self.dx_dk, axis=1)[1:]


class NodeSubset(NamedTuple):
    """Nodes at which expectations are wanted, and those built for it: with neighbours from which slopes are recovered.

    Outside, ``table`` leads to node ``unused_node``, whose expectations are not numbers; -1 where every node is wanted.
    """

    wanted: np.ndarray  # (N,) bool
    built: np.ndarray  # (N,) bool
    table: np.ndarray
    unused_node: int


def _elements(coords: np.ndarray, strides: np.ndarray, table: np.ndarray, macro: int):
    """Every quadratic element: Freudenthal simplices of the macro-lattice, in fine coordinates.

    Yields the inverse (I, I) that turns (x, 1) into barycentric coordinates, pairs of vertices (I(I+1)/2,) and the nodes in
    their middles.
    """
    dims = coords.shape[1]
    size = dims + 1
    pairs = [(u, v) for u in range(size) for v in range(u, size)]
    for cell in product(range(macro), repeat=dims):
        for order in permutations(range(dims)):
            vertices = [np.array(cell)]
            for j in order:
                vertices.append(vertices[-1] + np.eye(dims, dtype=int)[j])
            corners = 2 * np.array(vertices)
            if all(np.all(np.diff(v) <= 0) for v in corners):
                nodes = [table[int(((corners[u] + corners[v]) // 2) @ strides)] for u, v in pairs]
                yield np.linalg.inv(np.vstack([corners.T, np.ones(size)])), pairs, nodes


def _recovery(coords: np.ndarray, strides: np.ndarray, table: np.ndarray, macro: int) -> tuple[np.ndarray, np.ndarray]:
    """Recovered gradients: the mean over the elements around a node of the quadratic interpolant's gradient there."""
    n, dims = coords.shape
    total, touching = np.zeros((n, n, dims)), np.zeros(n)
    for inverse, pairs, ids in _elements(coords, strides, table, macro):
        direction = inverse[:, :dims]  # d w_u / d x_j
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


@cache
def _places(n_ind: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Inverses (elements, I, I) and nodes (elements, I(I+1)/2) of `_elements`."""
    coords, table, strides, _, _ = _shape(n_ind, steps)
    found = list(_elements(coords, np.array(strides[: n_ind - 1], np.int64), table, steps // 2))
    return np.array([inverse for inverse, _, _ in found]), np.array([nodes for _, _, nodes in found])


def build(corners, steps: int) -> Lattice:
    """Lattice of ``steps`` (even) steps per side between the portfolios ``corners`` (I, I), a row each.

    Raises ValueError for odd steps, or corners that are not portfolios or span no simplex.
    """
    corners = np.ascontiguousarray(corners, float)
    n_ind = len(corners)
    if steps % 2 or steps < 2:
        raise ValueError(f"lattice steps must be even and positive, not {steps}")
    if not (corners.min() > 0.0 and np.abs(corners.sum(axis=1) - 1.0).max() < 1e-9):
        raise ValueError(f"corners {corners.tolist()} are not portfolios of positive capital")
    if np.linalg.matrix_rank(corners) < n_ind:
        raise ValueError(f"corners {corners.tolist()} span no simplex")
    coords, table, strides, neighbours, slopes = _shape(n_ind, steps)
    full = np.hstack([np.full((len(coords), 1), steps), coords, np.zeros((len(coords), 1), np.int64)])
    capital = np.ascontiguousarray((full[:, :-1] - full[:, 1:]) @ corners / steps)
    dk_dx, dx_dk = np.zeros((n_ind, n_ind)), np.zeros((n_ind, n_ind))
    dk_dx[:, 1:] = np.diff(corners, axis=0).T / steps
    shares = steps * np.linalg.inv(corners.T)  # of the corners, in steps
    dx_dk[1:] = np.cumsum(shares[::-1], axis=0)[::-1][1:]
    return Lattice(coords, capital, table, strides, steps, corners, dk_dx, dx_dk, neighbours, slopes)


def coordinates(capital, lattice: Lattice) -> np.ndarray:
    """Lattice coordinates x (..., I-1) of portfolios ``capital`` (..., I)."""
    capital = np.asarray(capital, float)
    result = np.zeros((*capital.shape[:-1], len(lattice.corners) - 1))
    for i in range(len(lattice.corners)):  # a matrix product rounds by the number of rows, which differs by rank
        result += capital[..., i, None] * lattice.dx_dk[1:, i]
    return result


def all_nodes(lattice: Lattice) -> NodeSubset:
    """All nodes."""
    every = np.ones(len(lattice.coords), bool)
    return NodeSubset(every, every, lattice.table, -1)


def nodes_near(capital, lattice: Lattice, reach: float, recover: bool) -> NodeSubset:
    """Nodes of the elements that come within ``reach``, in barycentric coordinates, of a portfolio (I,); ``recover``: with
    the neighbours from which slopes are recovered.
    """
    n_ind = len(lattice.corners)
    if n_ind == 1:
        return all_nodes(lattice)
    inverses, nodes = _places(n_ind, lattice.steps)
    weights = inverses @ np.append(coordinates(capital, lattice), 1.0)
    wanted = np.zeros(len(lattice.coords), bool)
    wanted[nodes[weights.min(axis=1) >= -reach]] = True
    if wanted.all() or not wanted.any():
        return all_nodes(lattice)
    built, unused_node = wanted.copy(), int(np.argmin(wanted))
    if recover:
        built[lattice.neighbours[wanted]] = True
    table = lattice.table.copy()
    inside = table >= 0
    table[inside] = np.where(wanted[table[inside]], table[inside], unused_node)
    return NodeSubset(wanted, built, table, unused_node)
