"""Rule `internal_calibration`: the parameter that meets a target debt ratio."""

from regspec.workflow.endings import logged
from regspec.workflow.steps import internal_calibration

with logged(snakemake.log[0]):
    internal_calibration(snakemake.params.config)
