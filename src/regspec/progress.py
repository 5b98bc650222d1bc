"""How far the solves are: lines for the running workflow, and the text of ``regspec status``."""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path

from regspec.config import Config
from regspec.experiments.batch import zones_of
from regspec.layout import Layout

SOLVE_RULES = ("solve", "solve_mpi")
TARGETS = ("all", "empirics", "calibration", "model", "sweeps")  # rules without work of their own
_NOISE = ("Select jobs to execute", "Execute ", "DAG of jobs will be updated", "Updating checkpoint")
_REPLACED = ("job_finished", "progress")


def follow_jobs(logger: logging.Logger, planned, solutions) -> None:
    """Print progress lines for the running workflow in place of Snakemake's several lines per job.

    ``planned``, ``solutions``: as in :class:`JobProgress`. Snakemake's own log file keeps every line.
    """
    for handler in logger.handlers:
        if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
            handler.addFilter(_not_noise)
    logger.addHandler(JobProgress(planned, solutions))


def _not_noise(record: logging.LogRecord) -> bool:
    text = record.getMessage()
    return not (_event(record) in _REPLACED or text.startswith(_NOISE) or _is_explained(text))


def _is_explained(text: str) -> bool:
    """Whether Snakemake repeats a command that has told the user in words why it ended (exit code 2 or 3)."""
    return "CalledProcessError in file" in text and text.rstrip().endswith(("exit status 2.", "exit status 3."))


def _event(record: logging.LogRecord) -> str:
    return str(getattr(record, "event", None) or "")


