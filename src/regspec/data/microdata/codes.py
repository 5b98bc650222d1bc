"""Tables of codes: industries of the census, and the allocation of geographic units to zones."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from regspec.config.microdata import Geography
from regspec.errors import DataError
from regspec.io.messages import column_error, no_rows, unreadable
from regspec.io.raw_tables import config_table

#: Industry of codes that are left out on purpose, such as the armed forces.
LEFT_OUT = ""
_COLUMNS = ["variable", "first", "last", "industry"]
#: Weights of a unit may miss one by so much; they are then divided by their sum.
_TOLERANCE = 0.01


def industry_codes(name: str, variable: str) -> pd.DataFrame:
    """Ranges of codes of ``variable``: ``first, last, industry`` (empty: left out), sorted.

    Raises DataError for a table without the variable, with overlapping ranges or broken columns.
    """
    path = config_table(name)
    try:
        table = pd.read_csv(path, keep_default_na=False)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file.\nRemedy: correct data.microdata.codes.") from None
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise unreadable(path, error, "CSV") from None
    for column in _COLUMNS:
        if column not in table:
            raise column_error(path.name, "has no column", column, list(table), _COLUMNS)
    own = table[table["variable"] == variable].sort_values("first", ignore_index=True)
    if own.empty:
        have = ", ".join(sorted(set(table["variable"])))
        raise DataError(f"{path.name}: no codes of {variable}.\nIt has: {have}.")
    wrong = (own["last"] < own["first"]) | (own["first"] <= own["last"].shift(fill_value=-1))
    if wrong.any():
        row = own[wrong].iloc[0]
        raise DataError(f"{path.name}: {variable} {row['first']}-{row['last']} is no range, or overlaps the one before.")
    return own[_COLUMNS[1:]]


def match(codes: np.ndarray, table: pd.DataFrame) -> np.ndarray:
    """Position of each code's range in ``table``; -1 for codes in none."""
    position = np.searchsorted(table["first"].to_numpy(), codes, side="right") - 1
    inside = (position >= 0) & (codes <= table["last"].to_numpy()[np.maximum(position, 0)])
    return np.where(inside, position, -1)


def allocation(folder: Path, year: int, spec: Geography, zones: Collection[int] | None) -> pd.DataFrame:
    """``unit, zone, weight`` of a year: the weights of a unit sum to one.

    Rows of the same unit and zone are added: some tables have one for each county. Raises DataError for a missing file or
    column, cells that are no numbers, weights that are negative or do not sum to one within .01 (as those of doubled rows), and
    zones outside ``zones`` (those of the crosswalk, if given).
    """
    path = Path(folder) / spec.file
    table = _read_allocation(path, year, spec)
    repeated = int(table.duplicated(["unit", "zone"]).sum())
    table = table.groupby(["unit", "zone"], as_index=False)["weight"].sum()
    total = table.groupby("unit")["weight"].transform("sum")
    wrong = table[(total - 1).abs() > _TOLERANCE]
    if len(wrong):
        raise DataError(
            f"{path.name}: the weights of unit {wrong['unit'].iloc[0]} sum to {total[wrong.index[0]]:.4f} "
            f"({wrong['unit'].nunique()} such units{f'; {repeated} rows repeat a unit and zone' if repeated else ''}).\n"
            f"Remedy: they must sum to 1 within {_TOLERANCE}; each part of a unit is in the table once."
        )
    outside = set() if zones is None else set(table["zone"]) - set(zones)
    if outside:
        raise DataError(
            f"{path.name}: zone {min(outside)} is not in the crosswalk of counties ({len(outside)} such zones).\n"
            "Remedy: use an allocation to the zones of data.crosswalk."
        )
    return table.assign(weight=table["weight"] / total)


def _read_allocation(path: Path, year: int, spec: Geography) -> pd.DataFrame:
    """``unit, zone, weight`` as they are in the file, numbers all."""
    try:
        table = pd.read_stata(path) if path.suffix == ".dta" else pd.read_csv(path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file.\nRemedy: put it there, or correct data.microdata.geography.{year}.") from None
    except (OSError, ValueError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise unreadable(path, error, "Stata file" if path.suffix == ".dta" else "CSV") from None
    for column in (spec.unit, spec.zone, spec.weight):
        if column not in table:
            raise column_error(path.name, "has no column", column, list(table), [spec.unit, spec.zone, spec.weight])
    if table.empty:
        raise no_rows(path.name)
    names = {spec.unit: "unit", spec.zone: "zone", spec.weight: "weight"}
    table = table[list(names)].rename(columns=names).apply(pd.to_numeric, errors="coerce").astype(float)
    bad = table[table.isna().any(axis=1) | (table["weight"] < 0)]
    if len(bad):
        raise DataError(
            f"{path.name}: row {bad.index[0] + 1} has a cell that is empty or no number, or a negative weight ({len(bad)} such "
            "rows).\nRemedy: correct or copy the file again."
        )
    return table.astype({"unit": "int64", "zone": "int64"})
