"""Rule `counties`: county files as tables of zones, their coverage, income growth on specialization."""

from regspec.workflow.endings import logged
from regspec.workflow.steps import counties

with logged(snakemake.log[0]):
    counties(snakemake.params.config)
