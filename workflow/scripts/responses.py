"""Rule `responses`: responses to a shock to one industry; table and figures."""

from regspec.jobs import responses
from regspec.reporting import logged

with logged(snakemake.log[0]):
    responses(snakemake.params.config)
