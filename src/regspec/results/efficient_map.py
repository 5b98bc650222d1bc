"""Map of efficient less market specialization (deck Q5)."""

from __future__ import annotations

from regspec.exhibits import figures
from regspec.results.efficient import efficient
from regspec.results.inputs import ModelInputs
from regspec.results.maps import Scale, zone_map

#: Classes of the map: efficient less market Gini.
DIFFERENCE = Scale(
    label="Efficient less market Gini of the portfolio (0 to 1)",
    breaks=(-0.1, -0.05, -0.02, 0.0, 0.02, 0.05, 0.1),
    colours=figures.DIVERGING,
    form="%.2f",
)


def write(inputs: ModelInputs) -> None:
    """Write the map: all zones with data."""
    zone_map(inputs, efficient(inputs).long_run["difference"], set(), DIFFERENCE)
