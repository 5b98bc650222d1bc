"""Runs of the workflow on the tests' Slurm, what they find, and the means to break them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
from conftest import Run, Workflow
from slurm_cluster import Cluster
from small_panel import ROOT

ZONES = [1, 5, 56]
#: Attributes that say who solved, when and how fast, not what was found.
PASSING = {"seconds", "ranks", "attempt", "us_per_state_sweep"}


def start(workflow: Workflow, config: Path, ranks: int, *options, folder: Path | None = None, settings=()) -> subprocess.Popen:
    """Snakemake with the Slurm profile, as a user calls it; only waiting times are shorter.

    ``folder``: where it is called, that of the workflow by default; ``settings``: further words behind ``--config``.
    """
    command = [
        sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder or workflow.folder,
        "--profile", ROOT / "profiles" / "slurm", "--slurm-init-seconds-before-status-checks", "3",
        "--seconds-between-status-checks", "2", *options,
        "--configfile", config, "--config", f"compute={{'ranks': {ranks}, 'zones_per_job': 3}}", *settings, "--", "model",
    ]  # fmt: skip
    environment = {k: v for k, v in os.environ.items() if k != "REGSPEC_DATA"}
    return subprocess.Popen(
        list(map(str, command)), env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def finish(process: subprocess.Popen, seconds: float = 300) -> Run:
    """Wait for the end of a call."""
    text, _ = process.communicate(timeout=seconds)
    return Run(process.returncode, text)


def forget_solutions(workflow: Workflow) -> None:
    """Every solution, the store and what was gathered from them, so that the next call solves again."""
    for name in ("store", "panel/solutions", "panel/model"):
        shutil.rmtree(workflow.folder / "results" / name, ignore_errors=True)


def contents(workflow: Workflow, run: str = "panel") -> dict[int, dict]:
    """Everything that the solutions say, by zone: datasets and attributes, bit for bit."""
    found = {}
    for zone in ZONES:
        with h5py.File(workflow.folder / f"results/{run}/solutions/baseline" / f"{zone}.h5") as handle:
            items = {f"@{k}": str(v) for k, v in handle.attrs.items() if k not in PASSING}
            handle.visititems(
                lambda name, item, items=items: items.update(
                    {f"{name}@{k}": str(v) for k, v in item.attrs.items() if k not in PASSING}
                    | ({name: item[()].tobytes()} if isinstance(item, h5py.Dataset) else {})
                )
            )
        found[zone] = items
    return found


def differences(found: dict, expected: dict) -> set[tuple[int, str]]:
    """Names of what differs, by zone: short enough to read in a report."""
    return {
        (zone, name)
        for zone in expected
        for name in {*expected[zone], *found[zone]}
        if expected[zone].get(name) != found[zone].get(name)
    }


def ranks_used(workflow: Workflow) -> int:
    """Ranks of the process that finished the first zone."""
    with h5py.File(workflow.folder / "results/panel/solutions/baseline/1.h5") as handle:
        return int(handle.attrs["ranks"])


def log(workflow: Workflow, run: str = "panel") -> str:
    """What the last attempt of the solve job wrote."""
    return (workflow.folder / f"results/{run}/logs/solve/baseline/batch_0.log").read_text()


def solver_processes(folder: Path) -> list[int]:
    """Process ids of the solvers that were started in ``folder``."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().split(b"\0")
            here = os.readlink(path / "cwd") == str(folder)
        except OSError:
            continue
        if here and b"regspec.cli" in words and b"solve" in words and Path(os.fsdecode(words[0])).name.startswith("python"):
            found.append(int(path.name))
    return sorted(found)


def wait_for_solvers(folder: Path, count: int, seconds: float = 90) -> list[int]:
    """Process ids of at least ``count`` solvers. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = solver_processes(folder)
        if len(found) >= count:
            return found
        time.sleep(0.05)
    raise TimeoutError(f"not {count} solvers within {seconds:g} s")


def freeze(workflow: Workflow, cluster: Cluster, ranks: int, before: str = "") -> str:
    """Stop a solve in the middle until a signal ends it or lets it go on; returns the id of its job, not ``before``.

    A stopped process gets the SIGTERM of Slurm, which sends SIGCONT with it.
    """
    end = time.monotonic() + 120
    while (job := cluster.wait_for("solve")["id"]) == before and time.monotonic() < end:
        time.sleep(0.2)
    progress = workflow.folder / "results/panel/logs/solve/baseline"
    known = {p: p.stat().st_mtime_ns for p in progress.glob("*.jsonl")}
    while time.monotonic() < end:
        solving = any(p.stat().st_size and p.stat().st_mtime_ns != known.get(p) for p in progress.glob("*.jsonl"))
        pids = solver_processes(workflow.folder)
        if solving and len(pids) >= ranks:
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            return job
        time.sleep(0.01)
    raise TimeoutError("no solve to stop")
