"""County income of the BEA as read: the nation's totals, all zones, growth on specialization (docs/counties.md)."""

import os
from pathlib import Path

import pytest
import yaml
from repository import ROOT

from regspec.config.config import Config
from regspec.data.counties.build import build as build_counties
from regspec.data.counties.income import read_income
from regspec.data.panel import read_panel
from regspec.empirics.exhibits.counties import income_growth
from regspec.workflow.checks import _mapped_zones

FOLDER = os.environ.get("REGSPEC_DATA")
FILE = "raw/CAINC1__ALL_AREAS_1969_2019.csv"
pytestmark = pytest.mark.skipif(
    not FOLDER or not (Path(FOLDER) / FILE).is_file() or not (Path(FOLDER) / "cz_industry.csv").is_file(),
    reason=f"REGSPEC_DATA is unset or has no {FILE} or no cz_industry.csv",
)
EXAMPLE = ROOT / "config" / "examples" / "real_panel.yaml"


@pytest.fixture(scope="module")
def config():
    content = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    content["data"]["counties"] = {"income": {"file": FILE, "windows": [[1980, 2019], [1990, 2019]]}}
    return Config.model_validate(content)


@pytest.fixture(scope="module")
def table(config):
    return build_counties(config).tables["county_income"]


def test_every_zone_has_every_year(table):
    assert table["zone"].nunique() == 722 and len(table) == 722 * 51
    assert (table["year"].min(), table["year"].max()) == (1969, 2019)


def test_zones_add_up_to_the_nation_without_alaska_and_hawaii(config, table):
    areas = read_income(Path(FOLDER) / FILE, config.data.counties.income).set_index(["fips", "year"])
    sums = table.groupby("year")[["income", "population"]].sum()
    for name in sums:
        expected = areas[name].xs(0) - areas[name].xs(2000) - areas[name].xs(15000)
        assert sums[name].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-6)


def test_income_agrees_with_wages_of_the_census_panel(config, table):
    """An independent source of the same zones: log hourly wages (census) and log personal income per capita (BEA)."""
    controls = read_panel(config, set(_mapped_zones(config))).controls
    both = controls.merge(table, on=["zone", "year"])
    both["bea"] = both["income"] / both["population_y"]
    correlation = both.groupby("year").apply(lambda f: f["log_income"].corr(f["bea"]), include_groups=False)
    assert correlation.index.tolist() == [1970, 1980, 1990, 2000, 2010] and correlation.min() > 0.5


@pytest.mark.parametrize(("window", "estimate", "se"), [([1980, 2019], 0.277, 0.122), ([1990, 2019], 0.013, 0.100)])
def test_growth_on_the_gini_of_eight_industries(config, table, window, estimate, se):
    panel = read_panel(config, set(_mapped_zones(config)))
    fit = income_growth(config, table, panel.industry, panel.controls, window)["growth"]
    assert fit.n == 722
    assert fit.estimate("specialization") == pytest.approx(estimate, abs=1e-3)
    assert fit.se("specialization") == pytest.approx(se, abs=1e-3)
