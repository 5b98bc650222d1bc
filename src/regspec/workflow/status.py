"""State of every solve of a run, from its files alone: behind ``regspec status``, for a laptop's run and a cluster's."""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from regspec.calibration.records import NationalProcesses, ZoneCalibration
from regspec.config.config import Config
from regspec.errors import DataError, SystemFault
from regspec.layout import Layout
from regspec.solves.batch import zones_of
from regspec.solves.cost import comparison_text
from regspec.workflow.progress import duration

# In the order of printing. silent: started, but has written nothing for a long time (most likely killed);
# outdated: solved with other inputs than the present ones, will be solved again.
STATES = ("done", "running", "silent", "failed", "unconverged", "outdated", "waiting")
ENDED = ("done", "failed", "unconverged")
_SILENT = 600.0  # seconds without a line of progress, or five times the time between two lines
_PLANNER = 1.5  # time of a planner's iteration over that of a market's (docs/benchmarks.md)


@dataclass(frozen=True)
class Solve:
    """State (of `STATES`) of one solve.

    message: why it failed. seconds: wall time of a finished solve, NaN otherwise. event: last line of progress. left: seconds
    that a running solve still takes, NaN if unknown. age: seconds since its last line of progress.
    """

    scenario: str
    zone: int
    state: str
    message: str = ""
    seconds: float = math.nan
    event: dict | None = None
    left: float = math.nan
    age: float = math.nan

    def progress(self) -> str:
        """Where a running solve is, in words."""
        e = self.event
        if not e:
            return "no iteration yet"
        where = {"ce": "market", None: ""}.get(e.get("allocation"), str(e.get("allocation")))
        if e.get("stage") == "path":
            step = f"path, year index {e.get('year')} (counts down to 0)"
        else:
            step = f"iteration {e.get('sweep')}, distance {float(e.get('distance', math.nan)):.1e}"
        rest = f", about {duration(self.left)} left" if self.left > 0.0 else ""
        return f"{where} {step}{rest}".strip()


def solves(config: Config, layout: Layout) -> list[Solve]:
    """Every solve of the scenarios, and of the sweeps' cells that were begun, by scenario and zone."""
    present, found = Present(config, layout), []
    for name in config.solve_names():
        # Cells of a sweep only once they are wanted: most runs never ask for them.
        if name in config.scenarios or layout.progress(name, 0).parent.is_dir() or layout.batch(name, 0).parent.is_dir():
            found += [solve_state(config, layout, name, zone, present) for zone in zones_of(config, layout, name)]
    return found


class Present:
    """Whether a recorded key is the one of the present inputs; true where there is no calibration to compare with."""

    def __init__(self, config: Config, layout: Layout):
        self._config, self._layout = config, layout
        self._national = NationalProcesses.read(layout.national) if layout.national.exists() else None

    def __call__(self, scenario: str, zone: int, key: str) -> bool:
        from regspec.solves.key import solution_key
        from regspec.solves.settings import solve_settings

        path = self._layout.zone_json(zone)
        if self._national is None or not path.exists():
            return True
        return solution_key(ZoneCalibration.read(path), self._national, solve_settings(self._config, scenario)) == key


def solve_state(config: Config, layout: Layout, scenario: str, zone: int, present) -> Solve:
    """State of one solve; ``present(scenario, zone, key)`` says whether a solution is that of the present inputs."""
    solution, marker, progress = (f(scenario, zone) for f in (layout.solution, layout.failure, layout.progress))
    began, ended = _modified(progress), max(_modified(solution), _modified(marker))
    if began > ended:
        return _running(config, Solve(scenario, zone, "running"), progress, began)
    failed = marker.exists()
    if solution.exists():
        status, message, seconds, key, kind = _recorded(solution)
        current = status == "solved" and present(scenario, zone, key)
        # A later failure beside a solution of the present inputs is of a solve by hand with other settings.
        if current or not failed or _modified(solution) >= _modified(marker):
            if status != "solved":
                return Solve(scenario, zone, _failed(kind), message)
            return Solve(scenario, zone, "done" if current else "outdated", seconds=seconds)
    if failed:
        message, kind = failure_of(layout, scenario, zone)
        return Solve(scenario, zone, _failed(kind), message)
    return Solve(scenario, zone, "waiting")


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return -math.inf


def _failed(kind: str) -> str:
    return "unconverged" if kind in ("not_converged", "not_finite") else "failed"


def _recorded(path) -> tuple[str, str, float, str, str]:
    """Status, message, seconds, key and kind of failure (of `errors.FAILURES`) of a solution file."""
    from regspec.io.hdf5 import opened

    try:
        with opened(path) as handle:
            found = dict(handle.attrs)
            message = " ".join(str(found["message"]).split())
            kind, seconds = str(found.get("failure", "other")), float(found.get("seconds", math.nan))
            return str(found["status"]), message, seconds, str(found.get("key", "")), kind
    except (FileNotFoundError, DataError):
        return "unreadable", f"{path} is damaged; delete it", math.nan, "", "other"
    except SystemFault as fault:
        return "unreadable", f"{path} cannot be read now ({fault.reason}); it may be intact, so keep it", math.nan, "", "other"


