"""Configuration, checked once; helpers that the rules share."""

import json
import os
import shlex
import shutil
import sys
from collections import Counter
from functools import cache
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

from regspec.config.reading import load_config, write_resolved
from regspec.workflow.plan import Explanation, VARIABLE
from regspec.errors import RegspecError
from regspec.exhibits import registry
from regspec.solves.cost import cost_text, memory_mb, minutes, size_text
from regspec.solves.batch import batches_of, forget_incomplete, outdated_batches
from regspec.workflow.steps import check_environment, levels, zone_keys
from regspec.layout import Layout
from regspec.workflow.progress import SOLVE_RULES, follow_jobs
from regspec.io.provenance import content_hash
from regspec.workflow.planning import before_planning
from regspec.workflow.stamps import Stamps, shown
from regspec.workflow.status import ending_text, failures_text
from regspec.workflow.triggers import dependencies, sweep_dependencies
from regspec.workflow.checks import check_inputs, check_names


def checked_config():
    """The typed configuration. A wrong key or input table ends the run here, before any job."""
    settings = workflow.config_settings
    files = settings.configfiles or [Path(workflow.basedir) / "config" / "config.yaml"]
    here = Path.cwd()
    files = [
        f.relative_to(here) if f.is_relative_to(here) else f for f in map(Path, files)
    ]
    try:
        configuration = load_config(files, extra=settings.config)
        check_environment(configuration)
        if workflow.is_main_process:
            check_names(configuration)
            check_inputs(configuration)
            Layout(configuration).check_writable()
    except RegspecError as error:
        print(f"regspec: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    return configuration


CONFIG = checked_config()
LAYOUT = Layout(CONFIG)
SPECIALIZATION = LAYOUT.empirics / "specialization.parquet"
SOLVE_NAMES = CONFIG.solve_names()
MEMORY = memory_mb(CONFIG)
SCRIPT = Path(workflow.basedir) / "workflow" / "scripts" / "step.py"

# The programs beside this Python (regspec, mpiexec) are found even when the environment is not activated.
shell.prefix(f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH; ")


def check_cluster():
    """Without Slurm's commands its profile would fail once for every job, and three times at that."""
    named = workflow.executor_plugin and workflow.executor_plugin.name
    if named == "slurm" and shutil.which("sbatch") is None:
        raise WorkflowError(
            "regspec: the Slurm profile needs Slurm, but there is no command sbatch on this machine; run it on a login "
            "node of the cluster, or use --profile profiles/local here"
        )


def depends(step):
    """What a step depends on besides its input files. The script is in it by content, not by age as Snakemake has it."""
    return dependencies(CONFIG, step, SCRIPT)


def sweep_depends(name):
    return sweep_dependencies(CONFIG, name, SCRIPT)


def solutions(scenario, batch):
    """Files that a solve job is to leave."""
    return [
        LAYOUT.solution(scenario, zone) for zone in batches(scenario).get(batch, [])
    ]


def planned(rule_names):
    """Number of solves in the present plan by scenario, those of finished jobs included."""
    numbers = Counter()
    for job in workflow.dag.needrun_jobs(exclude_finished=False):
        if job.rule.name in rule_names:
            numbers[job.wildcards.scenario] += len(job.params.zones.split())
    return numbers


def batches(name):
    """Zones of each solve job by the job's number; makes the caller wait for the calibration."""
    checkpoints.calibrate.get()
    return known_batches(name, LAYOUT.zone_list.stat().st_mtime_ns)


@cache
def known_batches(name, modified):
    return batches_of(CONFIG, LAYOUT, name)


def batch_zones(wildcards):
    """Zones of a solve job; none for a number that an earlier, larger set of zones had."""
    return batches(wildcards.scenario).get(wildcards.batch, [])


def zone_arguments(wildcards):
    return " ".join(map(str, batch_zones(wildcards)))


@cache
def read_json(path, modified):
    return json.loads(Path(path).read_text(encoding="utf-8"))


def solve_keys(wildcards):
    """Digests of all that each solution depends on: its zone, the nation's processes, parameters, grid, kernels."""
    known = known_keys(wildcards.scenario)
    return [known[zone] for zone in batch_zones(wildcards)]


def known_keys(name):
    """Key of every zone under a name of the solves, as the calibration is now."""
    ages = [path.stat().st_mtime_ns for path in (LAYOUT.national, LAYOUT.zone_list)]
    return calibrated_keys(name, *ages)


@cache
def calibrated_keys(name, *ages):
    return zone_keys(CONFIG, LAYOUT, name)


def wanted(wildcards):
    """Names of the solves that are gathered: those of a sweep, or the scenarios."""
    if "sweep" in wildcards.keys():
        return CONFIG.solve_names(wildcards.sweep)
    return list(CONFIG.scenarios)


def levels_digest(wildcards):
    """Digests of the levels that solutions are multiplied by, which may change when no solution does; by scenario, so that
    `regspec explain` can tell another level from another scenario.
    """
    checkpoints.calibrate.get()
    found = {}
    for (scenario, zone), level in levels(CONFIG, LAYOUT, wanted(wildcards)).items():
        found.setdefault(scenario, []).append([zone, level])
    return {
        "zones": content_hash(LAYOUT.zone_ids()),
        "levels": {scenario: content_hash(own) for scenario, own in found.items()},
    }


def calibration_digest(wildcards):
    """Digest of the zones' calibration files, whose ages say nothing."""
    checkpoints.calibrate.get()
    found = [
        read_json(str(path), path.stat().st_mtime_ns)
        for path in map(LAYOUT.zone_json, LAYOUT.zone_ids())
    ]
    return content_hash([{**zone, "provenance": None} for zone in found])


def on_request_digest(wildcards):
    """Digest of what was made on request so far."""
    return shown(CONFIG, LAYOUT)


def all_batches(wildcards):
    """What every solve job leaves."""
    return [LAYOUT.batch(name, n) for name in wanted(wildcards) for n in batches(name)]


def outdated_files():
    """One file of each step, and the lists of each solve job, that was not made from what it would be made from now."""
    found = [STAMPS.output(name) for name in OUTDATED]
    if "calibrate" not in OUTDATED and LAYOUT.national.exists():
        found += outdated_batches(CONFIG, LAYOUT, known_keys)
    return found


if workflow.is_main_process:
    STAMPS = Stamps(CONFIG, LAYOUT)
    OUTDATED = STAMPS.outdated()
    forget_incomplete(CONFIG, LAYOUT)
    before_planning(workflow, outdated_files)
    follow_jobs(
        logger,
        lambda: planned(SOLVE_RULES).total(),
        solutions,
        lambda: cost_text(CONFIG, planned(SOLVE_RULES)),
    )
    if VARIABLE in os.environ:
        logger.addHandler(
            Explanation(
                os.environ[VARIABLE], lambda: workflow.dag, CONFIG, LAYOUT, OUTDATED
            )
        )
