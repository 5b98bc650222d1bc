"""What the parts of the benchmark share: where files are, the machine, the launcher, how a table is printed."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "results" / "bench"
CONFIG = ROOT / "config" / "config.yaml"


def machine() -> dict:
    """Processor, system and library versions, and the load when the run began."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_average": os.getloadavg()[0],
        **{name: version(name) for name in ("numpy", "numba", "llvmlite", "mpi4py")},
    }


@contextmanager
def clocked():
    """Log (a dict) of the seconds that the parts of a backward step take while the block runs: `expand`,
    `time_step`, `recover_slopes`.
    """
    from regspec.model.solver import expectations, time_iteration

    log: dict[str, float] = {}
    watched = [(expectations, "expand"), (time_iteration, "time_step"), (expectations, "recover_slopes")]
    originals = [getattr(module, name) for module, name in watched]

    def timed(original, name: str):
        def call(*arguments):
            began = time.perf_counter()
            result = original(*arguments)
            log[name] = log.get(name, 0.0) + time.perf_counter() - began
            return result

        return call

    for (module, name), original in zip(watched, originals, strict=True):
        log[name] = 0.0
        setattr(module, name, timed(original, name))
    try:
        yield log
    finally:
        for (module, name), original in zip(watched, originals, strict=True):
            setattr(module, name, original)


def mpiexec() -> str | None:
    """The MPI launcher beside this Python, or on the path."""
    return shutil.which("mpiexec", path=str(Path(sys.executable).parent)) or shutil.which("mpiexec")


def say(*words) -> None:
    """Print a line of progress at once."""
    print(*words, flush=True)


def table(rows: list[dict], columns: dict[str, str]) -> str:
    """Aligned text table of ``rows``; ``columns`` maps keys to format specifications."""

    def cell(row: dict, key: str) -> str:
        value = row.get(key)
        return "-" if value is None else format(value, columns[key])

    lines = [[key for key in columns]] + [[cell(row, key) for key in columns] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    return "\n".join("  ".join(text.rjust(w) for text, w in zip(line, widths, strict=True)) for line in lines)
