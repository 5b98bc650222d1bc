"""Zone polygons as short SVG paths, and what the zones are called."""

from __future__ import annotations

from collections import defaultdict

import geopandas as gpd
import numpy as np
import shapely
from bokeh_sampledata import us_counties

WIDTH = 1500  # units of the drawing; coordinates are whole numbers
_TOLERANCE = 1.5  # units: corners that cut off less than the square of this are dropped
_COUNTIES = 12  # names at most

STATES = dict(
    zip(
        (
            1,
            2,
            4,
            5,
            6,
            8,
            9,
            10,
            11,
            12,
            13,
            15,
            16,
            17,
            18,
            19,
            20,
            21,
            22,
            23,
            24,
            25,
            26,
            27,
            28,
            29,
            30,
            31,
            32,
            33,
            34,
            35,
            36,
            37,
            38,
            39,
            40,
            41,
            42,
            44,
            45,
            46,
            47,
            48,
            49,
            50,
            51,
            53,
            54,
            55,
            56,
        ),
        (
            "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|District of Columbia|Florida|Georgia|"
            "Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|"
            "Mississippi|Missouri|Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|"
            "North Dakota|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|"
            "Vermont|Virginia|Washington|West Virginia|Wisconsin|Wyoming"
        ).split("|"),
        strict=True,
    )
)


def drawing(zones: gpd.GeoDataFrame, states: gpd.GeoDataFrame) -> dict:
    """``width, height`` of the drawing, ``zones`` (zone -> path) and ``states`` (one path of all outlines).

    ``zones``: polygons indexed by zone in metres; neighbours keep their common border when they are simplified.
    """
    left, bottom, right, top = zones.total_bounds
    unit = (right - left) / WIDTH
    outlines = shapely.coverage_simplify(zones.geometry.to_numpy(), _TOLERANCE * unit)
    lines = shapely.coverage_simplify(states.geometry.to_numpy(), _TOLERANCE * unit)
    paths = [_path(shape, left, top, unit) for shape in outlines]
    return {
        "width": WIDTH,
        "height": int(np.ceil((top - bottom) / unit)),
        "zones": {int(zone): path for zone, path in zip(zones.index, paths, strict=True)},
        "states": "".join(_path(shape, left, top, unit) for shape in lines),
    }


def _path(shape, left: float, top: float, unit: float) -> str:
    """Closed rings in whole units, as relative moves; islands smaller than a unit are left out unless there is no other."""
    parts = sorted(shapely.get_parts(shape), key=shapely.area, reverse=True)
    kept = [part for n, part in enumerate(parts) if n == 0 or part.area > 4 * unit**2]
    rings = [ring for part in kept for ring in (part.exterior, *part.interiors)]
    return "".join(_ring(np.asarray(ring.coords), left, top, unit) for ring in rings)


def _ring(points: np.ndarray, left: float, top: float, unit: float) -> str:
    at = np.rint(np.column_stack([points[:, 0] - left, top - points[:, 1]]) / unit).astype(int)[:-1]
    moves = np.diff(at, axis=0)
    moves = moves[(moves != 0).any(axis=1)]
    steps = "".join(f"{x}{y}" if y < 0 else f"{x} {y}" for x, y in _spaced(moves))
    return f"M{at[0, 0]} {at[0, 1]}l{steps}z" if steps else f"M{at[0, 0]} {at[0, 1]}h1v1h-1z"


def _spaced(moves: np.ndarray):
    """Moves as text; a minus sign separates numbers as well as a space does."""
    for n, (x, y) in enumerate(moves.tolist()):
        yield (f"{x}" if x < 0 or n == 0 else f" {x}"), y


def county_names(zones: gpd.GeoDataFrame) -> dict[int, str]:
    """Names of the counties whose inner point lies in each zone (with the state's letters), in alphabetical order."""
    records = list(us_counties.records())
    points = gpd.GeoDataFrame(
        {"name": [f"{record['name']} {record['state']}" for record in records]},
        geometry=[shapely.point_on_surface(shapely.make_valid(record["geometry"])) for record in records],
        crs="EPSG:4269",
    )
    joined = gpd.sjoin(points.to_crs(zones.crs), zones[["geometry"]], predicate="within")
    found = defaultdict(list)
    for zone, name in zip(joined.iloc[:, -1], joined["name"], strict=True):
        found[int(zone)].append(name)
    return {zone: _short(sorted(names)) for zone, names in found.items()}


def _short(names: list[str]) -> str:
    more = len(names) - _COUNTIES
    return ", ".join(names[:_COUNTIES]) + (f" and {more} more" if more > 0 else "")
