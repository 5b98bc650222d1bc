"""Short texts for broken tables and wrong names: file or key, row, value, remedy."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from regspec.errors import ConfigError, DataError, did_you_mean, fail_for_system

if TYPE_CHECKING:
    from regspec.io.columns import Table


#: What files in UTF-16 begin with.
UTF16 = (b"\xff\xfe", b"\xfe\xff")


def unknown_industry(key: str, name: str, known: Iterable[str], source: str) -> ConfigError:
    """The configuration's ``key`` names an industry that is not among those ``known`` of ``source``."""
    known = sorted(known)
    return ConfigError(
        f"{key}: {name!r} is not an industry of {source}.{did_you_mean(name, known)}\nKnown: {', '.join(known)}."
    )


def more(others: int, noun: str = "row") -> str:
    """`` (and 3 more rows)`` after an example, or nothing when there are no ``others``."""
    return f" (and {others} more {noun}{'s' if others > 1 else ''})" if others > 0 else ""


def column_error(source: str, what: str, name: str, others: list[str], expected: list[str]) -> DataError:
    """A missing or unknown column; ``others`` are searched for a likely misspelling, and for another delimiter."""
    mark = next((m for m in ";\t|" if m in str(others[0])), None) if len(others) == 1 else None
    hint = "" if mark else did_you_mean(name, others)
    remedy = f"\nRemedy: the heading is divided by {mark!r}; divide columns by commas (and write decimals with points)."
    return DataError(f"{source}: {what} {name!r}.{hint}\nExpected: {', '.join(expected)}.{remedy if mark else ''}")


def first_line(error: Exception) -> str:
    """The first line of an error's text, or its type where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def no_rows(source: str | Path, what: str = "rows") -> DataError:
    """``source`` holds none of ``what``."""
    return DataError(f"{source}: no {what}.\nRemedy: the file is empty or was cut short; copy it again.")


def damaged(path: Path, error: Exception) -> DataError:
    """``path`` cannot be read to its end. Raises SystemFault instead when the system is to blame."""
    fail_for_system(path, error)
    return DataError(f"{path}: damaged or cut short ({first_line(error)}).\nRemedy: copy the file again.")


def unreadable(path: Path, error: Exception, form: str) -> DataError:
    """``path`` cannot be read as ``form``; the remedy depends on what it seems to be. Raises SystemFault instead when the
    system is to blame.
    """
    fail_for_system(path, error)
    detail = first_line(error)
    detail = detail if len(detail) <= 120 else detail[:120] + " ..."
    try:
        with open(path, "rb") as handle:
            start = handle.read(4)
    except OSError:
        start = b""
    remedy = "copy the file again"
    if form != "parquet" and start.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        remedy = "it seems to be an Excel or zip file; save the table as CSV"
    elif form == "CSV" and (isinstance(error, UnicodeDecodeError) or start.startswith(UTF16)):
        remedy = "save the file as CSV in UTF-8"
    return DataError(f"{path}: not readable as {form} ({detail}).\nRemedy: {remedy}.")


def row_text(frame: pd.DataFrame, label, key: Iterable[str]) -> str:
    """``row 17 (zone 100, year 1950)``: rows count from 1, the heading not included."""
    position = int(frame.index.get_indexer_for([label])[0])
    cells = ", ".join(f"{name} {frame[name].iloc[position]}" for name in key)
    return f"row {position + 1} ({cells})"


def duplicate_error(frame: pd.DataFrame, labels: pd.Index, table: Table, source: str) -> DataError:
    """Rows ``labels`` repeat the key of an earlier row."""
    return DataError(
        f"{source}: {row_text(frame, labels[0], table.key)} repeats an earlier row{more(len(labels) - 1)}.\n"
        f"Remedy: keep one row for each {', '.join(table.key)}."
    )


def value_error(frame: pd.DataFrame, name: str, labels: pd.Index, rule: str, table: Table, source: str) -> DataError:
    """Rows ``labels`` of column ``name`` break ``rule``."""
    column = table.columns.get(name) or next(c for pattern, c in table.columns.items() if c.pattern and re.match(pattern, name))
    value = frame[name].loc[labels[0]]
    shown = "" if pd.isna(value) else f" {value:g}" if isinstance(value, float) else f" {value!r}"
    remedy = column.remedy or f"correct or remove the row (unit of {name}: {column.unit})"
    return DataError(
        f"{source}: column {name!r}, {row_text(frame, labels[0], table.key)}:{shown} {rule}"
        f"{more(len(labels) - 1)}.\nRemedy: {remedy}."
    )


def failure_error(frame: pd.DataFrame, failures: pd.DataFrame, table: Table, source: str) -> DataError:
    """The DataError for the first row among pandera's ``failure_cases``."""
    if failures["index"].isna().any():
        first = failures[failures["index"].isna()].iloc[0]
        return DataError(f"{source}: {first['check']} ({first['failure_case']}).\nRemedy: correct the column.")
    first = failures.sort_values("index", kind="stable").iloc[0]
    same = failures[(failures["column"] == first["column"]) & (failures["check"] == first["check"])]
    rule = "a value is missing" if first["check"] == "not_nullable" else str(first["check"])
    labels = pd.Index(sorted(set(same["index"])))
    return value_error(frame, first["column"], labels, rule, table, source)
