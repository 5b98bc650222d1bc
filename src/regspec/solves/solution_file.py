"""Solution files: one HDF5 per zone and scenario, and the content-addressed store behind them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np

from regspec.config.config import Config
from regspec.errors import DataError, ModelFailure, SystemFault
from regspec.io.hdf5 import opened
from regspec.io.provenance import atomic_path, stamp
from regspec.model.fingerprint import kernel_fingerprint
from regspec.solves.key import settings

if TYPE_CHECKING:
    from regspec.solves.zone import Allocation, ZoneSolution

_SERIES = {
    "Y": "output",
    "c": "c",
    "b": "b",
    "b_next": "b_next",
    "q": "q",
    "eta": "eta",
    "mu": "mu",
    "binding": "binding",
    "tau_b": "tau_b",
    "k": "k",
    "k_next": "k_next",
    "tau_k": "tau_k",
    "value": "value",
    "euler_errors": "errors",
}


@contextmanager
def _in_memory(path: Path, source: Path | None = None) -> Iterator[h5py.File]:
    """An HDF5 file in memory, empty or the content of ``source``, that is written to ``path`` when complete: the library
    itself ends the process (a segmentation fault) when it meets a full disk.
    """
    mode = "r+" if source else "w"
    with h5py.File(source or path, mode, driver="core", backing_store=False, locking=False) as file:
        yield file
        file.flush()
        image = file.id.get_file_image()
    with atomic_path(path) as temporary:
        temporary.write_bytes(image)


def _write_allocation(group: h5py.Group, allocation: Allocation, first_year: int) -> None:
    group["year"] = np.arange(first_year, first_year + len(allocation.path.c))
    for name, attribute in _SERIES.items():
        group[name] = getattr(allocation.path, attribute)
    group.attrs["value"] = allocation.value
    for name, number in allocation.diagnostics.items():
        if not math.isfinite(number):
            raise ValueError(f"diagnostic {name} is {number}")
        group.attrs[name] = number


def _attributes(zone: int, scenario: str, key: str, config: Config, config_hash: str) -> dict:
    return {
        "zone": zone,
        "scenario": scenario,
        "key": key,
        "kernel_fingerprint": kernel_fingerprint(),
        "parameters": config.scenario_parameters(scenario).model_dump_json(),
        "grid": config.model.grid.model_dump_json(),
        "settings": json.dumps(settings(config, scenario)),
        "industries": json.dumps(list(config.calibration.industries)),
        **stamp(config_hash),
    }


def write_solution(
    path: Path,
    solution: ZoneSolution,
    zone: int,
    scenario: str,
    key: str,
    config: Config,
    config_hash: str,
    seconds: float,
    ranks: int,
) -> None:
    """Write a solved zone (docs/architecture.md), to a temporary name first."""
    with _in_memory(path) as file:
        file.attrs.update(_attributes(zone, scenario, key, config, config_hash))
        file.attrs.update(
            {
                "status": "solved",
                "message": "",
                "seconds": seconds,
                "ranks": ranks,
                "attempts": solution.attempts,
                "level": solution.level,
                "welfare_gain": solution.welfare_gain,
            }
        )
        first = config.calibration.first_year
        _write_allocation(file.create_group("ce"), solution.ce, first)
        if solution.planner is not None:
            _write_allocation(file.create_group("planner"), solution.planner, first)


def write_failure(
    path: Path,
    failure: ModelFailure,
    zone: int,
    scenario: str,
    key: str,
    config: Config,
    config_hash: str,
    seconds: float,
    ranks: int,
) -> None:
    """Write the record of a zone that the model could not solve: status "failed", why, and the kind of failure."""
    with _in_memory(path) as file:
        file.attrs.update(_attributes(zone, scenario, key, config, config_hash))
        file.attrs.update({"status": "failed", "message": str(failure), "failure": failure.kind})
        file.attrs.update({"seconds": seconds, "ranks": ranks})
        file.attrs.update({"level": np.nan, "welfare_gain": np.nan})


def stored(path: Path, key: str) -> bool:
    """Whether ``path`` is a complete solution with this key; a damaged file counts as absent. Raises SystemFault."""
    try:
        with opened(path) as file:
            return file.attrs["key"] == key and file.attrs["status"] == "solved" and "ce" in file
    except (FileNotFoundError, DataError):
        return False


def holds_solution(path: Path) -> bool:
    """Whether ``path`` is a complete solution, with whatever key."""
    key = recorded_key(path)
    return key is not None and stored(path, key)


def recorded_key(path: Path) -> str | None:
    """The key in a solution file, solved or failed; None when it cannot be read."""
    try:
        with opened(path) as file:
            return str(file.attrs["key"])
    except (FileNotFoundError, DataError, SystemFault):
        return None


def publish(source: Path, output: Path, scenario: str, config_hash: str) -> None:
    """Copy a stored solution to its place in a run, with the run's provenance; another scenario, or a sweep's cell, may
    have made it.
    """
    with _in_memory(output, source) as file:
        file.attrs.update({"scenario": scenario, **stamp(config_hash)})
