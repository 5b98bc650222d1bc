"""Every rule of the table schemas breaks with a short message: file, place, remedy."""

import numpy as np
import pandas as pd
import pytest
from repository import ROOT

from regspec.errors import DataError
from regspec.io.schemas import TABLES, documentation, validate

RETAIL = "zone 1, year 1950, industry Retail, variable income"
MINING = "zone 1, year 1950, industry Mining, variable income"


def industry(**columns):
    frame = pd.DataFrame({"zone": [1, 1, 2], "year": 1950, "industry": ["Retail", "Mining", "Retail"]})
    return frame.assign(variable="income", share=[0.2, 0.8, 1.0]).assign(**columns)


def message(frame, kind="industry"):
    with pytest.raises(DataError) as error:
        validate(frame, kind, "table.parquet")
    text = str(error.value)
    assert text.startswith("table.parquet:") and text.count("\n") <= 4
    return text


def test_a_valid_table_comes_back_with_its_types():
    frame = validate(industry(zone=[1.0, 1.0, 2.0]), "industry", "table.parquet")
    assert frame["zone"].dtype == "int64" and frame["share"].dtype == "float64"
    assert frame["zone"].tolist() == [1, 1, 2]


def test_validation_leaves_its_argument_alone():
    frame = industry(share=["0.2", "0.8", "1"])
    validate(frame, "industry", "table.parquet")
    assert frame["share"].tolist() == ["0.2", "0.8", "1"]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"share": [0.2, np.nan, 1.0]}, f"column 'share', row 2 ({MINING}): a value is missing"),
        ({"share": [0.2, 0.8, 1.7]}, f"row 3 ({RETAIL.replace('1,', '2,', 1)}): 1.7 must be at most 1"),
        ({"share": [-0.2, 0.8, 1.0]}, f"row 1 ({RETAIL}): -0.2 must be at least 0"),
        ({"share": [0.2, 0.8, np.inf]}, "inf must be"),
        ({"share": [0.2, "many", 1.0]}, "'many' must be a number"),
        ({"zone": [1, 1.5, 2]}, "1.5 must be a whole number"),
        ({"zone": [1, 1, np.nan]}, "column 'zone', row 3"),
        ({"industry": ["Retail", None, "Retail"]}, "column 'industry', row 2"),
        ({"industry": ["Retail", 7, "Retail"]}, "7 must be text"),
        ({"variable": "incomes"}, "'incomes' must be one of income, employment, value_added (and 2 more rows)"),
        ({"zone": 1}, f"row 3 ({RETAIL}) repeats an earlier row"),
    ],
)
def test_broken_rows_are_named(columns, expected):
    text = message(industry(**columns))
    assert expected in text and "Remedy:" in text


def test_percent_shares_get_the_remedy_in_words():
    assert "not percent" in message(industry(share=[20.0, 80.0, 100.0]))


def test_a_missing_column_names_its_likely_misspelling():
    text = message(industry().rename(columns={"share": "shares"}))
    assert "no column 'share'. Did you mean 'shares'?" in text


def test_a_written_table_admits_no_other_column_a_raw_one_does():
    assert "unknown column 'weight'" in message(industry(weight=1.0))
    raw = pd.DataFrame({"cz": [1], "year": [1950], "industry": ["Retail"], "employment_share": [1.0], "x": [0]})
    assert len(validate(raw, "panel_industry", "raw.csv")) == 1


def test_an_empty_table_is_an_error():
    assert "no rows" in message(industry().iloc[:0])


def controls(**columns):
    frame = pd.DataFrame(
        {
            "zone": [1],
            "year": 1950,
            "state": 6,
            "population": 2e-4,
            "log_income": 9.4,
            "high_skill_share": 0.06,
            "old_age_dependency": 12.5,
            "female_labor_share": 0.28,
        }
    )
    return frame.assign(**columns)


def test_missing_controls_are_allowed_but_not_a_missing_population():
    validate(controls(old_age_dependency=np.nan), "controls", "table.parquet")
    assert "'population'" in message(controls(population=np.nan), "controls")


@pytest.mark.parametrize("population", [0.0, -1e-4])
def test_population_is_positive(population):
    assert "must be greater than 0" in message(controls(population=population), "controls")


def test_population_in_persons_is_told_the_unit():
    assert "divide persons by 1e9" in message(controls(population=209_000.0), "controls")


def paths(**columns):
    frame = pd.DataFrame(
        {
            "zone": [1],
            "scenario": "baseline",
            "allocation": "ce",
            "year": 1950,
            "Y": 1.0,
            "c": 0.9,
            "b": -0.1,
            "q": 2.0,
            "eta": 0.0,
            "mu": 0.0,
            "tau_b": np.nan,
            "gini_k": 0.3,
            "k_services": 0.7,
            "k_primary": 0.3,
        }
    )
    return frame.assign(**columns)


def test_columns_by_industry_are_matched_by_their_prefix():
    validate(paths(tau_k_services=0.01), "paths", "table.parquet")
    assert "column 'k_services', row 1" in message(paths(k_services=1.2), "paths")
    assert "unknown column 'K_services'" in message(paths(K_services=0.2), "paths")
    assert "k_" in message(paths().drop(columns=["k_services", "k_primary"]), "paths")


def test_every_column_has_a_unit_and_a_meaning():
    for kind, table in TABLES.items():
        assert set(table.key) <= set(table.columns), kind
        for name, column in table.columns.items():
            assert column.unit and column.meaning, (kind, name)


def test_the_documentation_holds_the_schemas_as_they_are():
    page = ROOT / "docs" / "data.md"
    assert documentation().strip() in page.read_text(encoding="utf-8")
