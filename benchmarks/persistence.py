"""Snakemake's records as one file for each output, and in one database (`--persistence-backend db`): number of files, time.

    python benchmarks/persistence.py [--records 4000]

So many records of the size of a solve job's are written and read by each backend alone, one by one as a run does it; seconds
of processor time. Then, after benchmarks/job_size.py, whose solutions are in its store: the same small run, one zone in a job,
with each backend in a working folder of its own, and a call that finds nothing to do (`again`, processor time).
Writes results/bench/persistence.json.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from pathlib import Path

from common import CONFIG, OUTPUT, ROOT, say, table
from job_size import FOLDER, configuration
from scale import measured

from regspec.workflow import steps

WORK = OUTPUT / "persistence"
BACKENDS = ("file", "db")


def size(folder: Path) -> tuple[int, float]:
    """Number of files below a folder, and MB that they take on the disk."""
    files = [path.stat() for path in folder.rglob("*") if path.is_file()]
    return len(files), sum(512 * found.st_blocks for found in files) / 1e6


def run(backend: str, zones: int) -> dict:
    """The run and a second call, everything solved before."""
    path = configuration(zones)
    shutil.rmtree(FOLDER / backend, ignore_errors=True)
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--snakefile",
        str(ROOT / "Snakefile"),
        "--directory",
        str(WORK / backend),
        "--profile",
        str(ROOT / "profiles" / "local"),
        "--cores",
        "1",
        "--configfile",
        str(path),
        "--persistence-backend",
        backend,
        "--config",
        f"run={{name: {backend}}}",
        "compute={zones_per_job: 1}",
        "--",
        "model",
    ]
    first, second = measured(command)[:2], measured(command)[:2]
    number, mb = size(WORK / backend / ".snakemake")
    return {"backend": backend, "files": number, "mb": mb, "wall": first[0], "cpu": first[1], "again": second[1]}


def records(backend: str, number: int) -> dict:
    """Processor seconds to write and, by another object, to read records."""
    from snakemake.persistence import MetadataRecord
    from snakemake.persistence.db import DbPersistence
    from snakemake.persistence.file import FilePersistence

    make, folder = {"file": FilePersistence, "db": DbPersistence}[backend], WORK / f"records_{backend}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    record = MetadataRecord(
        rule="solve",
        input=["results/all/precompile.json"],
        log=["results/all/logs/solve/baseline/batch_00.log"],
        shellcmd="x" * 600,
        params=["'results/all/config.yaml'", "'" + "1234 " * 12 + "'", str(["k" * 24] * 12)],
        record_format_version=6,
        starttime=1.0,
        endtime=2.0,
    )
    keys = [f"results/all/solutions/s-theta_0.31-xi_scale_0.6-baseline/batch_{n:05d}.json" for n in range(number)]
    row = {"backend": backend, "records": number}
    for what in ("write", "read"):
        persistence, began = make(path=folder), time.process_time()
        for key in keys:
            if what == "write":
                persistence._write_record(key, record)
            elif persistence._read_record(key) is None:
                sys.exit(f"{backend}: {key} is lost")
        row[what] = time.process_time() - began
    found = size(folder)
    return {**row, "files": found[0], "mb": found[1]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=4000)
    parser.add_argument("--zones", type=int, default=12)
    args = parser.parse_args()
    steps.prepare_numba(steps.load(CONFIG)[2])  # the kernel cache of ordinary runs
    many = [records(backend, args.records) for backend in BACKENDS]
    say(table(many, {"backend": "", "records": ",d", "files": ",d", "mb": ".1f", "write": ".1f", "read": ".1f"}))
    shutil.rmtree(WORK, ignore_errors=True)
    for backend in BACKENDS:
        (WORK / backend).mkdir(parents=True)
    runs = [run(backend, args.zones) for backend in BACKENDS]
    say(table(runs, {"backend": "", "files": "d", "mb": ".1f", "wall": ".1f", "cpu": ".1f", "again": ".1f"}))
    (OUTPUT / "persistence.json").write_text(json.dumps({"records": many, "runs": runs}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
