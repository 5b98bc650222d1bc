"""Constrained-efficient specialization and the map's classes (regspec.results.efficient, maps)."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from results_run import write_map

from regspec.errors import DataError
from regspec.exhibits import figures
from regspec.results.efficient import DIFFERENCE, efficient_specialization, moments
from regspec.results.maps import Scale, _draw_classes, _draw_missing, read_layers, zone_map
from regspec.results.welfare import GAIN


def test_market_is_efficient_without_differences_in_agglomeration():
    shares = pd.DataFrame(np.random.default_rng(0).dirichlet(np.ones(3), 6), columns=["a", "b", "c"])
    table = efficient_specialization(shares, np.full(3, 0.2), 0.3)
    np.testing.assert_allclose(table["difference"], 0, atol=1e-12)
    np.testing.assert_allclose(table[["k_a", "k_b", "k_c"]], shares, rtol=1e-10)


def test_efficient_specialization_moves_to_strong_agglomeration():
    shares = pd.DataFrame({"weak": [0.8, 0.2], "strong": [0.2, 0.8]}, index=[100, 200])
    table = efficient_specialization(shares, np.array([0.1, 0.29]), 0.3)
    assert (table["k_strong"] > shares["strong"]).all()
    # Diversification where the weak industry dominates, specialization where the strong one does.
    assert table.loc[100, "difference"] < 0 < table.loc[200, "difference"]
    relabelled = efficient_specialization(shares[["strong", "weak"]], np.array([0.29, 0.1]), 0.3)
    columns = ["gini_market", "gini_efficient", "difference"]
    np.testing.assert_allclose(relabelled[columns], table[columns], atol=1e-13)
    backwards = efficient_specialization(shares.iloc[::-1], np.array([0.1, 0.29]), 0.3)
    pd.testing.assert_frame_equal(backwards, table)


def test_moments():
    found = moments(pd.Series([-1.0, 0.0, 1.0, 2.0, 3.0]))
    assert found == dict(n=5, mean=1.0, sd=np.sqrt(2.5), p10=-0.6, p50=1.0, p90=2.6, positive=0.6)


def test_classes_are_fixed_and_open_ended():
    scale = Scale("x", (0.0, 1.0), "viridis", "%.1f")
    assert scale.classes(np.array([-5, -0.1, 0.0, 0.5, 1.0, 99])).tolist() == [0, 0, 1, 1, 2, 2]
    assert scale.names() == ["below 0.0", "0.0 to 1.0", "1.0 and above"]
    for own in (GAIN, DIFFERENCE):
        assert len(own.names()) == len(set(own.palette())) == len(own.breaks) + 1
        assert list(own.breaks) == sorted(own.breaks)
    # A diverging scale is centred on no difference.
    np.testing.assert_allclose(DIFFERENCE.breaks, -np.array(DIFFERENCE.breaks[::-1]), atol=0)


def test_classes_of_gains_resolve_those_that_occur():
    """Percentiles of the 722 zones (docs/results.md) have classes of their own, and so do losses and the deck's range."""
    assert len(set(GAIN.classes(np.array([0.45, 0.55, 0.62, 0.75, 0.85])))) == 5
    assert GAIN.classes(np.array([-0.01, 0.0])).tolist() == [0, 1]
    assert GAIN.classes(np.array([1.19, 1.2, 2.2])).tolist() == [6, 7, 7]


@pytest.fixture
def layers(tmp_path):
    write_map(tmp_path / "zones.gpkg", [100, 200, 300, 400])
    return read_layers(tmp_path / "zones.gpkg")


def test_map_separates_failed_from_not_solved(layers):
    zones, _ = layers
    _, axes = figures.new()
    values = pd.Series({100: 0.6, 300: 5.0})
    classes = [h.get_label() for h in _draw_classes(axes, zones, values, GAIN)]
    missing = _draw_missing(axes, zones, values, failed={400})
    assert "0.6 to 0.7 (1)" in classes and "1.2 and above (1)" in classes
    assert [h.get_label() for h in missing] == ["not solved (1)", "solve failed (1)"]
    assert len({h.get_hatch() for h in missing}) == 2


def test_map_files_and_errors(layers, tmp_path):
    meta, values = {"synthetic": True, "stand_in_zones": True}, pd.Series({100: 1.0, 200: -1.0})
    provenance = {"config_hash": "h", "code_version": "v"}
    written = zone_map(values, set(), layers, DIFFERENCE, tmp_path / "map", provenance, meta)
    assert [p.name for p in written] == ["map.pdf", "map.png"] and all(p.stat().st_size for p in written)
    with pytest.raises(DataError, match="no polygon for zone 999 .1 in all"):
        zone_map(pd.Series({999: 1.0}), set(), layers, DIFFERENCE, tmp_path / "m", provenance, meta)
    (tmp_path / "zones.gpkg").write_bytes(b"SQLite format 3 cut")
    with pytest.raises(DataError, match="zones.gpkg: cannot be read as a GeoPackage"):
        read_layers(tmp_path / "zones.gpkg")
    assert isinstance(layers[0], gpd.GeoDataFrame)
