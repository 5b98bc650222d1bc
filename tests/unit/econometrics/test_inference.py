"""Errors beyond HC1: against other programs, formulas written out, equivalences, and coverage."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import norm

from regspec.econometrics.conley import conley, distances, weights
from regspec.econometrics.ols import Ols, clustered, hc1
from regspec.econometrics.shift_share import akm, akm0, industry_regression
from regspec.econometrics.wild import FEW, WildClusters, signs, wild


def sample(n=120, k=3, groups=15, seed=0):
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.arange(n) % groups)
    x = np.column_stack([np.ones(n), rng.normal(size=(n, k - 1)) + rng.normal(size=groups)[codes, None]])
    y = x @ np.arange(1.0, k + 1) + rng.normal(size=groups)[codes] + rng.normal(size=n) * (1 + np.abs(x[:, 1]))
    return Ols(y, x, 1), codes


def industries(n=150, count=9, seed=1):
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(count, 0.7), n)
    growth = rng.normal(size=count)
    controls = np.column_stack([np.ones(n), rng.normal(size=(n, 2)) + shares[:, :1]])
    x = np.column_stack([shares @ growth, controls])
    y = 0.5 * x[:, 0] + controls @ [1.0, -1.0, 0.3] + shares @ rng.normal(size=count) + 0.3 * rng.normal(size=n)
    return Ols(y, x, 0), shares, growth


def test_hc1_and_clusters_are_those_of_statsmodels():
    fit, codes = sample()
    model = sm.OLS(fit.y, fit.x)
    robust = model.fit(cov_type="HC1", use_t=True)
    found = hc1(fit, 0.95)
    np.testing.assert_allclose([found.se, found.p], [robust.bse[1], robust.pvalues[1]], rtol=1e-9)
    np.testing.assert_allclose([found.low, found.high], robust.conf_int()[1], rtol=1e-9)
    other = model.fit(cov_type="cluster", cov_kwds={"groups": codes}, use_t=True)
    found = clustered(fit, codes, 0.9)
    np.testing.assert_allclose([found.se, found.low, found.high], [other.bse[1], *other.conf_int(0.1)[1]], rtol=1e-9)
    assert found.units == 15


def test_distances_of_known_places():
    # Los Angeles to New York about 3,936 km; a degree of latitude 111.195 km; antipodes half the circumference.
    found = distances([-118.24, -74.01, 0.0, 0.0, 180.0], [34.05, 40.71, 0.0, 1.0, 0.0])
    assert found[0, 1] == pytest.approx(3936, abs=5)
    assert found[2, 3] == pytest.approx(111.195, abs=1e-3)
    assert found[2, 4] == pytest.approx(np.pi * 6371.0088, rel=1e-12)
    np.testing.assert_array_equal(found, found.T)


def test_conley_has_known_limits():
    """A cutoff below every distance is HC1; islands far apart with a wide uniform kernel are clusters."""
    fit, codes = sample()
    n, k = fit.x.shape
    place = distances(codes * 10.0 + 1e-4 * np.arange(n), np.zeros(n))
    np.testing.assert_allclose(conley(fit, weights(place, 1e-6, "bartlett"), 0.95).se, hc1(fit, 0.95).se, rtol=1e-12)
    uniform = conley(fit, weights(place, 100.0, "uniform"), 0.95)
    factor = 15 / 14 * (n - 1) / n
    np.testing.assert_allclose(uniform.se, clustered(fit, codes, 0.95).se / np.sqrt(factor), rtol=1e-9)
    assert uniform.high - uniform.low == pytest.approx(2 * norm.ppf(0.975) * uniform.se)


def test_conley_by_the_matrix_formula():
    fit, _ = sample(60)
    rng = np.random.default_rng(4)
    kernel = weights(distances(rng.uniform(-100, -80, 60), rng.uniform(30, 45, 60)), 400.0, "bartlett")
    inverse = np.linalg.inv(fit.x.T @ fit.x)
    meat = sum(
        kernel[i, j] * fit.residual[i] * fit.residual[j] * np.outer(fit.x[i], fit.x[j]) for i in range(60) for j in range(60)
    )
    by_hand = 60 / 57 * (inverse @ meat @ inverse)[1, 1]
    np.testing.assert_allclose(conley(fit, kernel, 0.95).se, np.sqrt(by_hand), rtol=1e-9)
    negative = conley(fit, -np.eye(60), 0.95)
    assert np.isnan(negative.se) and "not positive" in negative.note


def test_akm_written_out():
    """Their formula with projections as matrices and sums as loops."""
    fit, shares, _ = industries()
    z = fit.x[:, 1:]
    annihilator = np.eye(len(z)) - z @ np.linalg.inv(z.T @ z) @ z.T
    own = annihilator @ fit.x[:, 0]
    beta = own @ fit.y / (own @ own)
    residual = annihilator @ (fit.y - fit.x[:, 0] * beta)
    shocks = np.linalg.inv(shares.T @ shares) @ shares.T @ own
    total = sum((shocks[i] * sum(shares[r, i] * residual[r] for r in range(len(z)))) ** 2 for i in range(9))
    found = akm(fit, shares, 0.95)
    np.testing.assert_allclose([fit.estimate, found.se], [beta, np.sqrt(total) / (own @ own)], rtol=1e-9)
    assert found.units == 9


@pytest.mark.parametrize(("count", "kind"), [(30, "bounded"), (9, "complement")])
def test_akm0_is_the_inverted_test(count, kind):
    """With few industries the data may not bound the coefficient."""
    fit, shares, _ = industries(count=count)
    z = fit.x[:, 1:]
    annihilator = np.eye(len(z)) - z @ np.linalg.inv(z.T @ z) @ z.T
    own = annihilator @ fit.x[:, 0]
    shocks = np.linalg.lstsq(shares, own, rcond=None)[0]
    found = akm0(fit, shares, 0.95)
    assert found.kind == kind and found.contains(fit.estimate)
    for b in np.linspace(fit.estimate - 3, fit.estimate + 3, 301):
        residual = annihilator @ (fit.y - b * fit.x[:, 0])
        statistic = abs(own @ residual) / np.sqrt(shocks**2 @ (shares.T @ residual) ** 2)
        if abs(statistic - norm.ppf(0.975)) > 1e-4:
            assert found.contains(b) == (statistic < norm.ppf(0.975))


def test_akm_of_separate_industries_is_heteroskedasticity_robust():
    """When every zone has one industry of its own, the industry is the zone: AKM is HC0."""
    rng = np.random.default_rng(2)
    n = 40
    fit = Ols(rng.normal(size=n), np.column_stack([rng.normal(size=n), np.ones(n)]), 0)
    np.testing.assert_allclose(akm(fit, np.eye(n), 0.95).se, hc1(fit, 0.95).se * np.sqrt((n - 2) / n), rtol=1e-9)


def test_industries_give_the_coefficient_of_zones():
    """Borusyak, Hull and Jaravel's equivalence, exactly; also with shares that do not sum to one."""
    for complete in (True, False):
        fit, shares, growth = industries()
        if not complete:
            shares, growth = shares[:, :6], growth[:6]
            fit = Ols(fit.y, np.column_stack([shares @ growth, fit.x[:, 1:], shares.sum(axis=1)]), 0)
        estimate, found = industry_regression(fit, shares, growth, 0.95)
        np.testing.assert_allclose(estimate, fit.estimate, rtol=1e-10)
        assert found.low < estimate < found.high and found.units == shares.shape[1]


