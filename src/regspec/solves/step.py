"""The solve step: look the solution up by its content key, else solve; write, or say what failed and where."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from regspec.calibration.records import NationalProcesses, ZoneCalibration
from regspec.calibration.technology import scenario_levels
from regspec.config.config import Config
from regspec.errors import ModelFailure
from regspec.model.solver.mpi import Ranks
from regspec.solves.checkpoint import Checkpoint, checkpoint_folder
from regspec.solves.key import solution_key
from regspec.solves.settings import solve_settings
from regspec.solves.solution_file import publish, stored

_EVERY = 10  # sweeps between two lines of progress


def _reporter(path: Path | None, rank: int) -> Callable[[dict], None] | None:
    """A function that appends JSON lines of progress to ``path``, on rank 0 only."""
    if path is None or rank != 0:
        return None
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("", encoding="utf-8")
    count = 0

    def report(event: dict) -> None:
        nonlocal count
        count += 1
        if count % _EVERY == 1:
            with open(path, "a", encoding="utf-8") as stream:
                stream.write(json.dumps({"time": round(time.time(), 1), **event}) + "\n")

    return report


def run_zone(
    zone_json: Path,
    national_json: Path,
    config: Config,
    scenario: str,
    output: Path,
    store: Path,
    config_hash: str,
    on_failure: str = "error",
    ranks: Ranks | None = None,
    progress: Path | None = None,
    ended: Callable[[], bool] = lambda: False,
) -> tuple[str, str]:
    """Solve one zone under one scenario on ``ranks`` and write ``output``; returns status and key.

    The status is "present" when ``output`` has this key already, "stored" when ``store`` has (it is copied), "solved", or
    "failed": when the model fails, ``on_failure`` "error" raises ModelFailure and writes nothing; "record" writes a file
    with status "failed". Raises DataError for unreadable calibration files, Interrupted when ``ended()`` says that the process
    was asked to end: the next call goes on there.
    """
    ranks = ranks or Ranks()
    zone, national = ZoneCalibration.read(zone_json), NationalProcesses.read(national_json)
    settings = solve_settings(config, scenario)
    key = solution_key(zone, national, settings)
    place = Path(store) / key[:2] / f"{key}.h5"
    found = ranks.broadcast(_found(output, place, key) if ranks.rank == 0 else None)
    checkpoint = Checkpoint(checkpoint_folder(store, key), key, config.compute.checkpoint_minutes, ranks, ended)
    if found == "present":
        return found, key
    if not found:
        # these load numba, which a stored solution does without
        from regspec.solves.solution_writer import SolveIdentity, write_failure, write_solution
        from regspec.solves.zone import solve_zone

        identity = SolveIdentity(zone, scenario, settings, key, config_hash, ranks.size)
        began = time.perf_counter()
        try:
            solution = solve_zone(
                zone,
                national,
                settings,
                f"zone {zone.zone}, scenario {scenario}",
                ranks,
                _reporter(progress, ranks.rank),
                checkpoint=checkpoint,
            )
        except ModelFailure as failure:
            checkpoint.remove()
            if on_failure == "error":
                raise
            if ranks.rank == 0:
                write_failure(output, identity, failure, checkpoint.spent + time.perf_counter() - began)
            return "failed", key
        if ranks.rank == 0:
            (level,) = scenario_levels([zone], national, config, scenario)
            seconds = checkpoint.spent + time.perf_counter() - began
            write_solution(place, identity, solution, national.first_year, level, seconds)
    checkpoint.remove()
    if ranks.rank == 0:
        publish(place, output, scenario, config_hash)
    return found or "solved", key


def _found(output: Path, place: Path, key: str) -> str:
    """Where a solution with this key is: "present" at its place in the run, "stored", or "" nowhere."""
    if stored(output, key):
        return "present"
    return "stored" if stored(place, key) else ""
