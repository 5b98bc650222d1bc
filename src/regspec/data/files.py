"""Reading and writing tables: every read is validated, every write is atomic, validated and stamped."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from regspec.errors import DataError
from regspec.messages import unreadable
from regspec.provenance import atomic_path
from regspec.schemas import TABLES, validate


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
    return validate(frame, kind, path.name)


def read_csv(path: Path, kind: str) -> pd.DataFrame:
    """Read a raw table as :func:`read_raw`; only the schema's columns are kept.

    Raises DataError naming the file when it is missing, empty, unreadable or breaks its schema.
    """
    frame = read_raw(path, kind)
    return frame[list(TABLES[kind].columns)]


def write_table(frame: pd.DataFrame, kind: str, path: Path, provenance: Mapping[str, str]) -> None:
    """Validate ``frame`` as ``kind``; write it as parquet, sorted by its key, with ``provenance`` inside."""
    table = TABLES[kind]
    frame = validate(frame.reset_index(drop=True), kind, Path(path).name)
    order = [name for name in table.columns if name in frame.columns]
    order += [name for name in frame.columns if name not in order]
    frame = frame.sort_values(list(table.key), kind="stable", ignore_index=True)[order]
    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    metadata = {**(arrow.schema.metadata or {}), **{k.encode(): v.encode() for k, v in provenance.items()}}
    with atomic_path(path) as temporary:
        pq.write_table(arrow.replace_schema_metadata(metadata), temporary)


def read_table(path: Path, kind: str) -> pd.DataFrame:
    """Read a parquet table of the workflow and validate it as ``kind``. Raises DataError."""
    path = Path(path)
    try:
        frame = pd.read_parquet(path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file.\nRemedy: run the step that writes it.") from None
    except (pa.ArrowInvalid, OSError):
        raise DataError(f"{path}: not readable as parquet, damaged or cut short.\nRemedy: delete it and rerun.") from None
    return validate(frame, kind, path.name)
