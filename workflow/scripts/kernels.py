"""Rule `kernels`: machine code of the kernels, compiled once before many solves ask for it."""

from regspec.jobs import warm
from regspec.reporting import logged

with logged(snakemake.log[0]):
    warm(snakemake.params.config, output=snakemake.output[0])
