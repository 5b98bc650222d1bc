"""Snakemake's plan at the size of a whole study: time and memory of dry runs, number of files; nothing is solved.

    python benchmarks/scale.py [--cases 722x2 722x25 722x25x5] [--per-job auto 4]

Prepares the calibration of all 722 zones of the synthetic economy once (below results/bench), then plans with a real
`snakemake --dry-run`: zones x scenarios, zones x cells of a sweep, zones x cells x scenarios. `cpu` is user and system time of
the process, which other work on the machine changes little, `peak` its largest resident memory. Writes
results/bench/scale.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time

import yaml
from common import OUTPUT, ROOT, say, table

from regspec.config.config import Config
from regspec.config.reading import load_config
from regspec.layout import Layout
from regspec.solves.cost import cost, zones_per_job

FOLDER = OUTPUT / "scale"
VALUES = (0.31, 0.33, 0.35, 0.37, 0.39)
SCALES = (0.6, 0.8, 1.0, 1.2, 1.4)
LIMITS = ({}, {"limit": "natural"}, {"limit": "fixed"}, {"gamma": 4.0}, {"gamma": 6.0})


def content(cells: int, scenarios: int, per_job: int | str) -> dict:
    """A configuration with a sweep of 25 ``cells`` (0: none) and so many ``scenarios``."""
    names = {"baseline" if i == 0 else f"other_{i}": {"parameters": LIMITS[i]} for i in range(scenarios)}
    sweeps = {"s": {"axes": {"theta": list(VALUES), "xi_scale": list(SCALES)}}} if cells else {}
    return {
        "run": {"directory": str(FOLDER), "name": "all"},
        "model": {"zones": "all"},
        "scenarios": names,
        "sweeps": sweeps,
        "compute": {"zones_per_job": per_job},
    }


def configuration(case: str, per_job: int | str):
    """(file, configuration, target of Snakemake) of a case such as 722x25x5."""
    numbers = [int(n) for n in case.split("x")][1:]
    cells, scenarios = (numbers[0], numbers[1] if len(numbers) > 1 else 1) if numbers[0] == 25 else (0, numbers[0])
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{case}_{per_job}.yaml"
    path.write_text(yaml.safe_dump(content(cells, scenarios, per_job), sort_keys=False), encoding="utf-8")
    return path, load_config(path), "sweeps" if cells else "model"


def prepare(path, config: Config) -> None:
    """Calibrate all zones, unless that is done; in processes of their own, because the system counts the memory of the one
    that starts another as the other's, too.
    """
    layout = Layout(config)
    if not layout.zone_list.exists():
        for step in ("data", "empirics", "calibrate"):
            say(f"{step} of all zones")
            measured([sys.executable, "-m", "regspec.cli", step, "--config", str(path)])


def measured(command: list[str]) -> tuple[float, float, float]:
    """Wall and CPU seconds and peak MB of a process; ends the program with its output when it fails."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(output[-3000:])
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def plan(case: str, per_job: int | str) -> dict:
    """Measure one dry run."""
    path, config, target = configuration(case, per_job)
    prepare(path, config)
    names = config.solve_names() if target == "model" else config.solve_names("s")
    zones = len(Layout(config).zone_ids())
    size = zones_per_job(config, names[0], zones)
    command = [sys.executable, "-m", "snakemake", "--profile", "profiles/local", "--configfile", str(path), "--dry-run", "--"]
    wall, cpu, peak = measured([*command, target])
    solves, parts = zones * len(names), len(names) * -(-zones // size)
    found = {
        "case": case,
        "per_job": size,
        "solves": solves,
        "jobs": parts,
        "wall": wall,
        "cpu": cpu,
        "peak_mb": peak,
        # solution, copy in the store, progress; list, log, two of use and Snakemake's record of a job
        "files": 3 * solves + 5 * parts,
        "core_hours": cost(config, dict.fromkeys(names, zones)).core_hours,
    }
    say(found)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="+", default=["722x2", "722x25", "722x25x5"])
    parser.add_argument("--per-job", nargs="+", default=["auto"])
    args = parser.parse_args()
    rows = []
    for case in args.cases:
        for per_job in args.per_job:
            number = per_job if per_job == "auto" else int(per_job)
            rows.append(plan(case, number))
    columns = {
        "case": "",
        "per_job": "d",
        "solves": ",d",
        "jobs": ",d",
        "files": ",d",
        "wall": ".0f",
        "cpu": ".0f",
        "peak_mb": ",.0f",
        "core_hours": ",.1f",
    }
    say(table(rows, columns))
    (OUTPUT / "scale.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
