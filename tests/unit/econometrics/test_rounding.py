"""What rounding leaves of a variance is none: every estimator of errors, in every unit; honest small variances stay."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from regspec.econometrics.conley import conley, distances, weights
from regspec.econometrics.ols import Ols, clustered, hc1
from regspec.econometrics.regression import NotEstimable, regress
from regspec.econometrics.rounding import collinear, vanishes
from regspec.econometrics.scpc import components, scpc
from regspec.econometrics.shift_share import akm, akm0, industry_regression
from regspec.econometrics.stacked import stacked
from regspec.econometrics.wild import wild

UNITS = [(1.0, 1.0), (1e-6, 1.0), (1e6, 1.0), (1.0, 1e-6), (1.0, 1e6), (1e6, 1e-6)]


def places(n=200, seed=1):
    rng = np.random.default_rng(seed)
    return distances(rng.uniform(-120, -70, n), rng.uniform(25, 49, n))


def spanned(y_unit=1.0, x_unit=1.0, n=200, offset=0.0):
    """Three industries; constant, regressor and a control span the shares, to which the residuals are so orthogonal."""
    rng = np.random.default_rng(1)
    w = rng.dirichlet(np.ones(3), n)
    growth = np.array([0.3, -0.2, 0.1])
    x = w @ growth
    y = offset + 0.5 * x + rng.normal(size=n)
    return Ols(y_unit * y, np.column_stack([np.ones(n), x_unit * x, w[:, 0]]), 1), w, x_unit * growth


def honest(y_unit=1.0, x_unit=1.0, noise=1.0, offset=0.0, n=200):
    """Twelve industries, regressor and control that do not span them; 14 clusters."""
    rng = np.random.default_rng(2)
    w = rng.dirichlet(np.full(12, 0.5), n)
    growth = rng.normal(size=12)
    x = w @ growth
    y = offset + 0.5 * x + noise * (w @ rng.normal(size=12) + 0.5 * rng.normal(size=n))
    return Ols(y_unit * y, np.column_stack([np.ones(n), x_unit * x, rng.normal(size=n)]), 1), w, x_unit * growth


def every(fit, w, growth):
    """Interval of each method."""
    far, codes = places(), np.arange(len(fit.y)) % 14
    return {
        "hc1": hc1(fit, 0.95),
        "clusters": clustered(fit, codes, 0.95),
        "wild": wild(fit, codes, 0.95, 199, [1]),
        "conley": conley(fit, weights(far, 400.0, "bartlett"), 0.95),
        "scpc": scpc(fit, components(far, 0.03, 0.95)),
        "akm": akm(fit, w, 0.95),
        "akm0": akm0(fit, w, 0.95),
        "bhj": industry_regression(fit, w, growth, 0.95)[1],
    }


def refused(found, text):
    assert np.isnan([found.se, found.low, found.high, found.p]).all() and text in found.note, found


@pytest.mark.parametrize(("y_unit", "x_unit"), UNITS)
@pytest.mark.parametrize("offset", [0.0, 1e5])
def test_residuals_orthogonal_to_the_shares(y_unit, x_unit, offset):
    fit, w, growth = spanned(y_unit, x_unit, offset=offset)
    assert hc1(fit, 0.95).se == pytest.approx(1.1521889 * y_unit / x_unit, rel=1e-6)
    everywhere = weights(places(), 6000.0, "uniform")
    assert everywhere.min() == 1
    for found in (
        akm(fit, w, 0.95),
        akm0(fit, w, 0.95),
        industry_regression(fit, w, growth, 0.95)[1],
        conley(fit, everywhere, 0.95),
    ):
        refused(found, "no degrees of freedom")


def test_data_written_with_seven_digits():
    """A control that spans the shares only to 1e-7, as shares from a file do."""
    fit, w, growth = spanned()
    x = fit.x.copy()
    x[:, 2] = np.round(x[:, 2], 7)
    fit = Ols(fit.y, x, 1)
    for found in (akm(fit, w, 0.95), akm0(fit, w, 0.95), industry_regression(fit, w, growth, 0.95)[1]):
        refused(found, "no degrees of freedom")


@pytest.mark.parametrize(("y_unit", "x_unit"), UNITS[1:])
def test_units_change_no_honest_error(y_unit, x_unit):
    base, other = every(*honest()), every(*honest(y_unit, x_unit))
    for name, found in base.items():
        assert found.note == other[name].note == "" and other[name].kind == found.kind
        expected = np.array([found.se, found.low, found.high]) * y_unit / x_unit
        np.testing.assert_allclose([other[name].se, other[name].low, other[name].high], expected, rtol=1e-6, err_msg=name)
        assert other[name].p == pytest.approx(found.p, rel=1e-6), name


@pytest.mark.parametrize(("noise", "offset"), [(1e-5, 0.0), (1e-9, 0.0), (1e-3, 1e6), (1.0, 1e8)])
def test_honest_small_variances_survive(noise, offset):
    """Errors that are small beside y, or y that is large beside its variation: the standard errors of the same noise alone."""
    base = every(*honest())
    for name, found in every(*honest(noise=noise, offset=offset)).items():
        assert found.note == "", (name, found.note)
        if np.isfinite(base[name].se):
            assert found.se / noise == pytest.approx(base[name].se, rel=1e-4), name


@pytest.mark.parametrize(("y_unit", "x_unit"), UNITS)
def test_an_exact_fit_has_no_errors(y_unit, x_unit):
    for noise in (0.0, 1e-18):
        for name, found in every(*honest(y_unit, x_unit, noise=noise, offset=2.0)).items():
            assert found.note, name
            refused(found, "no degrees of freedom")
    fit, *_ = honest(y_unit, x_unit, noise=0.0, offset=2.0)
    x = pd.DataFrame(fit.x[:, 1:], columns=["x", "z"])
    found = regress(pd.Series(fit.y, name="y"), x)
    assert found.estimate("x") == pytest.approx(0.5 * y_unit / x_unit) and "no degrees of freedom" in found.note
    assert found.coefficients[["se", "t", "p"]].isna().all().all() and found.influence.isna().all().all()
    clusters = pd.DataFrame({"zone": np.arange(200), "state": np.arange(200) % 5})
    again = stacked(pd.Series(fit.y, name="y"), x, clusters)
    assert again.coefficients[["se_zone", "se_state"]].isna().all().all() and "no degrees" in again.notes["state"]


def test_an_outcome_that_does_not_vary():
    fit, w, growth = honest()
    for value in (0.0, 3.3):
        for found in every(Ols(np.full(200, value), fit.x, 1), w, growth).values():
            refused(found, "no degrees of freedom")


def test_collinear_regressors_are_refused_everywhere():
    fit, w, growth = honest()
    for last in (2 * fit.x[:, 1] - 1, np.zeros(200)):
        for found in every(Ols(fit.y, np.column_stack([fit.x, last]), 1), w, growth).values():
            refused(found, "collinear")
    with pytest.raises(NotEstimable, match="linear combination"):
        regress(pd.Series(fit.y, name="y"), pd.DataFrame({"x": fit.x[:, 1], "again": 1e-6 * fit.x[:, 1] + 1}))
    assert list(collinear(np.column_stack([np.ones(9), np.arange(9.0), 1e6 + 1e-6 * np.arange(9.0)]))) == [False, False, True]


def test_all_weight_in_one_industry():
    """The regressor is then the same everywhere, or the shocks are."""
    fit, w, growth = honest()
    one = np.eye(12)[np.zeros(200, int)]
    constant = Ols(fit.y, np.column_stack([np.ones(200), one @ growth, fit.x[:, 2]]), 1)
    for found in (akm(constant, one, 0.95), akm0(constant, one, 0.95), industry_regression(constant, one, growth, 0.95)[1]):
        refused(found, "collinear")
    estimate, found = industry_regression(fit, w, np.full(12, 0.4), 0.95)
    assert np.isnan(estimate)
    refused(found, "shocks")


def test_as_many_coefficients_as_zones():
    rng = np.random.default_rng(0)
    fit = Ols(rng.normal(size=4), np.column_stack([np.ones(4), rng.normal(size=(4, 3))]), 1)
    refused(hc1(fit, 0.95), "4 zones for 4 coefficients")
    refused(clustered(fit, np.array([0, 0, 1, 1]), 0.95), "4 zones for 4 coefficients")


def test_fewer_clusters_than_two():
    fit, *_ = honest()
    refused(clustered(fit, np.full(200, 7), 0.95), "one cluster")
    refused(wild(fit, np.arange(200) % 2, 0.95, 99, [1]), "2 clusters")
    x = pd.DataFrame(fit.x[:, 1:], columns=["x", "z"])
    found = stacked(pd.Series(fit.y, name="y"), x, pd.DataFrame({"state": np.ones(200)}))
    assert found.coefficients["se_state"].isna().all() and found.notes == {"state": "no degrees of freedom: one cluster"}


def test_clusters_need_not_be_numbered_without_gaps():
    fit, *_ = honest()
    codes = np.arange(200) % 14
    assert clustered(fit, 10 * codes + 3, 0.95) == clustered(fit, codes, 0.95)
    assert wild(fit, 10 * codes + 3, 0.95, 99, [1]) == wild(fit, codes, 0.95, 99, [1])


def test_scores_that_cancel_in_every_cluster():
    """Two zones a cluster with opposite scores: a regressor that is the cluster's own, and its dummies as controls."""
    rng = np.random.default_rng(4)
    codes = np.repeat(np.arange(30), 4)
    x = rng.normal(size=30)[codes]
    dummies = np.eye(30)[codes][:, :-2]
    fit = Ols(rng.normal(size=120) + x, np.column_stack([np.ones(120), x, dummies]), 1)
    assert hc1(fit, 0.95).se > 0
    refused(clustered(fit, codes, 0.95), "zero to rounding")
    refused(wild(fit, codes, 0.95, 199, [1]), "zero to rounding")


def test_clustered_errors_of_stacked_years_are_those_of_statsmodels():
    fit, *_ = honest()
    x = pd.DataFrame(fit.x[:, 1:], columns=["x", "z"])
    groups = np.arange(200) % 9
    found = stacked(pd.Series(fit.y, name="y"), x, pd.DataFrame({"state": groups}))
    other = sm.OLS(fit.y, fit.x).fit(cov_type="cluster", cov_kwds={"groups": groups})
    np.testing.assert_allclose(found.coefficients["se_state"], other.bse, rtol=1e-9)


def test_the_test_itself():
    assert vanishes(0.0, 0.0) and vanishes(-1e-20, 1e-9) and not vanishes(2e-18, np.array([1e-9])) and not vanishes(-1.0, 1e-9)
