"""Persons under unknown codes: judged by year and zone, listed in a table, told in one line."""

import shutil

import pandas as pd
import pytest
from microdata_extract import AT, economy, lines, put, rewrite
from microdata_extract import config as settings

from regspec.data.build import build
from regspec.data.microdata.census import read_census
from regspec.data.microdata.lost import line
from regspec.data.synthetic.raw_census import write_census_files
from regspec.errors import DataError

NOT_IN_TABLE = "78888"


def config(folder, **changes):
    """Too few persons for Pareto tails of states."""
    return settings(folder, **{"topcodes": {}} | changes)


@pytest.fixture(autouse=True)
def no_folder(monkeypatch):
    monkeypatch.delenv("REGSPEC_DATA", raising=False)


@pytest.fixture(scope="module")
def extract(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lost")
    write_census_files(economy(40), folder, 30_000)
    return folder


@pytest.fixture
def broken(extract, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(extract, folder)
    return folder


def unit_of(row):
    return int(row[AT["STATEFIP"]]) * 1_000_000 + int(row[AT["PUMA"]])


def smallest_unit(folder):
    """A unit that holds most of a zone's persons of 2020, few of the nation's; and the zone."""
    rows = pd.Series([unit_of(r) for r in lines(folder) if r[:4] == "2020"])
    share = rows.value_counts(normalize=True).rename("share").to_frame()
    table = pd.read_csv(folder / "units_state.csv").set_index("unit")
    alone = table[table["weight"] == 1].join(share, how="inner").sort_values("share")
    return int(alone.index[0]), int(alone["zone"].iloc[0])


def test_a_unit_that_its_zone_loses(broken):
    """It passes the limit of the year, and the zone has lost most of its persons: refused, with the unit that is absent."""
    rows = lines(broken)
    unit, zone = smallest_unit(broken)
    lost = [r[:4] == "2020" and unit_of(r) == unit for r in rows]
    rewrite(broken, [put(r, "PUMA", NOT_IN_TABLE) if x else r for r, x in zip(rows, lost, strict=True)])
    state = unit // 1_000_000
    with pytest.raises(
        DataError, match=rf"2020, state {state}: unknown unit codes {state}0*78888.*hold [\d,]+ persons"
    ) as caught:
        read_census(config(broken, unknown_share=0.05), broken, None)
    text = str(caught.value)
    assert f"Units of the allocation table without a person there: {unit}" in text and "zone_unknown_share (0.1)" in text
    assert len(text.splitlines()) <= 5
    found = read_census(config(broken, unknown_share=0.05, zone_unknown_share=0.99), broken, None)
    own = found.left_out[found.left_out["code"] == state * 1_000_000 + 78_888]
    assert own["records"].tolist() == [sum(lost)] and own["year"].tolist() == [2020] and own["state"].tolist() == [state]
    assert own["share"].iloc[0] == pytest.approx(sum(lost) / sum(r[:4] == "2020" for r in rows))
    before = read_census(config(broken, unknown_share=0.05, zone_unknown_share=0.99), broken, None).controls
    assert zone in set(before["cz"])


def test_the_limit_of_a_year_is_not_that_of_all_years(broken):
    """A share of .2 percent of one year is less than .1 percent of three."""
    rows = lines(broken)
    own = [k for k, r in enumerate(rows) if r[:4] == "1980"]
    lost = set(own[:: len(own) // 20])
    rewrite(broken, [put(r, "CNTYGP98", NOT_IN_TABLE) if k in lost else r for k, r in enumerate(rows)])
    with pytest.raises(DataError, match=r"1980: \d+ unknown unit codes hold 0\.2\d% of the year's persons \(largest: "):
        read_census(config(broken), broken, None)


def test_a_zone_whose_industries_are_unknown(broken):
    rows = lines(broken)
    unit, zone = smallest_unit(broken)
    table = pd.read_csv(broken / "units_state.csv")
    units = set(table.loc[table["zone"] == zone, "unit"])
    rewrite(
        broken,
        [put(r, "IND1990", "997") if r[:4] == "2020" and unit_of(r) in units and r[AT["EMPSTAT"]] == "1" else r for r in rows],
    )
    with pytest.raises(DataError, match=rf"2020, zone {zone}: 100.0% of the sample is under unknown industry codes"):
        read_census(config(broken, unknown_share=0.05), broken, None)


def test_a_zone_without_known_incomes(broken):
    rows = lines(broken)
    table = pd.read_csv(broken / "units_state.csv")
    zone = 3
    units = set(table.loc[table["zone"] == zone, "unit"])
    rewrite(broken, [put(r, "INCWAGE", "999998") if r[:4] == "2020" and unit_of(r) in units else r for r in rows])
    with pytest.raises(DataError, match=r"2020, zone \d+: \d+\.\d% of the sample has no known INCWAGE"):
        read_census(config(broken), broken, None)
    assert read_census(config(broken, zone_income_unknown_share=1), broken, None).rows == len(rows)


def test_codes_that_are_left_out_on_purpose_are_listed_and_not_judged(broken):
    """Armed forces, code 950 of IND1990."""
    rows = lines(broken)
    lost = [r[AT["EMPSTAT"]] == "1" and k % 3 == 0 for k, r in enumerate(rows)]
    rewrite(broken, [put(r, "IND1990", "950") if x else r for r, x in zip(rows, lost, strict=True)])
    found = read_census(config(broken), broken, None).left_out
    own = found[found["code"] == 950]
    assert set(own["reason"]) == {"without industry in the table of codes"}
    assert own.groupby("year")["share"].sum().between(0.25, 0.4).all()
    assert "industry" not in line(found, "x.csv")


def test_the_line_and_the_tables_of_a_run(extract, tmp_path, capsys):
    own = config(extract)
    build(own, tmp_path / "data", "hash")
    told = [text for text in capsys.readouterr().err.splitlines() if "left out" in text]
    assert len(told) == 1 and told[0].startswith("microdata: left out, code unknown: ") and "left_out.csv" in told[0]
    table = pd.read_csv(tmp_path / "data/left_out.csv", comment="#")
    assert f"unit {table['code'].iloc[0]} (" in told[0]
    assert list(table.columns) == ["year", "state", "kind", "code", "reason", "records", "persons", "share"] and len(table) == 3
    answers = pd.read_csv(tmp_path / "data/answers.csv", comment="#")
    assert answers["year"].tolist() == [1950, 1980, 2020] and (answers["income_unknown_share"] > 0).all()
    assert "# config_hash: hash" in (tmp_path / "data/left_out.csv").read_text(encoding="utf-8")
