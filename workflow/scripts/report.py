"""Rule `report`: one self-contained page of the run."""

from regspec.jobs import report
from regspec.reporting import logged

with logged(snakemake.log[0]):
    report(snakemake.params.config)
