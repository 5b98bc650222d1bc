"""Binned scatter after controls: Frisch-Waugh, equal bins, ties."""

import numpy as np
import pandas as pd
import pytest

from regspec.empirics.exhibits.binscatter import binned_scatter, draw
from regspec.errors import ConfigError
from regspec.exhibits.writer import ExhibitWriter


def data(n=203, seed=0):
    rng = np.random.default_rng(seed)
    z = rng.standard_normal(n)
    x = 0.4 + 0.1 * (z + rng.standard_normal(n))
    y = pd.Series(1 + 0.7 * x - 0.5 * z + 0.1 * rng.standard_normal(n), name="y")
    return y, pd.DataFrame({"x": x, "z": z})


def test_slope_through_the_residuals_is_the_regressions():
    """With one zone a bin the points are the residuals themselves (theorem of Frisch, Waugh and Lovell)."""
    y, frame = data()
    scatter = binned_scatter(y, frame, "x", len(y))
    slope, intercept = np.polyfit(scatter.points["x"], scatter.points["y"], 1)
    assert slope == pytest.approx(scatter.fit.estimate("x"), rel=1e-9)
    assert scatter.line(0.0) == pytest.approx(intercept, rel=1e-9)
    assert abs(scatter.fit.estimate("x") - 0.7) < 4 * scatter.fit.se("x")
    assert scatter.points["y_se"].isna().all()


def test_bins_are_equal_and_ordered_and_keep_the_means():
    y, frame = data()
    points = binned_scatter(y, frame, "x", 20).points
    assert sorted(set(points["zones"])) == [10, 11] and points["zones"].sum() == 203
    assert points["x"].is_monotonic_increasing
    weights = points["zones"]
    assert np.average(points["x"], weights=weights) == pytest.approx(frame["x"].mean())
    assert np.average(points["y"], weights=weights) == pytest.approx(y.mean())


def test_without_controls_bins_are_plain_means():
    y = pd.Series(np.arange(12.0) ** 2, name="y")
    points = binned_scatter(y, pd.DataFrame({"x": np.arange(12.0)}), "x", 4).points
    np.testing.assert_allclose(points["x"], [1, 4, 7, 10])
    np.testing.assert_allclose(points["y"], [5 / 3, 50 / 3, 149 / 3, 302 / 3])
    np.testing.assert_allclose(points["y_se"].iloc[0], np.std([0, 1, 4], ddof=1) / np.sqrt(3))


def test_zones_with_the_same_regressor_stay_in_one_bin():
    y = pd.Series([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 9.0], index=range(8), name="y")
    frame = pd.DataFrame({"x": [0, 0, 0, 0, 1, 1, 1, 1.0]}, index=range(8))
    one = binned_scatter(y, frame, "x", 4).points
    two = binned_scatter(y.iloc[::-1], frame.iloc[[3, 1, 7, 5, 0, 2, 4, 6]], "x", 4).points
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    np.testing.assert_allclose(one[["x", "y", "zones"]], [[0, 2.5, 4], [1, 6.75, 4]], atol=1e-15)


def test_a_mass_point_among_others():
    """Half of the zones at zero, with a control that is orthogonal: rounding does not tear them apart."""
    rng = np.random.default_rng(3)
    x = np.concatenate([np.zeros(50), rng.uniform(1, 2, 50)])
    y = pd.Series(x + rng.normal(0, 0.1, 100), name="y")
    points = binned_scatter(y, pd.DataFrame({"x": x}), "x", 10).points
    assert points["zones"].max() == 50 and points["zones"].sum() == 100 and len(points) == 6
    assert points["x"][0] == pytest.approx(0, abs=1e-14) and points["y"][0] == pytest.approx(y[:50].mean())


def test_equal_outcomes_have_no_error():
    frame = pd.DataFrame({"x": np.arange(12.0)})
    y = pd.Series(np.repeat([0.1, 0.7, 0.3], 4), name="y")
    assert binned_scatter(y, frame, "x", 3).points["y_se"].isna().all()


def test_missing_outcomes_are_left_out():
    y, frame = data()
    y.iloc[[3, 50]] = np.nan
    assert binned_scatter(y, frame, "x", 20).points["zones"].sum() == 201


def test_more_bins_than_zones():
    y, frame = data(30)
    with pytest.raises(ConfigError, match="31 bins for 30 zones"):
        binned_scatter(y, frame, "x", 31)


def test_figure_prints_slope_error_and_zones(tmp_path):
    y, frame = data()
    scatter = binned_scatter(y, frame, "x", 10)
    draw(ExhibitWriter(tmp_path, {"config_hash": "h"}, False), "level", scatter, "Gini", "Income")
    assert (tmp_path / "level.pdf").stat().st_size > 1000
    assert (tmp_path / "level.png").read_bytes().startswith(b"\x89PNG")
