"""Rule `planner`: externalities, long-run taxes and simple rules of the planner; tables and figure."""

from regspec.workflow.endings import logged
from regspec.workflow.steps import planner

with logged(snakemake.log[0]):
    planner(snakemake.params.config)
