"""The cache of compiled kernels mends itself, and calls with other types leave it as it was."""

import errno
import importlib
import importlib.util
import pkgutil
import sys

import numba
import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

import regspec.model
from regspec.model.kernels.cache import KernelCache

SOURCE = """
from regspec.model.kernels.jit import inlined, njit

@inlined
def twice(x):
    return 2.0 * x

@njit
def first(x):
    return twice(x[0])
"""
X = np.array([1.5, 0.0, 7.0])


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """A function that gives the kernel `first` as a new process has it, with the cache in ``tmp_path / "cache"``."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "kernels_of_a_test.py"
    path.write_text(SOURCE, encoding="utf-8")

    def load():
        spec = importlib.util.spec_from_file_location("kernels_of_a_test", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.first

    return load


def files(tmp_path, kernel="first"):
    return sorted((tmp_path / "cache").rglob(f"*.{kernel}-*.kernel"))


def hits(kernel):
    return sum(kernel.stats.cache_hits.values())


def flipped(content):
    return content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]


DAMAGE = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "short": lambda content: content[:20],
    "garbage": lambda content: bytes(range(256)) * 40,
    "one bit": flipped,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_cache_is_written_anew(fresh, tmp_path, damage):
    assert fresh()(X) == 3.0
    whole = {path: path.read_bytes() for path in (*files(tmp_path), *files(tmp_path, "twice"))}
    assert len(whole) == 2
    for path, content in whole.items():
        path.write_bytes(DAMAGE[damage](content))
    mended = fresh()
    assert mended(X) == 3.0 and hits(mended) == 0
    again = fresh()
    assert again(X) == 3.0 and hits(again) == 1
    assert [*files(tmp_path), *files(tmp_path, "twice")] == list(whole)


def test_code_of_other_types_is_never_run(fresh, tmp_path):
    """Strided arrays read as contiguous ones would give other numbers, and nobody would notice."""
    assert fresh()(X) == 3.0
    (dense,) = files(tmp_path)
    assert fresh()(X[::2]) == 3.0
    (strided,) = set(files(tmp_path)) - {dense}
    dense.write_bytes(strided.read_bytes())
    kernel = fresh()
    assert kernel(X) == 3.0 and hits(kernel) == 0


@pytest.mark.parametrize(
    "other", [X[::2], X.astype("float32"), X.astype(int), (1.5, 2.0)], ids=["strided", "f4", "int", "tuple"]
)
def test_calls_with_other_types_leave_the_usual_ones_alone(fresh, tmp_path, other):
    assert fresh()(X) == 3.0
    before = {path: path.read_bytes() for path in files(tmp_path)}
    kernel = fresh()
    assert kernel(other) == 2.0 * other[0]
    assert kernel(X) == 3.0 and hits(kernel) == 1  # in the process that made the call, too
    assert before.items() <= {path: path.read_bytes() for path in files(tmp_path)}.items()
    assert len(files(tmp_path)) == 2


def test_types_that_others_cannot_import_do_no_harm(fresh, tmp_path, monkeypatch):
    (tmp_path / "types_of_a_user.py").write_text(
        "from collections import namedtuple\nPair = namedtuple('Pair', 'a b')\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    theirs = importlib.import_module("types_of_a_user")
    assert fresh()(theirs.Pair(1.5, 2.0)) == 3.0 and fresh()(X) == 3.0
    monkeypatch.delitem(sys.modules, "types_of_a_user")
    (tmp_path / "types_of_a_user.py").unlink()
    importlib.invalidate_caches()
    kernel = fresh()
    assert kernel(X) == 3.0 and hits(kernel) == 1


def test_a_place_that_takes_nothing_ends_no_solve(fresh, tmp_path, monkeypatch, capsys):
    def full(path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("regspec.model.kernels.cache.atomic_path", full)
    assert fresh()(X) == 3.0 and fresh()(X) == 3.0
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "cannot be kept" in said and "No space left" in said


def test_every_kernel_has_this_cache():
    kernels = []
    for item in pkgutil.walk_packages(regspec.model.__path__, "regspec.model."):
        module = importlib.import_module(item.name)
        kernels += [value for value in vars(module).values() if isinstance(value, Dispatcher)]
    assert len(kernels) > 30
    assert all(isinstance(kernel._cache, KernelCache) for kernel in kernels)
