"""Rule `facts`: specialization measures, Fact 1, their tables and figures."""

from regspec.workflow.endings import logged
from regspec.workflow.steps import empirics

with logged(snakemake.log[0]):
    empirics(snakemake.params.config)
