"""Runs of the workflow on the tests' Slurm, what they find, and the means to break them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import h5py
from repository import ROOT
from slurm_cluster import Cluster
from workflow_run import Run, Workflow

ZONES = [1, 5, 56]
_started: list[subprocess.Popen] = []
#: Attributes that say who solved, when and how fast, not what was found.
PASSING = {"seconds", "ranks", "attempt", "us_per_state_sweep"}


def start(workflow: Workflow, config: Path, ranks: int, *options, folder: Path | None = None, settings=()) -> subprocess.Popen:
    """Snakemake with the Slurm profile, as a user calls it; only waiting times are shorter.

    ``folder``: where it is called, that of the workflow by default; ``settings``: further words behind ``--config``.
    """
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--snakefile",
        ROOT / "Snakefile",
        "--directory",
        folder or workflow.folder,
        "--profile",
        ROOT / "profiles" / "slurm",
        "--slurm-init-seconds-before-status-checks",
        "3",
        "--seconds-between-status-checks",
        "2",
        *options,
        "--configfile",
        config,
        "--config",
        f"compute={{'ranks': {ranks}, 'zones_per_job': 3}}",
        *settings,
        "--",
        "model",
    ]
    environment = {k: v for k, v in os.environ.items() if k != "REGSPEC_DATA"}
    process = subprocess.Popen(
        list(map(str, command)), env=environment, encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    _started.append(process)
    return process


def clear(workflow: Workflow) -> None:
    """End what a failed test has left: its calls of Snakemake and the solvers that it had stopped."""
    while _started:
        process = _started.pop()
        if process.poll() is None:
            process.kill()
            process.communicate()
    for pid in solver_processes(workflow.folder):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def status(workflow: Workflow, config: Path, *options) -> str:
    """What `regspec status` says."""
    command = [sys.executable, "-m", "regspec.cli", "status", "--config", config, *options]
    return subprocess.run(
        list(map(str, command)), cwd=workflow.folder, check=True, capture_output=True, encoding="utf-8"
    ).stdout


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
    return (workflow.folder / f"results/{run}/logs/solve/baseline/batch_0.log").read_text(encoding="utf-8")


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


def wait_for_solvers(folder: Path, count: int, seconds: float = 180) -> list[int]:
    """Process ids of at least ``count`` solvers. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = solver_processes(folder)
        if len(found) >= count:
            return found
        time.sleep(0.05)
    raise TimeoutError(f"not {count} solvers within {seconds:g} s")


def freeze(workflow: Workflow, cluster: Cluster, ranks: int, before: str = "", seconds: float = 180) -> str:
    """Stop a solve in the middle until a signal ends it or lets it go on; returns the id of its job, not ``before``.

    A stopped process gets the SIGTERM of Slurm, which sends SIGCONT with it. The solvers of ``before`` have ended first: the
    lines of progress that they still write would be taken for those of the next attempt, which has not begun yet.
    Raises TimeoutError.
    """
    end = time.monotonic() + seconds
    progress = workflow.folder / "results/panel/logs/solve/baseline"
    old = solver_processes(workflow.folder) if before else []
    while set(old) & set(solver_processes(workflow.folder)) and time.monotonic() < end:
        time.sleep(0.02)
    known = {p: p.stat().st_mtime_ns for p in progress.glob("*.jsonl")}
    while time.monotonic() < end:
        pids = [pid for pid in solver_processes(workflow.folder) if pid not in old]
        begun = any(p.stat().st_size and p.stat().st_mtime_ns != known.get(p) for p in progress.glob("*.jsonl"))
        if begun and len(pids) >= ranks:
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            return next(job["id"] for job in cluster.jobs() if "solve" in job["comment"] and job["id"] != before)
        time.sleep(0.02)
    raise TimeoutError(f"no solve to stop within {seconds:g} s")


def wait_for_end(pids: list[int], seconds: float = 60) -> None:
    """Return when none of the processes is left; those that stay are killed."""
    end = time.monotonic() + seconds
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        if time.monotonic() > end:
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)
