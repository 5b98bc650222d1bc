"""Rule `multiplicity`: several equilibria of a year, one selected; table and figure."""

from regspec.jobs import multiplicity
from regspec.reporting import logged

with logged(snakemake.log[0]):
    multiplicity(snakemake.params.config)
