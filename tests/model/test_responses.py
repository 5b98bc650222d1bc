"""Impulse responses: closed forms, no shock no response, signs, choice of zones, exhibits."""

import json

import numpy as np
import one_zone
import pandas as pd
import pytest
from run_folder import layout_at

from regspec.config.config import Config
from regspec.errors import ConfigError
from regspec.exhibits import registry
from regspec.model.markov import rouwenhorst
from regspec.model.simulation.paths import SimulatedPath
from regspec.studies.responses.run import chosen_zones, run
from regspec.studies.responses.solve import later_shocks, long_table, response, shock, solve

HORIZON = 6


def config(**overrides):
    return one_zone.config(**{"responses": {"horizon": HORIZON, "draws": 4}} | overrides)


def answers(settings, scenario="baseline", zone=None, national=None):
    national = national or one_zone.national()
    solution = solve(zone or one_zone.zone(), national, settings, scenario)
    return pd.concat(long_table(7, scenario, solution, national.industries), ignore_index=True)


def wide(table, allocation, industry):
    own = table[(table["allocation"] == allocation) & (table["industry"] == industry)]
    return own.pivot(index="horizon", columns="variable", values="response")


@pytest.fixture(scope="module")
def baseline():
    return answers(config())


def test_output_in_the_year_of_the_shock_is_the_industrys_share(baseline):
    """ztilde k^a is the industry's share of output at k_1950: Y falls by log(1 - s + s exp(-2 sigma)) in both allocations."""
    national = one_zone.national()
    for i, industry in enumerate(national.industries):
        share, fall = one_zone.SHARES[i], np.exp(-2.0 * national.sigma[i])
        for allocation in ("market", "planner"):
            own = wide(baseline, allocation, industry)
            assert own["Y"].iloc[0] == pytest.approx(100 * np.log(1 - share + share * fall), rel=1e-10)
            assert own["b"].iloc[0] == 0.0 and own["k_goods"].iloc[0] == 0.0 == own["k_services"].iloc[0]


def one_industry():
    return one_zone.one_industry(), one_zone.zone([1.0], industries=["goods"], level=1.0)


def test_with_one_industry_output_follows_the_shock_in_every_year():
    """Capital is fixed, so that log Y = u and the response is -2 sigma rho^t whatever else happens, also on average."""
    national, zone = one_industry()
    group = {"goods": {"members": ["Agriculture"], "xi": 0.2, "phi": 1.0}}
    settings = config(calibration__industries=group, scenarios={"baseline": {"planner": False}})
    own = wide(answers(settings, zone=zone, national=national), "market", "goods")
    expected = -200.0 * national.sigma[0] * national.rho[0] ** np.arange(HORIZON + 1)
    np.testing.assert_allclose(own["Y"], expected, rtol=1e-10)
    np.testing.assert_allclose(own["k_goods"], 0.0, atol=1e-12)
    assert own["q"].iloc[0] < own["Y"].iloc[0] < 0.0  # the price falls by more than output: the limit amplifies


def test_signs(baseline):
    """The household cannot smooth at its limit: consumption, price and debt fall with output, capital leaves the industry."""
    for industry in ("goods", "services"):
        for allocation in ("market", "planner"):
            own = wide(baseline, allocation, industry)
            assert (own.loc[0, ["Y", "c", "q"]] < 0).all()
            assert own.loc[0, "eta"] > 0 and own.loc[1, "b"] > 0
            assert own.loc[2, f"k_{industry}"] < 0
        goods, services = np.exp(own["k_goods"] / 100), np.exp(own["k_services"] / 100)
        assert ((goods - 1) * (services - 1) <= 0).all()  # what leaves one industry enters the other


def test_without_a_limit_debt_takes_the_shock():
    """Debt rises and consumption hardly moves: by the annuity of the loss, a fraction of the fall at the limit."""
    settings = config(scenarios={"free": {"parameters": {"limit": "natural"}, "planner": False}})
    own = wide(answers(settings, "free"), "market", "services")
    assert own.loc[1, "b"] < 0 and own.loc[1, "b"] == pytest.approx(own.loc[0, "Y"], rel=0.2)
    assert own.loc[0, "Y"] < 5 * own.loc[0, "c"] < 0
    assert (own["eta"] == 0).all()


def test_a_shock_of_nothing_has_no_response_bit_for_bit(monkeypatch):
    monkeypatch.setattr("regspec.studies.responses.solve.shock", lambda *args: np.zeros((HORIZON + 1, 2)))
    table = answers(config())
    assert (table["response"] == 0.0).all() and (table["se"].dropna() == 0.0).all()
    assert table["level"].abs().max() > 0


