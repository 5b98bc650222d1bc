"""Sums and transpositions of short rows: compiled as in plain Python."""

import numpy as np
import pytest

from regspec.model.kernels.jit import njit
from regspec.model.kernels.simd import BLOCK, combine, gather, stencil, transpose


@njit
def compiled_combine(target, weights, rows, columns):
    combine(target, weights, rows, columns)


@njit
def compiled_stencil(value, slope, expectations, e, j, place, levels, rises, columns, industries):
    stencil(value, slope, expectations, e, j, place, levels, rises, columns, industries)


@njit
def compiled_transpose(target, row, column, source, first, columns):
    transpose(target, row, column, source, first, columns)


@njit
def compiled_gather(target, column, source, columns):
    gather(target, column, source, columns)


@pytest.mark.parametrize("count", [1, 3, 4])
@pytest.mark.parametrize("length", [1, 4, 7, 9, 12, 20])
def test_sums_of_rows(length, count):
    """For rows of any place in an array; what lies behind the target is left alone."""
    rng = np.random.default_rng(length)
    block, weights = rng.normal(size=(7, length)), tuple(rng.normal(size=count))
    rows = tuple(block[m + 2] for m in range(count))
    before = rng.normal(size=length + 3)
    for function in (combine, compiled_combine):
        target = before.copy()
        function(target, weights, rows, (0,) * length)
        np.testing.assert_allclose(target[:length], np.array(weights) @ np.array(rows), rtol=0, atol=1e-14)
        np.testing.assert_array_equal(target[length:], before[length:])


def test_a_row_may_be_its_own_target():
    """All rows are read before the target is written."""
    target = np.arange(12.0)
    compiled_combine(target, (2.0, 1.0), (target, np.ones(12)), (0,) * 12)
    np.testing.assert_array_equal(target, 2.0 * np.arange(12.0) + 1.0)


@pytest.mark.parametrize(("industries", "columns"), [(1, 8), (2, 8), (3, 12), (3, 20), (5, 32)])
def test_stencils(industries, columns):
    """Value and slopes are the sums that the docstring tells, whatever was in the arrays before."""
    rng = np.random.default_rng(columns)
    expectations, pairs = rng.normal(size=(9, 4, 6, columns)), industries * (industries + 1) // 2
    table, ids = rng.permutation(9), rng.integers(0, 9, size=pairs)
    weights, gradients = rng.normal(size=pairs), rng.normal(size=(pairs, max(industries - 1, 1)))
    levels, rises = tuple(rng.normal(size=3)), tuple(rng.normal(size=3))
    near = expectations[table[ids], 2, 3:6]
    level, rise = (np.einsum("m,pmf->pf", numbers, near) for numbers in (levels, rises))
    slopes = np.vstack([weights @ rise, gradients[:, : industries - 1].T @ level])
    for function in (stencil, compiled_stencil):
        value, slope = np.full(columns, np.nan), np.full((industries, columns), np.nan)
        place = table, ids, weights, gradients, pairs
        function(value, slope, expectations, 2, 4, place, levels, rises, (0,) * columns, (0.0,) * industries)
        np.testing.assert_allclose(value, weights @ level, rtol=0, atol=1e-13)
        np.testing.assert_allclose(slope, slopes, rtol=0, atol=1e-13)


@pytest.mark.parametrize("length", [6, 8, 12, 15, 20])
def test_transpositions(length):
    """A block of columns to rows and back, at any place of the arrays; nothing else is written."""
    rng = np.random.default_rng(length)
    source = rng.normal(size=(length, 3 * BLOCK))
    for forth, back in ((transpose, gather), (compiled_transpose, compiled_gather)):
        target, returned = np.zeros((BLOCK + 3, length + 2)), np.zeros((length, 3 * BLOCK))
        forth(target, 2, 1, source, 5, (0,) * length)
        expected = np.zeros_like(target)
        expected[2 : 2 + BLOCK, 1 : 1 + length] = source[:, 5 : 5 + BLOCK].T
        np.testing.assert_array_equal(target, expected)
        back(returned, 5, np.ascontiguousarray(target[2 : 2 + BLOCK, 1 : 1 + length]), (0,) * length)
        np.testing.assert_array_equal(returned[:, 5 : 5 + BLOCK], source[:, 5 : 5 + BLOCK])
        assert np.count_nonzero(returned) == length * BLOCK
