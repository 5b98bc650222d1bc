"""Rule `theory`: checks of what the deck says on prices; table and figure."""

from regspec.jobs import theory
from regspec.reporting import logged

with logged(snakemake.log[0]):
    theory(snakemake.params.config)
