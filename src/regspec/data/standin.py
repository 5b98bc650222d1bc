"""Stand-in commuting zones: contiguous groups of counties for runs without a crosswalk (D1).

They have the number of the real zones but not their borders, and are reported as stand-ins (``meta.json``).
"""

from __future__ import annotations

import heapq

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from regspec.errors import ConfigError

_ABROAD = 0.25  # weight of a border that crosses a state line, relative to one that does not


def shared_borders(polygons: np.ndarray) -> pd.DataFrame:
    """Neighbours in a coverage: columns ``a < b`` (positions) and ``length`` (m) of the common border.

    Every border segment of a coverage belongs to one polygon or to two, with the same end points.
    """
    rings, owner = shapely.get_parts(shapely.boundary(polygons), return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    inside = ring[1:] == ring[:-1]
    start, end = points[:-1][inside], points[1:][inside]
    swap = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    start[swap], end[swap] = end[swap], start[swap].copy()
    segments = pd.DataFrame(np.hstack([start, end]), columns=["x0", "y0", "x1", "y1"])
    segments["length"] = np.hypot(*(end - start).T)
    segments["owner"] = owner[ring[:-1][inside]]
    pairs = segments.groupby(["x0", "y0", "x1", "y1"])["owner"].agg(["min", "max"])
    pairs = pairs.join(segments.groupby(["x0", "y0", "x1", "y1"])["length"].first()).query("min < max")
    borders = pairs.groupby(["min", "max"])["length"].sum().reset_index()
    return borders.rename(columns={"min": "a", "max": "b"})


def stand_in_zones(counties: gpd.GeoDataFrame, number: int, seed: int) -> pd.Series:
    """Zone id 1..``number`` of each county, indexed by ``fips``.

    Seeded, balanced agglomeration on the county graph: the zone with the fewest counties joins the neighbour
    with the longest common border relative to that neighbour's size, until ``number`` zones are left; ties
    are broken by a seeded random key of each county. Counties without a land neighbour (islands) are linked
    to the nearest county of another component first. Zones are numbered by their smallest county code.
    Raises ConfigError when there are fewer counties than zones.
    """
    n = len(counties)
    if number > n:
        raise ConfigError(f"data.synthetic.zones: {number}, but the county map has {n} counties.\nUse {n} or fewer.")
    key = np.random.default_rng(seed).permutation(n)
    neighbours = _graph(counties)
    members = {i: [i] for i in range(n)}
    heap = [(1, key[i], i) for i in range(n)]
    heapq.heapify(heap)
    while len(members) > number:
        size, _, zone = heapq.heappop(heap)
        if zone not in members or len(members[zone]) != size:
            continue
        other = max(neighbours[zone], key=lambda z: (neighbours[zone][z] / len(members[z]), -key[z]))
        _merge(zone, other, members, neighbours)
        heapq.heappush(heap, (len(members[other]), key[other], other))
    fips = counties["fips"].to_numpy()
    ordered = sorted(members.values(), key=lambda rows: fips[rows].min())
    zone_of = {int(fips[row]): zone for zone, rows in enumerate(ordered, start=1) for row in rows}
    return pd.Series(zone_of, name="zone").sort_index()


def _merge(zone: int, other: int, members: dict, neighbours: list[dict]) -> None:
    members[other] += members.pop(zone)
    for z, length in neighbours[zone].items():
        del neighbours[z][zone]
        if z != other:
            neighbours[other][z] = neighbours[z][other] = neighbours[other].get(z, 0.0) + length
    neighbours[zone] = {}


def _graph(counties: gpd.GeoDataFrame) -> list[dict[int, float]]:
    """Neighbours of each county with the weighted length of the common border (m); connected."""
    borders = shared_borders(counties.geometry.to_numpy())
    state = counties["state"].to_numpy()
    neighbours: list[dict[int, float]] = [{} for _ in range(len(counties))]
    for a, b, length in borders.itertuples(index=False):
        neighbours[a][b] = neighbours[b][a] = length * (1.0 if state[a] == state[b] else _ABROAD)
    _link_islands(counties, neighbours)
    return neighbours


def _link_islands(counties: gpd.GeoDataFrame, neighbours: list[dict[int, float]]) -> None:
    n = len(neighbours)
    rows = [a for a in range(n) for _ in neighbours[a]]
    columns = [b for a in range(n) for b in neighbours[a]]
    _, component = connected_components(coo_array((np.ones(len(rows)), (rows, columns)), shape=(n, n)))
    sizes = np.bincount(component)
    for island in np.flatnonzero(sizes < sizes.max()):
        inside, outside = np.flatnonzero(component == island), np.flatnonzero(component != island)
        polygons = counties.geometry.to_numpy()
        nearest = shapely.STRtree(polygons[outside]).nearest(shapely.union_all(polygons[inside]))
        b = int(outside[nearest])
        a = int(inside[np.argmin(shapely.distance(polygons[inside], polygons[b]))])
        neighbours[a][b] = neighbours[b][a] = 1.0
