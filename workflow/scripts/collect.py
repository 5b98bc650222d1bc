"""Rule `collect`: all solutions gathered into two tables."""

from regspec.workflow.endings import logged
from regspec.workflow.steps import collect

with logged(snakemake.log[0]):
    collect(snakemake.params.config)
