"""What a solve job takes, beside what is expected of it and asked of a cluster (`regspec.solves.cost`), by industries and grid.

    python benchmarks/solve_requests.py [--cases default small coarse two four] [--zones 1]
    python benchmarks/solve_requests.py --finished results/<name>/config.yaml ...

Zones of a synthetic economy, market and planner, are solved by a fresh process `regspec solve` whose kernels are compiled: its
largest resident memory, which counts shared pages, as Slurm does, and its user and system time. First stands a Snakemake
that reads the Snakefile: a Slurm job starts two. With `--finished` the benchmark files of finished runs are compared
instead. Writes results/bench/solve_requests.json.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

import yaml
from common import CONFIG, OUTPUT, ROOT, say, table
from scale import measured

from regspec.config.config import Config
from regspec.solves.cost import expected_mb, memory_mb, seconds, start_seconds, states, used
from regspec.workflow import steps

FOLDER = OUTPUT / "solve_requests"
REGSPEC = [sys.executable, "-m", "regspec.cli"]  # a process for each step: memory of this one would count as theirs
COARSE = {"k_steps": 4, "u_nodes": 2, "b_below": 4, "b_above": 8, "b_fine": 40}
FOUR = {
    "primary": (["Agriculture", "Mining", "Construction"], 0.10, 2.0),
    "manufacturing": (["Durable manufacturing", "Nondurable manufacturing"], 0.29, 3.26),
    "business": (
        [
            "Business services",
            "Communication",
            "Finance",
            "Routine prof. services",
            "Non-routine prof. services",
            "Transportation",
            "Utilities",
        ],
        0.20,
        1.0,
    ),
    "consumer": (["Entertainment", "Personal services", "Public", "Retail", "Wholesale"], 0.15, 1.0),
}
COLUMNS = {
    "case": "",
    "industries": "d",
    "states": ",d",
    "mb": ",.0f",
    "mb_expected": ",.0f",
    "mb_asked": ",d",
    "cpu": ".1f",
    "cpu_expected": ".1f",
}


def grid(name: str) -> dict:
    """Configuration of a case: the default one on another grid, or with other industries."""
    four = {key: {"members": members, "xi": xi, "phi": phi} for key, (members, xi, phi) in FOUR.items()}
    two = yaml.safe_load((ROOT / "config" / "examples" / "tiny.yaml").read_text(encoding="utf-8"))["calibration"]["industries"]
    return {
        "default": {},
        "small": {"model": {"grid": {"k_steps": 8, "b_below": 6, "b_above": 8, "b_fine": 48}}},
        "coarse": {"model": {"grid": COARSE}},
        "two": {"calibration": {"industries": two}, "model": {"grid": {"k_steps": 20, "u_nodes": 5}}},
        "four": {"calibration": {"industries": four}, "model": {"grid": COARSE}},
    }[name]


def prepare(name: str, zones: int) -> tuple[Path, Config, list[str]]:
    """Configuration file of a case, with so many zones calibrated and the kernels compiled; the configuration, the zones."""
    content = grid(name)
    content["run"] = {"directory": str(FOLDER), "name": f"{name}_{zones}"}
    content["data"] = {"synthetic": {"zones": 100}}
    content["model"] = {**content.get("model", {}), "zones": {"sample": zones}}
    content["scenarios"] = {"baseline": {}}
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}_{zones}.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    config, _, layout = steps.load(path)
    for step in ("precompile",) if layout.zone_list.exists() else ("data", "empirics", "calibrate", "precompile"):
        say(f"{name}: {step}")
        measured([*REGSPEC, step, "--config", str(path)])
    return path, config, [str(zone) for zone in layout.zone_ids()]


def solved(name: str, number: int) -> dict:
    """Use and expectation of a job with so many zones, nothing from the store."""
    path, config, zones = prepare(name, number)
    shutil.rmtree(FOLDER / config.run.name / "solutions", ignore_errors=True)
    for place in (FOLDER / "store").glob("??"):
        shutil.rmtree(place)
    _, cpu, peak = measured([*REGSPEC, "solve", "--config", str(path), "--zone", *zones])
    say(f"{name}: {peak:.0f} MB, {cpu:.1f} s")
    return row(name, config, peak, cpu, start_seconds(config) + number * seconds(config, "baseline"))


def row(name: str, config: Config, peak: float, cpu: float, expected: float) -> dict:
    """A row of the table."""
    return {
        "case": name,
        "industries": len(config.calibration.industries),
        "states": states(config),
        "mb": peak,
        "mb_expected": expected_mb(config),
        "mb_asked": memory_mb(config),
        "cpu": cpu,
        "cpu_expected": expected,
    }


def finished(path: Path) -> dict:
    """The solve jobs of a run: memory of the largest, time of all."""
    config, _, layout = steps.load(path)
    found, jobs_done = used(layout), len(list((layout.benchmarks / "solve").glob("*/*.json")))
    if not jobs_done:
        sys.exit(f"{layout.benchmarks}: no solve job has said what it took")
    solves = {name: len(list((layout.root / "solutions" / name).glob("*.h5"))) for name in config.solve_names()}
    expected = sum(n * seconds(config, name) for name, n in solves.items()) + jobs_done * start_seconds(config)
    return row(layout.root.name, config, found.memory_mb, 3600.0 * found.core_hours, expected)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="+", default=["default", "small", "coarse", "two", "four"])
    parser.add_argument("--zones", type=int, default=1, help="zones of the job [%(default)s]")
    parser.add_argument("--finished", type=Path, nargs="+", metavar="CONFIG", help="resolved configurations of runs")
    args = parser.parse_args()
    if args.finished:
        say(table([finished(path) for path in args.finished], COLUMNS))
        return
    steps.prepare_numba(steps.load(CONFIG)[2])  # the kernel cache of ordinary runs
    plan = [sys.executable, "-m", "snakemake", "--profile", "profiles/local", "--dry-run", "--quiet", "all"]
    _, start, snakemake = measured(plan)
    say(f"one Snakemake that reads the Snakefile: {snakemake:.0f} MB, {start:.1f} s")
    rows = [solved(name, args.zones) for name in args.cases]
    say(table(rows, COLUMNS))
    found = {"snakemake_mb": snakemake, "snakemake_cpu": start, "rows": rows}
    (OUTPUT / "solve_requests.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
