"""Rule `kernels`: machine code of the kernels, compiled once before many solves ask for it."""

from regspec.workflow.endings import logged
from regspec.workflow.steps import warm

with logged(snakemake.log[0]):
    warm(snakemake.params.config, output=snakemake.output[0])
