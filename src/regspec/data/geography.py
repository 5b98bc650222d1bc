"""Polygons of counties, commuting zones and states in EPSG:5070 (equal area, metres).

Counties come from the package bokeh-sampledata (US Census TIGER/Line 2009, generalized; no download). They
are cleaned into one coverage, so that neighbours share their border exactly, and simplified together.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from bokeh_sampledata import us_counties

from regspec.errors import DataError

EQUAL_AREA = "EPSG:5070"
OUTSIDE = (2, 15, 60, 66, 69, 72, 78)  # Alaska, Hawaii and the territories: not among the 722 zones (D1)
#: County codes of the map that the 1990 crosswalk knows under another code: Dade was renamed, Broomfield was
#: split off Boulder, Shannon was renamed.
RECODES = {12086: 12025, 8014: 8013, 46102: 46113}
_SNAP = 1.0  # metres: coordinates closer than this are one point
_SIMPLIFY = 1500.0  # metres: corners that cut off less than the square of this are dropped


def load_counties() -> gpd.GeoDataFrame:
    """The 3,109 counties of the contiguous states and DC in increasing order of FIPS code.

    Columns: ``fips`` (int), ``state`` (FIPS code, int), ``geometry`` (m, EPSG:5070; a valid coverage).
    Raises DataError when the borders do not form a coverage, or when their package lies where SQLite cannot read it.
    """
    try:
        records = [r for r in us_counties.records() if int(r["state_fips"]) not in OUTSIDE]
    except sqlite3.OperationalError as error:  # the package's own reader locks its file
        raise DataError(
            f"county map: {Path(us_counties.__file__).parent} cannot be read ({error}).\n"
            "Remedy: make the environment (.venv) on a file system that has locks, such as a local disk."
        ) from error
    frame = gpd.GeoDataFrame(
        {"fips": [int(r["fips"]) for r in records], "state": [int(r["state_fips"]) for r in records]},
        geometry=[r["geometry"] for r in records],
        crs="EPSG:4269",
    )
    frame = frame.sort_values("fips", ignore_index=True).to_crs(EQUAL_AREA)
    frame["geometry"] = _coverage(frame.geometry.to_numpy())
    return frame


def _coverage(polygons: np.ndarray) -> np.ndarray:
    # Whole metres first: the last digits of a projection are not the same on every machine.
    rounded = shapely.set_precision(polygons, 1.0)
    clean = shapely.coverage_clean(rounded, snapping_distance=_SNAP)
    simple = shapely.coverage_simplify(clean, _SIMPLIFY)
    if not shapely.coverage_is_valid(simple) or shapely.is_empty(simple).any():
        raise DataError("county map: the borders overlap after cleaning.\nRemedy: use the locked package versions.")
    return simple


def crosswalk_zones(counties: gpd.GeoDataFrame, crosswalk: pd.DataFrame, source: str) -> pd.Series:
    """Zone id of each county (indexed by ``fips``), from a validated ``panel_crosswalk`` table.

    Raises DataError when a county of the map has no zone, or a contiguous zone has no county on the map.
    """
    zone_of = crosswalk.set_index("County FIPS Code")["CZ90"]
    codes = counties["fips"].replace(RECODES)
    lost = codes[~codes.isin(zone_of.index)]
    if len(lost):
        others = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
        raise DataError(
            f"{source}: county {lost.iloc[0]} of the map has no zone{others}.\n"
            "Remedy: use the crosswalk of 1990 counties to CZ90 (docs/data.md)."
        )
    zones = pd.Series(zone_of.loc[codes].to_numpy(), index=counties["fips"].to_numpy(), name="zone")
    contiguous = zone_of[~(zone_of.index // 1000).isin(OUTSIDE)]
    unseen = sorted(set(contiguous) - set(zones))
    if unseen:
        raise DataError(
            f"{source}: zone {unseen[0]} has no county on the map (and {len(unseen) - 1} more).\n"
            "Remedy: use the crosswalk of 1990 counties to CZ90 (docs/data.md)."
        )
    return zones


def dissolve(counties: gpd.GeoDataFrame, group: np.ndarray, name: str) -> gpd.GeoDataFrame:
    """Union of the counties of each value of ``group`` (one per county): columns ``name``, ``geometry``."""
    groups = pd.Series(np.asarray(group), index=counties.index)
    polygons = {
        key: shapely.coverage_union_all(counties.geometry.to_numpy()[rows])
        for key, rows in sorted(groups.groupby(groups).indices.items())
    }
    return gpd.GeoDataFrame({name: list(polygons)}, geometry=list(polygons.values()), crs=counties.crs)


def zone_states(counties: gpd.GeoDataFrame, group: np.ndarray) -> pd.Series:
    """State (FIPS code) with the largest area in each zone, indexed by zone; ties go to the smaller code."""
    area = counties.geometry.area.groupby([np.asarray(group), counties["state"].to_numpy()]).sum().unstack()
    return area.idxmax(axis=1).astype("int64").rename("state").rename_axis("zone")