def failure_of(layout: Layout, scenario: str, zone: int | str) -> tuple[str, str]:
    """Why a solve failed, on one line, and the kind of failure, from the marker that it left beside its log."""
    marker = layout.failure(scenario, zone)
    try:
        left = json.loads(marker.read_text(encoding="utf-8"))
        return " ".join(left["message"].split()), left["kind"]
    except FileNotFoundError:
        return "no message", "other"
    except (ValueError, AttributeError, TypeError, KeyError):
        return f"{marker} is damaged; delete it", "other"


def _running(config: Config, solve: Solve, path: Path, modified: float) -> Solve:
    events, age = progress_lines(path), max(time.time() - modified, 0.0)
    pace = _pace(events)
    last = events[-1] if events else None
    between = (events[-1]["time"] - events[-2]["time"]) if len(events) > 1 and "time" in events[-2] else 0.0
    state = "silent" if age > max(_SILENT, 5.0 * between) else "running"
    left = math.nan
    if pace is not None and state == "running":
        left = max(pace * _iterations_left(config, solve.scenario, events) - age, 0.0)
    return replace(solve, state=state, event=last, left=left, age=age)


def progress_lines(path: Path) -> list[dict]:
    """The events of a progress file; its last line may be half written."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            found.append(event)
    return found


def _pace(events: list[dict]) -> float | None:
    """Seconds of an iteration, or of a year of the path, from the last two lines of the same stage."""
    if len(events) < 2:
        return None
    before, last = events[-2], events[-1]
    place = "year" if last.get("stage") == "path" else "sweep"
    same = all(before.get(key) == last.get(key) for key in ("allocation", "stage"))
    if not same or not all("time" in e and place in e for e in (before, last)) or before[place] == last[place]:
        return None
    return (last["time"] - before["time"]) / abs(last[place] - before[place])


def _iterations_left(config: Config, scenario: str, events: list[dict]) -> float:
    """Iterations and years that are left, in units of the present allocation's."""
    last, years = events[-1], config.calibration.last_year - config.calibration.first_year
    if last.get("stage") == "path":
        left = float(last["year"])
    else:
        rate = min(max(float(last.get("rate", 0.9)), 0.1), 0.995)
        bound = float(last["distance"]) * rate / (1.0 - rate)
        left = max(math.log(config.model.solver.tolerance / max(bound, 1e-300)) / math.log(rate), 1.0) + years
    if last.get("allocation") == "ce" and config.scenario(scenario).planner:
        tail = max((e.get("sweep", 0) for e in events), default=0)
        left += _PLANNER * (tail + years)
    return left


def counts(found: list[Solve]) -> dict[str, int]:
    """Number of solves in each state that occurs."""
    number = Counter(solve.state for solve in found)
    return {state: number[state] for state in STATES if number[state]}


def by_scenario(found: list[Solve]) -> dict[str, list[Solve]]:
    """Solves by scenario, or by the cell of a sweep."""
    groups: dict[str, list[Solve]] = {}
    for solve in found:
        groups.setdefault(solve.scenario, []).append(solve)
    return groups


def slowest(found: list[Solve], most: int = 5) -> list[Solve]:
    """The finished solves that took longest."""
    return sorted((s for s in found if math.isfinite(s.seconds)), key=lambda s: -s.seconds)[:most]


def status_text(config: Config, layout: Layout) -> str:
    """One line per scenario with counts, then failed and running solves, the slowest ones, what was used."""
    found, lines = solves(config, layout), []
    for scenario, own in by_scenario(found).items():
        lines.append(f"{scenario}: " + ", ".join(f"{n} {state}" for state, n in counts(own).items()))
        for solve in own:
            if solve.state in ("failed", "unconverged"):
                lines.append(f"  zone {solve.zone} {solve.state}: {solve.message}")
            elif solve.state in ("running", "silent"):
                lines.append(f"  zone {solve.zone} {solve.state}{_since(solve)}: {solve.progress()}")
    slow = slowest(found)
    if slow:
        lines.append("slowest: " + ", ".join(f"zone {s.zone} {s.scenario} {duration(s.seconds)}" for s in slow))
    return "\n".join([*lines, *comparison_text(config, layout)])


def _since(solve: Solve) -> str:
    return f" for {duration(solve.age)}" if solve.state == "silent" else ""


def ending_text(config: Config, layout: Layout) -> str:
    """What a finished run says: where its results are, and what it took."""
    lines = [f"\nregspec: run {config.run.name!r} is complete"]
    for name, path in {
        "headline numbers": layout.summary,
        "figures": layout.root / "figures",
        "tables": layout.root / "tables",
        "facts of the data": layout.empirics,
        "model paths": layout.paths,
    }.items():
        if path.exists():
            lines.append(f"  {name + ':':<19}{path}")
    return "\n".join([*lines, *(f"  {line}" for line in comparison_text(config, layout))])


def failures_text(config: Config, layout: Layout, most: int = 10) -> str:
    """What a failed run says: the solves that failed, each with the condition that it could not meet."""
    failed = [solve for solve in solves(config, layout) if solve.state in ("failed", "unconverged")]
    lines = ["\nregspec: run incomplete; finished work is kept. Repeat the command to resume."]
    for solve in failed[:most]:
        message = solve.message.removeprefix(f"zone {solve.zone}, scenario {solve.scenario}, ")
        lines.append(f"  zone {solve.zone}, scenario {solve.scenario}: {message}")
    if len(failed) > most:
        lines.append(f"  and {len(failed) - most} more; `regspec status` lists them")
    return "\n".join([*lines, f"  logs: {layout.logs}"])
