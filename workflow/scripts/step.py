"""Run the step of the rule's name; all that it prints goes to the rule's log.

A rule's wildcards, if it has any, follow the configuration: the name of a sweep.
"""

from regspec.workflow import steps
from regspec.workflow.endings import logged

with logged(snakemake.log[0]):
    step = getattr(steps, snakemake.rule)
    step(snakemake.params.config, *snakemake.wildcards)
