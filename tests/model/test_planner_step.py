"""The step `planner`: parts add up, taxes are neutral where they must be, rules, choice of zones, exhibits (M8, M9)."""

import json

import numpy as np
import one_zone
import pandas as pd
import pytest
from run_folder import layout_at

from regspec.config.config import Config
from regspec.errors import ConfigError
from regspec.exhibits import registry
from regspec.solves.settings import solve_settings
from regspec.solves.zone import MARKET, PLANNER, Case, solve_cases
from regspec.studies.planner.exhibits import rules_table, state_table, taxes_table
from regspec.studies.planner.longrun import long_run
from regspec.studies.planner.portfolios import portfolio_table
from regspec.studies.planner.run import chosen_zones, run
from regspec.studies.planner.solve import RULES, externalities, gains_of, income_shares, neutral, rule_gains

YEARS = 300


def config(**overrides):
    return one_zone.config(**{"planner": {"zones": 2, "years": YEARS}} | overrides)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of the step on one zone, and its table."""
    root, settings = tmp_path_factory.mktemp("planner"), config()
    folder = root / "calibration"
    (folder / "zones").mkdir(parents=True)
    (root / "data").mkdir()
    one_zone.write(folder / "zones")
    (folder / "national.json").write_text((folder / "zones" / "national.json").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "zones.json").write_text(json.dumps({"zones": [7], "gini": [0.4]}), encoding="utf-8")
    (root / "data" / "meta.json").write_text(json.dumps({"synthetic": True, "source": "Synthetic."}), encoding="utf-8")
    run(settings, layout_at(root), "0" * 16)
    return root, pd.read_csv(root / "planner" / "externalities.csv", comment="#")


def test_the_step_writes_what_the_registry_names(finished):
    root, table = finished
    written = {str(path.relative_to(root)) for path in (root / "planner").iterdir()}
    assert written == set(registry.PLANNER_EXHIBIT.files)
    numbers = table.filter(regex="^(?!tau_b_|tau_k_.*_slack)")  # the limit binds in every year of this economy
    assert len(table) == 1 and numbers.notna().all(axis=None)


def test_parts_add_up_and_agglomeration_is_the_larger(finished):
    row = finished[1].iloc[0]
    assert row["part_agglomeration"] + row["part_pecuniary"] == pytest.approx(row["gain_full"], rel=1e-12)
    assert row["gain_full"] > 0.3 and abs(row["part_pecuniary"]) < 0.02 * row["gain_full"]
    found = externalities({"full": 3.0, "no_pecuniary": 2.0, "pecuniary_only": 0.5})
    assert found == {"agglomeration": 2.25, "pecuniary": 0.75}


def test_constant_taxes_of_capital_achieve_the_gain_and_the_debt_tax_does_not(finished):
    row = finished[1].iloc[0]
    assert row["share_capital"] == pytest.approx(1.0, abs=0.03) and abs(row["share_debt"]) < 0.02
    assert row["share_national"] == pytest.approx(row["share_both"], abs=1e-12)  # one zone is the nation
    assert row["rule_subsidy"] > 0.0
    for name in RULES:
        assert row[f"share_{name}"] == pytest.approx(row[f"rule_{name}"] / row["gain_full"], rel=1e-12)


def test_the_plans_gain_is_that_of_the_solve_step_and_no_tax_has_none():
    zone, national, settings = one_zone.zone(), one_zone.national(), solve_settings(config(), "baseline")
    untaxed = Case(False, {"tax_k": (0.0, 0.0)})
    solved = solve_cases(zone, national, settings, {"ce": MARKET, "planner": PLANNER, "none": untaxed})
    gains = gains_of(solved)
    assert gains["planner"] > 0.003 and abs(gains["none"]) < 1e-6
    none = rule_gains(zone, national, settings, (0.0, (0.0, 0.0)), (0.0, (0.0, 0.0)), (0.5, 0.5))
    assert all(abs(none[name]) < 1e-6 for name in ("both", "capital", "debt", "national"))


def test_long_run_taxes_raise_no_revenue_and_favour_agglomeration():
    """(2.9): sum k' (q - D_i) = 0, so that taxes times discounted capital incomes add up to zero in every year; a second
    simulation has the same bits, another seed not."""
    zone, national, settings = one_zone.zone(), one_zone.national(), solve_settings(config(), "baseline")
    solved = solve_cases(zone, national, settings, {"ce": MARKET, "full": PLANNER})
    own, again, other = (long_run(solved.problem, True, solved.tails["full"], YEARS, [seed, 7], "zone 7") for seed in (1, 1, 2))
    np.testing.assert_array_equal(own.tau_k, again.tau_k)
    assert not np.array_equal(own.tau_k, other.tau_k)
    # incomes k_i^a_i z_i of the year ahead are those of expected productivity up to the shocks' covariance with u'
    p = solved.problem
    incomes = p.ztilde * np.exp(p.trend[-1]) * own.k_next**p.a
    revenue = (own.tau_k * incomes).sum(axis=1) / incomes.sum(axis=1)
    assert np.abs(revenue).max() < 5e-3 and np.abs(own.tau_k).max() > 0.05
    assert own.capital_taxes()[0] < 0 < own.capital_taxes()[1]  # services have the larger xi
    assert (own.tau_b > -1e-6).all() and own.tau_b[own.binding].max() > 1e-4


def test_income_shares_are_those_of_output_on_the_plan_s_path():
    national, settings = one_zone.national(), solve_settings(config(), "baseline")
    solved = solve_cases(one_zone.zone(), national, settings, {"ce": MARKET, "full": PLANNER})
    shares = income_shares(solved, national.u)
    p, path = solved.problem, solved.allocations["full"].path
    goods = [p.ztilde[0] * np.exp(p.trend[t, 0] + national.u[t, 0]) * path.k[t, 0] ** p.a[0] for t in range(1, len(path.k))]
    weights = p.beta ** np.arange(1, len(path.k))
    assert shares.sum() == pytest.approx(1.0)
    assert shares[0] == pytest.approx(np.sum(weights * goods) / np.sum(weights * path.output[1:]), rel=1e-12)


def test_the_efficient_portfolio_rests_where_the_closed_form_says(finished):
    """Small shocks: solved and closed form differ by tenths of a point where plan and market differ by more than ten."""
    row = finished[1].iloc[0]
    k = {which: row[f"rest_k_{which}_services"] for which in ("ce", "full", "no_pecuniary", "given", "closed")}
    assert k["full"] == pytest.approx(k["closed"], abs=3e-3) and k["ce"] == pytest.approx(k["given"], abs=3e-3)
    assert k["full"] - k["ce"] > 0.1 and k["full"] != k["no_pecuniary"]
    assert row["rest_gini_full"] == pytest.approx(abs(k["full"] - 0.5))  # Gini of two shares
    table = portfolio_table(pd.DataFrame([row]), ["goods", "services"])
    shown = table["Plan less market", "services"]
    assert shown[0] == pytest.approx(100 * (k["full"] - k["ce"])) and shown[0] == shown[1]
    error = 100 * (k["closed"] - k["given"] - k["full"] + k["ce"])
    assert table["Closed form's error", "services"][0] == pytest.approx(error)
    assert table["Pecuniary wedge", "goods"][0] == pytest.approx(-100 * (k["full"] - k["no_pecuniary"]))


def test_taxes_by_state_average_to_the_long_run_mean(finished):
    """Two nodes: years at the lowest and at the highest are all years."""
    row = finished[1].iloc[0]
    table = state_table(pd.DataFrame([row]), ["goods", "services"])
    for i, name in enumerate(("goods", "services")):
        for other in ("goods", "services"):
            low, high = (table[f"Productivity, {other}", state][i] for state in ("low", "high"))
            assert min(low, high) <= 100 * row[f"tau_k_{name}"] <= max(low, high)
    assert np.isnan(table["Limit", "binding"][2]) and table["Limit", "slack"][2] == pytest.approx(100 * row["tau_b"])


def test_neutral_rates():
    rates = np.array(neutral((-0.2, 0.3, 0.1), np.array([0.2, 0.5, 0.3])))
    assert rates @ [0.2, 0.5, 0.3] == pytest.approx(0.0, abs=1e-15)
    np.testing.assert_allclose((1 + rates[1:]) / (1 + rates[0]), [1.3 / 0.8, 1.1 / 0.8])


def test_tables_are_means_over_zones():
    table = pd.DataFrame(
        {
            "zone": [1, 2],
            "gain_full": [1.0, 2.0],
            "binding": [0.2, 0.4],
            "tau_b": [0.01, 0.03],
            "tau_k_a": [0.1, 0.3],
            "tau_k_a_slack": [0.1, 0.2],
            "tau_k_a_binding": [0.2, np.nan],
        }
        | {f"rule_{name}": [0.5, 1.5] for name in RULES}
        | {f"share_{name}": [0.5, 0.75] for name in RULES}
    )
    taxes = taxes_table(table, ["a"]).set_index("Tax")
    assert taxes.iloc[0].tolist() == pytest.approx([20.0, 10.0, 30.0, 15.0, 20.0])
    assert taxes.loc["tax on debt", ["Mean", "Min", "Max", "Slack"]].tolist() == pytest.approx([2.0, 1.0, 3.0, 2.0])
    assert rules_table(table).iloc[0, 1:].tolist() == [1.0, 0.625, 0.5, 0.75]
    assert rules_table(table).iloc[-1, 1:].tolist() == [1.5, 1.0, 1.0, 1.0]


def test_zones_are_evenly_spaced_in_specialization():
    ginis = {zone: 1 - zone / 100 for zone in range(1, 21)}
    assert chosen_zones(Config(), ginis)[0] == 20 and chosen_zones(Config(), ginis)[-1] == 1
    assert len(set(chosen_zones(Config(), ginis))) == 8
    assert chosen_zones(Config(), {4: 0.3, 9: 0.1}) == [9, 4]
    assert chosen_zones(Config.model_validate({"planner": {"zones": 1}}), ginis) == [11]


def test_a_baseline_without_planner_is_refused(tmp_path):
    settings = config(scenarios={"baseline": {"planner": False}})
    with pytest.raises(ConfigError, match="needs the baseline's planner"):
        run(settings, layout_at(tmp_path), "0" * 16)
    with pytest.raises(ValueError, match="planner"):
        Config.model_validate({"planner": {"zones": 0}})
