"""Rule `responses`: responses to a shock to one industry; table and figures."""

from regspec.workflow.endings import logged
from regspec.workflow.steps import responses

with logged(snakemake.log[0]):
    responses(snakemake.params.config)
