"""Fact 1: against statsmodels' formulas, a known process, and the algebra of joint covariances (E1)."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from empirics_economy import CHANGE, EMPIRICS, GROWTH, INDUSTRIES, LEVEL, economy

from regspec.config.empirics import Empirics
from regspec.econometrics.regression import joint_covariance, regress, residualize
from regspec.empirics.fact1 import SPECIALIZATION, fact1, fact1_design, terms
from regspec.empirics.specialization import specialization
from regspec.errors import ConfigError, DataError


def estimate(industry, controls, national, empirics=EMPIRICS, measure=None):
    return fact1(industry, specialization(industry), controls, national, empirics, measure)


def independent_frame(industry, controls):
    """The regression's frame built by loops, with formulas that the package does not use."""
    rows = []
    for zone, part in industry[industry["year"] == 1950].groupby("zone"):
        s = dict(zip(part["industry"], part["share"], strict=True))
        x = list(s.values())
        spread = sum(abs(a - b) for a in x for b in x) / (2 * len(x) ** 2 * np.mean(x))
        base = controls[(controls["zone"] == zone) & (controls["year"] == 1950)].iloc[0]
        end = controls[(controls["zone"] == zone) & (controls["year"] == 2020)].iloc[0]
        rows.append(
            {
                "G": spread,
                "ghat": sum(s[i] * GROWTH[i] for i in INDUSTRIES),
                "y": base["log_income"],
                "dy": end["log_income"] - base["log_income"],
                "hs": base["high_skill_share"],
                "fem": base["female_labor_share"],
            }
        )
    return pd.DataFrame(rows)


def test_agrees_with_statsmodels_formula():
    industry, controls, national = economy(120)
    facts = estimate(industry, controls, national)
    frame = independent_frame(industry, controls)
    pairs = {
        "specialization": "G",
        "ghat": "ghat",
        "log_income": "y",
        "high_skill_share": "hs",
        "female_labor_share": "fem",
        "constant": "Intercept",
    }
    for mine, formula in ((facts.level, "y ~ G + ghat + hs + fem"), (facts.growth, "dy ~ G + ghat + y + hs + fem")):
        theirs = smf.ols(formula, frame).fit(cov_type="HC1", use_t=True)
        assert mine.n == 120 and mine.dropped == 0
        assert mine.r2_adjusted == pytest.approx(theirs.rsquared_adj, rel=1e-9)
        for term in mine.coefficients.index:
            assert mine.estimate(term) == pytest.approx(theirs.params[pairs[term]], rel=1e-8)
            assert mine.se(term) == pytest.approx(theirs.bse[pairs[term]], rel=1e-8)
            assert mine.coefficients.at[term, "p"] == pytest.approx(theirs.pvalues[pairs[term]], rel=1e-6, abs=1e-12)


def test_recovers_a_process_without_noise_exactly():
    growth = estimate(*economy(60, noise=(0.1, 0))).growth
    for name, b in CHANGE.items():
        assert growth.estimate(name) == pytest.approx(b, abs=1e-9)
    industry, controls, national = economy(60, noise=(0, 0.1))
    design = fact1_design(industry, specialization(industry), controls, national, EMPIRICS)
    level = regress(design["log_income"], design[terms(EMPIRICS, growth=False)])
    for name, b in LEVEL.items():
        assert level.estimate(name) == pytest.approx(b, abs=1e-9)


def test_noisy_estimates_lie_within_four_standard_errors_of_the_truth():
    facts = estimate(*economy(800, seed=4))
    for fit, truth in ((facts.level, LEVEL), (facts.growth, CHANGE)):
        for name, b in truth.items():
            assert abs(fit.estimate(name) - b) < 4 * fit.se(name)
            assert fit.se(name) < 0.2


def test_influence_functions_reproduce_the_covariance():
    fit = estimate(*economy(80)).growth
    psi = fit.influence.to_numpy()
    np.testing.assert_allclose(psi.T @ psi, fit.covariance.to_numpy(), rtol=1e-7, atol=1e-15)
    assert list(fit.influence.columns) == list(fit.covariance.columns) == list(fit.coefficients.index)


def test_joint_covariance_gives_the_variance_of_a_difference():
    """The HC1 error of the slope of y1 - y2 equals the one that the joint covariance implies."""
    facts = estimate(*economy(150))
    x = facts.design[terms(EMPIRICS, growth=True)]
    rng = np.random.default_rng(2)
    outcomes = [
        facts.outcomes["growth"].rename("h70"),
        (0.6 * facts.outcomes["growth"] + 0.05 * rng.standard_normal(150)).rename("h10"),
    ]
    fits = [regress(y, x) for y in outcomes]
    joint = joint_covariance(fits, SPECIALIZATION)
    difference = regress((outcomes[0] - outcomes[1]).rename("d"), x)
    variance = joint.at["h70", "h70"] + joint.at["h10", "h10"] - 2 * joint.at["h70", "h10"]
    assert variance == pytest.approx(difference.se(SPECIALIZATION) ** 2, rel=1e-9)
    np.testing.assert_allclose(np.sqrt(np.diag(joint)), [f.se(SPECIALIZATION) for f in fits], rtol=1e-9)
    assert joint.at["h70", "h10"] > 0


