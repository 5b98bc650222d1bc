"""Productivity and interest-rate processes (regspec.calibration.processes)."""

import numpy as np
import pandas as pd
import pytest

from regspec.calibration.processes import DECK_RHO, DECK_SIGMA, detrend, fit_ar1, interest_process, model_tfp, productivity
from regspec.config.calibration import Interest, Tfp
from regspec.errors import DataError

GROUPS = {"goods": ["Mining", "Agriculture"], "services": ["Retail"]}


def tfp_frame(years=range(1947, 2024), industries=("Agriculture", "Mining", "Retail"), seed=1):
    rng = np.random.default_rng(seed)
    rows = []
    for industry in industries:
        log = np.concatenate([[0], np.cumsum(rng.normal(0.01, 0.02, len(years) - 1))])
        weight = 100 * np.exp(rng.normal(0, 0.3, len(years)))
        rows.append(pd.DataFrame(dict(year=years, industry=industry, tfp=np.exp(log), weight=weight)))
    return pd.concat(rows, ignore_index=True)


def ar1_series(rho, sigma, n, seed):
    rng = np.random.default_rng(seed)
    x = np.empty(n)
    x[0] = rng.normal(0, sigma / np.sqrt(1 - rho**2))
    for t in range(1, n):
        x[t] = rho * x[t - 1] + rng.normal(0, sigma)
    return x


def test_tornqvist_by_hand():
    frame = pd.DataFrame(
        dict(year=[2000] * 2 + [2001] * 2, industry=["a", "b"] * 2, tfp=[1.0, 1.0, 1.1, 0.9], weight=[30.0, 70.0, 50.0, 50.0])
    )
    years = pd.concat([frame.assign(year=frame.year + 2 * k) for k in range(10)])
    grouped = model_tfp(years, {"both": ["a", "b"]})["both"]
    # Shares (.3, .7) and (.5, .5): mean (.4, .6).
    expected = 0.4 * np.log(1.1) + 0.6 * np.log(0.9)
    assert grouped.iloc[0] == 0
    np.testing.assert_allclose(grouped.iloc[1], expected, rtol=1e-13)


def test_group_of_one_keeps_its_own_index():
    frame = tfp_frame()
    grouped = model_tfp(frame, GROUPS)["services"]
    own = np.log(frame[frame.industry == "Retail"].set_index("year")["tfp"])
    np.testing.assert_allclose(grouped, own, atol=1e-13)


def test_row_and_member_order_do_not_move_a_bit():
    frame = tfp_frame()
    shuffled = frame.sample(frac=1, random_state=3)
    swapped = {"goods": ["Agriculture", "Mining"], "services": ["Retail"]}
    pd.testing.assert_frame_equal(model_tfp(frame, GROUPS), model_tfp(shuffled, swapped), check_exact=True)


def test_detrend_recovers_slope_and_leaves_orthogonal_residuals():
    years = np.arange(1947, 2024)
    noise = ar1_series(0.8, 0.02, years.size, 5)
    frame = pd.DataFrame({"a": 0.3 + 0.012 * (years - 1947), "b": -0.004 * (years - 1947) + noise}, index=years)
    slope, residual = detrend(frame)
    np.testing.assert_allclose(slope[0], 0.012, rtol=1e-10)
    np.testing.assert_allclose(residual["a"], 0, atol=1e-12)
    np.testing.assert_allclose([residual["b"].sum(), residual["b"] @ (years - 1980.0)], 0, atol=1e-9)


@pytest.mark.parametrize("rho, sigma", [(0.3, 0.02), (0.8, 0.013), (0.95, 0.03)])
def test_ar1_recovers_long_simulated_series(rho, sigma):
    n = 40_000
    fit = fit_ar1(ar1_series(rho, sigma, n, seed=11))
    assert abs(fit.rho - rho) < 4 * np.sqrt((1 - rho**2) / n)
    assert abs(fit.sigma / sigma - 1) < 4 / np.sqrt(2 * n)


