"""Rule `sweep`: the cells of a sweep, gathered; table and figure."""

from regspec.jobs import sweep
from regspec.reporting import logged

with logged(snakemake.log[0]):
    sweep(snakemake.params.config, snakemake.wildcards.sweep)
