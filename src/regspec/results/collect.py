"""Gather the per-zone solution files into two tables (docs/architecture.md)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import h5py
import numpy as np
import pandas as pd

from regspec.config.base import MissingZones
from regspec.empirics.specialization import gini
from regspec.errors import DataError, ModelFailure
from regspec.io.hdf5 import opened
from regspec.io.provenance import stamp
from regspec.io.run_tables import write_table

ALLOCATIONS = ("ce", "planner")
SCALED = ("Y", "c", "b", "q")
UNSCALED = ("eta", "mu", "tau_b")
DIAGNOSTICS = tuple(
    f"{where}euler_{condition}_{moment}_log10"
    for where in ("", "cloud_")
    for condition in ("bonds", "portfolio")
    for moment in ("mean", "p99", "max")
) + (
    "residual_max",
    "binding_share",
    "amplification_max",
    "roots_max",
    "unreachable_states",
    "failed_states",
    "lattice_hits",
    "rescued_states",
    "grid_margin",
    "contraction",
    "sweeps",
    "us_per_state_sweep",
)


@dataclass(frozen=True)
class Status:
    """What a solution file says of itself, before any of its arrays is read."""

    path: Path
    zone: int
    scenario: str
    status: str
    message: str
    key: str = ""


def collect(
    files: Iterable[str | Path],
    out_paths: Path,
    out_solutions: Path,
    policy: str,
    config_hash: str,
    levels: Mapping[tuple[str, int], float] | None = None,
    keys: Mapping[tuple[str, int], str] | None = None,
) -> dict[str, int]:
    """Write ``paths.parquet`` and ``solutions.parquet`` from ``solutions/<scenario>/<zone>.h5`` files.

    Statuses are read first. A file that does not exist or whose solve failed is a missing zone; ``policy``
    (``results.missing_zones``) says what happens: ``error`` raises ModelFailure with counts and the first
    messages, ``warn`` goes on with a warning, ``drop`` goes on. Missing zones keep a row with status
    "failed" in the solutions table, so that every exhibit can print their number. ``levels``: level by
    scenario and zone in the present calibration, which a stored solution may be older than (None: the
    level in the file). ``keys``: key by scenario and zone that a solution of the present settings has (None: any
    will do). Returns counts of ``solved`` and ``failed``. Raises DataError naming the file for corrupted, truncated or
    incomplete files, and for those of other settings, as a solve by hand leaves them; SystemFault for files that the system
    cannot read, which may be whole.
    """
    if policy not in get_args(MissingZones):
        raise ValueError(f"policy is {policy!r}; allowed: error, warn, drop")
    statuses = sorted((read_status(Path(f)) for f in files), key=lambda s: (s.scenario, s.zone))
    if not statuses:
        raise DataError("collect: no solution files were given.")
    _check_keys(statuses, keys)
    failed = [s for s in statuses if s.status != "solved"]
    _apply_policy(policy, failed, len(statuses))
    paths, rows, industries = [], [], None
    for status in statuses:
        if status.status != "solved":
            rows.append(_failed_row(status))
            continue
        frames, own_rows, own = read_solution(status, levels)
        if industries is not None and own != industries:
            raise DataError(f"{status.path}: industries {own}, other files have {industries}; solve all anew.")
        industries = own
        paths += frames
        rows += own_rows
    if not paths:
        raise ModelFailure(f"None of {len(statuses)} solves succeeded.\n{_first_messages(failed)}")
    provenance = stamp(config_hash)
    write_table(pd.concat(paths, ignore_index=True), "paths", out_paths, provenance)
    write_table(pd.DataFrame(rows), "solutions", out_solutions, provenance)
    return {"solved": len(statuses) - len(failed), "failed": len(failed)}


def _check_keys(statuses: list[Status], keys: Mapping[tuple[str, int], str] | None) -> None:
    other = [s for s in statuses if s.key and keys is not None and s.key != keys[s.scenario, s.zone]]
    if other:
        raise DataError(
            f"{len(other)} of {len(statuses)} solutions are of other settings than this run's, such as {other[0].path}.\n"
            "Solved by hand with other parameters? Delete them and start the run again."
        )


def _apply_policy(policy: str, failed: list[Status], total: int) -> None:
    if not failed:
        return
    text = f"{len(failed)} of {total} solves are missing or failed.\n{_first_messages(failed)}"
    if policy == "error":
        raise ModelFailure(f"{text}\nresults.missing_zones: warn or drop goes on without them.")
    if policy == "warn":
        logging.getLogger(__name__).warning(text)


def _first_messages(failed: list[Status]) -> str:
    lines = [f"  {s.scenario}/{s.zone}: {s.message.splitlines()[0] if s.message else ''}" for s in failed[:2]]
    return "\n".join(lines + (["  ..."] if len(failed) > 2 else []))


def read_status(path: Path) -> Status:
    """Status of one solution file; a file that does not exist counts as failed."""
    if not path.exists():
        if not path.stem.isdigit():
            raise DataError(f"{path}: no such file, and its name is not <zone>.h5.")
        return Status(path, int(path.stem), path.parent.name, "failed", "no solution file")
    with opened(path) as handle:
        attributes = handle.attrs
        status = _text(attributes["status"])
        if status not in ("solved", "failed"):
            raise ValueError(f"status is {status!r}")
        message = _text(attributes["message"])
        return Status(path, int(attributes["zone"]), _text(attributes["scenario"]), status, message, _text(attributes["key"]))


def read_solution(
    status: Status, levels: Mapping[tuple[str, int], float] | None = None
) -> tuple[list[pd.DataFrame], list[dict], list[str]]:
    """Paths and solution rows of a solved file, one each per allocation, and its industries."""
    with opened(status.path) as handle:
        industries = json.loads(_text(handle.attrs["industries"]))
        head = {key: float(handle.attrs[key]) for key in ("level", "welfare_gain", "seconds")}
        if levels is not None:
            head["level"] = levels[status.scenario, status.zone]
        frames, rows = [], []
        for allocation in ALLOCATIONS:
            if allocation not in handle:
                if allocation == "ce":
                    raise KeyError("group 'ce' is missing")
                continue
            group = handle[allocation]
            key = dict(zone=status.zone, scenario=status.scenario, allocation=allocation)
            frames.append(_path_frame(group, key, head["level"], industries))
            diagnostics = {name: float(group.attrs.get(name, np.nan)) for name in DIAGNOSTICS}
            value = float(group.attrs["value"])
            rows.append({**key, "status": "solved", "message": status.message, **head, "value": value, **diagnostics})
        return frames, rows, industries


def _path_frame(group: h5py.Group, key: dict, level: float, industries: list[str]) -> pd.DataFrame:
    years = group["year"][:].astype(np.int64)
    # Built as a whole: a frame that grows column by column costs most of the time of 1,444 files.
    series = {**{name: np.full(years.size, value) for name, value in key.items()}, "year": years}
    for name in SCALED:
        series[name] = level * _series(group, name, years.size)
    for name in UNSCALED:
        missing = np.full(years.size, np.nan)
        series[name] = _series(group, name, years.size) if name in group else missing
    k = _matrix(group, "k", years.size, len(industries))
    tau_k = _matrix(group, "tau_k", years.size, len(industries)) if "tau_k" in group else np.full_like(k, np.nan)
    for name in ("Y", "c"):
        if not (series[name] > 0).all():
            raise ValueError(f"{key['allocation']}/{name} has values that are not positive")
    series["gini_k"] = gini(k)
    for i, industry in enumerate(industries):
        series[f"k_{industry}"] = k[:, i]
        series[f"tau_k_{industry}"] = tau_k[:, i]
    return pd.DataFrame(series)


def _series(group: h5py.Group, name: str, years: int) -> np.ndarray:
    values = group[name][:]
    if values.shape != (years,):
        raise ValueError(f"{group.name}/{name} has shape {values.shape}, expected ({years},)")
    return values


def _matrix(group: h5py.Group, name: str, years: int, industries: int) -> np.ndarray:
    values = group[name][:]
    if values.shape != (years, industries):
        raise ValueError(f"{group.name}/{name} has shape {values.shape}, expected ({years}, {industries})")
    return values


def _failed_row(status: Status) -> dict:
    row = dict(zone=status.zone, scenario=status.scenario, allocation="ce", status="failed", message=status.message)
    missing = ("level", "value", "welfare_gain", *DIAGNOSTICS, "seconds")
    return {**row, **dict.fromkeys(missing, np.nan)}


def _text(value) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
