"""Any panel in tidy form: amounts by zone, year and industry, and one row of controls for each zone and year.

:func:`canonical` turns the two tables into those of docs/architecture.md, wherever they come from: files that the
user names (:func:`read_tidy`), or a source that aggregates records of its own.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from regspec.config.config import Config
from regspec.data import consistency
from regspec.data.accounts import group_tfp
from regspec.data.interest import us_real_rate
from regspec.data.national import national_table
from regspec.data.panel import ACCOUNTS, Panel, data_directory
from regspec.errors import DataError
from regspec.io.messages import column_error
from regspec.io.raw_tables import read_csv, read_raw
from regspec.io.schemas import TABLES, validate

VARIABLES = ("income", "employment", "value_added")
#: Columns that the program makes; a further control must have another name.
RESERVED = ("zone", "log_income", "specialization", "tradable", "nontradable", "ghat", "constant")
_CONTROLS = ("high_skill_share", "old_age_dependency", "female_labor_share")


@dataclass(frozen=True)
class Canonical:
    """The canonical tables ``industry, controls, national`` (docs/architecture.md)."""

    industry: pd.DataFrame
    controls: pd.DataFrame
    national: pd.DataFrame


def canonical(
    industry: pd.DataFrame,
    controls: pd.DataFrame,
    config: Config,
    states: pd.Series | None = None,
    mapped_zones: Collection[int] | None = None,
    sources: tuple[str, str] = ("industry table", "controls table"),
) -> Canonical:
    """Canonical tables from the tidy ones (schemas ``tidy_industry`` and ``tidy_controls`` of :mod:`regspec.io.schemas`).

    Parameters
    ----------
    industry : DataFrame
        ``cz, year, industry`` and at least one of ``income`` (constant dollars), ``employment`` (persons), ``value_added``
        (constant dollars). An industry without a row has no activity there. A variable may be missing in all rows
        of a zone and year. A column without a value above one holds shares, which must sum to one.
    controls : DataFrame
        ``cz, year, population`` (persons); optional columns as in the schema; any other numeric column is kept as a
        further control. ``log_income`` is the log of ``income_per_capita``; without that column, of the sum of
        ``income`` over population; missing when there is neither.
    states : Series, optional
        State (FIPS code) by zone, for zones whose rows have none.
    mapped_zones : collection of int, optional
        Zones of the map; others are an error.
    sources : (str, str)
        Names of the two tables in messages.

    Raises DataError (file, row, remedy) for tables that break their schema, zone-years that only one of them has, zones
    outside the map, absent years (``empirics.base_year, end_year``), amounts of which some are missing or which
    sum to zero, and industries without activity in one of the two years.
    """
    source, other = sources
    industry = validate(industry.reset_index(drop=True), "tidy_industry", source).rename(columns={"cz": "zone"})
    controls = validate(controls.reset_index(drop=True), "tidy_controls", other).rename(columns={"cz": "zone"})
    # Sums must not depend on the order of the rows, to the last bit.
    industry = industry.sort_values(["zone", "year", "industry"], ignore_index=True)
    consistency.check_same_rows(industry, controls, source, other)
    if mapped_zones is not None:
        consistency.check_zones(industry["zone"], mapped_zones, source, str(config.data.crosswalk))
    ends = config.empirics.base_year, config.empirics.end_year
    consistency.check_years(industry["year"], ends, source)
    present = [name for name in VARIABLES if name in industry.columns and industry[name].notna().any()]
    if not present:
        raise column_error(
            source,
            "has no column with values among",
            ", ".join(VARIABLES),
            list(industry.columns),
            ["cz", "year", "industry", *VARIABLES],
        )
    long = pd.concat([_long(industry, name, config.data.share_tolerance, source) for name in present], ignore_index=True)
    long = long.sort_values(["zone", "year", "industry", "variable"], ignore_index=True)
    _check_active(long, ends, source)
    clean = _controls(controls, long, states, other)
    shares = long[["zone", "year", "industry", "variable", "share"]]
    return Canonical(shares, clean, national_table(shares, clean, *ends, amounts=long["amount"]))


def _long(industry: pd.DataFrame, variable: str, tolerance: float, source: str) -> pd.DataFrame:
    """``zone, year, industry, variable, share, amount`` of one variable; the amount is missing where shares were given."""
    key = ["zone", "year"]
    rows = industry[[*key, "industry", variable]].rename(columns={variable: "amount"}).assign(variable=variable)
    partly = rows["amount"].isna() & rows.groupby(key)["amount"].transform("count").gt(0)
    if partly.any():
        first = rows[partly].iloc[0]
        raise DataError(
            f"{source}: zone {first['zone']}, year {first['year']}, {first['industry']!r} has no {variable}, other industries"
            f" there have ({int(partly.sum())} such rows).\nRemedy: give 0 for no activity, or leave out the whole zone-year."
        )
    rows = rows[rows["amount"].notna()]
    total = rows.groupby(key)["amount"].transform("sum")
    if rows["amount"].max() <= 1:
        rows = consistency.normalized_shares(rows.assign(share=rows["amount"]), tolerance, source)
        rows = rows.assign(amount=np.nan)
    else:
        _check_totals(rows, total, variable, tolerance, source)
        rows = rows.assign(share=rows["amount"] / total)
    return _completed(rows)


def _check_totals(rows: pd.DataFrame, total: pd.Series, variable: str, tolerance: float, source: str) -> None:
    if ((total / 100 - 1).abs() <= tolerance).all():
        raise DataError(
            f"{source}: {variable} of every zone-year sums to 100.\n"
            "Remedy: give amounts (persons, dollars) or fractions, not percent."
        )
    if not (total > 0).all():
        first = rows[~(total > 0)].iloc[0]
        raise DataError(
            f"{source}: zone {first['zone']}, year {first['year']}: {variable} sums to zero.\n"
            "Remedy: leave the column empty in all rows of a zone-year without data."
        )


def _completed(rows: pd.DataFrame) -> pd.DataFrame:
    """Every industry of the classification in every zone-year: one without a row has a share of zero."""
    index = ["zone", "year", "variable"]
    wide = rows.pivot(index=index, columns="industry", values=["share", "amount"]).sort_index()
    given = bool(rows["amount"].notna().any())
    long = wide.fillna(0.0).stack("industry", future_stack=True).reset_index()
    return long if given else long.assign(amount=np.nan)


def _check_active(long: pd.DataFrame, years: tuple[int, int], source: str) -> None:
    """An industry without activity in one of the years has no growth: the classification does not fit."""
    active = long[long["year"].isin(years)].groupby(["variable", "industry", "year"])["share"].sum()
    idle = active[~(active > 0)]
    if len(idle):
        variable, name, year = idle.index[0]
        raise DataError(
            f"{source}: industry {name!r} has no {variable} in any zone in {year} ({len(idle)} such cases), so the"
            " growth of its national size is not defined.\n"
            "Remedy: check its name over the years, or merge it with another industry."
        )


def _controls(raw: pd.DataFrame, long: pd.DataFrame, states: pd.Series | None, source: str) -> pd.DataFrame:
    """Canonical controls, sorted by zone and year."""
    taken = [name for name in RESERVED if name in raw.columns and name != "zone"]
    if taken:
        raise DataError(
            f"{source}: column {taken[0]!r} has a name that the program uses.\n"
            "Remedy: rename it; income is expected as income_per_capita, in constant dollars."
        )
    raw = raw.sort_values(["zone", "year"], ignore_index=True)
    clean = pd.DataFrame(
        {
            "zone": raw["zone"],
            "year": raw["year"],
            "state": _states(raw, states, source),
            "population": raw["population"] / 1e9,
            "log_income": _log_income(raw, long),
            **{name: raw[name] if name in raw.columns else np.nan for name in _CONTROLS},
        }
    )
    known = {*clean.columns, *TABLES["tidy_controls"].columns}
    further = sorted(name for name in raw.columns if name not in known and pd.api.types.is_numeric_dtype(raw[name]))
    return pd.concat([clean, raw[further].astype(float)], axis=1)


def _log_income(raw: pd.DataFrame, long: pd.DataFrame) -> pd.Series:
    if "income_per_capita" in raw.columns:
        return np.log(raw["income_per_capita"])
    income = long[long["variable"] == "income"].groupby(["zone", "year"])["amount"].sum(min_count=1)
    index = pd.MultiIndex.from_frame(raw[["zone", "year"]])
    return pd.Series(np.log(income.reindex(index).to_numpy(float) / raw["population"].to_numpy()), raw.index)


def _states(raw: pd.DataFrame, states: pd.Series | None, source: str) -> pd.Series:
    """State of each row: its own, that of another year of the zone, or the map's."""
    own = pd.Series(np.nan, raw.index)
    if "state" in raw.columns:
        own = raw.groupby("zone")["state"].transform(lambda s: s.ffill().bfill())
    if states is not None:
        own = own.fillna(raw["zone"].map(states))
    if own.isna().any():
        raise DataError(
            f"{source}: zone {raw['zone'][own.isna()].iloc[0]} has no state.\nRemedy: add a column state (FIPS code)."
        )
    return own.astype("int64")


