"""The lattice of portfolios (docs/model.md, section 6)."""

from math import comb

import numpy as np
import pytest
from economies import economy

from regspec.model.grids.corners import around, simplex
from regspec.model.grids.lattice import all_nodes, build, coordinates, nodes_near
from regspec.model.kernels.lookup import locate

SHAPES = [(2, 6), (3, 4), (4, 4), (5, 2)]


def corners(n):
    shares = np.linspace(0.5, 1.5, n) / np.linspace(0.5, 1.5, n).sum()
    return around(shares[None], 0.8, 1.0)


@pytest.mark.parametrize(("n", "steps"), SHAPES)
@pytest.mark.parametrize("tilted", [False, True])
def test_nodes_cover_the_simplex_once(n, steps, tilted):
    """Section 6: comb(n + I - 1, I - 1) portfolios, mixtures of the corners by integers m_i >= 0 that sum to n."""
    ends = corners(n) if tilted else simplex(corners(n).min(axis=0))
    lattice = build(ends, steps)
    multiples = steps * np.linalg.solve(ends.T, lattice.capital.T).T
    assert len(lattice.capital) == comb(steps + n - 1, n - 1)
    np.testing.assert_allclose(lattice.capital.sum(axis=1), 1.0, rtol=1e-14)
    np.testing.assert_allclose(multiples, multiples.round(), atol=1e-9)
    assert multiples.min() > -1e-9
    assert len(np.unique(multiples.round(), axis=0)) == len(multiples)
    assert lattice.largest_step == pytest.approx(np.abs(np.diff(ends, axis=0)).max() / steps, rel=1e-12)


@pytest.mark.parametrize(("n", "steps"), SHAPES)
def test_coordinates_and_moves_are_those_of_the_corners(n, steps):
    """k = corner_0 + sum_r dk_dx_r x_r, and capital moved between two industries moves x by `moves`."""
    lattice = build(corners(n), steps)
    np.testing.assert_allclose(lattice.corners[0] + lattice.coords @ lattice.dk_dx[:, 1:].T, lattice.capital, atol=1e-13)
    for j in range(1, n):
        moved = lattice.capital[0] + 1e-3 * (np.eye(n)[j] - np.eye(n)[j - 1])
        change = coordinates(moved, lattice) - coordinates(lattice.capital[0], lattice)
        np.testing.assert_allclose(change, 1e-3 * lattice.moves[:, j - 1], atol=1e-11)


@pytest.mark.parametrize(("n", "steps"), SHAPES)
def test_table_inverts_the_coordinates(n, steps):
    lattice = build(corners(n), steps)
    keys = lattice.coords @ np.array(lattice.strides[: n - 1])
    np.testing.assert_array_equal(lattice.table[keys], np.arange(len(lattice.coords)))
    assert np.count_nonzero(lattice.table >= 0) == len(lattice.coords)


@pytest.mark.parametrize(("n", "steps"), SHAPES)
def test_coordinates_are_integers_at_the_nodes_and_linear_between(n, steps):
    lattice = build(corners(n), steps)
    np.testing.assert_allclose(coordinates(lattice.capital, lattice), lattice.coords, atol=1e-12)
    share = np.random.default_rng(3).dirichlet(np.ones(len(lattice.capital)), size=7)
    np.testing.assert_allclose(coordinates(share @ lattice.capital, lattice), share @ lattice.coords, atol=1e-12)


@pytest.mark.parametrize(("n", "steps"), SHAPES)
def test_recovered_slopes_are_exact_for_quadratics(n, steps):
    """Section 6: the planner's price slopes come from the mean of the elements' gradients, exact for quadratics."""
    lattice = build(corners(n), steps)
    rng = np.random.default_rng(n)
    x = lattice.coords.astype(float)
    square, line = rng.normal(size=(n - 1, n - 1)), rng.normal(size=n - 1)
    values = np.einsum("pi,ij,pj->p", x, square, x) + x @ line + 2.0
    recovered = np.einsum("pm,pmj->pj", values[lattice.neighbours], lattice.slopes)
    np.testing.assert_allclose(recovered, x @ (square + square.T) + line, atol=1e-9)


def test_one_industry_is_a_single_node():
    lattice = build([[1.0]], 4)
    assert lattice.capital.tolist() == [[1.0]] and lattice.coords.shape == (1, 0)


@pytest.mark.parametrize(
    ("lower", "steps", "complaint"),
    [
        ([0.1, 0.1], 5, "even"),
        ([0.1, 0.1], 0, "even"),
        ([0.6, 0.5], 4, "no room"),
        ([0.6, 0.4], 4, "no simplex"),
        ([0.6, np.nan], 4, "no room"),
        ([1.1, -0.2], 4, "not portfolios"),
    ],
)
def test_impossible_lattices_are_refused(lower, steps, complaint):
    with pytest.raises(ValueError, match=complaint):
        build(simplex(lower), steps)


def test_corners_that_are_no_portfolios_are_refused():
    with pytest.raises(ValueError, match="not portfolios"):
        build([[0.5, 0.6], [0.2, 0.8]], 4)


@pytest.mark.parametrize(("n", "steps"), SHAPES)
def test_a_subset_holds_the_elements_near_a_portfolio(n, steps):
    """Every portfolio within reach is looked up at wanted nodes, slopes there come from built ones; elsewhere is the
    unused node.
    """
    lattice = build(corners(n), steps)
    rng = np.random.default_rng(n)
    const = economy(np.linspace(0.1, 0.2, n), steps=steps, nodes=1).constants(0, False)
    ids, weights, gradients = np.empty(n * (n + 1) // 2, int), np.empty(n * (n + 1) // 2), np.empty((n * (n + 1) // 2, n - 1))
    for share in rng.dirichlet(np.ones(n), size=20):
        subset = nodes_near(share @ lattice.corners, lattice, 0.1, True)
        assert subset.wanted.any() and not np.any(subset.wanted & ~subset.built)
        assert np.all(subset.built[lattice.neighbours[subset.wanted]])
        for move in rng.normal(size=(20, n)):
            move -= move.mean()
            at = np.clip(share + 0.01 * move / np.abs(move).max(), 1e-9, None)
            x = coordinates(at / at.sum() @ lattice.corners, lattice)
            locate.py_func(x, const, ids, weights, gradients, np.empty(n - 1, int), np.empty(n - 1))
            found = subset.table[ids]
            np.testing.assert_array_equal(found, lattice.table[ids])
            assert np.all(subset.wanted[found])
        keys = lattice.coords[~subset.wanted] @ np.array(lattice.strides[: n - 1])
        assert np.all(subset.table[keys] == subset.unused_node) and (
            subset.unused_node < 0 or not subset.wanted[subset.unused_node]
        )


def test_a_subset_far_wide_is_everything():
    lattice = build(corners(3), 4)
    subset = nodes_near(lattice.capital[0], lattice, 10.0, False)
    assert subset.unused_node == -1 and subset.wanted.all() and subset.table is all_nodes(lattice).table
