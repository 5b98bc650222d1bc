"""County files of the synthetic economy in the formats of the real ones (docs/counties.md): business patterns, housing, income.

All three come from one set of counties: those of the map, each a fixed part of its zone's people, jobs and income. The zones
add up to the synthetic economy but for whole numbers; :class:`CountyEconomy` holds the numbers that were written.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from regspec.config.config import Config
from regspec.data.counties.codes import SPREAD, CodeTree, code_tree
from regspec.data.counties.zones import zones_on_map
from regspec.data.deflator import price_factors
from regspec.data.synthetic import raw_cbp, raw_income
from regspec.data.synthetic.economy import synthetic_economy
from regspec.errors import ConfigError
from regspec.io.provenance import atomic_path

#: Years of the files, as far as the economy has them: SIC, NAICS, NAICS with noise flags, NAICS without small cells.
CBP_YEARS = (1990, 2000, 2010, 2020)
HOUSING_YEARS = (1970, 1980, 1990, 2000, 2010, 2020)
FIRST_INCOME_YEAR = 1969
_JOBS = 0.42  # employment per person
_WAGES = 0.6  # payroll over income
_PERSONS = 2.6  # persons per occupied unit


#: A byte order mark in single bytes, as spreadsheets write it.
MARK = "ï»¿"


@dataclass(frozen=True)
class CountyEconomy:
    """Counties behind the files. ``cells``: what business patterns would show without any withholding, by year: ``fips, code,
    industry, emp`` (persons), ``ap`` (thousand dollars); ``housing``: ``fips, year, owner, renter, value``; ``areas``:
    ``fips, year, income`` (thousand dollars), ``population``.
    """

    zone_of: pd.Series
    cells: dict[int, pd.DataFrame]
    trees: dict[int, CodeTree]
    housing: pd.DataFrame
    areas: pd.DataFrame


def county_economy(config: Config, zone_of: pd.Series, states: pd.Series, scale: float = 1.0) -> CountyEconomy:
    """The counties ``zone_of`` (zone by FIPS code) of the synthetic economy; ``states``: state of each zone; ``scale``: part of
    the economy's people that they have. Raises ConfigError when the economy has no year from 1970 on.
    """
    economy = synthetic_economy(config, states)
    rng = np.random.default_rng([config.run.seed, 101])
    weights = _weights(rng, zone_of)
    wanted = [year for year in config.data.synthetic.years if year >= HOUSING_YEARS[0]]
    if not wanted:
        raise ConfigError(f"data.synthetic.years: {config.data.synthetic.years}\n  county files need a year from 1970 on")
    people = economy.controls.assign(persons=economy.controls["population"] * 1e9 * scale)
    people["dollars"] = people["persons"] * np.exp(people["log_income"])
    # log_income is in dollars of 2020.
    deflator = price_factors(config, {*people["year"], 2020})
    people["dollars"] /= (deflator / deflator[2020])[people["year"]].to_numpy()
    trees = {year: _tree(config, year) for year in CBP_YEARS if year in wanted}
    cells = {
        year: _cells(np.random.default_rng([config.run.seed, 102, year]), economy.industry, people, weights, year, tree)
        for year, tree in trees.items()
    }
    areas = _areas(people, weights)
    return CountyEconomy(zone_of, cells, trees, _housing(rng, areas, wanted), areas)


def write_county_files(config: Config, folder: Path, suppress: bool = True) -> list[Path]:
    """Write the files of the configuration's synthetic economy into ``folder``, and ``counties.yaml``, which names them in
    the form of a configuration. ``suppress``: withhold small cells as the real files do. Returns the paths.
    """
    zone_of, states = zones_on_map(config)
    return write_files(config, county_economy(config, zone_of, states), Path(folder), suppress)


def write_files(config: Config, economy: CountyEconomy, folder: Path, suppress: bool = True) -> list[Path]:
    """Write the files of ``economy``; see :func:`write_county_files`."""
    texts: dict[str, str] = {}
    section: dict[str, Any] = {"cbp": {"files": {}}, "housing": {"files": {}}, "income": {}}
    for year, cells in economy.cells.items():
        name = f"cbp{year % 100:02d}co.txt"
        rng = np.random.default_rng([config.run.seed, 103, year])
        texts[name] = raw_cbp.text(rng, cells, economy.trees[year], year, suppress)
        section["cbp"]["files"][year] = name
    for year, table in economy.housing.groupby("year"):
        name = f"housing_{year}_county.csv"
        texts[name] = _UNTIDY.get(int(year), str)(_housing_text(table, year))
        section["housing"]["files"][year] = {"file": name, "owner": "OWNER", "renter": "RENTER", "value": "MEDVAL"}
    texts["CAINC1.csv"] = MARK + raw_income.text(economy.areas, economy.zone_of)
    section["income"]["file"] = "CAINC1.csv"
    texts["counties.yaml"] = yaml.safe_dump({"data": {"directory": str(folder), "counties": section}}, sort_keys=False)
    for name, text in texts.items():
        with atomic_path(folder / name) as temporary:
            temporary.write_text(text, encoding="latin-1")
    return [folder / name for name in texts]


def _tree(config: Config, year: int) -> CodeTree:
    return code_tree(config.data.counties.cbp.codes, "sic" if year < 1998 else "naics", year)


def _weights(rng: np.random.Generator, zone_of: pd.Series) -> pd.DataFrame:
    """``fips, zone, weight``: each county's part of its zone, the same in all years."""
    frame = pd.DataFrame({"fips": zone_of.index, "zone": zone_of.to_numpy()}).sort_values("fips", ignore_index=True)
    size = np.exp(rng.normal(0.0, 0.7, len(frame)))
    return frame.assign(weight=size / pd.Series(size).groupby(frame["zone"]).transform("sum"))


