"""The real panel as read: sizes, map and productivity against independent measurements (docs/data.md)."""

import json
import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import yaml
from repository import ROOT

from regspec.config.config import Config
from regspec.data.accounts import group_tfp
from regspec.data.build import build
from regspec.data.panel import ACCOUNTS, MAP
from regspec.io.raw_tables import read_csv
from regspec.io.run_tables import read_table

FOLDER = os.environ.get("REGSPEC_DATA")
pytestmark = pytest.mark.skipif(
    not FOLDER or not (Path(FOLDER) / "cz_industry.csv").is_file(),
    reason="REGSPEC_DATA is unset or has no cz_industry.csv (the real panel)",
)
EXAMPLE = ROOT / "config" / "examples" / "real_panel.yaml"


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("panel") / "data"
    build(Config.model_validate(yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))), folder, "abc123")
    return folder


@pytest.fixture(scope="module")
def zones(out):
    return gpd.read_file(out / "zones.gpkg", layer="zones")


def test_the_panel_has_722_zones_8_industries_and_7_years(out):
    industry = read_table(out / "industry.parquet", "industry")
    sizes = industry[["zone", "year", "industry"]].nunique().tolist()
    assert sizes == [722, 7, 8] and len(industry) == 40_432
    meta = json.loads((out / "meta.json").read_text(encoding="utf-8"))
    assert meta["synthetic"] is False and meta["stand_in_zones"] is False and meta["truth"] is None


def test_dissolved_counties_are_the_zones_of_the_panel(out, zones):
    panel = read_table(out / "industry.parquet", "industry")["zone"].unique()
    assert len(zones) == 722 and set(zones["zone"]) == set(panel)
    assert shapely.coverage_is_valid(zones.geometry.to_numpy())


def test_areas_agree_with_the_panels_own(zones):
    raw = pd.read_csv(Path(FOLDER) / "cz_controls.csv").query("year == 1950").set_index("cz")["area"]
    ratio = zones.set_index("zone").area / 1e6 / raw
    # The map counts water inside county borders, the panel partly does not.
    assert ratio.median() == pytest.approx(1, abs=0.03) and (np.abs(np.log(ratio)) < 0.1).mean() > 0.8


def test_states_of_the_map_agree_with_the_panels(out, zones):
    states = gpd.read_file(out / "zones.gpkg", layer="states").set_index("state").geometry
    controls = read_table(out / "controls.parquet", "controls").query("year == 1950").set_index("zone")
    home = states.loc[controls["state"]].to_numpy()
    overlap = shapely.area(shapely.intersection(zones.set_index("zone").loc[controls.index].geometry, home))
    assert (overlap > 0).mean() > 0.99


@pytest.mark.parametrize(
    ("measure", "mean_sigma", "low", "high"), [("TFPGO", 0.021, 0.007, 0.05), ("TFPVA", 0.038, 0.009, 0.09)]
)
def test_productivity_of_17_groups(measure, mean_sigma, low, high):
    """Log-linear trend, AR(1): rho .65-1.01 and mean sigma .021 (gross output) or .038 (value added)."""
    accounts = read_csv(Path(FOLDER) / ACCOUNTS, "panel_accounts")
    groups = read_csv(Path(FOLDER) / MAP, "panel_industry_map").set_index("industry_id")["group17"]
    wide = np.log(group_tfp(accounts, groups, measure, ACCOUNTS).pivot(index="year", columns="industry", values="tfp"))
    t = np.arange(len(wide))
    u = wide.to_numpy() - np.array([np.polyval(np.polyfit(t, wide[name], 1), t) for name in wide]).T
    rho = (u[1:] * u[:-1]).sum(axis=0) / (u[:-1] ** 2).sum(axis=0)
    sigma = (u[1:] - rho * u[:-1]).std(axis=0, ddof=1)
    assert wide.shape == (77, 17) and 0.64 < rho.min() and rho.max() < 1.02
    assert sigma.mean() == pytest.approx(mean_sigma, abs=1e-3)
    assert low < sigma.min() + 5e-4 and sigma.max() < high


def test_interest_rate(out):
    rate = read_table(out / "interest.parquet", "interest")["rate"].to_numpy()
    x = np.column_stack([np.ones(len(rate) - 1), rate[:-1]])
    (_, rho), residual, *_ = np.linalg.lstsq(x, rate[1:], rcond=None)
    assert rate.mean() == pytest.approx(0.0132, abs=1e-4) and rho == pytest.approx(0.70, abs=0.01)
    assert np.sqrt(residual[0] / (len(rate) - 3)) == pytest.approx(0.0158, abs=2e-4)
