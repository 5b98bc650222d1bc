"""One zone of the default synthetic economy on the default grid: seconds, Euler errors, and what a process needs to start.

`zone_seconds` is the best wall time of `solves.zone.solve_zone` in this process on one core: tail and path of the market
and of the planner, the realized path, Euler errors on it and on the cloud, all diagnostics; kernels are loaded before.

`start_seconds` is the best wall time of a fresh process `python -m regspec.cli solve --zone Z` with a warm kernel cache (and
no stored solution), less `zone_seconds` of the same zone: interpreter, imports, configuration, loading of kernels, writing
of the solution. `start_import_seconds` is a fresh process that only imports the solver.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable

from common import CONFIG, OUTPUT, ROOT, say

from regspec.calibration.records import NationalProcesses, ZoneCalibration

ZONE = 430  # of the default sample
OVERRIDES = (f"run.directory={OUTPUT}",)


def prepare(economy: bool, more: Iterable[str] = ()):
    """(config, layout) of the default configuration, or with the files ``more`` on top of it; with ``economy`` its economy
    is calibrated below results/bench.

    Call it before numba is loaded: it chooses the kernel cache.
    """
    from regspec.workflow import steps

    files = [CONFIG, *more]
    config, digest, layout = steps.load(files, OVERRIDES)
    steps.prepare_numba(steps.load(files)[2])  # the kernel cache of ordinary runs
    for step, name in ((steps.data, "data"), (steps.empirics, "empirics"), (steps.calibrate, "calibration")):
        if not economy:
            break
        say(f"{config.run.name}: {name}")
        step(files, OVERRIDES)
    return config, layout


def inputs(layout, zone: int | None = None) -> tuple[ZoneCalibration, NationalProcesses]:
    """The zone's and the nation's calibration."""
    zones = layout.zone_ids()
    zone = zone if zone is not None else (ZONE if ZONE in zones else zones[0])
    return ZoneCalibration.read(layout.zone_json(zone)), NationalProcesses.read(layout.national)


def seconds_of(call) -> tuple[float, object]:
    """Wall time of a call and its result."""
    began = time.perf_counter()
    result = call()
    return time.perf_counter() - began, result


def solve_times(config, layout, scenario: str, repeat: int) -> tuple[float, object]:
    """Best wall time of the zone under ``scenario`` in this process, kernels warm, and its solution."""
    from regspec.solves.precompile import precompile
    from regspec.solves.settings import solve_settings
    from regspec.solves.zone import solve_zone

    precompile(config)
    zone, national = inputs(layout)
    runs = [seconds_of(lambda: solve_zone(zone, national, solve_settings(config, scenario))) for _ in range(repeat)]
    return min(runs, key=lambda run: run[0])


def fresh(arguments: list[str]) -> float:
    """Wall time of a fresh Python with this process's environment."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, cwd=ROOT, capture_output=True, env=dict(os.environ))
    return time.perf_counter() - began


def command_seconds(layout, repeat: int) -> float:
    """Best wall time of the command that solves the zone, its solution removed before each run."""
    zone, _ = inputs(layout)
    arguments = ["-m", "regspec.cli", "solve", "--config", str(CONFIG), "--zone", str(zone.zone), "--set", OVERRIDES[0]]
    times = []
    for _ in range(repeat):
        shutil.rmtree(layout.root / "solutions", ignore_errors=True)
        shutil.rmtree(layout.store, ignore_errors=True)  # of this benchmark: below results/bench
        times.append(fresh(arguments))
    return min(times)


def run(config, layout, quick: bool) -> dict:
    """All keys of this part."""
    repeat, found = (1 if quick else 3), {}
    zone, _ = inputs(layout)
    found["zone"] = zone.zone
    for scenario, prefix in (("baseline", ""), ("no_collateral", "no_collateral_")):
        seconds, solution = solve_times(config, layout, scenario, repeat)
        found[f"{prefix}zone_seconds"] = seconds
        say(f"zone {zone['zone']}, {scenario}: {seconds:.2f} s")
        for allocation, name in ((solution.ce, ""), (solution.planner, "planner_")):
            d = allocation.diagnostics
            found |= {f"{prefix}{name}{key}": value for key, value in d.items() if "euler" in key}
            found |= {f"{prefix}{name}zone_{key}": d[key] for key in ("sweeps", "contraction", "us_per_state_sweep")}
    whole = command_seconds(layout, repeat)
    found["command_seconds"] = whole
    found["start_seconds"] = whole - found["zone_seconds"]
    found["start_import_seconds"] = min(fresh(["-c", "import regspec.solves.zone"]) for _ in range(repeat))
    say(f"a fresh process: {whole:.2f} s, of which start {found['start_seconds']:.2f} s")
    return found
