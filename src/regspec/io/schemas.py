"""One strict schema for each kind of table: column, type, unit, range, source.

Tables that the workflow writes (docs/architecture.md) admit no other column; raw input tables may hold more
columns, which are ignored. :func:`validate` turns the first broken rule into a short DataError; the column
tables of docs/data.md come from :func:`documentation`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd
from pandera.errors import SchemaErrors

from regspec.io.columns import Column, Table
from regspec.io.messages import column_error, duplicate_error, failure_error, no_rows, value_error

_TYPE_CHECKS = ("must be finite", "must be a whole number", "must be text")


def _share(meaning: str, **extra) -> Column:
    return Column(
        "fraction", meaning, low=0, high=1, remedy="shares are fractions of a zone-year's total, not percent", **extra
    )


_ZONE = Column("id", "commuting zone (D1)", kind=int, low=1)
_YEAR = Column("calendar year", "year of the observation", kind=int, low=1900, high=2100)
_INDUSTRY = Column("name", "data industry (D6)", kind=str)
_VARIABLE = Column("name", "what the share is a share of (D5)", kind=str, allowed=("income", "employment", "value_added"))
_SCENARIO = Column("name", "scenario of the configuration", kind=str)
_ALLOCATION = Column("name", "competitive equilibrium or planner", kind=str, allowed=("ce", "planner"))
_LOG10: dict[str, Any] = dict(unit="log10", nullable=True)

_CLEAN = {
    "industry": Table(
        "industry shares of zones",
        ("zone", "year", "industry", "variable"),
        {
            "zone": _ZONE,
            "year": _YEAR,
            "industry": _INDUSTRY,
            "variable": _VARIABLE,
            "share": _share("share of the industry in the zone's income or employment (D2, D5)"),
        },
    ),
    "controls": Table(
        "outcomes and controls of zones",
        ("zone", "year"),
        {
            "zone": _ZONE,
            "year": _YEAR,
            "state": Column("FIPS code", "state that holds most of the zone", kind=int, low=1, high=56),
            "population": Column(
                "billions of persons",
                "population (D2; E1)",
                above=0,
                high=0.4,
                remedy="divide persons by 1e9: E1's coefficient of 170 needs billions",
            ),
            "log_income": Column("log", "log income p.c. (D2), or its stand-in (meta.json)", nullable=True),
            "high_skill_share": _share("high-skill share of labor (E1)", nullable=True),
            "old_age_dependency": Column(
                "percent",
                "old per 100 of working age (E1)",
                low=0,
                high=200,
                nullable=True,
                remedy="percent, so that E1 has 0.0145 a point",
            ),
            "female_labor_share": _share("female labor share (E1)", nullable=True),
            r"^.+$": Column("the source's", "further control of a tidy panel", nullable=True, required=False, pattern=True),
        },
    ),
    "national": Table(
        "national industry shares and growth",
        ("year", "industry", "variable"),
        {
            "year": _YEAR,
            "industry": _INDUSTRY,
            "variable": _VARIABLE,
            "share": _share("national share of the industry (D6)"),
            "growth": Column("log points", "ln change of national industry size, base to end year (E1: g_i^US)", nullable=True),
        },
    ),
    "tfp": Table(
        "industry productivity",
        ("year", "industry"),
        {
            "year": _YEAR,
            "industry": _INDUSTRY,
            "tfp": Column("index, first year = 1", "total factor productivity (M2)", above=0),
            "weight": Column("nominal output", "weight in aggregation; only ratios matter", above=0),
        },
        may_be_empty=True,
    ),
    "interest": Table(
        "real interest rate",
        ("year",),
        {
            "year": _YEAR,
            "rate": Column(
                "fraction a year", "real interest rate, 90-day bill (P)", above=-0.5, high=0.5, remedy="a fraction, not percent"
            ),
        },
    ),
    "zones": Table(
        "zone polygons", ("zone",), {"zone": _ZONE, "geometry": Column("m, EPSG:5070", "polygon of the zone (D1)", kind=object)}
    ),
    "specialization": Table(
        "specialization of zones",
        ("zone", "year", "variable", "measure"),
        {
            "zone": _ZONE,
            "year": _YEAR,
            "variable": _VARIABLE,
            "measure": Column("name", "measure of specialization (D5)", kind=str),
            "value": Column("0 to 1", "specialization over data industries (D5)", low=0, high=1, nullable=True),
        },
    ),
}

_COUNTIES = {
    "business": Table(
        "business patterns of zones (CBP)",
        ("zone", "year", "industry"),
        {
            "zone": _ZONE,
            "year": _YEAR,
            "industry": _INDUSTRY,
            "employment": Column("persons", "employees in mid-March (D3)", low=0),
            "payroll": Column("constant dollars", "annual payroll (D3)", low=0),
            "establishments": Column("number", "establishments (D3)", low=0),
            "imputed_share": _share("part of employment that was withheld or left out and is imputed"),
        },
    ),
    "housing": Table(
        "housing of zones",
        ("zone", "year"),
        {
            "zone": _ZONE,
            "year": _YEAR,
            "units": Column("number", "occupied housing units (D4)", low=0),
            "owner_share": _share("owner-occupied part of the units (D4)"),
            "median_value": Column(
                "dollars", "mean of the counties' median values, by owner-occupied units (D4)", above=0, nullable=True
            ),
            "median_value_real": Column("constant dollars", "the same", above=0, nullable=True),
        },
    ),
    "county_income": Table(
        "personal income of zones (BEA)",
        ("zone", "year"),
        {
            "zone": _ZONE,
            "year": _YEAR,
            "income": Column("dollars", "personal income", above=0),
            "income_real": Column("constant dollars", "personal income", above=0),
            "population": Column("persons", "population", above=0),
        },
    ),
}

_FLOW = "output of 1950 times level"
_MODEL = {
    "paths": Table(
        "simulated paths",
        ("zone", "scenario", "allocation", "year"),
        {
            "zone": _ZONE,
            "scenario": _SCENARIO,
            "allocation": _ALLOCATION,
            "year": _YEAR,
            "Y": Column(_FLOW, "output (M1)", above=0),
            "c": Column(_FLOW, "consumption (M1)", above=0),
            "b": Column(_FLOW, "bonds at the start of the year (M1)"),
            "q": Column(_FLOW, "price of capital (M6)"),
            "eta": Column("marginal utility", "private multiplier (M4)", low=-1e-9),
            "mu": Column("marginal utility", "planner's multiplier (M7)", low=-1e-9),
            "tau_b": Column("fraction", "debt tax (M8)", nullable=True),
            "gini_k": Column("0 to 1", "Gini of capital over the model industries", low=0, high=1),
            r"^k_.+$": Column("share of capital", "capital of a model industry", low=0, high=1, pattern=True),
            r"^tau_k_.+$": Column("fraction", "industry tax (M8)", nullable=True, required=False, pattern=True),
        },
    ),
    "solutions": Table(
        "solutions and their diagnostics",
        ("zone", "scenario", "allocation"),
        {
            "zone": _ZONE,
            "scenario": _SCENARIO,
            "allocation": _ALLOCATION,
            "status": Column("name", "outcome of the solve", kind=str, allowed=("solved", "failed")),
            "message": Column("text", "why it failed", kind=str, nullable=True),
            "level": Column("output of 1950", "level of the zone (model section 4)", above=0, nullable=True),
            "value": Column("consumption", "certainty-equivalent consumption in 1950", nullable=True),
            "welfare_gain": Column("fraction", "Lambda in 1950 (M9)", nullable=True),
            r"^(cloud_)?euler_(bonds|portfolio)_(mean|p99|max)_log10$": Column(
                meaning="Euler errors (section 7)", pattern=True, **_LOG10
            ),
            r"^(residual_max|binding_share|amplification_max|roots_max|grid_margin|contraction|us_per_state_sweep)$": Column(
                "see section 7", "diagnostic", nullable=True, pattern=True, required=False
            ),
            r"^(unreachable_states|failed_states|lattice_hits|rescued_states|sweeps)$": Column(
                "count", "diagnostic", nullable=True, pattern=True, required=False
            ),
            "seconds": Column("s", "time of the solve", low=0, nullable=True),
        },
    ),
}

_RAW = {
    "panel_industry": Table(
        "cz_industry.csv",
        ("cz", "year", "industry"),
        {"cz": _ZONE, "year": _YEAR, "industry": _INDUSTRY, "employment_share": _share("share of full-time workers")},
        strict=False,
    ),
    "panel_controls": Table(
        "cz_controls.csv",
        ("cz", "year"),
        {
            "cz": _ZONE,
            "year": _YEAR,
            "population": Column("persons", "population", above=0),
            "log_hourly_wage": Column("log dollars an hour", "log hourly wage of men and women", nullable=True),
            "high_skill_share": _share("high-skill share of workers"),
            "female_employment_share": _share("female employment share", nullable=True),
            "share_65up": _share("share of persons aged 65 and over", nullable=True),
            "state_fips": Column("FIPS code", "state of the zone", low=1, high=56, nullable=True),
        },
        strict=False,
    ),
    "panel_crosswalk": Table(
        "county to zone crosswalk",
        ("County FIPS Code",),
        {
            "County FIPS Code": Column("FIPS code", "county", kind=int, low=1001, high=72999),
            "CZ90": Column("id", "commuting zone of 1990", kind=int, low=1),
        },
        strict=False,
    ),
    "panel_accounts": Table(
        "us_industry_accounts_*.csv",
        ("industry_id", "year"),
        {
            "industry_id": Column("id", "industry of the accounts", kind=int),
            "year": _YEAR,
            "GO": Column("million dollars", "nominal gross output", above=0),
            "VA": Column("million dollars", "nominal value added", above=0),
            "TFPGO": Column("index, 1947 = 1", "TFP in gross output", above=0),
            "TFPVA": Column("index, 1947 = 1", "TFP in value added", above=0),
        },
        strict=False,
    ),
    "panel_industry_map": Table(
        "industry_map.csv",
        ("industry_id",),
        {
            "industry_id": Column("id", "industry of the accounts", kind=int),
            "group17": Column("name", "industry of D6", kind=str),
            "group8": Column("name", "industry of cz_industry.csv", kind=str),
        },
        strict=False,
    ),
    "industry_codes": Table(
        "config/industry_codes.csv",
        ("system", "code", "first_year", "last_year"),
        {
            "system": Column("name", "classification", kind=str, allowed=("sic", "naics")),
            "code": Column("code", "code as CBP files write it", kind=str),
            "parent": Column("code", "code that it is a part of", kind=str),
            "first_year": Column("calendar year", "first year of files that use it so", low=1900, high=2100, nullable=True),
            "last_year": Column("calendar year", "last year", low=1900, high=2100, nullable=True),
            "industry": Column("name", "industry of D6, or * (spread)", kind=str, nullable=True),
            "note": Column("text", "reason", kind=str, nullable=True),
        },
        strict=False,
    ),
    "price_index": Table(
        "config/price_index.csv", ("year",), {"year": _YEAR, "index": Column("index", "consumer prices", above=0)}, strict=False
    ),
}

_AMOUNT: dict[str, Any] = dict(low=0, nullable=True, required=False)
_TIDY = {
    "tidy_industry": Table(
        "industries of zones, data.tidy.industry",
        ("cz", "year", "industry"),
        {
            "cz": _ZONE,
            "year": _YEAR,
            "industry": _INDUSTRY,
            "income": Column("constant dollars", "income earned in the industry", **_AMOUNT),
            "employment": Column("persons", "persons employed in the industry", **_AMOUNT),
            "value_added": Column("constant dollars", "value added of the industry", **_AMOUNT),
        },
        strict=False,
    ),
    "tidy_controls": Table(
        "zones, data.tidy.controls",
        ("cz", "year"),
        {
            "cz": _ZONE,
            "year": _YEAR,
            "population": Column("persons", "population", above=0),
            "state": Column("FIPS code", "state of the zone", low=1, high=56, nullable=True, required=False),
            "income_per_capita": Column("constant dollars", "income p.c.", above=0, nullable=True, required=False),
            "high_skill_share": _share("high-skill share of labor", nullable=True, required=False),
            "old_age_dependency": Column(
                "percent", "old per 100 of working age", low=0, high=200, nullable=True, required=False
            ),
            "female_labor_share": _share("female labor share", nullable=True, required=False),
        },
        strict=False,
    ),
    "tidy_industry_map": Table(
        "groups of the accounts, data.tidy.industry_map",
        ("industry_id",),
        {
            "industry_id": Column("id", "industry of the accounts", kind=int),
            "group": Column("name", "industry of data.tidy.industry", kind=str),
        },
        strict=False,
    ),
}

TABLES: Mapping[str, Table] = MappingProxyType({**_CLEAN, **_COUNTIES, **_MODEL, **_RAW, **_TIDY})


def validate(frame: pd.DataFrame, kind: str, source: str) -> pd.DataFrame:
    """Check ``frame`` against the schema ``kind`` (a key of ``TABLES``) and return it with its types.

    ``source`` names the file in messages. Raises DataError (at most five lines: file, column, row, value,
    remedy) for an empty table, a missing or unknown column, a missing value, a value out of range or of the
    wrong type, and repeated keys.
    """
    table = TABLES[kind]
    _check_columns(frame, table, source)
    frame = frame.copy()
    for name, column in _columns(frame, table):
        if column.kind in (int, float) and not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = _numbers(frame, name, table, source)
    try:
        table.schema().validate(frame, lazy=True)
    except SchemaErrors as error:
        raise failure_error(frame, error.failure_cases, table, source) from None
    _check_key(frame, table, source)
    for name, column in _columns(frame, table):
        if column.kind in (int, float):
            frame[name] = frame[name].astype("int64" if column.kind is int else "float64")
    return frame


def _columns(frame: pd.DataFrame, table: Table) -> list[tuple[str, Column]]:
    """Pairs of a column of ``frame`` and its specification; columns outside the schema are left out."""
    pairs = []
    for name in frame.columns:
        column = table.columns.get(name) or next(
            (c for pattern, c in table.columns.items() if c.pattern and re.match(pattern, str(name))), None
        )
        if column is not None:
            pairs.append((name, column))
    return pairs


def _numbers(frame: pd.DataFrame, name: str, table: Table, source: str) -> pd.Series:
    numbers = pd.to_numeric(frame[name], errors="coerce")
    bad = frame.index[numbers.isna() & frame[name].notna()]
    if len(bad):
        raise value_error(frame, name, bad, "must be a number", table, source)
    return numbers


def _check_columns(frame: pd.DataFrame, table: Table, source: str) -> None:
    named = [name for name, column in table.columns.items() if column.required and not column.pattern]
    missing = [name for name in named if name not in frame.columns]
    if missing:
        raise column_error(source, "has no column", missing[0], list(frame.columns), list(named))
    if table.strict:
        matched = {name for name, _ in _columns(frame, table)}
        unknown = [name for name in frame.columns if name not in matched]
        if unknown:
            raise column_error(source, "has an unknown column", unknown[0], named, named)
    if frame.empty and not table.may_be_empty:
        raise no_rows(source)


def _check_key(frame: pd.DataFrame, table: Table, source: str) -> None:
    repeated = frame.duplicated(list(table.key))
    if repeated.any():
        raise duplicate_error(frame, frame.index[repeated], table, source)


def documentation() -> str:
    """Markdown tables of every schema: column, type, unit, meaning, values."""
    blocks = []
    for kind, table in TABLES.items():
        rows = [f"### `{kind}`: {table.title}", "", f"Key: {', '.join(f'`{name}`' for name in table.key)}."]
        rows += ["", "| column | type | unit | meaning | values |", "|---|---|---|---|---|"]
        rows += [_document_row(name, column) for name, column in table.columns.items()]
        blocks.append("\n".join(rows))
    return "\n\n".join(blocks) + "\n"


def _document_row(name: str, column: Column) -> str:
    values = [str(c.error) for c in column.checks() if c.error not in _TYPE_CHECKS]
    values += ["may be missing"] if column.nullable else []
    shown = name.replace("|", r"\|")
    return f"| `{shown}` | {column.kind.__name__} | {column.unit} | {column.meaning} | {'; '.join(values)} |"
