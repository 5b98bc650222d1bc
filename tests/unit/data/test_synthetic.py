"""The synthetic economy: Fact 1 is recovered, its targets are met, seeds and order behave."""

import numpy as np
import pandas as pd
import pytest

from regspec.config.calibration import GROUPS_17
from regspec.config.config import Config
from regspec.config.run import Run
from regspec.data.synthetic import composition, targets
from regspec.data.synthetic.economy import synthetic_economy
from regspec.data.synthetic.series import interest_series, tfp_parameters, tfp_series
from regspec.empirics.specialization import gini
from regspec.empirics.synthetic_check import economies, fact1_table, gini_table, national_shares, rank_persistence
from regspec.errors import ConfigError
from regspec.io.schemas import validate

SEEDS = 8


@pytest.fixture(scope="module")
def drawn():
    return economies(first_seed=1, count=SEEDS)


@pytest.fixture(scope="module")
def economy(drawn):
    return drawn[0][1]


@pytest.fixture(scope="module")
def distances(drawn):
    return pd.concat([fact1_table(c, e)["distance"].dropna() for c, e in drawn], axis=1)


def test_tables_meet_their_schemas(economy):
    for kind in ("industry", "controls", "national", "tfp", "interest"):
        validate(getattr(economy, kind), kind, kind)


def test_shares_sum_to_one(economy):
    total = economy.industry.groupby(["zone", "year", "variable"])["share"].sum()
    assert len(total) == 722 * 8 * 2 and np.abs(total - 1).max() < 1e-12


def test_fact1_is_recovered_within_sampling_error(distances):
    # 13 coefficients x 8 seeds of nearly normal distances: beyond 4.5 standard errors is not chance, and a
    # mean over 8 seeds beyond 1.6 (4.5 / sqrt 8) is a bias.
    assert np.abs(distances.to_numpy()).max() < 4.5
    assert np.abs(distances.mean(axis=1)).max() < 1.6
    assert 0.7 < distances.to_numpy().std() < 1.3


def test_fact1_fits_about_as_well_as_in_the_deck(drawn):
    r2 = pd.concat([fact1_table(c, e)["estimate"] for c, e in drawn], axis=1).mean(axis=1)
    assert r2["level", "adjusted R2"] == pytest.approx(0.41, abs=0.04)
    assert r2["growth", "adjusted R2"] == pytest.approx(0.538, abs=0.04)


@pytest.mark.parametrize("variable", ["income", "employment"])
def test_gini_matches_the_deck(drawn, variable):
    mean = sum(gini_table(e) for _, e in drawn) / SEEDS
    for year, (level, cv) in targets.GINI[variable].items():
        assert mean.loc[(variable, year), "mean"] == pytest.approx(level, abs=0.006)
        assert mean.loc[(variable, year), "cv"] == pytest.approx(cv, abs=0.006)


def test_national_shares_match_the_deck_where_the_deck_agrees_with_itself(economy):
    shares = national_shares(economy)
    for year in (1990, 2020):
        expected = 100 * np.array(targets.NATIONAL[year]) / sum(targets.NATIONAL[year])
        assert shares[year].to_numpy() == pytest.approx(expected, rel=1e-5)
    assert max(economy.truth["national_log_gap"].values()) < 1e-6
    # 1950 is flattened: D6's Gini of .478 lies above the zones' mean of .46 (E6), which no zones can have.
    flat = gini(shares[1950].to_numpy()[None] / 100)[0]
    assert flat == pytest.approx(0.46 - targets.CONVEXITY_GAP, abs=1e-5)
    assert np.abs(shares[1950].to_numpy() - targets.NATIONAL[1950]).max() < 3.5
    assert np.corrcoef(shares[1950], targets.NATIONAL[1950])[0, 1] > 0.99


def test_composition_persists_as_in_the_real_panel(drawn):
    elasticity = sum(rank_persistence(e) for _, e in drawn) / SEEDS
    for horizon, real in ((10, 0.89), (20, 0.78), (30, 0.76), (40, 0.71), (50, 0.58), (70, 0.49)):
        assert elasticity[horizon] == pytest.approx(real, abs=0.09)
    assert elasticity.is_monotonic_decreasing


def test_regions_that_grow_unexpectedly_become_more_specialized(drawn):
    correlations = []
    for _, e in drawn:
        shares = e.industry.query("variable == 'income'").pivot(index=["year", "zone"], columns="industry", values="share")
        change = gini(shares.loc[2020].to_numpy()) - gini(shares.loc[1950].to_numpy())
        income = e.controls.pivot(index="zone", columns="year", values="log_income")
        correlations.append(np.corrcoef(change, income[2020] - income[1950])[0, 1])
    assert np.mean(correlations) > 0.05


def test_states_are_kept_and_rows_may_come_in_any_order():
    states = pd.Series([6, 6, 8, 8, 17, 17, 31, 31, 36, 36, 48, 48], index=range(11, 23))
    config = Config(run=Run(seed=3))
    one, two = synthetic_economy(config, states), synthetic_economy(config, states.iloc[::-1])
    for kind in ("industry", "controls", "national", "tfp", "interest"):
        pd.testing.assert_frame_equal(getattr(one, kind), getattr(two, kind), check_exact=True)
    assert one.controls.set_index("zone")["state"].groupby(level=0).first().to_dict() == states.to_dict()
    assert one.truth == two.truth


