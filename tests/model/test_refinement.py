"""Finer grids give smaller errors, at the claimed order (docs/model.md, sections 6 and 8.7)."""

import numpy as np
import pytest
from economies import economy, solve

STATES = [(b, k, e) for b in (-0.1, -0.05, 0.05, 0.3) for k in ([0.37, 0.63], [0.46, 0.54], [0.58, 0.42]) for e in (0, 3)]
BASE = {"phi": 1.5, "kappa": 0.02, "lower": (0.2, 0.2)}


def values(planner, **grid):
    """c, q, value, k' at states off every grid, in units of output or shares (q: of its mean)."""
    solution = solve(economy((0.1, 0.29), **BASE, **grid), planner, tolerance=1e-8)
    return np.array([solution.at(*s).numbers()[[0, 1, 4, 5]] for s in STATES]) / [1.0, 5.0, 1.0, 1.0]


def errors(planner, vary, finest, **fixed):
    """Mean absolute error of each setting in ``vary`` against ``finest``: (settings, 4)."""
    exact = values(planner, **finest, **fixed)
    return np.array([np.abs(values(planner, **grid, **fixed) - exact).mean(axis=0) for grid in vary])


@pytest.mark.parametrize("planner", [False, True])
def test_portfolio_lattice(planner):
    """Item 7: P2 elements are of order three in h once they resolve the policies (the planner's from about eight steps)."""
    found = errors(planner, [{"steps": n} for n in (4, 8, 16)], {"steps": 32}, below=8, above=16, fine=96)
    assert np.all(found[0] / found[2] > 8.0)
    assert np.all(found[1] / found[2] > 4.0)
    assert np.all(found[2] < [5e-5, 3e-4, 3e-5, 3e-5])


@pytest.mark.parametrize("planner", [False, True])
def test_common_bond_grid(planner):
    """Item 7: smooth functions (value, portfolio) at order three, those with a kink (c, q) at order two."""
    found = errors(planner, [{"fine": n} for n in (17, 33, 129)], {"fine": 385}, steps=6, below=8, above=16)
    assert np.all(found[0] / found[2] > [4.0**1.5, 4.0**1.5, 4.0**2.2, 4.0**1.8])
    assert np.all((found[1] / found[2])[[0, 1, 3]] > 4.0) and found[1, 2] < 1e-6  # the value needs no more than 33 points
    assert np.all(found[2] < [2e-5, 4e-5, 1e-6, 1e-6])


@pytest.mark.parametrize("planner", [False, True])
def test_solve_nodes_on_either_side_of_the_kink(planner):
    """Item 7: next year's kinks leave weak ones today, so that more nodes help at order two only."""
    found = errors(
        planner, [{"below": n, "above": 2 * n - 1} for n in (4, 7, 13)], {"below": 49, "above": 97}, steps=6, fine=97
    )
    assert np.all(found[0] / found[2] > 3.0)
    assert np.all((found[1] / found[2])[[0, 1, 3]] > 1.8)  # the value's error is at the tolerance of the iteration by then
    assert np.all(found[2] < [3e-5, 6e-5, 2e-7, 3e-6])
