"""Clusters' file systems: no locks, and errors of the system that say nothing about a file's content."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import h5py
import numpy as np
import pytest
from shapely.geometry import box

from regspec.calibration.records import ZoneCalibration
from regspec.errors import DataError, SystemFault, fail_for_system
from regspec.exhibits.listing import read_missing
from regspec.io.geopackage import write_layers
from regspec.io.hdf5 import opened
from regspec.io.raw_tables import read_raw
from regspec.io.run_tables import read_meta, read_table
from regspec.results.collect import read_status
from regspec.solves.solution_file import recorded_key, stored
from regspec.workflow.endings import short_errors
from regspec.workflow.reasons import _recorded as explained
from regspec.workflow.status import _recorded as state

# A library that has every lock below the folder NO_LOCKS refused, and every read from below NO_READS.
PRELOADED = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int below(int fd, const char *variable) {
  char link[64], path[4096];
  const char *folder = getenv(variable);
  if (!folder) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n < 0) return 0;
  path[n] = 0;
  return !strncmp(path, folder, strlen(folder));
}
static int refused(void) { errno = ENOLCK; return -1; }
static ssize_t broken(void) { errno = EIO; return -1; }

int flock(int fd, int operation) {
  if (below(fd, "NO_LOCKS")) return refused();
  return ((int (*)(int, int))dlsym(RTLD_NEXT, "flock"))(fd, operation);
}
static int control(const char *name, int fd, int command, void *argument) {
  if ((command == F_SETLK || command == F_SETLKW || command == F_GETLK) && below(fd, "NO_LOCKS")) return refused();
  return ((int (*)(int, int, ...))dlsym(RTLD_NEXT, name))(fd, command, argument);
}
#define CONTROL(name) int name(int fd, int command, ...) { \
  va_list rest; va_start(rest, command); void *argument = va_arg(rest, void *); va_end(rest); \
  return control(#name, fd, command, argument); }
CONTROL(fcntl)
CONTROL(fcntl64)
#define READ(name, offset) ssize_t name(int fd, void *to, size_t n, offset at) { \
  if (below(fd, "NO_READS")) return broken(); \
  return ((ssize_t (*)(int, void *, size_t, offset))dlsym(RTLD_NEXT, #name))(fd, to, n, at); }
READ(pread, off_t)
READ(pread64, off64_t)
"""


@pytest.fixture(scope="module")
def preloaded(tmp_path_factory) -> Path:
    """The compiled library."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("needs Linux and a C compiler")
    folder = tmp_path_factory.mktemp("preloaded")
    (folder / "faults.c").write_text(PRELOADED, encoding="utf-8")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / "faults.so", folder / "faults.c", "-ldl"], check=True)
    return folder / "faults.so"


def run(preloaded, code, **folders):
    environment = {**os.environ, "LD_PRELOAD": str(preloaded), **{name: str(path) for name, path in folders.items()}}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, encoding="utf-8")


@pytest.fixture
def solution(tmp_path) -> Path:
    path = tmp_path / "solutions" / "baseline" / "6.h5"
    path.parent.mkdir(parents=True)
    with h5py.File(path, "w") as file:
        file.attrs.update({"zone": 6, "scenario": "baseline", "key": "abc", "status": "solved", "message": "", "seconds": 1.0})
        file["ce/k"] = np.full((2, 2), 0.5)
    return path


USES = """
import sys
from pathlib import Path
import h5py
path = Path({path!r})
try:
    h5py.File(path)
except OSError as error:
    assert error.errno == 37, error  # the file system of this test has no locks
else:
    sys.exit("locks work")
from regspec.solves.solution_file import publish, recorded_key, stored
from regspec.results.collect import read_status
assert stored(path, "abc") and recorded_key(path) == "abc" and read_status(path).status == "solved"
publish(path, path.with_name("7.h5"), "other", "hash")
assert read_status(path.with_name("7.h5")).scenario == "other"
"""


def test_solution_files_need_no_locks(preloaded, solution, tmp_path):
    done = run(preloaded, USES.format(path=str(solution)), NO_LOCKS=tmp_path)
    assert done.returncode == 0, done.stderr


LAYERS = """
from pathlib import Path
import geopandas as gpd
from shapely.geometry import box
from regspec.io.geopackage import read_layer, write_layers
path = Path({path!r})
frame = gpd.GeoDataFrame({{"zone": [1]}}, geometry=[box(0, 0, 1, 1)], crs="EPSG:5070")
write_layers(path, {{"zones": frame, "states": frame}}, {{"a": "b"}})
assert read_layer(path, "zones")["zone"].tolist() == read_layer(path, "states")["zone"].tolist() == [1]
try:
    gpd.read_file(path, layer="zones")
