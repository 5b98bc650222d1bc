"""Snakemake's dry run, explained: the jobs that are due, grouped by rule, with their reasons in plain words."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from regspec.config.config import Config
from regspec.config.reading import write_resolved
from regspec.errors import ConfigError
from regspec.layout import Layout
from regspec.solves.batch import batches_of, zones_of
from regspec.solves.cost import cost_text
from regspec.workflow.former_names import refuse_former_rules
from regspec.workflow.progress import SOLVE_RULES, TARGETS
from regspec.workflow.reasons import PRESENT, STORED, Solves, changed_params, several, solve_lines
from regspec.workflow.stamps import BEFORE

VARIABLE = "REGSPEC_EXPLAIN"  # file for the plan, named by `regspec explain` to the Snakemake that it starts
_NOTHING = "Nothing to be done"


class Explanation(logging.Handler):
    """A handler of Snakemake's log that writes the plan of a dry run to ``output`` once Snakemake has made it.

    ``dag``: function that returns Snakemake's graph of jobs; ``outdated``: that of :class:`regspec.workflow.stamps.Stamps`.
    """

    def __init__(self, output: str, dag, config: Config, layout: Layout, outdated: Mapping[str, list[str]]):
        super().__init__(logging.INFO)
        self._output, self._dag, self._config, self._layout = Path(output), dag, config, layout
        self._outdated = outdated
        self._told = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write the plan when the first record says that it is made."""
        planned = str(getattr(record, "event", None) or "") == "run_info"
        if self._told or not (planned or record.getMessage().startswith(_NOTHING)):
            return
        self._told = True
        self._output.write_text(plan_text(self._dag(), self._config, self._layout, self._outdated) + "\n", encoding="utf-8")


def plan_text(dag, config: Config, layout: Layout, outdated: Mapping[str, list[str]]) -> str:
    """The jobs of Snakemake's graph that would run, by rule in their order, each with its reasons. ``outdated``: reasons by
    step and sweep, from their stamps.
    """
    rules: dict[str, list] = {}
    for level in dag.toposorted():
        for job in sorted((job for job in level if dag.needrun(job)), key=str):
            if job.rule.name not in TARGETS:
                rules.setdefault(job.rule.name, []).append(job)
    aside = _replaced(rules, config, layout)
    if not rules:
        return "\n".join(["regspec: nothing would run; everything is up to date", *aside])
    lines = [f"regspec: {_count(sum(map(len, rules.values())), 'job')} would run"]
    for name, jobs in rules.items():
        reasons = _solves(jobs, config, layout) if name in SOLVE_RULES else _reasons(jobs, dag, outdated)
        lines += _entry(f"{name} ({_count(len(jobs), 'job')})", reasons)
    if "calibrate" in rules and layout.zone_list.exists():
        names = list(config.scenarios) if "collect" in rules else []
        names += [name for job in rules.get("sweep", ()) for name in config.solve_names(job.wildcards.sweep)]
        lines += _entry("then solves, known only after calibrate; if calibrate changes nothing:", _due(config, layout, names))
    return "\n".join([*lines, *aside])


def _entry(title: str, reasons: Iterable[str]) -> list[str]:
    return [f"  {title}", *(f"      {reason}" for reason in reasons)]


def _count(n: int, word: str) -> str:
    return f"{n} {word}{'s' if n != 1 else ''}"


def _reasons(jobs: list, dag, outdated: Mapping[str, list[str]]) -> list[str]:
    """Reasons of the jobs of one rule, each once."""
    found: dict[str, None] = {}
    for job in jobs:
        found |= dict.fromkeys(_words(job, dag.reason(job), dag, _stamp_words(job, outdated)))
    return list(found)


def _stamp_words(job, outdated: Mapping[str, list[str]]) -> list[str]:
    """What the stamp of a job's step says against its files."""
    step = job.rule.name
    return outdated.get(f"sweep/{job.wildcards.sweep}" if step == "sweep" else step, [])


def _words(job, reason, dag, by_stamp: list[str]) -> Iterable[str]:
    if reason.forced and not by_stamp:
        yield "requested"
    makers = {maker.rule.name for maker, files in dag.dependencies[job].items() if files & set(reason.updated_input_run)}
    if makers:
        yield f"after {several(sorted(makers))}"
    changed = sorted(set(reason.updated_input) - set(reason.updated_input_run))
    if changed:
        yield f"input changed: {several(changed)}"
    missing = sorted(map(str, reason.missing_output))
    if missing:
        yield f"missing: {several(missing, 2)}"
    # Where the stamp is the reason, Snakemake has not looked for it.
    if reason.input_changed or (by_stamp and any(dag.workflow.persistence.input_changed(job))):
        yield "different input files than before"
    # Asked for here, because Snakemake does not look any more once another reason is found.
    changes = dag.workflow.persistence.params_changed(job)
    if changes:
        current = {name: value for name, value in job.params.items() if repr(value) in changes.only_new}
        found = changed_params(changes.only_old, current)
        yield from found
        by_stamp = [words for words in by_stamp if words.startswith("input") or not found]
    yield from (words for words in by_stamp if not (makers and words.startswith(BEFORE)))
    if reason.code_changed:
        yield "its script or command changed"
    if reason.incomplete_output:
        yield "was interrupted"


