"""Rule `facts`: specialization measures, Fact 1, their tables and figures."""

from regspec.jobs import empirics
from regspec.reporting import logged

with logged(snakemake.log[0]):
    empirics(snakemake.params.config)
