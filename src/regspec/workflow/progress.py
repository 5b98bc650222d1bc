"""Progress lines of a running workflow; :mod:`regspec.workflow.status` reads the same from the files of a run.

They hang on Snakemake's logger. Its logger plugins are no substitute: a plugin is a distribution of its own that the user names
with ``--logger``; to hide lines of Snakemake's own it must replace all of them; and it does not know the plan.
"""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path
from typing import Any

SOLVE_RULES = ("solve", "solve_mpi")
TARGETS = ("all", "model", "sweeps")  # rules without work of their own
_NOISE = ("Select jobs to execute", "Execute ", "DAG of jobs will be updated", "Updating checkpoint")
_REPLACED = ("job_finished", "progress")


def follow_jobs(logger: logging.Logger, planned, solutions, cost) -> None:
    """Print progress lines for the running workflow in place of Snakemake's several lines per job.

    ``planned``, ``solutions``, ``cost``: as in :class:`JobProgress`. Snakemake's own log file keeps every line.
    """
    for handler in logger.handlers:
        if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
            handler.addFilter(_not_noise)
    logger.addHandler(JobProgress(planned, solutions, cost))


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
    a solve job is to leave. ``cost()``: a line before the first solve.
    """

    def __init__(self, planned, solutions, cost=lambda: ""):
        super().__init__(logging.INFO)
        self._planned, self._solutions, self._cost = planned, solutions, cost
        self._running: dict[int, tuple[str, float, list[Path]]] = {}
        self._solving_since = 0.0
        self.done = self.failed = 0

    def emit(self, record: Any) -> None:
        """Note that a job has begun, print that one has ended."""
        event = _event(record)
        if event == "job_info":
            self._started(record)
        elif event == "job_finished":
            self._ended(record.job_id, failed=False)
        elif event == "job_error":
            self._ended(record.jobid, failed=True)

    def _started(self, record: Any) -> None:
        rule, solutions = record.rule_name, []
        if rule in SOLVE_RULES:
            if not self._solving_since:
                self._solving_since = time.monotonic()
                self._print(self._cost())
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
        if text:
            print(f"regspec: {text}", file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """A duration in words of one unit, rounded up."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds > 1.5 * size:
            return f"{seconds / size:.1f} {unit}" if unit == "h" else f"{-(-seconds // size):.0f} {unit}"
    return f"{seconds:.0f} s"