except Exception as error:
    assert "locked" in str(error), error
else:
    raise SystemExit("locks work")
"""


def test_geopackages_need_no_locks_and_keep_their_bytes(preloaded, tmp_path):
    done = run(preloaded, LAYERS.format(path=str(tmp_path / "a.gpkg")), NO_LOCKS=tmp_path)
    assert done.returncode == 0, done.stderr
    frame = gpd.GeoDataFrame({"zone": [1]}, geometry=[box(0, 0, 1, 1)], crs="EPSG:5070")
    write_layers(tmp_path / "b.gpkg", {"zones": frame, "states": frame}, {"a": "b"})
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()
    assert gpd.read_file(tmp_path / "b.gpkg", layer="states")["zone"].tolist() == [1]


BROKEN = """
from pathlib import Path
from regspec.errors import SystemFault
from regspec.io.hdf5 import opened
try:
    with opened(Path({path!r})):
        pass
except SystemFault as fault:
    print(fault.exit_code, fault)
"""


def test_a_disk_that_cannot_be_read_is_not_a_damaged_file(preloaded, solution, tmp_path):
    done = run(preloaded, BROKEN.format(path=str(solution)), NO_READS=tmp_path)
    assert done.stdout.startswith(f"1 {solution}: the system cannot read or write it now (Input/output error, errno 5)"), done
    assert "keep it" in done.stdout and "elete" not in done.stdout


NUMBERS = [errno.ENOLCK, errno.EAGAIN, errno.EIO, errno.EACCES, errno.ESTALE, errno.ENOSPC, errno.EMFILE, errno.ETIMEDOUT]


@pytest.fixture(params=NUMBERS, ids=lambda number: errno.errorcode[number])
def refusing(request, solution, monkeypatch):
    """Every file is refused by the system; the error's number."""

    def refuse(*arguments, **options):
        raise OSError(request.param, os.strerror(request.param))

    readers = (
        "h5py.File",
        "pandas.read_csv",
        "pandas.read_parquet",
        "pathlib.Path.read_text",
        "regspec.exhibits.tables.read_csv",
    )
    for name in readers:
        monkeypatch.setattr(name, refuse)
    return request.param


READERS = {
    "collect": read_status,
    "store": lambda path: stored(path, "abc"),
    "explain": explained,
    "calibration": ZoneCalibration.read,
    "parquet": lambda path: read_table(path, "paths"),
    "csv": lambda path: read_raw(path, "zones"),
    "meta": read_meta,
    "list": read_missing,
}


@pytest.mark.parametrize("reader", READERS)
def test_errors_of_the_system_are_told_as_such_wherever_files_are_read(refusing, reader, solution):
    with pytest.raises(SystemFault) as caught:
        READERS[reader](solution)
    assert os.strerror(refusing) in str(caught.value) and "may be whole" in str(caught.value)
    assert caught.value.exit_code == (2 if refusing == errno.EACCES else 1)


def test_status_says_so_too_and_manifests_are_kept(refusing, solution):
    kind, message, *_ = state(solution)
    assert kind == "unreadable" and "keep it" in message and "delete" not in message
    assert recorded_key(solution) is None


def test_a_cut_file_is_damaged(solution):
    solution.write_bytes(solution.read_bytes()[:900])
    with pytest.raises(DataError, match="truncated or incomplete"), opened(solution):
        pass
    assert not stored(solution, "abc") and explained(solution) is None
    assert "delete it" in state(solution)[1]


def test_a_missing_file_is_neither(tmp_path):
    with pytest.raises(FileNotFoundError), opened(tmp_path / "none.h5"):
        pass
    for error in (FileNotFoundError(2, ""), IsADirectoryError(21, ""), OSError("not in gzip format"), ValueError("a")):
        fail_for_system(tmp_path, error)


def test_an_unexpected_error_of_the_file_system_ends_in_two_lines(capsys, tmp_path):
    with pytest.raises(SystemExit) as end, short_errors():
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(tmp_path / "a"))
    assert end.value.code == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 2 and str(tmp_path / "a") in said and "Stale file handle" in said
