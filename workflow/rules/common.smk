"""Configuration, checked once; helpers that the rules share."""

import sys
from pathlib import Path

from snakemake.logging import logger

from regspec.config_io import load_config, write_resolved
from regspec.errors import RegspecError
from regspec.layout import Layout
from regspec.progress import SOLVE_RULES, ending_text, failures_text, follow_jobs
from regspec.steps import dependencies
from regspec.validation import check_inputs

PYTHON = sys.executable
REGSPEC = f"{PYTHON} -m regspec.cli"


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
EMPIRICS_OUTPUT = LAYOUT.empirics / "specialization.parquet"
SCENARIOS = list(CONFIG.scenarios)

# The programs beside this Python (mpiexec) are found even when the environment is not activated.
shell.prefix(f"export PATH={Path(sys.executable).parent}:$PATH; ")


def logged(command):
    """Send a command's output to the rule's log; show its end when the command fails."""
    return command + " > {log} 2>&1 || {{ code=$?; tail -n 5 {log} >&2; exit $code; }}"


if workflow.is_main_process:
    follow_jobs(logger, lambda: planned(SOLVE_RULES))


def planned(rule_names):
    """Number of jobs of these rules in the present plan, finished ones included."""
    jobs = workflow.dag.needrun_jobs(exclude_finished=False)
    return sum(job.rule.name in rule_names for job in jobs)
