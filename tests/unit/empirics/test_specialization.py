"""Measures of specialization: known values, invariances, and the long table (D5)."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from regspec.empirics.specialization import MEASURES, gini, hhi, max_share, select, specialization, wide_shares
from regspec.errors import ConfigError, DataError

# D6, national income shares in percent, 1950 and 2020 and 1990, in the deck's order.
D6 = {
    1950: [20.71, 2.96, 0.61, 8.75, 13.53, 0.66, 2.20, 3.99, 9.48, 2.37, 4.39, 0.37, 4.67, 11.84, 8.09, 1.80, 3.59],
    1990: [3.61, 4.43, 1.52, 9.98, 15.88, 1.06, 4.47, 1.90, 8.64, 1.39, 11.26, 2.02, 7.96, 11.15, 6.61, 2.53, 5.60],
    2020: [3.46, 7.61, 1.36, 11.91, 10.77, 1.28, 4.79, 1.82, 5.77, 1.60, 13.19, 3.33, 6.98, 13.26, 6.91, 2.34, 3.63],
}
SHARES = arrays(float, st.integers(2, 17), elements=st.floats(1e-6, 1.0))


def long(rows, variable="income"):
    frame = pd.DataFrame(rows, columns=["zone", "year", "industry", "share"])
    return frame.assign(variable=variable)[["zone", "year", "industry", "variable", "share"]]


def test_hand_computed_values():
    # Sorted .2 .3 .5: G = (-2 x .2 + 0 x .3 + 2 x .5) / (3 x 1) = .2
    shares = np.array([0.5, 0.2, 0.3])
    assert gini(shares) == pytest.approx(0.2, abs=1e-15)
    assert hhi(shares) == pytest.approx(0.25 + 0.04 + 0.09, abs=1e-15)
    assert max_share(shares) == 0.5


@pytest.mark.parametrize(("year", "value"), [(1950, 0.478), (1990, 0.395), (2020, 0.384)])
def test_gini_of_the_deck_s_national_shares(year, value):
    assert gini(np.array(D6[year])) == pytest.approx(value, abs=5e-4)


@pytest.mark.parametrize("n", [2, 8, 17])
def test_bounds_are_attained_without_small_sample_correction(n):
    equal, single = np.full(n, 1 / n), np.eye(n)[0]
    assert gini(equal) == pytest.approx(0, abs=1e-15)
    assert gini(single) == pytest.approx((n - 1) / n, rel=1e-15)
    assert hhi(equal) == pytest.approx(1 / n) and max_share(equal) == pytest.approx(1 / n)
    assert hhi(single) == 1 and max_share(single) == 1


@given(SHARES)
def test_gini_is_half_the_relative_mean_difference(x):
    """Its other definition: sum_ij |x_i - x_j| / (2 n^2 mean)."""
    n = len(x)
    difference = np.abs(x[:, None] - x[None, :]).sum() / (2 * n**2 * x.mean())
    assert gini(x) == pytest.approx(difference, abs=1e-12)


@given(SHARES, st.randoms(use_true_random=False), st.floats(1e-3, 1e3))
def test_invariance_to_order_and_scale(x, random, factor):
    order = list(range(len(x)))
    random.shuffle(order)
    for measure in MEASURES.values():
        assert measure(x[order]) == measure(x)
        assert measure(factor * x) == pytest.approx(measure(x), rel=1e-10, abs=1e-12)
        assert 0 <= measure(x) <= 1


@given(SHARES)
def test_gini_of_a_doubled_classification_is_the_same_and_hhi_halves(x):
    twice = np.concatenate([x, x])
    assert gini(twice) == pytest.approx(gini(x), abs=1e-12)
    assert hhi(twice) == pytest.approx(hhi(x) / 2, rel=1e-12)


@given(arrays(float, 6, elements=st.floats(0.05, 1.0), unique=True), st.floats(0.01, 0.49))
def test_a_transfer_from_the_largest_to_the_smallest_lowers_every_measure(x, part):
    low, high = x.argmin(), x.argmax()
    y = x.copy()
    amount = part * (x[high] - x[low])
    y[low] += amount
    y[high] -= amount
    assert gini(y) <= gini(x) + 1e-15 and hhi(y) <= hhi(x) + 1e-15 and max_share(y) <= max_share(x) + 1e-15
    if amount > 1e-6:
        assert gini(y) < gini(x) and hhi(y) < hhi(x)


def test_one_value_for_each_zone_year_variable_and_measure():
    frame = pd.concat(
        [
            long([(2, 1950, "a", 0.5), (2, 1950, "b", 0.2), (2, 1950, "c", 0.3), (1, 1950, "a", 1.0)]),
            long([(1, 1950, "a", 0.25), (1, 1950, "b", 0.75)], "employment"),
        ]
    )
    table = specialization(frame).set_index(["variable", "zone", "measure"])["value"]
    assert len(table) == 9
    assert table["income", 2, "gini"] == pytest.approx(0.2)
    # Zone 1 has no row for b and c: everything is in one of the three industries.
    assert table["income", 1, "gini"] == pytest.approx(2 / 3)
    # Employment has a classification of its own, with two industries: (-1 x .25 + 1 x .75) / 2.
    assert table["employment", 1, "gini"] == pytest.approx(0.25)
    assert table["employment", 1, "hhi"] == pytest.approx(0.625)


def test_row_order_does_not_change_a_bit():
    rng = np.random.default_rng(5)
    shares = rng.dirichlet(np.ones(8), size=30)
    frame = long([(z, 1950, f"i{j}", shares[z - 1, j]) for z in range(1, 31) for j in range(8)])
    shuffled = frame.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(specialization(frame), specialization(shuffled), check_exact=True)
    expected = pd.Series(gini(shares), range(1, 31))
    got = select(specialization(frame), "income", "gini", 1950)
    np.testing.assert_allclose(got.to_numpy(), expected.to_numpy(), rtol=1e-13)


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([(7, 1950, "a", 0.5), (7, 1950, "b", 0.4)], "zone 7, year 1950: income shares sum to 0.9000"),
        ([(7, 1950, "a", 1.2), (7, 1950, "b", -0.2)], "'b': share is -0.2"),
        ([(7, 1950, "a", 1.0), (7, 1950, "b", np.nan)], "'b': share is nan"),
        ([(7, 1950, "a", 0.5), (7, 1950, "a", 0.5)], "'a' more than once"),
    ],
)
def test_broken_shares_are_named(rows, text):
    with pytest.raises(DataError, match="zone 7") as caught:
        specialization(long(rows))
    assert text in str(caught.value) and len(str(caught.value).splitlines()) <= 5


def test_absent_variable_and_year_are_named():
    frame = long([(1, 1950, "a", 1.0)])
    with pytest.raises(ConfigError, match=r"no employment shares \(has: income\)"):
        wide_shares(frame, "employment")
    with pytest.raises(ConfigError, match="base_year: no gini of income shares in 1960. The data have: 1950"):
        select(specialization(frame), "income", "gini", 1960)
    with pytest.raises(ConfigError, match="variable: no gini of employment shares in 1950. The data have: income"):
        select(specialization(frame), "employment", "gini", 1950)
