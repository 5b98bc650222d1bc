"""The real allocation tables of census units, 1950 to 2020: a person in each unit arrives in the zones that the table says.

Needs the folder ``raw`` with these tables in REGSPEC_DATA; names, codes, factors are those of config/examples/microdata.yaml.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from repository import ROOT

from regspec.config.config import Config
from regspec.data.microdata.census import read_census
from regspec.data.microdata.codes import LEFT_OUT, industry_codes
from regspec.data.microdata.source import inventory, read_microdata
from regspec.data.synthetic.raw_census import codebook

FOLDER = Path(os.environ.get("REGSPEC_DATA", "")).resolve() / "raw"
EXAMPLE = ROOT / "config/examples/microdata.yaml"
pytestmark = pytest.mark.skipif(
    not (FOLDER / "cw_puma1990_czone.dta").is_file(), reason="REGSPEC_DATA is unset or has no raw/cw_puma1990_czone.dta"
)
LAYOUT = [
    (name, 12, 0)
    for name in (
        "YEAR",
        "SERIAL",
        "PERNUM",
        "PERWT",
        "SLWT",
        "STATEFIP",
        "AGE",
        "SEX",
        "EDUC",
        "EMPSTAT",
        "IND1990",
        "INCWAGE",
        "SEA",
        "PUMA",
        "CNTYGP98",
    )
]
#: Persons of a unit and what each earns.
PERSONS, INCOME = 100.0, 2000


@pytest.fixture(scope="module")
def geography():
    """The example's, as far as there are tables: that of 1970 is not among them."""
    every = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))["data"]["microdata"]["geography"]
    found = {year: spec for year, spec in every.items() if (FOLDER / spec["file"]).is_file()}
    assert {1950, 1960, 1980, 1990, 2000, 2010, 2020} <= set(found)
    return found


@pytest.fixture(scope="module")
def raw(geography):
    """``unit, zone, weight`` of each year as the files have them."""
    tables = {}
    for year, spec in geography.items():
        path = FOLDER / spec["file"]
        table = pd.read_stata(path) if path.suffix == ".dta" else pd.read_csv(path)
        names = {spec["unit"]: "unit", spec.get("zone", "czone"): "zone", "afactor": "weight"}
        tables[year] = table.rename(columns=names)[["unit", "zone", "weight"]].astype(float)
    return tables


@pytest.fixture(scope="module")
def run(geography, raw, tmp_path_factory):
    """A configuration and its folder: an extract with two persons in each unit of each year, of all industries in turn."""
    folder = tmp_path_factory.mktemp("units")
    table = industry_codes("config/ipums_industries.csv", "IND1990")
    codes, parts = table[table["industry"] != LEFT_OUT].groupby("industry")["first"].min().to_numpy(), []
    for year, spec in geography.items():
        rest = np.repeat(np.unique(raw[year]["unit"].astype("int64")), 2)
        own = pd.DataFrame(1, index=range(len(rest)), columns=[name for name, _, _ in LAYOUT])
        for name, factor in sorted(spec["columns"].items(), key=lambda item: -item[1]):
            own[name], rest = np.divmod(rest, factor)
        own = own.assign(YEAR=year, SERIAL=range(1, len(own) + 1), PERWT=PERSONS / 2, SLWT=PERSONS / 2, AGE=40, INCWAGE=INCOME)
        parts.append(own.assign(IND1990=codes[own["SERIAL"] % len(codes)]))
    pd.concat(parts).to_csv(folder / "usa.csv.gz", index=False)
    (folder / "usa.xml").write_text(codebook("usa.csv.gz", LAYOUT), encoding="utf-8")
    for spec in geography.values():
        (folder / spec["file"]).symlink_to(FOLDER / spec["file"])
    (folder / "county_cz1990.csv").symlink_to(FOLDER.parent / "county_cz1990.csv")
    section = {"extract": "usa.csv.gz", "codebook": "usa.xml", "geography": geography, "topcodes": {}}
    data = {"source": "microdata", "directory": str(folder), "crosswalk": "county_cz1990.csv", "microdata": section}
    return Config.model_validate({"data": data}), folder


@pytest.fixture(scope="module")
def zones():
    """The zones of the map, 722 of the crosswalk's 741."""
    return set(pd.read_csv(FOLDER.parent / "cz_controls.csv")["cz"])


@pytest.fixture(scope="module")
def off(zones):
    return set(pd.read_csv(FOLDER.parent / "county_cz1990.csv")["CZ90"]) - zones


def test_persons_arrive_where_the_tables_say(run, raw, zones, off):
    census = read_census(*run, zones, off)
    found = census.controls.set_index(["year", "cz"])["population"]
    for year, table in raw.items():
        weight = table["weight"] / table.groupby("unit")["weight"].transform("sum")
        expected = PERSONS * weight.groupby(table["zone"].astype(int)).sum()
        assert set(found.loc[year].index) == zones == set(expected.index) - off
        np.testing.assert_allclose(found.loc[year], expected.loc[found.loc[year].index], rtol=1e-9)
        lost = expected[expected.index.isin(off)].sum() / expected.sum()
        assert census.elsewhere[year] == pytest.approx(lost)
    # Alaska and Hawaii are not in the table of 1950.
    assert census.elsewhere[1950] == 0 and 0 < census.elsewhere[2020] < 0.02


def test_the_source_takes_zones_of_the_crosswalk_that_are_not_on_the_map(run, zones, tmp_path, monkeypatch):
    monkeypatch.delenv("REGSPEC_DATA")
    config, _ = run
    industries, _, years, _ = inventory(config, zones)
    assert len(industries) == 17 and years == [1950, 1960, 1980, 1990, 2000, 2010, 2020]
    panel = read_microdata(config, tmp_path, zones, pd.Series(1, sorted(zones)), {})
    assert set(panel.industry["zone"]) == set(panel.controls["zone"]) == zones
    assert "zones that are not on the map: 1960: 0.0" in (tmp_path / "topcodes.csv").read_text(encoding="utf-8")
