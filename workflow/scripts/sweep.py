"""Rule `sweep`: the cells of a sweep, gathered; table and figure."""

from regspec.workflow.endings import logged
from regspec.workflow.steps import sweep

with logged(snakemake.log[0]):
    sweep(snakemake.params.config, snakemake.wildcards.sweep)