def test_joint_covariance_of_disjoint_samples_is_zero():
    facts = estimate(*economy(150))
    x, y = facts.design[["specialization", "ghat"]], facts.outcomes["growth"]
    joint = joint_covariance([regress(y[:70].rename("a"), x), regress(y[70:].rename("b"), x)], SPECIALIZATION)
    assert joint.at["a", "b"] == 0 and joint.at["a", "a"] > 0


def test_model_outcomes_run_on_part_of_the_zones():
    facts = estimate(*economy(100))
    sample = facts.design.index[::4]
    y = (0.3 * facts.design["specialization"] - 0.2 * facts.design["ghat"]).rename("model")
    fit = regress(y.loc[sample], facts.design[["specialization", "ghat"]])
    assert fit.n == 25 and fit.estimate("specialization") == pytest.approx(0.3, abs=1e-10)


def test_order_of_rows_does_not_change_a_bit():
    tables = economy(90)
    one = estimate(*tables)
    two = estimate(*(t.sample(frac=1, random_state=3) for t in tables))
    for name in ("level", "growth"):
        a, b = getattr(one, name), getattr(two, name)
        pd.testing.assert_frame_equal(a.coefficients, b.coefficients, check_exact=True)
        pd.testing.assert_frame_equal(a.covariance, b.covariance, check_exact=True)


def test_a_zone_without_income_is_dropped_and_counted():
    industry, controls, national = economy(50)
    controls.loc[(controls["zone"] == 30) & (controls["year"] == 2020), "log_income"] = np.nan
    facts = estimate(industry, controls, national)
    assert (facts.level.n, facts.level.dropped) == (50, 0)
    assert (facts.growth.n, facts.growth.dropped) == (49, 1)
    assert 30 not in facts.growth.influence.index


def test_design_follows_the_configuration():
    industry, controls, national = economy(40)
    plain = Empirics(controls=[], shift_share=False)
    assert terms(plain, growth=False) == ["specialization"]
    assert terms(EMPIRICS, growth=True)[:3] == ["specialization", "ghat", "log_income"]
    design = fact1_design(industry, specialization(industry), controls, national, EMPIRICS, "hhi")
    shares = industry[(industry["zone"] == 20) & (industry["year"] == 1950)]["share"]
    assert design.at[20, "specialization"] == pytest.approx((shares**2).sum())


def test_residualize_is_orthogonal_and_keeps_the_mean():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.standard_normal((60, 3)) * [1, 1e-5, 1e4], columns=list("abc"))
    r = residualize(frame["a"], frame[["b", "c"]])
    assert r.mean() == pytest.approx(frame["a"].mean(), abs=1e-12)
    for other in "bc":
        assert abs(np.corrcoef(r, frame[other])[0, 1]) < 1e-12


@pytest.mark.parametrize(
    ("controls", "text"),
    [
        (["high_skil_share"], "'high_skil_share' is not in the data. Did you mean 'high_skill_share'"),
        (["log_income"], "log_income joins the growth regression by itself"),
        (["population", "population"], "appears twice"),
    ],
)
def test_unusable_controls(controls, text):
    with pytest.raises(ConfigError, match=text):
        estimate(*economy(40), Empirics(controls=controls))


def test_collinear_constant_and_too_few():
    # old_age_dependency is 10 in every zone of this economy.
    with pytest.raises(DataError, match="'old_age_dependency' is a linear combination"):
        estimate(*economy(40), Empirics(controls=["high_skill_share", "old_age_dependency"]))
    with pytest.raises(DataError, match="5 zones without missing values for 5 coefficients"):
        estimate(*economy(5))


def test_tables_that_do_not_fit_together():
    industry, controls, national = economy(40)
    with pytest.raises(DataError, match="no growth of 'Mills'"):
        estimate(industry, controls, national[national["industry"] != "Mills"])
    with pytest.raises(DataError, match="no row for zone 50 in 1950"):
        estimate(industry, controls[controls["zone"] != 50], national)
    with pytest.raises(ConfigError, match="no controls in 1990. The data have: 1950, 2020"):
        estimate(industry, controls, national, EMPIRICS.model_copy(update={"end_year": 1990}))
    design = fact1_design(industry, specialization(industry), controls, national, EMPIRICS)
    with pytest.raises(DataError, match="zone 999 has no regressors"):
        regress(pd.Series([1.0], [999], name="y"), design)
