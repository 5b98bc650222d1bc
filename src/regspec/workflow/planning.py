"""What happens once Snakemake has read its command line and before it plans the jobs.

No supported hook of Snakemake runs there. The Snakefile is read before the targets are known, ``onstart`` comes after the plan
and not at all in a dry run, and logger plugins see records only. Its private ``_build_dag`` is therefore wrapped, here alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from regspec.errors import ConfigError
from regspec.workflow.former_names import refuse_former_rules


def before_planning(workflow, outdated: Callable[[], Iterable[Path]]) -> None:
    """Have Snakemake refuse former names of targets and rules (exit code 2), and make the ``outdated()`` files again where
    they are in the plan. Its option ``--forcerun`` would also make them where they were not asked for.
    """
    build = workflow._build_dag

    def prepared() -> None:
        try:
            refuse_former_rules(sorted(_names_given(workflow)))
        except ConfigError as error:
            print(f"regspec: {error}", file=sys.stderr)
            sys.exit(error.exit_code)
        workflow.dag.forcefiles.update(map(str, outdated()))
        build()

    workflow._build_dag = prepared


def _names_given(workflow) -> set[str]:
    """Targets and rules that the command line and the profile name."""
    plan, scheduling, resources = workflow.dag_settings, workflow.scheduling_settings, workflow.resource_settings
    given = {*plan.targets, *plan.forcerun, *plan.until, *plan.omit_from}
    given |= set(scheduling.prioritytargets) if scheduling else set()
    return given | {*resources.overwrite_threads, *resources.overwrite_resources}
