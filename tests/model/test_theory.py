"""Theory checks: against an independent solution of one industry, known covariances, and the chain's own moments."""

import numpy as np
import pandas as pd
import pytest
from run_folder import layout_at

from regspec.config.config import Config
from regspec.errors import ConfigError, ModelFailure
from regspec.exhibits import registry
from regspec.model.markov import draw_states, product_chain
from regspec.studies.multiplicity import curve
from regspec.studies.theory.economies import Economy, Series, simulate, solve
from regspec.studies.theory.run import cases, compute, covariances, printed, run

SMALL = {"years": 2000, "u_nodes": 2, "industries": [1, 2], "shares": [0.5, 0.8], "adjustment": [0.0, 1.0], "share": 0.8}


def config(parameters=None, **section):
    return Config.model_validate({"theory": SMALL | section, "model": {"parameters": parameters or {}}})


def simulated(settings, economy):
    return simulate(*solve(settings, economy), settings.theory.years, 5)


def test_one_industry_is_that_of_the_explicit_solution():
    """Method of `multiplicity.curve`: no Newton steps, another grid, its own simulation; the same draws of the chain."""
    settings = config({"chi": 0.03}, u_nodes=3, b_below=12, b_above=24, b_fine=160)
    own, p = settings.theory, settings.model.parameters
    series = simulated(settings, Economy((1.0,), 1.0))
    other = curve.economy(p.alpha, p.beta, p.gamma, 1.013, p.theta * p.chi, own.rho, own.sigma, own.u_nodes)
    solution = curve.solve(other, "worst", curve.bond_grid(other.z.min(), 2401, 0.6))
    assert (solution.roots == 1).all()
    found = curve.simulate(solution, 1700 + 200, 5)  # it drops 500 years, not 200
    np.testing.assert_array_equal(series.u[300:, 0], other.u[found.e[:1700]])
    np.testing.assert_allclose(series.b[300:], found.b[:1700], atol=2e-4)
    np.testing.assert_allclose(np.log(series.q[300:]), np.log(found.q[:1700]), atol=4e-3)
    covariance = np.mean((np.log(found.q) - np.log(found.q).mean())[:1700] * other.u[found.e[:1700]])
    assert np.mean((np.log(series.q) - np.log(series.q).mean())[300:] * series.u[300:, 0]) == pytest.approx(
        covariance, rel=0.01
    )


def test_the_simulated_chain_has_the_moments_of_the_process():
    chain = product_chain([0.8, 0.5], [0.02, 0.03], 3)
    u = chain.states()[draw_states(chain, 60000, 1)][:, :2]
    np.testing.assert_allclose(u.std(axis=0), [0.02 / 0.6, 0.03 / np.sqrt(0.75)], rtol=0.03)
    for i, rho in enumerate((0.8, 0.5)):
        assert np.corrcoef(u[1:, i], u[:-1, i])[0, 1] == pytest.approx(rho, abs=0.02)
    assert abs(np.corrcoef(u.T)[0, 1]) < 0.03
    np.testing.assert_array_equal(draw_states(chain, 50, 1), draw_states(chain, 60, 1)[:50])


def test_covariances_of_a_price_that_is_known():
    u = np.random.default_rng(0).normal(size=(40000, 2)) * [0.02, 0.03]
    zero = np.zeros(len(u))
    found, errors = covariances(Series(u, np.exp(1.0 + 2.0 * u[:, 0] - u[:, 1]), zero, zero, zero, zero))
    expected = np.array([2.0 * 0.02**2, -(0.03**2)])
    assert (np.abs(found - expected) < 4 * errors).all() and (errors < 0.05 * np.abs(expected)).all()


@pytest.fixture(scope="module")
def table():
    return compute(config())


def test_diversification_lowers_the_covariance_in_proportion(table):
    """Equal industries: the price moves with the sum of their productivities, so that each has about 1/I of it."""
    number = table[(table["part"] == "number") & (table["phi"] == 0.0)].groupby("industries")
    means, errors = number["covariance"].mean(), number["se"].mean()
    assert abs(means[2] - means[1] / 2) < 4 * errors[2] + 0.1 * means[2]
    assert number["sd_log_q"].first()[2] < number["sd_log_q"].first()[1]


def test_covariance_rises_with_an_industrys_share(table):
    for phi in (0.0, 2.0):
        own = table[(table["part"] == "share") & (table["phi"] == phi)].sort_values("share")
        means = own.groupby("share")["covariance"].mean()
        assert means.is_monotonic_increasing and means[0.8] > 2 * means.iloc[0] > 0
        half = own[own["share"] == 0.5]
        assert abs(np.diff(half["covariance"])[0]) < 4 * np.hypot(*half["se"])  # alike but for the draws


def test_same_economy_same_numbers_wherever_it_appears(table):
    columns = ["industry", "covariance", "sd_log_q"]
    by_share = table[(table["part"] == "share") & (table["at"] == 0.8) & (table["phi"] == 0.0)][columns]
    by_cost = table[(table["part"] == "phi") & (table["at"] == 0.0)][columns]
    np.testing.assert_array_equal(by_share, by_cost)
    fixed = table[table["part"] == "benchmark"].set_index("at")["sd_log_q"]
    assert fixed["price of today"] > fixed["fixed limit"]  # the price feedback amplifies


def test_the_step_writes_what_the_registry_names_and_no_claim_of_data(tmp_path, monkeypatch, table):
    monkeypatch.setattr("regspec.studies.theory.run.compute", lambda settings: table)
    run(config(), layout_at(tmp_path), "0" * 16)
    files = [tmp_path / name for name in registry.THEORY_EXHIBIT.files]
    assert all(path.is_file() for path in files)
    assert "# data: none" in files[0].read_text(encoding="utf-8") and "synthetic" not in files[1].read_text(encoding="utf-8")
    assert len(pd.read_csv(files[0], comment="#")) == len(table) > len(printed(table))


def test_failures_name_the_economy_and_a_model_without_limit_is_refused():
    with pytest.raises(ModelFailure, match=r"theory, shares 1, phi = 0"):
        simulated(config({"chi": 0.5}), Economy((1.0,), 0.0))
    with pytest.raises(ConfigError, match="no debt limit"):
        list(cases(config({"limit": "natural"})))


@pytest.mark.parametrize("wrong", [{"industries": [2, 1]}, {"shares": [0.4]}, {"adjustment": [-1.0]}, {"k_steps": 3}])
def test_wrong_keys(wrong):
    with pytest.raises(ValueError, match="theory"):
        Config.model_validate({"theory": wrong})
