"""Reading large raw text tables: columns by name, everything as text, damaged files and numbers with short errors."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from regspec.errors import DataError
from regspec.messages import UTF16, column_error, damaged, more, no_rows, unreadable

_CHUNK = 200_000  # rows in memory at a time: a county file has two million
#: Rows that the check before a run reads of each file.
SAMPLE = 2000


def read_chunks(path: Path, wanted: Collection[str], rows: int | None = None) -> Iterator[pd.DataFrame]:
    """Pieces of a CSV file (or zip, gz of one) with those of the columns ``wanted`` (lower case) that it has, as text.

    Names of columns are compared in lower case; the index counts the file's rows from 1. ``rows``: only the first ones.
    Raises DataError for a file that is missing, damaged or cut off.
    """
    path = Path(path)
    try:
        with pd.read_csv(
            path, dtype=str, encoding="latin-1", keep_default_na=False, na_filter=False, nrows=rows, chunksize=_CHUNK,
            usecols=lambda name: name.strip().lower() in wanted, skipinitialspace=True,
        ) as chunks:  # fmt: skip
            for chunk in chunks:
                chunk.columns = [name.strip().lower() for name in chunk.columns]
                chunk.index += 1
                yield chunk
    except FileNotFoundError:
        raise DataError(f"{path}: no such file.\nRemedy: put it there, or correct data.counties or data.directory.") from None
    except pd.errors.EmptyDataError:
        raise no_rows(path) from None
    except (EOFError, zipfile.BadZipFile, zlib.error, pd.errors.ParserError, UnicodeDecodeError, OSError, ValueError) as error:
        raise damaged(path, error) from None


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
