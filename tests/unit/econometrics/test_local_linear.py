"""Fact 2: local linear fits against loess, movement between groups, specialization within zones."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from skmisc.loess import loess

from regspec.econometrics.local_linear import local_linear
from regspec.empirics.exhibits.movement import GROUPS, ranked, transitions, within


def sample(n=400, seed=0):
    rng = np.random.default_rng(seed)
    x = np.sort(rng.gamma(4, 0.25, n))
    return x, np.sin(2 * x) + rng.normal(0, 0.2, n), np.arange(n)


@pytest.mark.parametrize("span", [0.2, 0.5, 0.9, 1.0])
def test_fit_is_that_of_loess(span):
    """scikit-misc's compiled loess (Cleveland's), evaluated directly: degree 1, tricube, nearest neighbours."""
    x, y, zone = sample()
    at = np.linspace(0.2, 2.0, 13)
    model = loess(x, y, span=span, degree=1, surface="direct")
    model.fit()
    found = local_linear(x, y, at, span, zone, 0.95)
    np.testing.assert_allclose(found["fit"], model.predict(at).values, rtol=1e-8)


def test_a_line_is_found_exactly():
    x, _, zone = sample()
    found = local_linear(x, 3 - 2 * x, np.linspace(0.1, 2, 9), 0.3, zone, 0.95)
    np.testing.assert_allclose(found["slope"], -2, rtol=1e-10)
    np.testing.assert_allclose(found["fit"], 3 - 2 * found["x"], rtol=1e-10)
    # Residuals are rounding errors: no standard error, and no interval.
    assert found[["fit_se", "fit_low", "slope_se", "slope_high"]].isna().all().all()


def test_weighted_least_squares_by_another_program():
    x, y, _ = sample(60)
    found = local_linear(x, y, np.array([0.9]), 0.5, np.arange(60), 0.95).iloc[0]
    distance = np.abs(x - 0.9)
    w = np.clip(1 - (distance / np.sort(distance)[29]) ** 3, 0, None) ** 3
    fit = sm.WLS(y, sm.add_constant(x - 0.9), weights=w).fit()
    np.testing.assert_allclose([found["fit"], found["slope"]], fit.params, rtol=1e-9)


def test_repeating_a_zone_adds_no_precision():
    """Five copies of every observation: the same errors when clustered (but for nothing: G is the same)."""
    x, y, zone = sample(150)
    at = np.linspace(0.4, 1.6, 5)
    once = local_linear(x, y, at, 0.5, zone, 0.95)
    five = local_linear(np.repeat(x, 5), np.repeat(y, 5), at, 0.5, np.repeat(zone, 5), 0.95)
    np.testing.assert_allclose(five, once, rtol=1e-9)
    alone = local_linear(np.repeat(x, 5), np.repeat(y, 5), at, 0.5, np.arange(750), 0.95)
    assert (alone["fit_se"] < 0.5 * once["fit_se"]).all()


def test_intervals_cover_a_smooth_function():
    """Pointwise 95% intervals of fit and slope, quadratic truth, zones with common errors: 400 draws at one point."""
    hits = np.zeros(2)
    draws, truth = 400, (1 + 0.5 * 1.0 - 0.05, 0.5 - 0.1)
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        zone = np.repeat(np.arange(60), 4)
        x = rng.uniform(0.5, 1.5, 240)
        y = 1 + 0.5 * x - 0.05 * x**2 + np.repeat(rng.normal(0, 0.1, 60), 4) + rng.normal(0, 0.05, 240)
        row = local_linear(x, y, np.array([1.0]), 0.6, zone, 0.95).iloc[0]
        hits += [row["fit_low"] < truth[0] < row["fit_high"], row["slope_low"] < truth[1] < row["slope_high"]]
    # Binomial standard error .011; a cluster-robust interval with 60 clusters is a little short.
    assert (hits / draws > 0.915).all() and (hits / draws < 0.985).all()


def test_points_without_a_slope_and_spans_without_observations():
    x, y = np.repeat([1.0, 2.0], 10), np.arange(20.0)
    found = local_linear(x, y, np.array([1.0]), 0.3, np.arange(20), 0.95).iloc[0]
    assert found["fit"] == pytest.approx(4.5) and np.isnan(found["slope"])
    with pytest.raises(ValueError, match="holds 2 of 20"):
        local_linear(x, y, np.array([1.0]), 0.1, np.arange(20), 0.95)


def test_mass_points_have_their_mean_and_no_slope_from_one_place():
    """Half of the observations at one income: their mean there; nothing where only they would count, at another income."""
    rng = np.random.default_rng(5)
    x = np.concatenate([np.full(60, 1.0), rng.uniform(2, 3, 40)])
    y = 2 * x + rng.normal(0, 0.1, 100)
    found = local_linear(x, y, np.array([1.0, 1.3, 2.5]), 0.4, np.arange(100), 0.95)
    assert found["fit"][0] == pytest.approx(y[:60].mean(), rel=1e-12) and np.isfinite(found["fit_se"][0])
    by_hand = np.sqrt(100 / 99 * ((y[:60] - y[:60].mean()) ** 2).sum()) / 60
    assert found["fit_se"][0] == pytest.approx(by_hand, rel=1e-9)
    assert found.loc[1].drop("x").isna().all() and np.isnan(found["slope"][0])
    assert abs(found["slope"][2] - 2) < 4 * found["slope_se"][2]


def test_mass_points_by_another_program():
    """Five incomes only: the same weighted least squares as statsmodels, wherever two of them have a weight."""
    rng = np.random.default_rng(6)
    x = rng.choice([0.8, 0.9, 1.0, 1.2, 1.5], 90)
    y = np.sin(x) + rng.normal(0, 0.1, 90)
    for at in (0.85, 1.0, 1.1):
        row = local_linear(x, y, np.array([at]), 0.8, np.arange(90), 0.95).iloc[0]
        distance = np.abs(x - at)
        w = np.clip(1 - (distance / np.sort(distance)[71]) ** 3, 0, None) ** 3
        fit = sm.WLS(y, sm.add_constant(x - at), weights=w).fit()
        np.testing.assert_allclose([row["fit"], row["slope"]], fit.params, rtol=1e-9)


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_units_do_not_decide_what_is_rounding(unit):
    x, y, zone = sample(100)
    base = local_linear(x, y, np.array([0.5, 1.0]), 0.5, zone, 0.95)
    other = local_linear(unit * x, y / unit, unit * np.array([0.5, 1.0]), 0.5, zone, 0.95)
    np.testing.assert_allclose(other["fit_se"] * unit, base["fit_se"], rtol=1e-7)
    np.testing.assert_allclose(other["slope_se"] * unit**2, base["slope_se"], rtol=1e-7)


@settings(max_examples=60)
@given(st.integers(GROUPS, 80), st.integers(0, 2**32 - 1))
def test_transitions_are_shares_of_equal_groups(n, seed):
    rng = np.random.default_rng(seed)
    zones = pd.Index(np.arange(n), name="zone")
    first, last = pd.Series(rng.normal(size=n), zones), pd.Series(rng.integers(0, 3, n).astype(float), zones)
    sizes = ranked(last).value_counts()
    assert sizes.max() - sizes.min() <= 1 and len(sizes) == GROUPS
    matrix = transitions(first, last)
    np.testing.assert_allclose(matrix.sum(axis=1), 1)
    np.testing.assert_array_equal(transitions(first, np.exp(first)), np.eye(GROUPS))
    np.testing.assert_array_equal(
        transitions(first, -first).to_numpy()[::-1] if n % GROUPS == 0 else np.eye(GROUPS), np.eye(GROUPS)
    )


def test_within_is_the_regression_on_dummies():
    rng = np.random.default_rng(3)
    zones, years = 30, [1950, 1970, 2000]
    rows = pd.DataFrame([(z, t) for z in range(zones) for t in years], columns=["zone", "year"])
    rows["log_income"] = rng.normal(size=len(rows)) + rows["zone"] * 0.1
    rows["value"] = 0.4 * rows["log_income"] - rows["zone"] * 0.2 + rng.normal(0, 0.1, len(rows))
    gone = pd.concat([rows, pd.DataFrame({"zone": [99], "year": [1950], "log_income": [1.0], "value": [5.0]})])
    found = within(gone)
    x = pd.concat([rows["log_income"], pd.get_dummies(rows[["zone", "year"]].astype(str), dtype=float).iloc[:, :-1]], axis=1)
    fit = sm.OLS(rows["value"], x).fit(cov_type="cluster", cov_kwds={"groups": rows["zone"], "use_correction": False})
    np.testing.assert_allclose(found.estimate, fit.params["log_income"], rtol=1e-8)
    factor = 30 / 29 * 89 / (90 - 4)
    np.testing.assert_allclose(found.se, fit.bse["log_income"] * np.sqrt(factor), rtol=1e-6)
    assert (found.n, found.zones) == (90, 30)
    assert within(rows[rows["zone"] < 2]) is None
