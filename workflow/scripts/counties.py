"""Rule `counties`: county files as tables of zones, their coverage, income growth on specialization."""

from regspec.jobs import counties
from regspec.reporting import logged

with logged(snakemake.log[0]):
    counties(snakemake.params.config)
