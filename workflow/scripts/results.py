"""Rule `results`: tables, figures, maps and summary.json."""

from regspec.jobs import results
from regspec.reporting import logged

with logged(snakemake.log[0]):
    results(snakemake.params.config)
