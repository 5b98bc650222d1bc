"""What the steps set before they load numpy and numba."""

import os

from regspec.workflow import steps


def test_threads_and_kernel_cache_are_set_for_solves(run_folder, monkeypatch):
    for variable in (*steps.THREAD_VARIABLES, "NUMBA_CACHE_DIR"):
        monkeypatch.delenv(variable)
    steps.prepare_numba(run_folder)
    assert {os.environ[variable] for variable in steps.THREAD_VARIABLES} == {"1"}
    assert os.environ["NUMBA_CACHE_DIR"].startswith(str((run_folder.store / "numba").resolve()))
