"""Map of welfare gains (deck Q6)."""

from __future__ import annotations

from regspec.exhibits import figures
from regspec.results.inputs import ModelInputs
from regspec.results.maps import Scale, zone_map
from regspec.results.welfare import shown_scenario, welfare_gains

#: Classes of the map, percent of consumption: losses (a planner who cannot bind its successors need not gain), steps of a
#: tenth where nine in ten gains of the 722 zones lie (.45-.85, docs/results.md), and from 1.2 on the deck's range (C5).
GAIN = Scale(
    label="Welfare gain (percent of consumption in every year)",
    breaks=(0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 1.2),
    colours=figures.SEQUENTIAL,
    form="%.1f",
)


def write(inputs: ModelInputs) -> None:
    """Write the map of the scenario that the figure shows, too."""
    gains = welfare_gains(inputs)
    scenario = shown_scenario(inputs, gains)
    zone_map(inputs, gains[scenario].dropna(), set(inputs.zones("failed", scenario)), GAIN)