def tidy_files(config: Config) -> list[str]:
    """Names of the files that a tidy panel is read from, in ``data.directory``; the crosswalk not among them."""
    tidy = config.data.tidy
    names = [tidy.industry, tidy.controls, tidy.tfp, tidy.interest]
    if tidy.tfp is None and tidy.industry_map is not None:
        names += [tidy.industry_map, ACCOUNTS]
    return [name for name in names if name is not None]


def citation(config: Config) -> str:
    """The sentence that names the source under exhibits."""
    tidy = config.data.tidy
    return tidy.citation or f"Own panel ({tidy.industry}, {tidy.controls})"


def read_tidy(config: Config, mapped_zones: Collection[int], states: pd.Series | None = None) -> Panel:
    """The five canonical tables from the files of ``data.tidy``. Arguments and errors as :func:`canonical`."""
    folder, tidy = data_directory(config), config.data.tidy
    industry = read_raw(folder / tidy.industry, "tidy_industry")
    controls = read_raw(folder / tidy.controls, "tidy_controls")
    tables = canonical(industry, controls, config, states, mapped_zones, (tidy.industry, tidy.controls))
    return Panel(
        industry=tables.industry,
        controls=tables.controls,
        national=tables.national,
        tfp=productivity(config, folder, sorted(tables.industry["industry"].unique())),
        interest=us_real_rate() if tidy.interest is None else read_raw(folder / tidy.interest, "interest"),
    )


def productivity(config: Config, folder: Path, industries: Collection[str]) -> pd.DataFrame:
    """Table ``tfp`` of the data industries: ``data.tidy.tfp``, or the industry accounts through
    ``data.tidy.industry_map``; without either a table without rows: nothing can be calibrated.

    Raises DataError when an industry of the data has no series.
    """
    tidy = config.data.tidy
    if tidy.tfp is not None:
        name, frame = tidy.tfp, read_raw(folder / tidy.tfp, "tfp")
    elif tidy.industry_map is not None:
        name = tidy.industry_map
        groups = read_csv(folder / name, "tidy_industry_map").set_index("industry_id")["group"]
        accounts = read_csv(folder / ACCOUNTS, "panel_accounts")
        frame = group_tfp(accounts, groups, config.calibration.tfp.measure, ACCOUNTS)
    else:
        return pd.DataFrame(
            {
                "year": pd.Series(dtype="int64"),
                "industry": pd.Series(dtype=str),
                "tfp": pd.Series(dtype=float),
                "weight": pd.Series(dtype=float),
            }
        )
    consistency.check_industries(industries, frame["industry"], f"{config.data.tidy.industry}, productivity in {name}")
    return frame[frame["industry"].isin(list(industries))].reset_index(drop=True)