def _cells(rng, industry: pd.DataFrame, people: pd.DataFrame, weights: pd.DataFrame, year: int, tree: CodeTree) -> pd.DataFrame:
    """Employment and payroll of every county and leaf code of one year; whole persons, whole thousand dollars.

    Government has no code; no job is in a code that is spread over others.
    """
    shares = (
        industry[industry["year"] == year].pivot(index=["zone", "industry"], columns="variable", values="share").reset_index()
    )
    shares = shares.merge(people.loc[people["year"] == year, ["zone", "persons", "dollars"]], on="zone")
    shares["jobs"] = _JOBS * shares["persons"] * shares["employment"]
    shares["pay"] = _WAGES * shares["dollars"] * shares["income"] / (1000 * shares["jobs"])
    leaves = [k for k in tree.leaves(0) if tree.industry[k] != SPREAD]
    codes = pd.DataFrame({"code": [tree.codes[k] for k in leaves], "industry": [tree.industry[k] for k in leaves]})
    part = np.exp(rng.normal(0.0, 0.6, len(codes)))
    codes["part"] = part / pd.Series(part).groupby(codes["industry"]).transform("sum")
    frame = weights.merge(shares[["zone", "industry", "jobs", "pay"]], on="zone").merge(codes, on="industry")
    frame["emp"] = np.floor(frame["jobs"] * frame["weight"] * frame["part"] + rng.uniform(size=len(frame)))
    frame["ap"] = np.round(frame["emp"] * frame["pay"])
    frame = frame[frame["emp"] > 0].sort_values(["fips", "code"], ignore_index=True)
    return frame[["fips", "code", "industry", "emp", "ap"]]


def _areas(people: pd.DataFrame, weights: pd.DataFrame) -> pd.DataFrame:
    """Income and population of counties in every year from 1969: census years, log-linear in between."""
    years = np.arange(max(FIRST_INCOME_YEAR, people["year"].min()), people["year"].max() + 1)
    wide = {name: np.log(people.pivot(index="zone", columns="year", values=name)) for name in ("persons", "dollars")}
    pieces = []
    for year in years:
        at = {
            name: table.apply(lambda row, t=year: np.exp(np.interp(t, row.index, row)), axis=1) for name, table in wide.items()
        }
        persons = np.maximum(np.round(weights["weight"] * weights["zone"].map(at["persons"])), 1.0)
        income = np.maximum(np.round(weights["weight"] * weights["zone"].map(at["dollars"]) / 1000), 1.0)
        pieces.append(pd.DataFrame({"fips": weights["fips"], "year": year, "income": income, "population": persons}))
    return pd.concat(pieces, ignore_index=True)


def _housing(rng: np.random.Generator, areas: pd.DataFrame, years: Collection[int]) -> pd.DataFrame:
    """Occupied units, tenure and median values of counties in census years."""
    frame = areas[areas["year"].isin([year for year in HOUSING_YEARS if year in years])].copy()
    units = np.maximum(np.round(frame["population"] / _PERSONS), 2.0)
    owner_share = np.clip(0.65 + 0.08 * rng.standard_normal(len(frame)), 0.2, 0.95)
    frame["owner"] = np.maximum(np.round(units * owner_share), 1.0)
    frame["renter"] = units - frame["owner"]
    per_capita = 1000 * frame["income"] / frame["population"]
    frame["value"] = np.round(4 * per_capita * np.exp(0.3 * rng.standard_normal(len(frame))), -2)
    return frame[["fips", "year", "owner", "renter", "value"]].reset_index(drop=True)


def as_nhgis(text: str) -> str:
    """State and county codes with NHGIS' extra digit: 010, 0010."""
    head, *rows = text.splitlines()
    body = [re.sub(r"^(G\d+,\d+,)(\d\d),(\d\d\d),", r"\g<1>\g<2>0,\g<3>0,", row) for row in rows]
    return "\n".join([head, *body]) + "\n"


def as_spreadsheet(text: str) -> str:
    """As a spreadsheet saves it: a byte order mark, CRLF, no leading zeros, 1.0 for 1, rows and a column of delimiters only."""
    rows = [re.sub(r",0+(\d)", r",\1", row) for row in text.splitlines()]
    rows = [rows[0] + ",", *(re.sub(r"^(G\d+,\d+,\d+,\d+)", r"\g<1>.0", row) + "," for row in rows[1:])]
    empty = "," * rows[0].count(",")
    return MARK + "\r\n".join([*rows, empty, empty]) + "\r\n"


#: Housing files that went through other hands, as real ones do.
_UNTIDY = {1980: as_nhgis, 1990: as_nhgis, 2000: as_spreadsheet}


def _housing_text(table: pd.DataFrame, year: int) -> str:
    """A table as NHGIS extracts are, with their second heading."""
    head = pd.DataFrame(
        [
            {
                "GISJOIN": "GIS Join Match Code",
                "YEAR": "Data File Year",
                "STATEA": "State Code",
                "COUNTYA": "County Code",
                "OWNER": "Owner occupied",
                "RENTER": "Renter occupied",
                "MEDVAL": "Median value (dollars)",
            }
        ]
    )
    state, county = table["fips"] // 1000, table["fips"] % 1000
    body = pd.DataFrame(
        {
            "GISJOIN": [f"G{s:02d}0{c:03d}0" for s, c in zip(state, county, strict=True)],
            "YEAR": year,
            "STATEA": [f"{s:02d}" for s in state],
            "COUNTYA": [f"{c:03d}" for c in county],
            "OWNER": table["owner"].astype(int),
            "RENTER": table["renter"].astype(int),
            "MEDVAL": table["value"].astype(int),
        }
    )
    return pd.concat([head, body]).to_csv(index=False, lineterminator="\n")