class JobProgress(logging.Handler):
    """A handler of Snakemake's log: one line on stderr per finished step, ``n of N solves done`` for solves.

    ``planned()`` returns the number of solves in the present plan, finished ones included; the plan grows when the
    calibration has named the zones, so it is asked at every event. ``solutions(scenario, batch)``: files that
    a solve job is to leave.
    """

    def __init__(self, planned, solutions):
        super().__init__(logging.INFO)
        self._planned, self._solutions = planned, solutions
        self._running: dict[int, tuple[str, float, list[Path]]] = {}
        self._solving_since = 0.0
        self.done = self.failed = 0

    def emit(self, record: logging.LogRecord) -> None:
        event = _event(record)
        if event == "job_info":
            self._started(record)
        elif event == "job_finished":
            self._ended(record.job_id, failed=False)
        elif event == "job_error":
            self._ended(record.jobid, failed=True)

    def _started(self, record: logging.LogRecord) -> None:
        rule, solutions = record.rule_name, []
        if rule in SOLVE_RULES:
            self._solving_since = self._solving_since or time.monotonic()
            solutions = self._solutions(record.wildcards["scenario"], record.wildcards["batch"])
        if rule not in TARGETS:
            self._running[record.jobid] = (rule, time.monotonic(), solutions)

    def _ended(self, job: int, failed: bool) -> None:
        rule, since, solutions = self._running.pop(job, (None, 0.0, []))
        if rule in SOLVE_RULES:
            lost = sum(not path.exists() for path in solutions) if failed else 0
            self.failed += lost
            self.done += len(solutions) - lost
            self._print(self.solve_line(self._planned(), time.monotonic() - self._solving_since))
        elif rule is not None:
            self._print(f"{rule} {'failed' if failed else 'done'} ({duration(time.monotonic() - since)})")

    def solve_line(self, planned: int, seconds: float) -> str:
        """``n of N solves done``, with failures and the time that the rest takes at the pace so far."""
        finished = self.done + self.failed
        left = max(planned - finished, 0)
        failed = f", {self.failed} failed" if self.failed else ""
        rest = f", about {duration(seconds / finished * left)} left" if left and finished else ""
        return f"{self.done} of {finished + left} solves done{failed}{rest}"

    def _print(self, text: str) -> None:
        print(f"regspec: {text}", file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """A duration in words of one unit, rounded up."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds > 1.5 * size:
            return f"{seconds / size:.1f} {unit}" if unit == "h" else f"{-(-seconds // size):.0f} {unit}"
    return f"{seconds:.0f} s"


def solve_states(config: Config, layout: Layout) -> dict[str, dict[int, str]]:
    """State of every solve, by scenario and zone: ``done``, ``failed``, ``started`` or ``waiting``."""
    states: dict[str, dict[int, str]] = {}
    for name in config.solve_names():
        # Cells of a sweep only once they are wanted: most runs never ask for them.
        if name in config.scenarios or layout.progress(name, 0).parent.is_dir() or layout.batch(name, 0).parent.is_dir():
            states[name] = {zone: _state(layout, name, zone) for zone in zones_of(config, layout, name)}
    return states


def _state(layout: Layout, scenario: str, zone: int) -> str:
    path = layout.solution(scenario, zone)
    if path.exists():
        return "done" if _recorded(path)[0] == "solved" else "failed"
    if layout.failure(scenario, zone).exists():
        return "failed"
    return "started" if layout.progress(scenario, zone).exists() else "waiting"


def _recorded(path) -> tuple[str, str]:
    """Status and message of a solution file."""
    import h5py

    try:
        with h5py.File(path, "r") as handle:
            return str(handle.attrs["status"]), str(handle.attrs["message"])
    except (OSError, KeyError):
        return "unreadable", f"{path} is damaged; delete it"


def status_text(config: Config, layout: Layout) -> str:
    """One line per scenario with counts, then what each failed or running solve last said."""
    lines = []
    for scenario, zones in solve_states(config, layout).items():
        found = list(zones.values())
        counts = {state: found.count(state) for state in ("done", "started", "failed", "waiting")}
        lines.append(f"{scenario}: " + ", ".join(f"{n} {state}" for state, n in counts.items() if n))
        for zone, state in zones.items():
            if state == "failed":
                lines.append(f"  zone {zone} failed: {failure_message(layout, scenario, zone)}")
            elif state == "started":
                lines.append(f"  zone {zone} running: {last_progress(layout, scenario, zone)}")
    return "\n".join(lines)


def failure_message(layout: Layout, scenario: str, zone: int | str) -> str:
    """Why a solve failed, on one line: from its solution file (a failure by policy, a damaged file) or from the marker
    that it left beside its log.
    """
    path, marker = layout.solution(scenario, zone), layout.failure(scenario, zone)
    if path.exists():
        return " ".join(_recorded(path)[1].split())
    if not marker.exists():
        return "no message"
    try:
        return " ".join(json.loads(marker.read_text()).split())
    except ValueError:
        return f"{marker} is damaged; delete it"


def last_progress(layout: Layout, scenario: str, zone: int | str) -> str:
    """The last line that a running solve appended to its progress file."""
    path = layout.progress(scenario, zone)
    lines = path.read_text().splitlines() if path.exists() else []
    try:
        return ", ".join(f"{key} {value}" for key, value in json.loads(lines[-1]).items())
    except (IndexError, ValueError, AttributeError):
        return "no sweep yet"


def ending_text(config: Config, layout: Layout) -> str:
    """What a finished run says: where its results are."""
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
    return "\n".join(lines)


def failures_text(config: Config, layout: Layout, most: int = 10) -> str:
    """What a failed run says: the solves that failed, each with the condition that it could not meet."""
    failed = [
        (scenario, zone)
        for scenario, zones in solve_states(config, layout).items()
        for zone, state in zones.items()
        if state == "failed"
    ]
    lines = ["\nregspec: the run is not complete; what is done is kept, the same command goes on from here"]
    for scenario, zone in failed[:most]:
        message = failure_message(layout, scenario, zone).removeprefix(f"zone {zone}, scenario {scenario}, ")
        lines.append(f"  zone {zone}, scenario {scenario}: {message}")
    if len(failed) > most:
        lines.append(f"  and {len(failed) - most} more; `regspec status` lists them")
    return "\n".join([*lines, f"  logs: {layout.logs}"])