def test_seeds_differ_and_a_seed_repeats():
    states = pd.Series(1, index=range(1, 31))
    first, again, other = (synthetic_economy(Config(run=Run(seed=s)), states) for s in (1, 1, 2))
    pd.testing.assert_frame_equal(first.industry, again.industry, check_exact=True)
    assert not np.allclose(first.industry["share"], other.industry["share"])
    assert not np.allclose(first.tfp["tfp"], other.tfp["tfp"])


@pytest.mark.parametrize("zones", [10, 30, 100])
def test_few_zones_make_an_economy_too(zones):
    economy = synthetic_economy(Config(run=Run(seed=zones)), pd.Series(1, index=range(1, zones + 1)))
    for kind in ("industry", "controls", "national"):
        validate(getattr(economy, kind), kind, kind)
    target = np.log(100 * targets.national_shares([2020])[0])
    gap = np.abs(np.log(national_shares(economy)[2020].to_numpy()) - target).max()
    assert gap == pytest.approx(economy.truth["national_log_gap"]["2020"], abs=1e-9)


def test_years_are_those_of_the_configuration():
    config = Config.model_validate({"data": {"synthetic": {"years": [2020, 1950, 1975]}}})
    economy = synthetic_economy(config, pd.Series(1, index=range(1, 31)))
    assert sorted(economy.industry["year"].unique()) == [1950, 1975, 2020]


@pytest.mark.parametrize("years", [[1950], [1940, 1950, 2020], [1950, 2020, 2030], [1960, 2020]])
def test_impossible_years_are_errors(years):
    config = Config.model_validate({"data": {"synthetic": {"years": years}}})
    with pytest.raises(ConfigError, match="data.synthetic.years"):
        synthetic_economy(config, pd.Series(1, index=range(1, 31)))


def test_productivity_has_the_documented_process():
    # Pooled over seeds: the trend of each series and the innovations' standard deviation at the true rho.
    parameters = tfp_parameters().loc[list(GROUPS_17)]
    assert parameters["rho"].min() == 0.71 and parameters["rho"].max() == 0.90
    assert parameters["sigma"].min() == 0.013 and parameters["sigma"].max() == 0.027
    squares, n, cross, total = 0, 0, 0, 0
    for seed in range(30):
        wide = np.log(tfp_series(seed).pivot(index="year", columns="industry", values="tfp"))[list(GROUPS_17)]
        assert wide.iloc[0].abs().max() == 0 and (wide.index[0], wide.index[-1]) == (1947, 2020)
        drift = np.arange(len(wide))[:, None] * parameters["trend"].to_numpy()
        # The index starts at one, so u is known up to its first value: first differences remove that.
        du = np.diff(wide.to_numpy() - drift, axis=0)
        cross, total = cross + (du[1:] * du[:-1]).sum(axis=0), total + (du**2).sum(axis=0)
        squares, n = squares + (du**2).sum(axis=0), n + len(du)
    rho, sigma = parameters["rho"].to_numpy(), parameters["sigma"].to_numpy()
    assert squares / n == pytest.approx(2 * sigma**2 / (1 + rho), rel=0.15)  # Var(du) of an AR(1)
    assert cross / total == pytest.approx((rho - 1) / 2, abs=0.08)  # and its autocorrelation


def test_interest_rate_has_the_decks_process():
    rates = np.array([interest_series(seed)["rate"].to_numpy() for seed in range(200)])
    logs = np.log1p(rates)
    assert logs.mean() == pytest.approx(np.log1p(0.013), abs=4 * 0.0186 / np.sqrt(rates.size))
    assert logs.std() == pytest.approx(0.0186, rel=0.03)
    x = logs - logs.mean()
    assert (x[:, 1:] * x[:, :-1]).mean() / x.var() == pytest.approx(0.01, abs=4 / np.sqrt(rates.size))


def test_weights_give_the_gini_of_the_empirical_part():
    shares = np.random.default_rng(0).dirichlet(np.ones(17), size=50)
    weights = composition.gini_weights(shares)
    assert (weights * shares).sum(axis=1) == pytest.approx(gini(shares), abs=1e-14)


def test_shares_have_the_gini_that_is_asked_for():
    rng = np.random.default_rng(1)
    target = rng.uniform(0.05, 0.9, 200)
    shares, _ = composition.shares_at_gini(rng.standard_normal((200, 17)), target)
    assert gini(shares) == pytest.approx(target, abs=1e-12)


def test_an_impossible_gini_is_an_error():
    with pytest.raises(ConfigError, match="no shares with Gini 0.990"):
        composition.shares_at_gini(np.random.default_rng(1).standard_normal((3, 17)), np.full(3, 0.99))


def test_flattening_keeps_the_order_and_only_acts_when_needed():
    national = targets.national_shares([1950])[0]
    flat = composition.flattened(national, 0.30)
    assert gini(flat[None])[0] == pytest.approx(0.30, abs=1e-12)
    assert (np.argsort(flat) == np.argsort(national)).all()
    assert composition.flattened(national, 0.60) is national
