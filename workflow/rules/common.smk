"""Configuration, checked once; helpers that the rules share."""

import json
import sys
from functools import cache
from pathlib import Path

from snakemake.logging import logger

from regspec.config_io import load_config, write_resolved
from regspec.errors import RegspecError
from regspec.estimate import memory_mb, size_text
from regspec.experiments.key import solution_key
from regspec.jobs import levels
from regspec.layout import Layout
from regspec.progress import SOLVE_RULES, ending_text, failures_text, follow_jobs
from regspec.provenance import content_hash
from regspec.steps import dependencies
from regspec.validation import check_inputs


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
        if workflow.is_main_process:
            check_inputs(configuration)
    except RegspecError as error:
        print(f"regspec: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    return configuration


CONFIG = checked_config()
LAYOUT = Layout(CONFIG)
SPECIALIZATION = LAYOUT.empirics / "specialization.parquet"
SCENARIOS = list(CONFIG.scenarios)

# The programs beside this Python (regspec, mpiexec) are found even when the environment is not activated.
shell.prefix(f"export PATH={Path(sys.executable).parent}:$PATH; ")


if workflow.is_main_process:
    follow_jobs(logger, lambda: planned(SOLVE_RULES))


def planned(rule_names):
    """Number of jobs of these rules in the present plan, finished ones included."""
    jobs = workflow.dag.needrun_jobs(exclude_finished=False)
    return sum(job.rule.name in rule_names for job in jobs)


def zone_ids():
    """The selected zones; makes the caller wait for the calibration."""
    checkpoints.calibrate.get()
    return LAYOUT.zone_ids()


@cache
def read_json(path, modified):
    return json.loads(Path(path).read_text())


def solve_key(wildcards):
    """Digest of all that a solution depends on: this zone, the nation's processes, parameters, grid, kernels."""
    checkpoints.calibrate.get()
    zone, national = (
        read_json(str(path), path.stat().st_mtime_ns)
        for path in (LAYOUT.zone_json(wildcards.zone), LAYOUT.national)
    )
    return solution_key(zone, national, CONFIG, wildcards.scenario)


def levels_digest(wildcards):
    """Digest of the levels that `collect` applies: they may change when no solution does."""
    checkpoints.calibrate.get()
    found = sorted(levels(CONFIG, LAYOUT).items())
    return content_hash([[scenario, zone, level] for (scenario, zone), level in found])


def zone_file(wildcards):
    checkpoints.calibrate.get()
    return LAYOUT.zone_json(wildcards.zone)


def all_solutions(wildcards):
    return [
        LAYOUT.solution(scenario, zone) for scenario in SCENARIOS for zone in zone_ids()
    ]
