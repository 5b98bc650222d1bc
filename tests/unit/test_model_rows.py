"""Sums of short rows: compiled as in plain Python."""

import numpy as np
import pytest

from regspec.model.jit import njit
from regspec.model.rows import accumulate, combine


@njit
def compiled_combine(target, weights, rows, slots):
    combine(target, weights, rows, slots)


@njit
def compiled_accumulate(target, weights, rows, slots):
    accumulate(target, weights, rows, slots)


@pytest.mark.parametrize("count", [1, 3, 4])
@pytest.mark.parametrize("length", [4, 9, 12, 20])
@pytest.mark.parametrize(("plain", "compiled"), [(combine, compiled_combine), (accumulate, compiled_accumulate)])
def test_sums_of_rows(plain, compiled, length, count):
    """Bit for bit the sum in the order given, for rows of any place in an array; what lies behind the row is left alone."""
    rng = np.random.default_rng(length)
    block, weights = rng.normal(size=(7, length)), tuple(rng.normal(size=count))
    rows = tuple(block[m + 2] for m in range(count))
    before = rng.normal(size=length + 3)
    results = []
    for function in (plain, compiled):
        target = before.copy()
        function(target, weights, rows, (0,) * length)
        results.append(target)
    np.testing.assert_array_equal(*results)
    np.testing.assert_array_equal(results[0][length:], before[length:])
    exact = sum(w * r for w, r in zip(weights, rows, strict=True)) + (before[:length] if plain is accumulate else 0.0)
    np.testing.assert_allclose(results[0][:length], exact, rtol=1e-12)


@pytest.mark.parametrize("function", [compiled_combine, compiled_accumulate])
def test_a_row_may_be_its_own_target(function):
    """All rows are read before the target is written."""
    target = np.arange(12.0)
    function(target, (2.0, 1.0), (target, np.ones(12)), (0,) * 12)
    expected = 2.0 * np.arange(12.0) + 1.0 + (np.arange(12.0) if function is compiled_accumulate else 0.0)
    np.testing.assert_array_equal(target, expected)
