"""Rule `calibrate`: national processes and one calibration file per zone."""

from regspec.workflow.endings import logged
from regspec.workflow.steps import calibrate

with logged(snakemake.log[0]):
    calibrate(snakemake.params.config)
