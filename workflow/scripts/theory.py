"""Rule `theory`: checks of what the deck says on prices; table and figure."""

from regspec.workflow.endings import logged
from regspec.workflow.steps import theory

with logged(snakemake.log[0]):
    theory(snakemake.params.config)
