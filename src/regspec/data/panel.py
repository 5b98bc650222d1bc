"""Reader of the ready real tables: 722 commuting zones, 8 industries, employment shares (docs/data.md)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from regspec.config.config import Config
from regspec.data import consistency
from regspec.data.accounts import group_tfp
from regspec.data.interest import us_real_rate
from regspec.data.national import national_table
from regspec.errors import DataError
from regspec.io.raw_tables import read_csv

INDUSTRY, CONTROLS, MAP = "cz_industry.csv", "cz_controls.csv", "industry_map.csv"
ACCOUNTS = "us_industry_accounts_1947_2023.csv"
SOURCE = (
    "Census panel of 722 commuting zones, 8 industries, employment shares; the log hourly wage stands for "
    "log income per capita. Industry accounts: Elbadri and Vizcaino (2025), doi 10.5281/zenodo.17600449. "
    "Interest rate: statsmodels macrodata."
)


@dataclass(frozen=True)
class Panel:
    """The canonical tables of docs/architecture.md (``industry, controls, national, tfp, interest``)."""

    industry: pd.DataFrame
    controls: pd.DataFrame
    national: pd.DataFrame
    tfp: pd.DataFrame
    interest: pd.DataFrame


def data_directory(config: Config) -> Path:
    """Folder of the panel: environment variable REGSPEC_DATA, else ``data.directory``. Raises DataError."""
    name = os.environ.get("REGSPEC_DATA") or config.data.directory
    if not name:
        raise DataError(
            "No folder for the panel's tables.\nRemedy: set data.directory or the environment variable REGSPEC_DATA."
        )
    return Path(os.path.expanduser(name))


def directory_key() -> str:
    """What names the folder of the panel at present, for messages."""
    return "the environment variable REGSPEC_DATA" if os.environ.get("REGSPEC_DATA") else "data.directory (or REGSPEC_DATA)"


def read_crosswalk(config: Config) -> pd.DataFrame:
    """The table ``panel_crosswalk`` named by ``data.crosswalk``. Raises DataError."""
    folder, name = data_directory(config), str(config.data.crosswalk)
    _check_present(folder, [name])
    return read_csv(folder / name, "panel_crosswalk")


def read_panel(config: Config, mapped_zones: set[int]) -> Panel:
    """Read, check and rename the tables in :func:`data_directory`.

    ``mapped_zones``: zone ids of the crosswalk. Raises DataError for a missing or broken file, shares that
    do not sum to one, unknown industries, zones outside the crosswalk, and years that the analysis lacks.
    """
    folder = data_directory(config)
    _check_present(folder, [INDUSTRY, CONTROLS, MAP, ACCOUNTS])
    groups = read_csv(folder / MAP, "panel_industry_map").set_index("industry_id")["group8"]
    industry = _industry(folder, set(groups), config.data.share_tolerance)
    controls = _controls(folder)
    consistency.check_same_rows(industry, controls, INDUSTRY, CONTROLS)
    consistency.check_zones(industry["zone"], mapped_zones, INDUSTRY, str(config.data.crosswalk))
    base, end = config.empirics.base_year, config.empirics.end_year
    consistency.check_years(industry["year"], (base, end), INDUSTRY)
    accounts = read_csv(folder / ACCOUNTS, "panel_accounts")
    return Panel(
        industry=industry,
        controls=controls,
        national=national_table(industry, controls, base, end),
        tfp=group_tfp(accounts, groups, config.calibration.tfp.measure, ACCOUNTS),
        interest=us_real_rate(),
    )


def _check_present(folder: Path, names: list[str]) -> None:
    absent = [name for name in names if not (folder / name).is_file()]
    if absent:
        raise DataError(
            f"{folder}: no file {', '.join(absent)}.\n"
            f"Expected there: {', '.join(names)}.\n"
            f"Remedy: correct {directory_key()}, or put the files there."
        )


def _industry(folder: Path, known: set[str], tolerance: float) -> pd.DataFrame:
    frame = read_csv(folder / INDUSTRY, "panel_industry")
    frame = frame.rename(columns={"cz": "zone", "employment_share": "share"}).assign(variable="employment")
    consistency.check_industries(frame["industry"], known, INDUSTRY)
    consistency.check_balanced(frame, INDUSTRY)
    return consistency.normalized_shares(frame, tolerance, INDUSTRY)


def _controls(folder: Path) -> pd.DataFrame:
    """Canonical controls; the mapping and its reasons are in docs/data.md."""
    raw = read_csv(folder / CONTROLS, "panel_controls").sort_values(["cz", "year"], ignore_index=True)
    state = raw.groupby("cz")["state_fips"].transform(lambda s: s.ffill().bfill())
    if state.isna().any():
        raise DataError(
            f"{CONTROLS}: zone {raw['cz'][state.isna()].iloc[0]} has no state_fips in any year.\n"
            "Remedy: state_fips is needed in at least one year."
        )
    return pd.DataFrame(
        {
            "zone": raw["cz"],
            "year": raw["year"],
            "state": state.astype("int64"),
            "population": raw["population"] / 1e9,
            "log_income": raw["log_hourly_wage"],
            "high_skill_share": raw["high_skill_share"],
            "old_age_dependency": 100 * raw["share_65up"] / (1 - raw["share_65up"]),
            "female_labor_share": raw["female_employment_share"],
        }
    )
