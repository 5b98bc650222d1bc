"""The county tables of a run: ``business``, ``housing``, ``county_income`` and the report ``counties.json``."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from regspec.config.config import Config
from regspec.config.counties import CountyIncome
from regspec.data.counties.business import county_industries, zone_business
from regspec.data.counties.cbp_file import read_cbp
from regspec.data.counties.housing import read_housing, zone_housing
from regspec.data.counties.income import check_states, read_income, zone_income
from regspec.data.counties.raw import SAMPLE
from regspec.data.counties.zones import Unmapped, county_zones, unmapped
from regspec.data.deflator import price_factors
from regspec.data.panel import data_directory
from regspec.io.schemas import validate


@dataclass(frozen=True)
class CountyTables:
    """The tables by name (docs/counties.md) and what the files were like, by table and year."""

    tables: dict[str, pd.DataFrame]
    report: dict[str, Any]


def files(config: Config) -> list[Path]:
    """County files that ``data.counties`` names. Raises DataError when no folder is given."""
    section = config.data.counties
    names = [*section.cbp.files.values(), *(spec.file for spec in section.housing.files.values())]
    names += [section.income.file] if section.income.file else []
    return [data_directory(config) / name for name in names]


def check_files(config: Config) -> None:
    """Read the beginning of every county file and the tables beside them, before anything is computed. Raises DataError."""
    section = config.data.counties
    if not section.tables:
        return
    folder = data_directory(config)
    for year, name in section.cbp.files.items():
        read_cbp(folder / name, int(year), section.cbp, SAMPLE)
    for spec in section.housing.files.values():
        read_housing(folder / spec.file, spec, SAMPLE)
    years = [int(year) for year in (*section.cbp.files, *section.housing.files)]
    if section.income.file:
        years += _areas(section.income, folder)["year"].unique().tolist()  # a small file: all of it
    price_factors(config, years)


def build(config: Config) -> CountyTables:
    """Read every county file that the configuration names. Raises DataError; writes nothing."""
    section, folder = config.data.counties, data_directory(config)
    zone_of, crosswalk = county_zones(config)
    tables: dict[str, pd.DataFrame] = {}
    report: dict[str, Any] = {"crosswalk": crosswalk, "zones": int(zone_of.nunique())}
    if section.cbp.files:
        tables["business"], report["business"] = _business(config, folder, zone_of, crosswalk)
    if section.housing.files:
        tables["housing"], report["housing"] = _housing(config, folder, zone_of, crosswalk)
    if section.income.file:
        tables["county_income"], report["county_income"] = _income(config, folder, zone_of, crosswalk)
    return CountyTables({name: validate(table, name, f"{name}.parquet") for name, table in tables.items()}, report)


def _business(config: Config, folder: Path, zone_of: pd.Series, crosswalk: str) -> tuple[pd.DataFrame, dict]:
    section = config.data.counties
    factors = price_factors(config, [int(year) for year in section.cbp.files])
    parts, report = [], {}
    for year, name in sorted(section.cbp.files.items()):
        file = read_cbp(folder / name, int(year), section.cbp)
        counties, facts = county_industries(file, section.cbp.inconsistent_share, name)
        parts.append(zone_business(counties, zone_of, int(year), factors[int(year)], section, name, crosswalk))
        lost = unmapped(counties.groupby("fips")["employment"].sum(), zone_of)
        _tell(name, {year: lost}, "employees")
        report[year] = {"file": name, **facts, **_facts(lost)}
    return pd.concat(parts, ignore_index=True), report


def _housing(config: Config, folder: Path, zone_of: pd.Series, crosswalk: str) -> tuple[pd.DataFrame, dict]:
    section = config.data.counties
    factors = price_factors(config, [int(year) for year in section.housing.files])
    parts, report = [], {}
    for year, spec in sorted(section.housing.files.items()):
        counties = read_housing(folder / spec.file, spec)
        parts.append(zone_housing(counties, zone_of, int(year), factors[int(year)], section, spec.file, crosswalk))
        units = counties.set_index("fips")[["owner", "renter"]].sum(axis=1)
        lost = unmapped(units, zone_of)
        _tell(spec.file, {year: lost}, "units")
        report[year] = {"file": spec.file, "counties": len(counties), **_facts(lost)}
    return pd.concat(parts, ignore_index=True), report


def _income(config: Config, folder: Path, zone_of: pd.Series, crosswalk: str) -> tuple[pd.DataFrame, dict]:
    section = config.data.counties
    name = str(section.income.file)
    areas = _areas(section.income, folder)
    factors = price_factors(config, areas["year"].unique())
    table, by_county = zone_income(areas, zone_of, factors, section, name, crosswalk)
    years = dict(list(by_county.groupby("year")))
    lost = {str(year): unmapped(one.set_index("fips")["income"], zone_of) for year, one in years.items()}
    _tell(name, lost, "dollars")
    report = {str(year): {"file": name, "counties": len(one), **_facts(lost[str(year)])} for year, one in years.items()}
    return table, report


def _areas(section: CountyIncome, folder: Path) -> pd.DataFrame:
    name = str(section.file)
    areas = read_income(folder / name, section)
    check_states(areas, section.total_tolerance, name)
    return areas


def _facts(lost: Unmapped) -> dict:
    """Counties without a zone, for the report."""
    return {
        "unmapped_counties": [int(code) for code in lost.amount.index],
        "unmapped_amounts": {f"{code:05d}": float(value) for code, value in lost.amount.items()},
        "unmapped_share": lost.share,
        "unmapped_zone_share": lost.zone_share,
        "unmapped_zone": lost.zone,
    }


def _tell(name: str, years: dict[str, Unmapped], unit: str) -> None:
    """One line of a file's counties that no zone holds, with the amounts of the year in which they are the largest part."""
    year, worst = max(years.items(), key=lambda item: item[1].share)
    if len(worst.amount):
        codes = ", ".join(f"{code:05d} ({value:,.0f})" for code, value in worst.amount.items())
        others = sum(len(lost.amount) > 0 for lost in years.values()) - 1
        again = f"; also in {others} other years" if others else ""
        print(
            f"counties: {name}, {year}: left out {codes} {unit} of counties without a zone, {worst.share:.3%} of all and up to "
            f"{worst.zone_share:.1%} of zone {worst.zone}{again}",
            file=sys.stderr,
            flush=True,
        )
