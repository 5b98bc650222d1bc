"""One cache of compiled kernels for every test, keyed by the sources as the command line's is; no test measures time."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from regspec.config.config import Config
from regspec.layout import Layout
from regspec.solves.kernel_cache import cache_folder
from regspec.workflow.steps import THREAD_VARIABLES

# Hypothesis fails an example that takes 200 ms, as any may on a busy machine.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_configure(config):
    """Name the cache before anything imports numba; it outlives the session, so that kernels compile once a version."""
    cache = getattr(config, "cache", None)
    root = cache.mkdir("kernels") if cache else Path(tempfile.mkdtemp(prefix="kernels-"))
    layout = Layout(Config.model_validate({"run": {"directory": str(root)}}))
    os.environ["NUMBA_CACHE_DIR"] = str(cache_folder(layout).resolve())
    for variable in THREAD_VARIABLES:  # as the program does: threads of BLAS on small matrices wait for each other
        os.environ.setdefault(variable, "1")


@pytest.fixture(scope="session")
def kernel_cache() -> Path:
    """Folder of the session's compiled kernels, for programs that tests start."""
    return Path(os.environ["NUMBA_CACHE_DIR"])


@pytest.fixture(scope="module")
def own_folder():
    """Data are read from the folder that a test's configuration names, not from that of the real tables."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("REGSPEC_DATA", raising=False)
        yield


@pytest.fixture
def bare_folder(tmp_path, monkeypatch) -> Path:
    """A working directory with the configuration ``my.yaml`` and nothing else; the environment is put back."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REGSPEC_DATA", raising=False)
    for variable in (*THREAD_VARIABLES, "NUMBA_CACHE_DIR"):
        monkeypatch.setenv(variable, "1")
    (tmp_path / "my.yaml").write_text("run: {name: r}\nscenarios: {baseline: {}, other: {}}\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def unrendered(monkeypatch):
    """Figures are drawn but saved as empty files: for tests of what stands beside them, since rendering is most of the time."""
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda figure, path, **options: Path(path).write_bytes(b""))
