"""Reading input tables, of the user's and of the project's ``config`` folder: every read is validated."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa

import regspec
from regspec.errors import DataError
from regspec.io.messages import unreadable
from regspec.io.schemas import TABLES, validate


def read_raw(path: Path, kind: str) -> pd.DataFrame:
    """Read a raw table, CSV or parquet by the name's ending, and validate it as ``kind``; all columns are kept.

    Raises DataError naming the file when it is missing, empty, unreadable or breaks its schema.
    """
    path = Path(path)
    parquet = path.suffix == ".parquet"
    try:
        frame = pd.read_parquet(path) if parquet else pd.read_csv(path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file.\nRemedy: put it there or correct data.directory.") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, pa.ArrowInvalid, OSError) as error:
        raise unreadable(path, error, "parquet" if parquet else "CSV") from None
    return validate(frame if parquet else tidied(frame), kind, path.name)


def tidied(frame: pd.DataFrame) -> pd.DataFrame:
    """A CSV table without what a spreadsheet adds: blanks around names, rows and columns of delimiters only.

    A byte order mark is skipped by the reader. Rows keep their numbers, for messages.
    """
    frame = frame.rename(columns=lambda name: str(name).strip())
    extra = [name for name in frame.columns if name.startswith("Unnamed: ") and frame[name].isna().all()]
    frame = frame.drop(columns=extra)
    return frame[frame.notna().any(axis=1)] if len(frame.columns) else frame


def read_csv(path: Path, kind: str) -> pd.DataFrame:
    """Read a raw table as :func:`read_raw`; only the schema's columns are kept.

    Raises DataError naming the file when it is missing, empty, unreadable or breaks its schema.
    """
    frame = read_raw(path, kind)
    return frame[list(TABLES[kind].columns)]


def config_table(name: str) -> Path:
    """A table named in the configuration: from the working directory, else from the project's folder."""
    path = Path(name)
    project = Path(regspec.__file__).parents[2] / name
    return project if not path.is_file() and project.is_file() else path
