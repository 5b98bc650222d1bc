"""Opening solution files: without locks, and a damaged file told from a system that cannot read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from regspec.errors import DataError, fail_for_system

_FORMAT = (OSError, KeyError, RuntimeError, ValueError)  # what h5py, and readers of what a file should hold, raise


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """The HDF5 file ``path``, to read.

    Files are written whole and renamed, so that no lock is needed; not every file system of a cluster has locks. Raises, from
    the whole block, FileNotFoundError, SystemFault for an error of the system (the file may be whole), and DataError for
    a file that is damaged, or that lacks something which the block asks for.
    """
    try:
        with h5py.File(path, "r", locking=False) as file:
            yield file
    except FileNotFoundError:
        raise
    except _FORMAT as error:
        fail_for_system(path, error)
        detail = str(error.args[0] if error.args else error).splitlines()[0]  # str(KeyError) would add quotes
        raise DataError(
            f"{path}: corrupted, truncated or incomplete solution ({detail}).\nDelete it and solve the zone again."
        ) from error
