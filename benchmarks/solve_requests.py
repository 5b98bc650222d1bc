"""What a solve job asks a cluster for (`regspec.estimate`) and what it takes, on grids of several sizes.

`python benchmarks/solve_requests.py results/tiny/config.yaml`: the first zone of a run whose kernels are compiled, under its
first scenario, a fresh process `regspec solve` for every grid: its largest resident memory, which counts shared pages, as Slurm
does, and its wall time. The request for memory also covers Snakemake, which starts itself twice inside a Slurm job; one that
reads the Snakefile is measured first. With `--finished` the benchmark files of finished runs are compared instead.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import ROOT

from regspec import jobs
from regspec.estimate import memory_mb, minutes, states

GRIDS = ((8, 3), (20, 5), (40, 7), (40, 9))  # k_steps, u_nodes
HEADER = f"{'grid':<24}{'states':>9}{'MB asked':>10}{'MB taken':>10}{'min asked':>11}{'min taken':>11}"


def measured(arguments: list[str], cwd: Path | None = None) -> tuple[float, float]:
    """Largest resident memory (MB) and wall time (minutes) of a fresh Python."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], cwd=cwd, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(arguments)} ended with {process.returncode}")
    return usage.ru_maxrss / 1024, (time.perf_counter() - began) / 60


def line(name: str, config, taken: tuple[float, float]) -> str:
    """A row of the table."""
    asked = memory_mb(config), minutes(config)
    return f"{name:<24}{states(config):>9,}{asked[0]:>10,}{taken[0]:>10,.0f}{asked[1]:>11,}{taken[1]:>11.2f}"


def grids(path: Path) -> None:
    """Solve the first zone of a run on every grid."""
    config, _, layout = jobs.load(path)
    jobs.prepare_numba(layout)
    zone, scenario = str(layout.zone_ids()[0]), next(iter(config.scenarios))
    taken = measured(["-m", "snakemake", "--profile", "profiles/local", "--dry-run", "--quiet", "all"], ROOT)
    print(f"one Snakemake that reads the Snakefile: {taken[0]:.0f} MB\n{HEADER}", flush=True)
    for k_steps, u_nodes in GRIDS:
        settings = [f"model.grid.k_steps={k_steps}", f"model.grid.u_nodes={u_nodes}", "compute.zones_per_job=1"]
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(layout.calibration, Path(folder) / layout.root.name / "calibration")
            options = [word for text in (*settings, f"run.directory={folder}") for word in ("--set", text)]
            command = ["-m", "regspec.cli", "solve", "--config", str(path), "--zone", zone, "--scenario", scenario, *options]
            print(line(f"k_steps {k_steps}, u_nodes {u_nodes}", jobs.load(path, settings)[0], measured(command)), flush=True)


def finished(path: Path) -> None:
    """The largest solve job of a run."""
    config, _, layout = jobs.load(path)
    files = sorted((layout.benchmarks / "solve").rglob("*.tsv"))
    rows = [row for file in files for row in csv.DictReader(file.open(), delimiter="\t")]
    if not rows:
        sys.exit(f"{layout.benchmarks}: no benchmark files of solves")
    taken = max(float(row["max_rss"]) for row in rows), max(float(row["s"]) for row in rows) / 60
    print(f"{HEADER}\n{line(layout.root.name, config, taken)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path, nargs="+", help="resolved configurations of runs")
    parser.add_argument("--finished", action="store_true", help="read benchmark files, solve nothing")
    options = parser.parse_args()
    for name in options.config:
        finished(name) if options.finished else grids(name)