def test_ar1_cap_reestimates_the_innovations():
    x = ar1_series(0.99, 0.02, 3000, seed=2)
    free, capped = fit_ar1(x), fit_ar1(x, rho_max=0.9)
    assert capped.rho == 0.9
    assert capped.rho_raw == free.rho > 0.9
    innovation = x[1:] - 0.9 * x[:-1]
    np.testing.assert_allclose(capped.sigma, np.sqrt((innovation**2).sum() / (innovation.size - 1)))
    assert capped.sigma > free.sigma


def test_productivity_trend_plus_residual_is_the_series():
    frame = tfp_frame()
    result = productivity(frame, GROUPS, Tfp(), 1950, 2020)
    log = model_tfp(frame, GROUPS).loc[1950:2020].to_numpy().T
    rebuilt = result.trend + result.u
    # The intercept of the trend is not part of d: the difference is one constant per industry.
    np.testing.assert_allclose(np.ptp(log - rebuilt, axis=1), 0, atol=1e-12)
    assert result.trend.shape == result.u.shape == (2, 71)
    assert (result.trend[:, 0] == 0).all()
    assert result.sample == (1947, 2020)


def test_years_after_the_model_do_not_matter():
    frame = tfp_frame()
    other = frame.assign(tfp=frame["tfp"].where(frame["year"] <= 2020, 2 * frame["tfp"]))
    kept, changed = (productivity(f, GROUPS, Tfp(), 1950, 2020) for f in (frame, other))
    np.testing.assert_array_equal(kept.u, changed.u)
    np.testing.assert_array_equal(kept.rho, changed.rho)


def test_deck_process_and_no_trend_leave_the_residuals_alone():
    frame = tfp_frame()
    own = productivity(frame, GROUPS, Tfp(), 1950, 2020)
    deck = productivity(frame, GROUPS, Tfp(process="deck", trend=False), 1950, 2020)
    assert (deck.rho == DECK_RHO).all() and (deck.sigma == DECK_SIGMA).all()
    assert (deck.trend == 0).all()
    np.testing.assert_array_equal(deck.u, own.u)


def test_tfp_errors_name_file_industry_and_year():
    frame = tfp_frame()
    with pytest.raises(DataError, match="tfp.parquet: covers 1947-2023, but .* 1940-2020"):
        productivity(frame, GROUPS, Tfp(), 1940, 2020)
    with pytest.raises(DataError, match="no values for 1960"):
        model_tfp(frame[frame.year != 1960], GROUPS)
    with pytest.raises(DataError, match="'Mining' has no value in 1960"):
        model_tfp(frame[(frame.year != 1960) | (frame.industry != "Mining")], GROUPS)
    bad = frame.copy()
    bad.loc[3, "tfp"] = -1.0
    with pytest.raises(DataError, match="tfp = -1.0 for 'Agriculture' in 1950"):
        model_tfp(bad, GROUPS)
    with pytest.raises(DataError, match="'Agriculture', 1947 is listed twice"):
        model_tfp(pd.concat([frame, frame.iloc[:1]]), GROUPS)


def test_interest_deck_and_estimated():
    n = 3000
    log_rate = np.log(1.02) + ar1_series(0.6, 0.015, n, seed=7)
    frame = pd.DataFrame(dict(year=np.arange(n), rate=np.expm1(log_rate)))
    deck = interest_process(frame, Interest())
    assert (deck["mean"], deck["rho"], deck["sigma"]) == (0.013, 0.01, 0.0186)
    estimated = interest_process(frame, Interest(process="estimated"))
    assert estimated["mean"] == 0.013
    assert abs(estimated["rho"] - 0.6) < 0.06
    assert abs(estimated["sigma"] / 0.015 - 1) < 0.06
    assert abs(estimated["estimated"]["mean"] - 0.02) < 0.004
    with pytest.raises(DataError, match="consecutive years"):
        interest_process(frame[frame.year != 100], Interest())
    with pytest.raises(DataError, match="rate of 5 is"):
        interest_process(frame.assign(rate=frame.rate.where(frame.year != 5)), Interest())
