"""Checks of the input tables and of their fit to the configuration, before anything is computed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from regspec.config.calibration import GROUPS_17
from regspec.config.config import Config
from regspec.errors import ConfigError, DataError

#: Controls that every source has, if not for every year.
CONTROLS = ("population", "high_skill_share", "old_age_dependency", "female_labor_share")


@dataclass(frozen=True)
class Inventory:
    """What the data hold, as far as the configuration refers to it; without productivity nothing can be calibrated."""

    source: str
    zones: Collection[int]
    industries: Collection[str]
    variables: Collection[str]
    years: Collection[int]
    productivity: bool = True
    controls: Collection[str] = CONTROLS


def raw_files(config: Config) -> list[Path]:
    """Raw tables that the data step reads. Raises DataError when no folder is given."""
    names = [config.data.crosswalk] if config.data.crosswalk else []
    if config.data.source == "panel":
        from regspec.data.panel import ACCOUNTS, CONTROLS, INDUSTRY, MAP

        names = [INDUSTRY, CONTROLS, MAP, ACCOUNTS, *names]
    if config.data.source == "tidy":
        from regspec.data.tidy import tidy_files

        names = [*tidy_files(config), *names]
    if config.data.source == "microdata":
        from regspec.data.microdata.source import microdata_files

        names = [*microdata_files(config), *names]
    if not names:
        return []
    from regspec.data.panel import data_directory

    return [data_directory(config) / name for name in names]


def county_files(config: Config) -> list[Path]:
    """Raw files of the step `counties`, the crosswalk and the tables of codes and prices included. Raises DataError."""
    section = config.data.counties
    if not section.tables:
        return []
    from regspec.data.counties.build import files
    from regspec.data.panel import data_directory
    from regspec.io.raw_tables import config_table

    crosswalk = [data_directory(config) / config.data.crosswalk] if config.data.crosswalk else []
    return [*files(config), *crosswalk, config_table(section.cbp.codes), config_table(section.price_index)]


def check_names(config: Config) -> None:
    """Raise ConfigError for braces in the path of the results or of a raw table, which Snakemake takes for its wildcards. Any
    other character works. Raises DataError when no folder of tables is given.
    """
    places = {"run.directory": [Path(config.run.directory)], "data": [*raw_files(config), *county_files(config)]}
    for key, paths in places.items():
        for path in paths:
            if "{" in str(path) or "}" in str(path):
                raise ConfigError(f"{key}: {path}: braces cannot be in a path here\n  rename the folder or the file")


def check_inputs(config: Config) -> None:
    """Read and check every raw table, and the configuration against it; nothing is written.

    Raises DataError (file, row, value, remedy) for an unusable table and ConfigError for industries, zones,
    years or variables that the data do not have.
    """
    inventory = _synthetic(config) if config.data.source == "synthetic" else _tables(config)
    _check_variable(config, inventory)
    _check_controls(config, inventory)
    _check_years(config, inventory)
    _check_zones(config, inventory)
    _check_industries(config, inventory)
    _check_technology(config, inventory)
    _check_counties(config, inventory)


def _synthetic(config: Config) -> Inventory:
    spec = config.data.synthetic
    zones: Collection[int] = range(1, spec.zones + 1)
    if config.data.crosswalk:
        zones = _mapped_zones(config)
        if len(zones) != spec.zones:
            raise ConfigError(
                f"data.synthetic.zones = {spec.zones}: {config.data.crosswalk} has {len(zones)} zones\n"
                f"  use {len(zones)}, or data.crosswalk: null for stand-in zones"
            )
    return Inventory("the synthetic economy", zones, GROUPS_17, ("income", "employment"), spec.years)


def _tables(config: Config) -> Inventory:
    import pandas as pd

    from regspec.data import panel, tidy

    folder = panel.data_directory(config)
    if not folder.is_dir():
        raise DataError(
            f"{folder}: no such folder of tables\nRemedy: correct {panel.directory_key()}; docs/data.md says what it holds."
        )
    absent = [path for path in raw_files(config) if not path.is_file()]
    if absent:
        raise DataError(
            f"{absent[0]}: no such file{f' (and {len(absent) - 1} more)' if len(absent) > 1 else ''}\n"
            f"Expected in that folder: {', '.join(path.name for path in raw_files(config))}\n"
            f"Remedy: correct {panel.directory_key()}, or put the files there."
        )
    zones = _mapped_zones(config)
    if config.data.source == "microdata":
        from regspec.data.microdata.source import inventory

        return Inventory(config.data.microdata.extract, sorted(set(zones)), *inventory(config, set(zones)))
    if config.data.source == "panel":
        name, read = panel.INDUSTRY, panel.read_panel(config, set(zones))
    else:
        # The map's states, which the data step knows, are not needed for a check.
        name, read = config.data.tidy.industry, tidy.read_tidy(config, set(zones), pd.Series(1, sorted(set(zones))))
    held, industries, variables, years = (
        sorted(read.industry[column].unique()) for column in ("zone", "industry", "variable", "year")
    )
    return Inventory(name, held, industries, variables, years, len(read.tfp) > 0, tuple(read.controls.columns))


def _mapped_zones(config: Config) -> list[int]:
    """Zones to which the crosswalk maps the counties of the map, without building any polygon."""
    import pandas as pd
    from bokeh_sampledata import us_counties

    from regspec.data.geography import OUTSIDE, crosswalk_zones
    from regspec.data.panel import read_crosswalk

    codes = [int(r["fips"]) for r in us_counties.records() if int(r["state_fips"]) not in OUTSIDE]
    counties = pd.DataFrame({"fips": sorted(codes)})
    return sorted(set(crosswalk_zones(counties, read_crosswalk(config), str(config.data.crosswalk))))


def _check_variable(config: Config, inventory: Inventory) -> None:
    variable = config.empirics.variable
    if variable not in inventory.variables:
        raise ConfigError(
            f"empirics.variable = {variable}: {inventory.source} does not have these shares\n"
            f"  allowed: {', '.join(inventory.variables)}"
        )


def _check_controls(config: Config, inventory: Inventory) -> None:
    import pandas as pd

    from regspec.empirics.fact1 import check_controls

    check_controls(pd.DataFrame(columns=list(inventory.controls)), config.empirics)


def _check_years(config: Config, inventory: Inventory) -> None:
    wanted = {
        "empirics.base_year": config.empirics.base_year,
        "empirics.end_year": config.empirics.end_year,
        "calibration.first_year": config.calibration.first_year,
    }
    for key, year in wanted.items():
        if year not in inventory.years:
            years = ", ".join(map(str, sorted(inventory.years)))
            raise ConfigError(f"{key} = {year}: not a year of {inventory.source}\n  its years: {years}")


def _check_zones(config: Config, inventory: Inventory) -> None:
    from regspec.calibration.zone_sample import nearest

    chosen, known = config.model.zones, inventory.zones
    if isinstance(chosen, dict) and chosen["sample"] > len(known):
        raise ConfigError(f"model.zones.sample = {chosen['sample']}: {inventory.source} has only {len(known)} zones")
    if isinstance(chosen, list):
        if not chosen:
            raise ConfigError("model.zones = []: name at least one zone, or use all or {sample: n}")
        unknown = [zone for zone in chosen if zone not in known]
        if unknown:
            raise ConfigError(
                f"model.zones: zone {unknown[0]} is not in {inventory.source} ({len(known)} zones)\n"
                f"  nearest ids: {', '.join(map(str, nearest(unknown[0], known)))}"
            )


def _check_industries(config: Config, inventory: Inventory) -> None:
    from regspec.io.messages import unknown_industry

    empirics, known = config.empirics, inventory.industries
    wanted = {"empirics.tradable": empirics.tradable or []}
    wanted |= {f"empirics.industry_groups.{name}": own for name, own in (empirics.industry_groups or {}).items()}
    for key, names in wanted.items():
        for name in names:
            if name not in known:
                raise unknown_industry(key, name, known, inventory.source)


def _check_technology(config: Config, inventory: Inventory) -> None:
    import numpy as np

    from regspec.calibration.groups import check_groups, floor_shares, members_by_group
    from regspec.calibration.technology import technology

    groups = members_by_group(config)
    if inventory.productivity:
        check_groups(groups, inventory.industries, inventory.source)
    floor_shares(np.full(len(groups), 1 / len(groups)), config.calibration.share_floor)
    for scenario in (None, *config.solve_names()):
        technology(config, scenario)


def _check_counties(config: Config, inventory: Inventory) -> None:
    """The beginning of each county file: reading two million rows of each would hold up every run."""
    section = config.data.counties
    if not section.tables:
        return
    for window in section.income.windows:
        if window[0] not in inventory.years:
            years = ", ".join(map(str, sorted(inventory.years)))
            raise ConfigError(
                f"data.counties.income.windows: {window[0]} is not a year of {inventory.source}\n  its years: {years}"
            )
    from regspec.data.counties.build import check_files

    check_files(config)
