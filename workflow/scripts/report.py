"""Rule `report`: one self-contained page of the run."""

from regspec.workflow.endings import logged
from regspec.workflow.steps import report

with logged(snakemake.log[0]):
    report(snakemake.params.config)
