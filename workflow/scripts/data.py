"""Rule `data`: the economy as clean tables, zone polygons and national series."""

from regspec.jobs import data
from regspec.reporting import logged

with logged(snakemake.log[0]):
    data(snakemake.params.config)
