"""Ratios of slopes: Fieller's set, the bootstrap, and the friction's share (regspec.results)."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import norm

from regspec.econometrics.fieller import fieller
from regspec.empirics.fact1 import SPECIALIZATION
from regspec.results.bootstrap import bootstrap_slopes, percentile_interval
from regspec.results.friction import INDISTINGUISHABLE, friction_share
from regspec.results.slopes import MIN_FREEDOM, RatioSet, number, ratio, set_text, slope


def design_and_growth(n=60, seed=0, base=-0.3, alternative=-0.1, noise=0.02):
    rng = np.random.default_rng(seed)
    zones = pd.Index(10 * np.arange(1, n + 1), name="zone")
    gini = rng.uniform(0.2, 0.6, n)
    design = pd.DataFrame({SPECIALIZATION: gini, "ghat": 1e-3 * rng.normal(size=n) + 2}, index=zones)
    shared = rng.normal(0, noise, n)
    first = pd.Series(1 + base * gini + shared, zones)
    second = pd.Series(1 + alternative * gini + shared + rng.normal(0, noise / 5, n), zones)
    return design, first, second


def test_fieller_by_hand():
    # n = 2, d = 4, V = [[1, .5], [.5, 1]], c = 2: 12 r^2 - 2 (8 - 2) r + (4 - 4) = 12 r^2 - 12 r <= 0.
    found = fieller(2.0, 4.0, np.array([[1.0, 0.5], [0.5, 1.0]]), 2.0)
    assert (found.ratio, found.kind) == (0.5, "bounded")
    np.testing.assert_allclose([found.low, found.high], [0, 1], atol=1e-15)


def test_fieller_complement_and_whole_line_by_hand():
    # d = 1, V_dd = 1, c = 2: A = -3. n = 4, V_nn = 1, no covariance: B = 4, C = 12: -3 r^2 - 8 r + 12 <= 0.
    found = fieller(4.0, 1.0, np.eye(2), 2.0)
    assert found.kind == "complement"
    roots = np.sort(np.roots([-3, -8, 12]))
    np.testing.assert_allclose([found.low, found.high], roots, rtol=1e-12)
    assert found.contains(4.0) and found.contains(-100) and not found.contains(0.0)
    # Both indistinguishable from zero: nothing is excluded.
    nothing = fieller(1.0, 1.0, np.eye(2), 2.0)
    assert nothing.kind == "unbounded" and nothing.contains(1e9)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_a_ratio_without_variance_has_no_set(unit):
    """Numerator half the denominator, errors included; an honest small variance stays."""
    covariance = unit**2 * np.array([[0.25, 0.5], [0.5, 1.0]]) * (1 / 3)
    found = fieller(0.5 * 3.0 * unit, 3.0 * unit, covariance, 1.96)
    assert found.kind == "none" and found.ratio == pytest.approx(0.5) and not found.contains(0.5)
    assert fieller(1.0, 2.0, np.full((2, 2), np.nan), 1.96).kind == "none"
    small = fieller(1.5 * unit, 3.0 * unit, unit**2 * np.diag([1e-16, 1e-16]), 1.96)
    # Delta method: the root of v (1 + r^2) over the denominator.
    assert small.kind == "bounded"
    assert (small.high - small.low) / 2 == pytest.approx(1.96 * 1e-8 * np.sqrt(1.25) / 3, rel=1e-4)


@pytest.mark.parametrize("seed", range(20))
def test_fieller_is_the_inverted_test(seed):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(2, 2))
    covariance, (n, d) = root @ root.T, rng.normal(0, 3, 2)
    found = fieller(n, d, covariance, 1.96)
    for r in np.linspace(-8, 8, 401):
        variance = covariance[0, 0] - 2 * r * covariance[0, 1] + r**2 * covariance[1, 1]
        statistic = abs(n - r * d) / np.sqrt(variance)
        if abs(statistic - 1.96) > 1e-6:
            assert found.contains(r) == (statistic < 1.96)


def test_fieller_coverage():
    """5,000 normal draws with a weak denominator: the set covers the true ratio at its nominal rate."""
    rng = np.random.default_rng(1)
    covariance = np.array([[1.0, 0.6], [0.6, 1.5]])
    draws = rng.multivariate_normal([1.0, 2.0], covariance, 5000)
    found = [fieller(n, d, covariance, norm.ppf(0.975)) for n, d in draws]
    covered = np.mean([f.contains(0.5) for f in found])
    assert abs(covered - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 5000)
    # The denominator is weak enough for all kinds to occur: a bounded interval alone could not cover.
    assert {f.kind for f in found} == {"bounded", "complement", "unbounded"}


def test_ratio_uses_the_joint_covariance():
    design, first, second = design_and_growth()
    a, b = slope(second.rename("a"), design, 0.95), slope(first.rename("b"), design, 0.95)
    found = ratio(a, b, 0.95)
    x = sm.add_constant(design)
    n, k = x.shape
    psi = [np.linalg.solve(x.T @ x, (x.T * sm.OLS(y, x).fit().resid.to_numpy()).to_numpy())[1] for y in (second, first)]
    covariance = n / (n - k) * np.array([[p @ q for q in psi] for p in psi])
    by_hand = fieller(a.estimate, b.estimate, covariance, 2.0024654592910065)  # t, 57 degrees of freedom
    np.testing.assert_allclose([found.low, found.high], [by_hand.low, by_hand.high], rtol=1e-9)
    np.testing.assert_allclose([a.se, b.se], np.sqrt(np.diag(covariance)), rtol=1e-9)


def test_bootstrap_is_least_squares_on_the_drawn_zones():
    design, first, second = design_and_growth(n=25)
    outcomes = pd.DataFrame({"first": first, "second": second})
    slopes = bootstrap_slopes(outcomes, design, draws=5, seed=3)
    counts = np.random.default_rng(3).multinomial(25, np.full(25, 1 / 25), size=5)
    for draw in range(5):
        rows = np.repeat(np.arange(25), counts[draw])
        for column in range(2):
            fit = sm.OLS(outcomes.to_numpy()[rows, column], sm.add_constant(design.to_numpy()[rows])).fit()
            np.testing.assert_allclose(slopes[draw, column], fit.params[1], rtol=1e-6)
    shuffled = outcomes.sample(frac=1, random_state=0)
    np.testing.assert_array_equal(bootstrap_slopes(shuffled, design.loc[shuffled.index], 5, 3), slopes)
    assert not np.array_equal(bootstrap_slopes(outcomes, design, 5, 4), slopes)


def test_percentile_interval_needs_enough_draws():
    np.testing.assert_allclose(percentile_interval(np.arange(101.0), 0.9), [5, 95])
    assert np.isnan(percentile_interval(np.r_[np.arange(80.0), np.full(20, np.nan)], 0.9)).all()


def test_friction_share_finds_the_known_share():
    design, first, second = design_and_growth(n=400)
    (found,) = friction_share({70: (first, second)}, design, 0.95, 499, 1)
    # True slopes -.3 and -.1: two thirds.
    assert found.share.kind == "bounded" and found.share.contains(2 / 3)
    np.testing.assert_allclose(found.share.ratio, 1 - found.alternative.estimate / found.baseline.estimate, rtol=1e-10)
    low, high = found.bootstrap
    assert abs(low - found.share.low) < 0.25 * (found.share.high - found.share.low)
    assert abs(high - found.share.high) < 0.25 * (found.share.high - found.share.low)
    assert found.note == ""


def test_friction_share_of_one_scenario_against_itself_is_zero():
    design, first, _ = design_and_growth()
    (found,) = friction_share({10: (first, first)}, design, 0.95, 99, 1)
    assert found.share.ratio == 0
    np.testing.assert_allclose(found.bootstrap, 0, atol=1e-12)
    # A difference that is zero everywhere has no variance, so the share has no set.
    assert found.share.kind == "none" and np.isnan([found.share.low, found.share.high]).all()
    assert "zero to rounding" in found.note


def test_tiny_differences_survive():
    """Scenarios that differ by 1e-9 in the slope: the share is found, not lost in rounding."""
    design, first, _ = design_and_growth()
    second = first + 1e-9 * design[SPECIALIZATION]
    (found,) = friction_share({10: (first, second)}, design, 0.95, 99, 1)
    expected = -1e-9 / found.baseline.estimate
    np.testing.assert_allclose(found.share.ratio, expected, rtol=1e-4)
    assert found.share.low < expected < found.share.high


def test_friction_share_says_when_the_baseline_slope_is_nothing():
    design, first, second = design_and_growth(base=0.0, alternative=0.05, noise=0.2, seed=3)
    (found,) = friction_share({10: (first, second)}, design, 0.95, 99, 1)
    assert found.baseline.low < 0 < found.baseline.high
    assert found.note == INDISTINGUISHABLE
    assert found.share.kind != "bounded" and "[" not in set_text(found.share)


def test_friction_share_uses_common_zones_in_any_order():
    design, first, second = design_and_growth()
    reference = friction_share({10: (first[3:], second[:-4])}, design, 0.95, 99, 1)[0]
    assert reference.baseline.n == reference.alternative.n == 53
    shuffled = friction_share(
        {10: (first[3:].sample(frac=1, random_state=1), second[:-4].sample(frac=1, random_state=2))},
        design.sample(frac=1, random_state=3),
        0.95,
        99,
        1,
    )[0]
    assert shuffled.share == reference.share
    assert shuffled.bootstrap == reference.bootstrap


def test_small_and_collinear_samples_give_a_reason():
    design, first, _ = design_and_growth()
    few = slope(first.iloc[: 3 + MIN_FREEDOM - 1].rename("y"), design, 0.95)
    assert few.fit is None and np.isnan(few.estimate)
    assert few.reason == f"{3 + MIN_FREEDOM - 1} zones are too few for 3 coefficients"
    assert slope(first.iloc[: 3 + MIN_FREEDOM].rename("y"), design, 0.95).fit is not None
    double = design.assign(twin=2 * design[SPECIALIZATION])
    assert "linear combination" in slope(first.rename("y"), double, 0.95).reason
    assert ratio(few, few, 0.95) is None
    (share,) = friction_share({10: (first[:4], first[:4])}, design, 0.95, 99, 1)
    assert share.share is None and "too few" in share.note


def test_printed_numbers_and_sets():
    assert number(-0.1234) == "\N{MINUS SIGN}0.123"
    assert number(-0.0001) == "0.000"
    assert number(np.nan) == ""
    assert set_text(RatioSet(0.5, "bounded", -0.25, 1.0)) == "[\N{MINUS SIGN}0.25, 1.00]"
    outside = set_text(RatioSet(0.5, "complement", -2.0, 3.0))
    assert outside == "\N{LESS-THAN OR EQUAL TO} \N{MINUS SIGN}2.00 or \N{GREATER-THAN OR EQUAL TO} 3.00"
    assert set_text(RatioSet(0.5, "unbounded", -np.inf, np.inf)) == "whole line"
