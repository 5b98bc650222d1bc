"""Rule `data`: the economy as clean tables, zone polygons and national series."""

from regspec.workflow.endings import logged
from regspec.workflow.steps import data

with logged(snakemake.log[0]):
    data(snakemake.params.config)
