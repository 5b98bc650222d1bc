"""What the steps hand on, tables and ``meta.json``: reads are validated, writes atomic, validated and stamped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from regspec.errors import DataError, fail_for_system
from regspec.io.provenance import atomic_path
from regspec.io.schemas import TABLES, validate


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
    """Read a parquet table of the workflow and validate it as ``kind``. Raises DataError, and SystemFault for an error of the
    system.
    """
    path = Path(path)
    try:
        frame = pd.read_parquet(path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file.\nRemedy: run the step that writes it.") from None
    except (pa.ArrowInvalid, OSError) as error:
        fail_for_system(path, error)
        raise DataError(f"{path}: not readable as parquet, damaged or cut short.\nRemedy: delete it and rerun.") from None
    return validate(frame, kind, path.name)


def read_meta(data: Path) -> dict:
    """``meta.json`` of a run's folder ``data``: ``synthetic`` (bool), ``source`` (text), ``stand_in_zones`` (bool) and more.

    Raises DataError when it is missing, damaged or lacks one of the first two.
    """
    path = Path(data) / "meta.json"
    try:
        meta = json.loads(path.read_text(encoding="utf-8"))
        return {**meta, "synthetic": bool(meta["synthetic"]), "source": str(meta["source"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        fail_for_system(path, error)
        raise DataError(f"{path}: missing or incomplete (synthetic, source).\nRemedy: rerun the data step.") from None


def cited(meta: dict) -> str:
    """The source of the data as part of a sentence, without its full stop."""
    return meta["source"].strip().rstrip(".")
