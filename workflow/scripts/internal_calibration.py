"""Rule `internal_calibration`: the parameter that meets a target debt ratio."""

from regspec.jobs import internal_calibration
from regspec.reporting import logged

with logged(snakemake.log[0]):
    internal_calibration(snakemake.params.config)
