"""Counties, crosswalk zones and stand-in zones on the packaged map."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from regspec.data import geography
from regspec.data.standin import shared_borders, stand_in_zones
from regspec.errors import ConfigError, DataError
from regspec.io.geopackage import read_layer, write_layers


@pytest.fixture(scope="module")
def counties():
    return geography.load_counties()


@pytest.fixture(scope="module")
def zones(counties):
    return stand_in_zones(counties, 722, seed=1)


def squares(rows, columns, states=None):
    """A grid of unit squares as counties."""
    boxes = [shapely.box(j, i, j + 1, i + 1) for i in range(rows) for j in range(columns)]
    n = len(boxes)
    frame = {"fips": np.arange(1, n + 1), "state": states if states is not None else np.ones(n, dtype=int)}
    return gpd.GeoDataFrame(frame, geometry=boxes, crs=geography.EQUAL_AREA)


def connected(polygon, gap):
    """Parts of the polygon that are further than ``gap`` (m) from the rest; none if it hangs together."""
    parts = shapely.get_parts(polygon)
    return len(shapely.get_parts(shapely.union_all(shapely.buffer(parts, gap)))) == 1


def test_the_map_is_a_coverage_of_the_contiguous_states(counties):
    assert len(counties) == 3109 and counties["state"].nunique() == 49
    assert not set(counties["state"]) & set(geography.OUTSIDE)
    assert shapely.coverage_is_valid(counties.geometry.to_numpy())
    assert counties.geometry.is_valid.all() and counties["fips"].is_monotonic_increasing
    assert counties.crs.to_epsg() == 5070
    # Land and inland and coastal water of the contiguous states and DC: 8.08 million km2.
    assert counties.area.sum() == pytest.approx(8.08e12, rel=5e-3)


def test_stand_ins_are_as_many_as_asked_and_cover_every_county(counties, zones):
    assert sorted(zones.unique()) == list(range(1, 723))
    assert sorted(zones.index) == counties["fips"].tolist()


def test_stand_ins_are_balanced(zones):
    size = zones.value_counts()
    assert size.min() >= 2 and size.max() <= 4 * len(zones) / 722


def test_stand_ins_are_contiguous_up_to_islands(counties, zones):
    polygons = geography.dissolve(counties, zones.loc[counties["fips"]], "zone")
    parts = polygons[shapely.get_num_geometries(polygons.geometry.to_numpy()) > 1]
    assert all(connected(polygon, 60e3) for polygon in parts.geometry)
    assert polygons.area.sum() == pytest.approx(counties.area.sum(), rel=1e-9)
    assert shapely.coverage_is_valid(polygons.geometry.to_numpy())


def test_stand_ins_depend_on_the_seed_and_on_nothing_else(counties, zones):
    pd.testing.assert_series_equal(stand_in_zones(counties, 722, seed=1), zones)
    assert (stand_in_zones(counties, 722, seed=2) != zones).any()


def test_other_numbers_of_stand_ins(counties):
    assert stand_in_zones(counties, 30, seed=1).nunique() == 30
    assert stand_in_zones(counties, len(counties), seed=1).nunique() == len(counties)
    with pytest.raises(ConfigError, match="data.synthetic.zones"):
        stand_in_zones(counties, len(counties) + 1, seed=1)


def test_shared_borders_of_a_grid():
    borders = shared_borders(squares(2, 3).geometry.to_numpy())
    pairs = list(zip(borders["a"], borders["b"], strict=True))
    assert pairs == [(0, 1), (0, 3), (1, 2), (1, 4), (2, 5), (3, 4), (4, 5)]
    assert borders["length"].to_numpy() == pytest.approx(1.0)


def test_zones_prefer_to_stay_in_their_state():
    states = np.repeat([1, 2], 8)
    counties = squares(4, 4, states)
    zones = stand_in_zones(counties, 4, seed=0)
    assert all(len(set(states[zones.to_numpy() == z])) == 1 for z in zones.unique())


def test_an_island_joins_its_nearest_neighbour():
    counties = squares(1, 3)
    counties.loc[2, "geometry"] = shapely.box(10, 0, 11, 1)
    assert stand_in_zones(counties, 1, seed=0).nunique() == 1


def crosswalk(counties):
    """One zone a state, under the codes of 1990."""
    codes = counties["fips"].replace(geography.RECODES)
    return pd.DataFrame({"County FIPS Code": codes, "CZ90": 100 * counties["state"]}).drop_duplicates()


def test_crosswalk_zones_follow_the_recodes(counties):
    zones = geography.crosswalk_zones(counties, crosswalk(counties), "county.csv")
    assert (zones.loc[[12086, 8014, 46113]] == [1200, 800, 4600]).all()
    polygons = geography.dissolve(counties, zones.to_numpy(), "zone")
    assert polygons["zone"].tolist() == sorted(set(100 * counties["state"]))


def test_counties_without_a_zone_are_named(counties):
    table = crosswalk(counties)
    with pytest.raises(DataError, match=r"county\.csv: county 6037 of the map has no zone"):
        geography.crosswalk_zones(counties, table[table["County FIPS Code"] != 6037], "county.csv")


def test_zones_that_are_not_on_the_map_are_named(counties):
    table = pd.concat([crosswalk(counties), pd.DataFrame({"County FIPS Code": [6999], "CZ90": [77]})])
    with pytest.raises(DataError, match="zone 77 has no county on the map"):
        geography.crosswalk_zones(counties, table, "county.csv")


def test_zones_outside_the_contiguous_states_are_left_out(counties):
    table = pd.concat([crosswalk(counties), pd.DataFrame({"County FIPS Code": [2013], "CZ90": [34101]})])
    assert 34101 not in set(geography.crosswalk_zones(counties, table, "county.csv"))


def test_the_state_of_a_zone_is_the_one_with_most_area():
    counties = squares(1, 4, np.array([1, 1, 2, 3]))
    states = geography.zone_states(counties, np.array([9, 9, 9, 4]))
    assert states.to_dict() == {4: 3, 9: 1} and states.index.name == "zone"


def test_layers_are_written_with_the_same_bytes_each_time(tmp_path):
    zones = geography.dissolve(squares(2, 2), np.array([1, 1, 2, 2]), "zone")
    states = geography.dissolve(squares(2, 2), np.ones(4), "state")
    for name in ("a.gpkg", "b.gpkg", "a! ?#%20/b.gpkg"):
        write_layers(tmp_path / name, {"zones": zones, "states": states}, {"config_hash": "abc"})
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()
    back = gpd.read_file(tmp_path / "a.gpkg", layer="zones")
    assert read_layer(tmp_path / "a! ?#%20" / "b.gpkg", "zones")["zone"].tolist() == [1, 2]
    assert back["zone"].tolist() == [1, 2] and back.crs.to_epsg() == 5070 and back.area.tolist() == [2, 2]
    assert len(gpd.read_file(tmp_path / "a.gpkg", layer="states")) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a! ?#%20", "a.gpkg", "b.gpkg"]
