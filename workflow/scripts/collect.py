"""Rule `collect`: all solutions gathered into two tables."""

from regspec.jobs import collect
from regspec.reporting import logged

with logged(snakemake.log[0]):
    collect(snakemake.params.config)
