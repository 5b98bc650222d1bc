"""Reading large raw text tables: columns by name, everything as text, damaged files and numbers with short errors."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from regspec.errors import DataError
from regspec.io.messages import UTF16, column_error, damaged, more, no_rows, unreadable

_CHUNK = 200_000  # rows in memory at a time: a county file has two million
#: The mark that a spreadsheet's "CSV UTF-8" begins with, as single bytes.
_MARK = "ï»¿"
#: Rows that the check before a run reads of each file.
SAMPLE = 2000


def read_chunks(path: Path, wanted: Collection[str], rows: int | None = None) -> Iterator[pd.DataFrame]:
    """Pieces of a CSV file (or zip, gz of one) with those of the columns ``wanted`` (lower case) that it has, as text.

    Names of columns are compared in lower case; a byte order mark and rows without any text are skipped. The index counts the
    file's rows from 1. ``rows``: only the first ones.
    Raises DataError for a file that is missing, damaged or cut off.
    """
    path = Path(path)
    try:
        with pd.read_csv(
            path,
            dtype=str,
            encoding="latin-1",
            keep_default_na=False,
            na_filter=False,
            nrows=rows,
            chunksize=_CHUNK,
            usecols=lambda name: _name(name) in wanted,
            skipinitialspace=True,
        ) as chunks:
            for chunk in chunks:
                chunk.columns = [_name(name) for name in chunk.columns]
                chunk.index += 1
                # A spreadsheet ends a table with rows of delimiters only.
                empty = (chunk == "").all(axis=1) if len(chunk.columns) else pd.Series(False, chunk.index)
                yield chunk[~empty]
    except FileNotFoundError:
        raise DataError(f"{path}: no such file.\nRemedy: put it there, or correct data.counties or data.directory.") from None
    except pd.errors.EmptyDataError:
        raise no_rows(path) from None
    except (EOFError, zipfile.BadZipFile, zlib.error, pd.errors.ParserError, UnicodeDecodeError, OSError, ValueError) as error:
        raise damaged(path, error) from None


def _name(name: str) -> str:
    """A column's name in lower case, without a byte order mark and the quotes that it hides from the parser."""
    return name.removeprefix(_MARK).strip().strip('"').strip().lower()


def header(path: Path) -> list[str]:
    """Names of the columns of a CSV file in lower case. Raises DataError, also for text that is not in single bytes."""
    if Path(path).is_file():
        with open(path, "rb") as handle:
            start = handle.read(2)
        # Single bytes can be read whatever they mean: other files must be told from their beginning.
        if start in UTF16 or (start == b"PK" and Path(path).suffix != ".zip"):
            raise unreadable(Path(path), ValueError("no text in single bytes"), "CSV")
    return list(next(read_chunks(path, _Everything(), rows=1), pd.DataFrame()).columns)


class _Everything(frozenset):
    def __contains__(self, name) -> bool:
        return True


def require_columns(path: Path, columns: Collection[str], present: Collection[str]) -> None:
    """Raise DataError when the file lacks one of ``columns``."""
    missing = [name for name in columns if name not in present]
    if missing:
        raise column_error(path.name, "has no column", missing[0], list(present), list(columns))


def numbers(frame: pd.DataFrame, column: str, source: str, missing: Collection[str] = (), shown: str = "") -> pd.Series:
    """The column as numbers that are not negative; texts among ``missing`` become NaN. ``shown``: its name in the file.

    Raises DataError with count and example.
    """
    text = frame[column].str.strip()
    values = pd.to_numeric(text.where(~text.isin(list(missing)), "nan"), errors="coerce")
    bad = frame.index[(values.isna() & ~text.isin(list(missing))) | (values < 0) | np.isinf(values)]
    if len(bad):
        value = text[bad[0]]
        rule = "is not a number of at least 0" if value else "is empty (was the file cut short?)"
        place = f"{source}: column {(shown or column)!r}, row {bad[0]}"
        raise DataError(f"{place}: {value!r} {rule}{more(len(bad) - 1)}.\nRemedy: correct or copy the file again.")
    return values.astype(float)


def county_codes(frame: pd.DataFrame, names: tuple[str, str], source: str, nhgis: bool = False) -> pd.Series:
    """FIPS codes of counties from the columns ``names`` of state and county codes, with or without leading zeros.

    ``nhgis``: the codes may have the extra digit of NHGIS ("010", "0010"), which is 0 for a FIPS code; mostly three digits of
    state codes or four of county codes say so. Raises DataError for codes that are none, with row, value and the reason.
    """
    texts = [frame[name].str.strip().str.replace(r"\.0+$", "", regex=True) for name in names]
    state, county = (numbers(pd.DataFrame({name: text}), name, source) for name, text in zip(names, texts, strict=True))
    # Most codes decide: a single long one is a mistake, and without leading zeros some are short.
    longer = bool(texts[0].str.fullmatch(r"\d{3}").mean() > 0.5 or texts[1].str.fullmatch(r"\d{4}").mean() > 0.5)
    if nhgis and longer:
        for name, text, code in zip(names, texts, (state, county), strict=True):
            _refuse_codes(name, text, code % 10 != 0, source, "has another extra digit than 0, so NHGIS made it: no FIPS code")
        state, county = state // 10, county // 10
    for name, text, code, most in zip(names, texts, (state, county), (99, 999), strict=True):
        _refuse_codes(name, text, (code % 1 != 0) | (code > most), source, f"is no FIPS code (a whole number up to {most})")
    return (1000 * state + county).astype("int64")


def _refuse_codes(name: str, text: pd.Series, bad: pd.Series, source: str, why: str) -> None:
    if bad.any():
        row = bad.index[bad][0]
        raise DataError(
            f"{source}: column {name!r}, row {row}: {text[row]!r} {why}{more(int(bad.sum()) - 1)}.\n"
            "Remedy: give state and county codes of two and three digits (FIPS), or remove the row."
        )


def check_values(frame: pd.DataFrame, column: str, allowed: Collection[str], source: str, what: str) -> None:
    """Every text of the column is one of ``allowed``. Raises DataError with count and examples."""
    bad = frame[column][~frame[column].isin(list(allowed))]
    if len(bad):
        known, place = ", ".join(repr(value) for value in sorted(allowed) if value), f"column {column!r}, row {bad.index[0]}"
        raise DataError(f"{source}: {place}: {bad.iloc[0]!r} is no {what}{more(len(bad) - 1)}.\nKnown: {known}.")


def check_unique(frame: pd.DataFrame, key: list[str], source: str) -> None:
    """No two rows with the same ``key``. Raises DataError with count and example."""
    repeated = frame.index[frame.duplicated(key)]
    if len(repeated):
        cells = ", ".join(f"{name} {frame[name][repeated[0]]}" for name in key)
        raise DataError(
            f"{source}: row {repeated[0]} ({cells}) repeats an earlier row{more(len(repeated) - 1)}.\n"
            f"Remedy: keep one row for each {', '.join(key)}."
        )
