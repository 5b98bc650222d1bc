"""Rule `calibrate`: national processes and one calibration file per zone."""

from regspec.jobs import calibrate
from regspec.reporting import logged

with logged(snakemake.log[0]):
    calibrate(snakemake.params.config)
