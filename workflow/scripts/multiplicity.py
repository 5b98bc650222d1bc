"""Rule `multiplicity`: several equilibria of a year, one selected; table and figure."""

from regspec.workflow.endings import logged
from regspec.workflow.steps import multiplicity

with logged(snakemake.log[0]):
    multiplicity(snakemake.params.config)
