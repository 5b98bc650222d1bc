"""Folders in which the real workflow runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from small_panel import write_config, write_panel
from workflow_run import Run, Workflow


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> tuple[Workflow, Run]:
    """A finished run of two zones: its working folder, of which tests take copies, and what Snakemake printed."""
    first = Workflow(tmp_path_factory.mktemp("finished"))
    write_panel(first.folder / "tables")
    done = first(write_config(first.folder / "run.yaml", Path("tables"), zones="[1, 56]"))
    assert done.code == 0, done.text
    return first, done


@pytest.fixture(scope="module")
def copy(finished, workflow) -> Workflow:
    """The module's working folder with a copy of the finished run in it."""
    shutil.copytree(finished[0].folder, workflow.folder, dirs_exist_ok=True)
    return workflow


@pytest.fixture(scope="module")
def workflow(tmp_path_factory) -> Workflow:
    """A working folder that the tests of one file share."""
    return Workflow(tmp_path_factory.mktemp("work"))