def test_later_shocks_are_the_process_between_the_chains_ends_in_opposite_pairs():
    national = one_zone.national()
    many = config(responses={"horizon": 200, "draws": 200}, model__grid={"u_nodes": 9})
    draws = later_shocks(7, national, many, "baseline")
    assert draws.shape == (200, 201, 2) and (draws[:, 0] == 0).all()
    np.testing.assert_array_equal(draws[0::2], -draws[1::2])
    for i, (rho, sigma) in enumerate(zip(national.rho, national.sigma, strict=True)):
        own = draws[0::2, :, i]
        assert np.mean(own[:, 2:] * own[:, 1:-1]) / np.mean(own[:, 1:] ** 2) == pytest.approx(rho, abs=0.02)
        assert own[:, 100:].std() == pytest.approx(sigma / np.sqrt(1 - rho**2), rel=0.03)
    few = later_shocks(7, national, config(responses={"horizon": 200, "draws": 200}), "baseline")
    ends = [rouwenhorst(rho, sigma, 2)[0][-1] for rho, sigma in zip(national.rho, national.sigma, strict=True)]
    np.testing.assert_allclose(few, np.clip(draws, np.negative(ends), ends))
    none = later_shocks(7, national, config(responses={"horizon": 5, "draws": 0}), "baseline")
    assert none.shape == (1, 6, 2) and not none.any()


def test_shock_scales_with_its_size_and_the_scenarios_shocks():
    national = one_zone.national()
    settings = config(responses={"horizon": 3, "size": 3.0}, model__parameters={"shock_scale": 0.5})
    expected = -1.5 * national.sigma[1] * national.rho[1] ** np.arange(4)
    np.testing.assert_allclose(shock(national, settings, "baseline", 1), np.column_stack([np.zeros(4), expected]))


def test_units_of_a_response():
    def path(output, c, b, q, k, eta):
        zero = np.zeros(1)
        own = {name: np.array([value]) for name, value in dict(output=output, c=c, b=b, q=q, eta=eta).items()}
        own |= {name: zero for name in ("b_next", "k_next", "mu", "binding", "tau_b", "tau_k", "value", "errors", "roots")}
        return SimulatedPath(k=np.array([k]), **own)

    still, hit = path(2.0, 1.0, -0.5, 4.0, [0.5, 0.5], 0.01), path(1.0, 1.0, -0.4, 2.0, [0.4, 0.6], 0.06)
    found = {name: values[0][0] for name, values in response(hit, still, ["a", "b"]).items()}
    expected = {
        "Y": 100 * np.log(0.5),
        "c": 0.0,
        "q": 100 * np.log(0.5),
        "b": 5.0,
        "eta": 5.0,
        "k_a": 100 * np.log(0.8),
        "k_b": 100 * np.log(1.2),
    }
    assert found == pytest.approx(expected)


def test_zones_are_those_at_high_and_low_specialization_or_the_users():
    ginis = {zone: zone / 100 for zone in range(1, 21)}
    assert list(chosen_zones(Config(), ginis)) == [18, 3]
    assert list(chosen_zones(Config(), {4: 0.3})) == [4]
    named = Config.model_validate({"responses": {"zones": [2, 9]}})
    assert chosen_zones(named, ginis) == {9: "zone 9 (Gini 0.090)", 2: "zone 2 (Gini 0.020)"}
    with pytest.raises(ConfigError, match="zone 77 is not among the 20 zones"):
        chosen_zones(Config.model_validate({"responses": {"zones": [77]}}), ginis)


@pytest.mark.parametrize("wrong", [{"scenarios": ["other"]}, {"zones": [1, 1]}, {"draws": 3}, {"horizon": 0}, {"size": -1.0}])
def test_wrong_keys(wrong):
    with pytest.raises(ValueError, match="responses"):
        Config.model_validate({"responses": wrong})


def test_the_step_writes_what_the_registry_names(tmp_path):
    settings = config(scenarios={"baseline": {}, "free": {"parameters": {"limit": "natural"}, "planner": False}})
    folder = tmp_path / "calibration"
    (folder / "zones").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    one_zone.write(folder / "zones")
    (folder / "national.json").write_text((folder / "zones" / "national.json").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "zones.json").write_text(json.dumps({"zones": [7], "gini": [0.4]}), encoding="utf-8")
    (tmp_path / "data" / "meta.json").write_text(json.dumps({"synthetic": True, "source": "Synthetic."}), encoding="utf-8")
    run(settings, layout_at(tmp_path), "0" * 16)
    written = {str(path.relative_to(tmp_path)) for path in (tmp_path / "responses").iterdir()}
    assert written == set(registry.response_exhibit(settings).files)
    table = pd.read_csv(tmp_path / "responses" / "responses.csv", comment="#")
    assert set(table["scenario"]) == {"baseline", "free"} and not table.drop(columns="se").isna().any(axis=None)
    assert len(table) == 3 * 2 * (HORIZON + 1) * 7  # market twice, planner once; industries; years; variables
