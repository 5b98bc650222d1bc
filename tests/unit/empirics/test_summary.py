"""Table E6: definitions of mean, CV and p90/p10, and its layout."""

import numpy as np
import pandas as pd
import pytest

from regspec.empirics.summary import e6_layout, summarize


def frame(values, year=1950, variable="income", measure="gini"):
    return pd.DataFrame(
        {"zone": range(1, len(values) + 1), "year": year, "variable": variable, "measure": measure, "value": values}
    )


def test_statistics_by_hand():
    # 0, .1, ... 1: mean .5, sd sqrt(.11), percentiles exactly at .1 and .9
    row = summarize(frame(np.arange(11) / 10)).iloc[0]
    assert row["mean"] == pytest.approx(0.5)
    assert row["cv"] == pytest.approx(np.sqrt(0.11) / 0.5)
    assert row["p90_p10"] == pytest.approx(9)
    assert row["zones"] == 11


def test_a_missing_zone_is_left_out_and_counted():
    row = summarize(frame([0.2, 0.4, np.nan])).iloc[0]
    assert row["zones"] == 2 and row["mean"] == pytest.approx(0.3)


def test_cv_and_ratio_do_not_depend_on_scale_or_order():
    values = np.random.default_rng(0).uniform(0.2, 0.6, 50)
    one, two = summarize(frame(values)).iloc[0], summarize(frame(values[::-1] / 2)).iloc[0]
    assert two["mean"] == pytest.approx(one["mean"] / 2)
    assert two[["cv", "p90_p10"]].to_numpy(float) == pytest.approx(one[["cv", "p90_p10"]].to_numpy(float))


def test_layout_has_a_row_for_each_measure_and_year_and_income_before_employment():
    data = pd.concat(
        [
            frame([0.2, 0.4], year, variable, measure)
            for year in (1950, 2020)
            for variable in ("employment", "income")
            for measure in ("hhi", "gini")
        ]
    )
    data.loc[data["variable"] == "employment", "value"] *= 2
    body, rules = e6_layout(summarize(data), {"gini": "Gini", "hhi": "HHI"})
    assert list(body["", "Measure"]) == ["Gini", "", "HHI", ""] and rules == [2]
    assert list(body["", "Year"]) == [1950, 2020, 1950, 2020]
    assert [c[0] for c in body.columns[2:]] == ["Income shares"] * 3 + ["Employment shares"] * 3
    np.testing.assert_allclose(body["Income shares", "Mean"], 0.3)
    np.testing.assert_allclose(body["Employment shares", "Mean"], 0.6)


def test_layout_of_a_single_variable_has_no_empty_columns():
    body, _ = e6_layout(summarize(frame([0.2, 0.4], variable="employment")), {"gini": "Gini"})
    assert [c[1] for c in body.columns] == ["Measure", "Year", "Mean", "CV", "p90/p10"]
