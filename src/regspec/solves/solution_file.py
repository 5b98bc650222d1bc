"""Solution files: one HDF5 per zone and scenario, and the content-addressed store behind them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from regspec.errors import DataError, SystemFault
from regspec.io.hdf5 import opened
from regspec.io.provenance import atomic_path, stamp


@contextmanager
def in_memory(path: Path, source: Path | None = None) -> Iterator[h5py.File]:
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
    with in_memory(output, source) as file:
        file.attrs.update({"scenario": scenario, **stamp(config_hash)})
