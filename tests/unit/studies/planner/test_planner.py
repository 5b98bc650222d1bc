"""Exhibits of the planner from finished solves: normalization, taxes along the path, industries, transition (Q4-Q6)."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from results_run import make_run
from run_folder import layout_at

from regspec.exhibits.registry import model_exhibits
from regspec.results import normalization, taxes, transition
from regspec.results.collect import collect
from regspec.results.efficient import Efficient
from regspec.results.industries import changes, industry_table
from regspec.results.inputs import load
from regspec.results.normalization import deck_gain, normalization_table
from regspec.results.taxes import fan, taxes_table
from regspec.results.transition import gap, growth_slopes, paths


def test_gain_with_the_deck_s_constant_is_the_ratio_of_sums_of_utilities():
    """Constant consumption v: V = sum beta^t (v^-4 - 1)/(-4); its ratio depends on the unit of v."""
    market, planner = pd.Series([0.9, 1.3]), pd.Series([0.909, 1.313])

    def value(v):
        return sum(0.95**t * (v**-4.0 - 1) / -4.0 for t in range(600))

    expected = (value(planner) / value(market)) ** -0.25 - 1
    np.testing.assert_allclose(deck_gain(planner, market, 5.0), expected, rtol=1e-10)
    assert abs(deck_gain(planner, market, 5.0)[0] - deck_gain(2 * planner, 2 * market, 5.0)[0]) > 0.01
    assert deck_gain(pd.Series([1.01]), pd.Series([0.99]), 5.0).isna().all()  # the two values have different signs
    assert deck_gain(planner, market, 1.0).isna().all()


def test_normalization_table_counts_zones_with_a_number():
    found = pd.DataFrame({"ce": [0.99, 0.9], "planner": [1.01, 0.909], "level": [1.0, 1.2]})
    table = normalization_table(found, 5.0).set_index("Utility")
    assert table["N"].tolist() == [2, 1, 1, 2, 2]
    assert table["Median"].iloc[0] == pytest.approx(50 * (1.01 / 0.99 - 1) + 0.5)
    # far from one the constant hides nearly all of the value: no gain is left
    assert abs(table["Median"].iloc[-1]) < 0.01


def test_taxes_by_state_are_those_of_zone_years():
    rows = pd.DataFrame(
        {
            "zone": [1, 1, 2, 2],
            "year": [1950, 2020, 1950, 2020],
            "binding": [True, False, False, False],
            "tau_k_a": [0.1, 0.2, 0.3, 0.6],
            "tau_b": [0.0, 0.01, 0.03, 0.05],
        }
    )
    u = pd.DataFrame({"a": [0.1, -0.1], "tau_b": [-0.1, 0.1]}, index=[1950, 2020])
    table = taxes_table(rows, ["a"], u).set_index("Tax")
    own = table.loc["subsidy of capital income, a"]
    assert own[["First year", "Last year", "Mean", "Binding"]].tolist() == pytest.approx([20.0, 40.0, 30.0, 10.0])
    assert own["Slack"] == pytest.approx(110 / 3)
    debt = table.loc["tax on debt"]  # zone 1 pays none in the first year, because its limit binds
    assert debt[["First year", "Last year", "Mean", "Slack"]].tolist() == pytest.approx([3.0, 3.0, 3.0, 3.0])
    assert np.isnan(debt["Binding"])
    assert own[["Low u", "High u"]].tolist() == pytest.approx([40.0, 20.0])
    assert debt[["Low u", "High u"]].tolist() == pytest.approx([3.0, 3.0])
    assert fan(rows, "tau_k_a").loc[2020].tolist() == pytest.approx([30.0, 40.0, 50.0])


def test_industries_gain_what_others_lose():
    market = pd.DataFrame({"a": [0.6, 0.3], "b": [0.4, 0.7]}, index=[1, 2])
    long_run = pd.DataFrame({"k_a": [0.7, 0.2], "k_b": [0.3, 0.8]}, index=[1, 2])
    change = changes(Efficient(long_run, market, pd.DataFrame(), 2020))
    np.testing.assert_allclose(change.sum(axis=1), 0.0, atol=1e-12)
    table = industry_table(market, change, {"a": pd.Series([1.0, 2.0])}).set_index("Industry")
    assert table.loc["a", ["Market", "Efficient", "Change", "Gains", "Gains where largest"]].tolist() == pytest.approx(
        [45.0, 45.0, 0.0, 0.5, 1.0]
    )
    assert table.loc["a", "Paths: change"] == 1.5 and table.loc["a", "Paths: gains"] == 1.0
    assert np.isnan(table.loc["b", "Paths: gains"])


def test_slope_of_the_difference_is_the_difference_of_the_slopes(tmp_path):
    config, files = make_run(tmp_path)
    model = tmp_path / "model"
    collect(files, model / "paths.parquet", model / "solutions.parquet", "warn", "hash")
    inputs = load(config, layout_at(tmp_path), "hash")
    found = growth_slopes(inputs, "short")
    assert set(found) <= set(config.results.horizons) and 70 in found
    for own in found.values():
        assert own["difference"].estimate == pytest.approx(own["planner"].estimate - own["ce"].estimate, abs=1e-12)
        assert own["difference"].n == own["ce"].n == 40
    output = paths(inputs, "Y")
    np.testing.assert_allclose(gap(inputs, "Y"), 100 * (output["planner"] / output["ce"] - 1))


def test_exhibits_of_a_baseline_without_planner_say_so(tmp_path):
    config, files = make_run(tmp_path, n=12)
    model = tmp_path / "model"
    collect(files, model / "paths.parquet", model / "solutions.parquet", "warn", "hash")
    inputs = load(config, layout_at(tmp_path), "hash")
    kept = {
        name: table[(table["allocation"] == "ce") | (table["scenario"] != "baseline")]
        for name, table in (("paths", inputs.paths), ("solutions", inputs.solutions))
    }
    inputs = replace(inputs, **kept)
    rows = {exhibit.program: exhibit for exhibit in model_exhibits(config)}
    for module in (normalization, taxes, transition):
        exhibit = rows[module.__name__.removeprefix("regspec.")]
        module.write(replace(inputs, exhibit=exhibit))
        assert all((tmp_path / name).is_file() for name in exhibit.files)
    for name in ("welfare_normalization", "taxes", "transition"):
        assert "baseline: no planner" in (tmp_path / f"tables/{name}.html").read_text(encoding="utf-8")
