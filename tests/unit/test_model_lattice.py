"""The lattice of portfolios (docs/model.md, section 6)."""

from math import comb

import numpy as np
import pytest

from regspec.model.interpolation import locate
from regspec.model.lattice import build, coordinates, near, whole

SHAPES = [(2, 6), (3, 4), (4, 4), (5, 2)]


def bounds(n):
    return 0.4 / n * np.linspace(0.5, 1.5, n) / np.linspace(0.5, 1.5, n).sum() * n


@pytest.mark.parametrize(("n", "steps"), SHAPES)
def test_nodes_cover_the_simplex_above_the_bounds_once(n, steps):
    """Section 6: comb(n + I - 1, I - 1) portfolios k_i = lo_i + h m_i with integers m_i >= 0 that sum to n."""
    lo = bounds(n)
    lattice = build(lo, steps)
    multiples = (lattice.capital - lo) / lattice.h
    assert len(lattice.capital) == comb(steps + n - 1, n - 1)
    np.testing.assert_allclose(lattice.capital.sum(axis=1), 1.0, rtol=1e-14)
    np.testing.assert_allclose(multiples, multiples.round(), atol=1e-9)
    assert multiples.min() > -1e-9
    assert len(np.unique(multiples.round(), axis=0)) == len(multiples)
    assert lattice.h == pytest.approx((1 - lo.sum()) / steps, rel=1e-14)


@pytest.mark.parametrize(("n", "steps"), SHAPES)
def test_table_inverts_the_coordinates(n, steps):
    lattice = build(bounds(n), steps)
    keys = lattice.coords @ np.array(lattice.strides[: n - 1])
    np.testing.assert_array_equal(lattice.table[keys], np.arange(len(lattice.coords)))
    assert np.count_nonzero(lattice.table >= 0) == len(lattice.coords)


@pytest.mark.parametrize(("n", "steps"), SHAPES)
def test_coordinates_are_integers_at_the_nodes_and_linear_between(n, steps):
    lattice = build(bounds(n), steps)
    np.testing.assert_allclose(coordinates(lattice.capital, lattice), lattice.coords, atol=1e-12)
    share = np.random.default_rng(3).dirichlet(np.ones(len(lattice.capital)), size=7)
    np.testing.assert_allclose(coordinates(share @ lattice.capital, lattice), share @ lattice.coords, atol=1e-12)


@pytest.mark.parametrize(("n", "steps"), SHAPES)
def test_recovered_slopes_are_exact_for_quadratics(n, steps):
    """Section 6: the planner's price slopes come from the mean of the elements' gradients, exact for quadratics."""
    lattice = build(bounds(n), steps)
    rng = np.random.default_rng(n)
    x = lattice.coords.astype(float)
    square, line = rng.normal(size=(n - 1, n - 1)), rng.normal(size=n - 1)
    values = np.einsum("pi,ij,pj->p", x, square, x) + x @ line + 2.0
    recovered = np.einsum("pm,pmj->pj", values[lattice.neighbours], lattice.slopes)
    np.testing.assert_allclose(recovered, x @ (square + square.T) + line, atol=1e-9)


def test_one_industry_is_a_single_node():
    lattice = build([1.0], 4)
    assert lattice.capital.tolist() == [[1.0]] and lattice.coords.shape == (1, 0)


@pytest.mark.parametrize(("lo", "steps", "complaint"), [
    ([0.1, 0.1], 5, "even"), ([0.1, 0.1], 0, "even"), ([0.6, 0.5], 4, "no room"),
])  # fmt: skip
def test_impossible_lattices_are_refused(lo, steps, complaint):
    with pytest.raises(ValueError, match=complaint):
        build(lo, steps)


@pytest.mark.parametrize(("n", "steps"), SHAPES)
def test_a_part_holds_the_elements_near_a_portfolio(n, steps):
    """Every portfolio within reach is looked up at wanted nodes, slopes there come from built ones, elsewhere lies the hole."""
    lattice = build(bounds(n), steps)
    rng = np.random.default_rng(n)
    tech = type("Tech", (), {"a": (0.0,) * n, "steps": steps, "strides": lattice.strides})
    ids, weights, gradients = np.empty(n * (n + 1) // 2, int), np.empty(n * (n + 1) // 2), np.empty((n * (n + 1) // 2, n - 1))
    for share in rng.dirichlet(np.ones(n), size=20):
        part = near(lattice.lo + lattice.h * steps * share, lattice, 0.1, True)
        assert part.wanted.any() and not np.any(part.wanted & ~part.built)
        assert np.all(part.built[lattice.neighbours[part.wanted]])
        for move in rng.normal(size=(20, n)):
            move -= move.mean()
            at = np.clip(share + 0.01 * move / np.abs(move).max(), 1e-9, None)
            x = coordinates(lattice.lo + lattice.h * steps * at / at.sum(), lattice)
            locate.py_func(x, tech, ids, weights, gradients, np.empty(n - 1, int), np.empty(n - 1))
            found = part.table[ids]
            np.testing.assert_array_equal(found, lattice.table[ids])
            assert np.all(part.wanted[found])
        keys = lattice.coords[~part.wanted] @ np.array(lattice.strides[: n - 1])
        assert np.all(part.table[keys] == part.hole) and (part.hole < 0 or not part.wanted[part.hole])


def test_a_part_far_wide_is_everything():
    lattice = build(bounds(3), 4)
    part = near(lattice.capital[0], lattice, 10.0, False)
    assert part.hole == -1 and part.wanted.all() and part.table is whole(lattice).table
