"""What a solve job asks a cluster for (`regspec.estimate`) and what it takes, on grids of several sizes.

Each grid's solve is a fresh process `regspec solve` of one zone of the default synthetic economy, scenario `baseline`, market
and planner, kernels compiled; its largest resident memory (which counts shared pages, as Slurm does) and its wall time. The
request for memory also covers Snakemake, which starts itself twice inside a Slurm job; this is measured once. With names of
runs, their benchmark files are compared instead: `python benchmarks/solve_requests.py results/tiny`.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import CONFIG, ROOT
from zone_times import inputs, prepare

GRIDS = ((4, 3), (8, 3), (12, 3), (8, 5))  # k_steps, u_nodes
HEADER = f"{'grid':<24}{'states':>9}{'MB asked':>10}{'MB taken':>10}{'min asked':>11}{'min taken':>11}"


def measured(arguments: list[str], cwd: Path = ROOT) -> tuple[float, float]:
    """Largest resident memory (MB) and wall time (minutes) of a process."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(arguments)} ended with {process.returncode}")
    return usage.ru_maxrss / 1024, (time.perf_counter() - began) / 60


def line(name: str, config, taken: tuple[float, float]) -> str:
    """A row of the table."""
    from regspec.estimate import memory_mb, minutes, states

    return f"{name:<24}{states(config):>9,}{memory_mb(config):>10,}{taken[0]:>10,.0f}{minutes(config):>11,}{taken[1]:>11.2f}"


def grids() -> None:
    """Solve one zone on every grid."""
    from regspec.config_io import load_config

    _, layout = prepare(economy=True)
    zone = str(inputs(layout)[0]["zone"])
    taken = measured(["-m", "snakemake", "--profile", "profiles/local", "--dry-run", "--quiet", "all", "--", "calibration"])
    print(f"one Snakemake that reads the Snakefile: {taken[0]:.0f} MB\n{HEADER}")
    for k_steps, u_nodes in GRIDS:
        settings = [f"model.grid.k_steps={k_steps}", f"model.grid.u_nodes={u_nodes}", "compute.zones_per_job=1"]
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(layout.calibration, Path(folder) / layout.root.name / "calibration")
            options = [word for text in (*settings, f"run.directory={folder}") for word in ("--set", text)]
            taken = measured(["-m", "regspec.cli", "solve", "--config", str(CONFIG), "--zone", zone, *options])
        print(line(f"k_steps {k_steps}, u_nodes {u_nodes}", load_config(CONFIG, settings), taken), flush=True)


def runs(folders: list[Path]) -> None:
    """The largest job of every run."""
    from regspec.config_io import load_config

    print(HEADER)
    for folder in folders:
        files = sorted((folder / "benchmarks" / "solve").rglob("*.tsv"))
        rows = [row for path in files for row in csv.DictReader(path.open(), delimiter="\t")]
        if not rows:
            sys.exit(f"{folder}: no benchmark files of solves")
        taken = max(float(row["max_rss"]) for row in rows), max(float(row["s"]) for row in rows) / 60
        print(line(folder.name, load_config(folder / "config.yaml"), taken))


if __name__ == "__main__":
    runs([Path(name) for name in sys.argv[1:]]) if len(sys.argv) > 1 else grids()
