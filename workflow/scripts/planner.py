"""Rule `planner`: externalities, long-run taxes and simple rules of the planner; tables and figure."""

from regspec.jobs import planner
from regspec.reporting import logged

with logged(snakemake.log[0]):
    planner(snakemake.params.config)