def _solves(jobs: list, config: Config, layout: Layout) -> list[str]:
    wanted = [(job.wildcards.scenario, int(zone)) for job in jobs for zone in job.params.zones.split()]
    groups = Solves(config, layout).grouped(sorted(wanted))
    anew = {name: _anew(found) for name, found in groups.items()}
    return [*filter(None, [cost_text(config, anew)]), *solve_lines(groups)] or ["jobs for zones that are no longer in the run"]


def _anew(reasons: dict[str, list[int]]) -> int:
    """Number of solves that neither are there nor come from the store."""
    return sum(len(zones) for why, zones in reasons.items() if why != PRESENT and STORED not in why)


def _replaced(rules: dict[str, list], config: Config, layout: Layout) -> list[str]:
    """Solutions that were gathered and then deleted or replaced by hand: Snakemake makes them again only when what was gathered
    is due itself. Their jobs have no manifest any more (`forget_incomplete`).
    """
    if "calibrate" in rules or not layout.national.exists():
        return []
    planned = {(job.wildcards.scenario, job.wildcards.batch) for name in SOLVE_RULES for job in rules.get(name, ())}
    gathered = list(config.scenarios) if layout.paths.exists() else []
    gathered += [name for sweep in config.sweeps if layout.sweep(sweep).is_dir() for name in config.solve_names(sweep)]
    found = {
        (name, zone)
        for name in gathered
        if layout.batch(name, 0).parent.is_dir()
        for number, zones in batches_of(config, layout, name).items()
        if (name, number) not in planned and not layout.batch(name, number).exists()
        for zone in zones
    }
    due = _without_present(Solves(config, layout).grouped(sorted(found))) if found else {}
    if not due:
        return []
    return _entry("solutions deleted or replaced since they were gathered; made again when needed:", solve_lines(due))


def _due(config: Config, layout: Layout, names: Iterable[str]) -> list[str]:
    """Solves under ``names`` that the present calibration would lead to."""
    groups = Solves(config, layout).grouped((name, zone) for name in names for zone in zones_of(config, layout, name))
    return solve_lines(_without_present(groups)) or ["none"]


def _without_present(groups: dict[str, dict[str, list[int]]]) -> dict[str, dict[str, list[int]]]:
    due = {name: {why: zones for why, zones in found.items() if why != PRESENT} for name, found in groups.items()}
    return {name: found for name, found in due.items() if found}


def _cache_home(folder: str) -> dict[str, str]:
    """Variable that gives Snakemake's cache the ``folder`` when home takes none, which would end it in a traceback."""
    usual = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "snakemake"
    try:
        usual.mkdir(parents=True, exist_ok=True)
    except OSError:
        return {"XDG_CACHE_HOME": folder}
    return {} if os.access(usual, os.W_OK) else {"XDG_CACHE_HOME": folder}


def explain(config: Config, snakefile: Path, profile: Path, targets: Iterable[str] = ()) -> int:
    """Print what Snakemake would run for ``targets`` under the configuration, and why; returns Snakemake's exit code.

    Raises ConfigError when there is no workflow at ``snakefile``, or none that makes a target.
    """
    refuse_former_rules(targets)
    for path in (snakefile, profile):
        if not path.exists():
            raise ConfigError(f"{path}: missing; run in the project's folder, or give --snakefile and --profile")
    with TemporaryDirectory() as folder:
        resolved, plan = Path(folder) / "config.yaml", Path(folder) / "plan.txt"
        write_resolved(config, resolved)
        command = [
            sys.executable,
            "-m",
            "snakemake",
            "--snakefile",
            snakefile,
            "--profile",
            profile,
            "--configfile",
            resolved,
            "--dry-run",
            "--nolock",
            "--",
            *targets,
        ]
        environment = {**os.environ, VARIABLE: str(plan), "PYTHONIOENCODING": "utf-8", **_cache_home(folder)}
        done = subprocess.run(list(map(str, command)), env=environment, capture_output=True, encoding="utf-8", errors="replace")
        if done.returncode == 0:
            print(plan.read_text(encoding="utf-8"), end="")
        else:
            said = done.stdout + done.stderr
            if "MissingRuleException" in said:
                asked = " ".join(targets)
                raise ConfigError(f"{asked}: unknown target\n  `snakemake --list-target-rules` lists the targets")
            print(said, end="", file=sys.stderr)
    return done.returncode
