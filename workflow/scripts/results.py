"""Rule `results`: tables, figures, maps and summary.json."""

from regspec.workflow.endings import logged
from regspec.workflow.steps import results

with logged(snakemake.log[0]):
    results(snakemake.params.config)