def test_their_errors_are_those_of_an_instrumental_variable_regression():
    fit, shares, growth = industries()
    total = shares.sum(axis=0)
    y, x = shares.T @ fit.partial(fit.y) / total, shares.T @ fit.own / total
    one = np.ones(9)
    design, instruments = np.column_stack([x, one]), np.column_stack([growth, one])
    cross = np.linalg.inv(instruments.T @ (design * total[:, None]))
    beta = cross @ instruments.T @ (total * y)
    error = y - design @ beta
    meat = instruments.T @ (instruments * (total * error)[:, None] ** 2)
    estimate, found = industry_regression(fit, shares, growth, 0.95)
    np.testing.assert_allclose([estimate, found.se], [beta[0], np.sqrt((cross @ meat @ cross.T)[0, 0])], rtol=1e-8)


def test_collinear_shares_are_refused():
    fit, shares, _ = industries()
    twice = np.column_stack([shares, shares[:, 0]])
    assert "collinear" in akm(fit, twice, 0.95).note and "collinear" in akm0(fit, twice, 0.95).note


def test_wild_draws_are_regressions_on_drawn_outcomes():
    """The sums by cluster against statsmodels, one regression for each draw."""
    fit, codes = sample(60, groups=6)
    weights_ = signs(6, 25, np.random.default_rng(0))
    null = 1.3
    restricted = fit.y - null * fit.x[:, 1]
    base = sm.OLS(restricted, fit.others).fit()
    larger = 0
    observed = sm.OLS(fit.y, fit.x).fit(cov_type="cluster", cov_kwds={"groups": codes})
    statistic = abs(observed.params[1] - null) / observed.bse[1]
    for draw in range(25):
        y = base.fittedvalues + null * fit.x[:, 1] + base.resid * weights_[codes, draw]
        own = sm.OLS(y, fit.x).fit(cov_type="cluster", cov_kwds={"groups": codes})
        larger += abs(own.params[1] - null) / own.bse[1] >= statistic
    assert WildClusters(fit, codes, weights_).p(null) == larger / 25


def test_wild_interval_is_where_the_test_rejects():
    fit, codes = sample()
    found = wild(fit, codes, 0.95, 999, [1])
    again = WildClusters(fit, codes, signs(15, 999, np.random.default_rng([1])))
    assert again.p(found.low) >= 0.05 > again.p(found.low - 0.01 * again.se)
    assert again.p(found.high) >= 0.05 > again.p(found.high + 0.01 * again.se)
    assert found == wild(fit, codes, 0.95, 999, [1]) and found.p == again.p(0.0)
    assert len(np.unique(signs(FEW, 99, np.random.default_rng(0)))) == 6
    assert len(np.unique(signs(FEW + 1, 99, np.random.default_rng(0)))) == 2
    assert "too few" in wild(fit, codes % 2, 0.95, 99, [1]).note
