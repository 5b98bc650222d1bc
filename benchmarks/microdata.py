"""Memory and time of reading a large census extract (docs/microdata.md).

    python benchmarks/microdata.py [--persons 15000000] [--csv] [--folder DIR]

Writes the extract (kept if a folder is given), reads it in a process of its own and prints its peak memory and seconds.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from regspec.config.config import Config
from regspec.data.synthetic.raw_census import write_census_files

_READ = """
import json, sys, time
from pathlib import Path
import yaml
from regspec.config import Config
from regspec.data.microdata.census import read_census
folder = Path(sys.argv[1])
config = Config.model_validate(yaml.safe_load((folder / "microdata.yaml").read_text()))
census = read_census(config, folder, None)
print(json.dumps({"persons": census.rows, "cells": len(census.industry)}))
"""


def main() -> None:
    """Print one line each for writing and reading."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--persons", type=int, default=15_000_000)
    parser.add_argument("--csv", action="store_true")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        start = time.perf_counter()
        path = write_census_files(Config(), folder, options.persons, options.csv)[0]
        print(f"written: {path.stat().st_size / 1e6:.0f} MB in {time.perf_counter() - start:.0f} s", flush=True)
        start = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", _READ, str(folder)], check=True, stdout=subprocess.PIPE, encoding="utf-8")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"read: {done.stdout.strip()}, peak {peak:.0f} MB, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
