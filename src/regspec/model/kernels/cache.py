"""Compiled kernels on disk, a file for each kernel and signature: no damage, other process or foreign type can spoil them.

numba's own cache has an index for each kernel. An index that a full disk or a lost node has cut ends every later process with
a traceback. So does one that names a type which another process cannot import, because all signatures are read together. Two
processes that write an index at a time can take the same number for different code. Here the name of a file is a digest of all
that the code depends on, and its content is checked. What cannot be used counts as absent: the kernel is compiled anew.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
from pathlib import Path

import numba
from numba.core import sigutils
from numba.core.caching import FunctionCache
from numba.core.serialize import dumps

from regspec.io.provenance import atomic_path

_DIGEST = hashlib.sha256().digest_size
_told: set[str] = set()


class _Files:
    """Machine code of one kernel, a file for each signature: what numba calls a cache file."""

    def __init__(self, folder: str, base: str, stamp):
        self._folder, self._base, self._stamp = Path(folder), base, stamp

    def _path(self, key) -> Path:
        digest = hashlib.sha256(repr((key, self._stamp, numba.__version__)).encode()).hexdigest()
        return self._folder / f"{self._base}.{digest[:20]}.kernel"

    def load(self, key):
        """What was saved under ``key``; None where there is nothing, or nothing that can be used."""
        try:
            content = self._path(key).read_bytes()
            body = content[_DIGEST:]
            if hashlib.sha256(body).digest() != content[:_DIGEST]:
                return None
            held, data = pickle.loads(body)
        except Exception:  # of the system, of the file, or of a type that it names: the kernel is compiled anew
            return None
        return data if held == key else None

    def save(self, key, data) -> None:
        """Write or replace what is saved under ``key``."""
        body = dumps((key, data))
        with atomic_path(self._path(key)) as temporary:
            temporary.write_bytes(hashlib.sha256(body).digest() + body)

    def flush(self) -> None:
        """Remove what is saved of the kernel."""
        for path in self._folder.glob(f"{self._base}.*.kernel"):
            path.unlink(missing_ok=True)


class KernelCache(FunctionCache):
    """Cache of one kernel's compiled signatures, in numba's folder for it (``NUMBA_CACHE_DIR``)."""

    def __init__(self, function):
        super().__init__(function)
        stamp = self._impl.locator.get_source_stamp()
        self._cache_file = _Files(self._cache_path, self._impl.filename_base, stamp)

    def _load_overload(self, sig, target_context):
        try:
            found = super()._load_overload(sig, target_context)
        except Exception:  # code that this process cannot link
            return None
        same = found is not None and tuple(found.signature.args) == tuple(sigutils.normalize_signature(sig)[0])
        return found if same else None

    def _save_overload(self, sig, data):
        try:
            super()._save_overload(sig, data)
        except Exception as error:  # the code is at hand: nothing that happens to its copy may end the process
            _tell(self._cache_path, error)


def cached(kernel):
    """The dispatcher ``kernel`` with a cache; without the compiler (``NUMBA_DISABLE_JIT``) it is a plain function."""
    if hasattr(kernel, "enable_caching"):
        try:
            kernel._cache = KernelCache(kernel.py_func)
        except (OSError, RuntimeError) as error:  # nowhere to write
            _tell(str(numba.config.CACHE_DIR), error)
    return kernel


def _tell(place: str, error: Exception) -> None:
    """Say once in a process that kernels are compiled and not kept: results are the same, later."""
    if place not in _told:
        _told.add(place)
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        print(f"regspec: kernels are compiled but cannot be kept in {place} ({reason})", file=sys.stderr, flush=True)
