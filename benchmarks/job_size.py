"""What a solve job costs besides its zones: the same solves, run by Snakemake with few and with many zones in a job.

    python benchmarks/job_size.py [--zones 12] [--sizes 1 2 12]

A small economy on a coarse grid is run once for its data, calibration and kernels. Then its solutions are removed and it is run
again for each size, one core, nothing from the store. `cpu` is user and system time of Snakemake and all its jobs. The overhead
of a job is the slope of both times on the number of jobs: another job that Snakemake starts and records, Python, imports, the
configuration, loading of kernels. On Slurm a job also starts a Snakemake of its own (docs/hpc.md).
Writes results/bench/job_size.json.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys

import numpy as np
import yaml
from common import CONFIG, OUTPUT, ROOT, say, table
from scale import measured

from regspec.workflow import steps

FOLDER = OUTPUT / "job_size"


def configuration(zones: int):
    """Configuration file: the small example with so many zones, markets only."""
    content = yaml.safe_load((ROOT / "config" / "examples" / "tiny.yaml").read_text(encoding="utf-8"))
    content["run"] = {"directory": str(FOLDER), "name": "run"}
    content["model"]["zones"] = {"sample": zones}
    content["scenarios"] = {"baseline": {"planner": False}}
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / "config.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def run(path, size: int) -> tuple[float, float]:
    """Wall and CPU seconds of all solves with ``size`` zones in a job."""
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--profile",
        "profiles/local",
        "--cores",
        "1",
        "--configfile",
        str(path),
        "--config",
        f"compute={{zones_per_job: {size}}}",
        "--",
        "model",
    ]
    wall, cpu, _ = measured(command)
    return wall, cpu


def forget() -> None:
    """Remove all solutions, in the run and in the store; the kernels stay."""
    shutil.rmtree(FOLDER / "run" / "solutions", ignore_errors=True)
    for path in (FOLDER / "store").glob("??"):
        shutil.rmtree(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--zones", type=int, default=12)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 2, 12])
    args = parser.parse_args()
    steps.prepare_numba(steps.load(CONFIG)[2])  # the kernel cache of ordinary runs
    path, rows = configuration(args.zones), []
    say("data, calibration, kernels")
    run(path, args.zones)
    for size in args.sizes:
        forget()
        wall, cpu = run(path, size)
        rows.append({"per_job": size, "jobs": -(-args.zones // size), "wall": wall, "cpu": cpu})
        say(rows[-1])
    number = [row["jobs"] for row in rows]
    slopes = {f"{key}_per_job": float(np.polyfit(number, [row[key] for row in rows], 1)[0]) for key in ("wall", "cpu")}
    say(table(rows, {"per_job": "d", "jobs": "d", "wall": ".1f", "cpu": ".1f"}))
    say(", ".join(f"{key} {value:.2f} s" for key, value in slopes.items()))
    (OUTPUT / "job_size.json").write_text(json.dumps({"rows": rows, **slopes}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
