"""Maps of commuting zones: one function, fixed classes (deck Q5, Q6)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import matplotlib
import numpy as np
import pandas as pd
from matplotlib.patches import Patch

from regspec.errors import DataError
from regspec.io.geopackage import read_layer
from regspec.results.inputs import ModelInputs, once

NOT_SOLVED, FAILED = "#F2F2F2", "#D9D9D9"


@dataclass(frozen=True)
class Scale:
    """Classes of a map: inner ``breaks`` in increasing order (the outer classes are open), a colour map and a
    printf ``form`` of the breaks. Fixed per exhibit, so that runs and scenarios can be compared by eye.
    """

    label: str
    breaks: tuple[float, ...]
    colours: str
    form: str

    def classes(self, values: np.ndarray) -> np.ndarray:
        """Class 0..len(breaks) of each value; a break belongs to the class above it."""
        return np.searchsorted(self.breaks, values, side="right")

    def names(self) -> list[str]:
        """Legend text of each class."""
        shown = [(self.form % b).replace("-", "\N{MINUS SIGN}") for b in self.breaks]
        inner = [f"{low} to {high}" for low, high in zip(shown, shown[1:], strict=False)]
        return [f"below {shown[0]}", *inner, f"{shown[-1]} and above"]

    def palette(self) -> list:
        """One colour for each class, evenly spaced, without the palest and darkest ends."""
        positions = np.linspace(0.05, 0.95, len(self.breaks) + 1)
        return [matplotlib.colors.to_hex(matplotlib.colormaps[self.colours](p)) for p in positions]


def read_layers(path: Path) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Zones (indexed by zone) and state outlines of ``zones.gpkg``. Raises DataError if unreadable."""
    try:
        zones, states = read_layer(path, "zones"), read_layer(path, "states")
    except Exception as error:  # pyogrio's errors have no common public base
        raise DataError(f"{path}: cannot be read as a GeoPackage ({str(error).splitlines()[0]}).") from error
    return zones.set_index("zone").sort_index(), states


def zone_map(inputs: ModelInputs, values: pd.Series, failed: set[int], scale: Scale) -> None:
    """Draw ``values`` (by zone) in the classes of ``scale``, as the figure of the exhibit that is being made.

    Zones without a value are hatched: densely when their solve failed (``failed``), sparsely when they were
    not solved at all. Zones that stand in for the real ones are named on the map. Raises DataError for zones that the
    geometry does not have.
    """
    zones, states = _layers(inputs)
    unknown = values.index.difference(zones.index)
    if len(unknown):
        raise DataError(f"zones.gpkg: no polygon for zone {unknown[0]} ({len(unknown)} in all).")
    with inputs.writer.figure(name=inputs.making.figure, width="double", height=4.6) as (_, axes):
        _draw(axes, zones, states, values, failed, scale)
        note = f"N = {values.notna().sum()} of {len(zones)} zones."
        if inputs.meta.get("stand_in_zones"):
            note += " Stand-in zones: polygons made by this program, not the 1990 commuting zones."
        axes.set_title(note, loc="left", fontsize=8)


@once
def _layers(inputs: ModelInputs) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    return read_layers(inputs.layout.map)


def _draw(axes, zones: gpd.GeoDataFrame, states: gpd.GeoDataFrame, values: pd.Series, failed: set[int], scale: Scale) -> None:
    handles = _draw_classes(axes, zones, values.dropna(), scale)
    handles += _draw_missing(axes, zones, values.dropna(), failed)
    states.boundary.plot(ax=axes, color="#333333", linewidth=0.45)
    axes.set_axis_off()
    axes.set_aspect("equal")
    legend = axes.legend(
        handles=handles,
        title=scale.label,
        loc="upper center",
        bbox_to_anchor=(0.5, 0.02),
        ncols=min(4, len(handles)),
        handlelength=1.6,
        columnspacing=1.4,
    )
    legend.get_title().set_fontsize(8.5)


def _draw_classes(axes, zones: gpd.GeoDataFrame, values: pd.Series, scale: Scale) -> list[Patch]:
    classes = pd.Series(scale.classes(values.to_numpy()), values.index)
    handles = []
    for number, (name, colour) in enumerate(zip(scale.names(), scale.palette(), strict=True)):
        own = classes.index[classes == number]
        if len(own):
            zones.loc[own].plot(ax=axes, color=colour, edgecolor="white", linewidth=0.1)
        handles.append(Patch(facecolor=colour, edgecolor="#333333", linewidth=0.3, label=f"{name} ({len(own)})"))
    return handles


def _draw_missing(axes, zones: gpd.GeoDataFrame, values: pd.Series, failed: set[int]) -> list[Patch]:
    missing = zones.index.difference(values.index)
    groups = [
        ([z for z in missing if z not in failed], "not solved", NOT_SOLVED, 4 * "/"),
        ([z for z in missing if z in failed], "solve failed", FAILED, 8 * "x"),
    ]
    handles = []
    for own, name, colour, hatch in groups:
        if own:
            style: dict[str, Any] = dict(facecolor=colour, edgecolor="#9A9A9A", hatch=hatch)
            zones.loc[own].plot(ax=axes, linewidth=0.1, **style)
            handles.append(Patch(label=f"{name} ({len(own)})", linewidth=0.3, **style))
    return handles
