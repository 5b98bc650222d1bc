"""Constrained-efficient specialization and the map's classes (regspec.results.efficient, maps)."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from results_run import write_map
from run_folder import layout_at

from regspec.config.config import Config
from regspec.errors import DataError
from regspec.exhibits import figures
from regspec.exhibits.registry import Exhibit
from regspec.exhibits.writer import ExhibitWriter
from regspec.results.efficient import efficient_specialization, moments
from regspec.results.efficient_map import DIFFERENCE
from regspec.results.inputs import ModelInputs
from regspec.results.maps import Scale, _draw_classes, _draw_missing, read_layers, zone_map
from regspec.results.welfare_map import GAIN


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
    (tmp_path / "data").mkdir()
    write_map(tmp_path / "data/zones.gpkg", [100, 200, 300, 400])
    return read_layers(tmp_path / "data/zones.gpkg")


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
    inputs = ModelInputs(
        config=Config(),
        layout=layout_at(tmp_path),
        writer=ExhibitWriter(tmp_path, {"config_hash": "h", "code_version": "v"}, True),
        meta={"stand_in_zones": True},
        **dict.fromkeys(("paths", "solutions", "specialization", "design", "outcomes"), pd.DataFrame()),
        exhibit=Exhibit("Q5", "Map", "results.efficient_map", figures=("map",)),
    )
    zone_map(inputs, pd.Series({100: 1.0, 200: -1.0}), set(), DIFFERENCE)
    assert all((tmp_path / name).stat().st_size for name in ("map.pdf", "map.png"))
    with pytest.raises(DataError, match="no polygon for zone 999 .1 in all"):
        zone_map(inputs, pd.Series({999: 1.0}), set(), DIFFERENCE)
    (tmp_path / "data/zones.gpkg").write_bytes(b"SQLite format 3 cut")
    with pytest.raises(DataError, match="zones.gpkg: cannot be read as a GeoPackage"):
        read_layers(tmp_path / "data/zones.gpkg")
    assert isinstance(layers[0], gpd.GeoDataFrame)
