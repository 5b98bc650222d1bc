"""Sweeps: names of cells, what they override, their exhibits, and that one cell does not touch another."""

import numpy as np
import pandas as pd
import pytest
from results_run import make_config

from regspec.config.config import Config
from regspec.config.reading import load_config
from regspec.config.scenarios import SolveName
from regspec.errors import ConfigError
from regspec.exhibits.writer import ExhibitWriter
from regspec.io.provenance import write_json
from regspec.layout import Layout
from regspec.results.friction import friction_share
from regspec.results.slopes import columns
from regspec.solves.batch import zones_of
from regspec.studies.sweeps import draw
from regspec.studies.sweeps.cells import cell_table

GRID = {"axes": {"theta": [0.3, 0.4], "xi_scale": [0.5, 1.0]}}


def config(**sweep):
    return make_config(sweeps={"s": {**GRID, **sweep}})


def test_a_cell_overrides_the_base_and_the_scenario_overrides_the_cell():
    found = make_config(
        sweeps={"s": {"cells": {"loose": {"limit": "fixed", "theta": 0.5}}}},
        scenarios={"baseline": {}, "free": {"parameters": {"limit": "natural"}, "planner": False}},
    )
    assert found.solve_names("s") == ["s-loose-baseline", "s-loose-free"]
    assert found.scenario_parameters("s-loose-baseline").limit == "fixed"
    assert found.scenario_parameters("s-loose-free").limit == "natural"
    assert found.scenario_parameters("s-loose-free").theta == 0.5
    assert not found.scenario("s-loose-free").planner


def test_names_say_the_values_so_that_another_cell_changes_none():
    few, more = config(), config(axes={"theta": [0.3, 0.35, 0.4], "xi_scale": [0.5, 1.0]})
    assert set(few.solve_names("s")) < set(more.solve_names("s"))
    for name in few.solve_names("s"):
        assert few.scenario_parameters(name) == more.scenario_parameters(name)
    assert few.solve_names("s")[0] == "s-theta_0.3-xi_scale_0.5-baseline"


@pytest.mark.parametrize(
    "name",
    [
        SolveName(None, None, "no_collateral"),
        SolveName("s", "loose", "baseline"),
        SolveName("s", "theta_0.3-xi_scale_0.5", "baseline"),
        SolveName("s", "shift_-0.3-xi_scale_1e-05", "free"),
    ],
)
def test_a_name_is_read_from_its_folder(name):
    assert SolveName.of(str(name)) == name


@pytest.mark.parametrize(
    "name", ["s-theta_0.3-baseline", "s-theta_0.3-xi_scale_0.5-other", "t-theta_0.3-xi_scale_0.5-baseline", "x"]
)
def test_an_unknown_name_is_an_error(name):
    with pytest.raises(ConfigError, match="unknown; scenarios: baseline"):
        config().scenario(name)


@pytest.mark.parametrize(
    ("sweep", "text"),
    [
        ("{axes: {theta: [0.3, 1.4]}}", "1.4"),
        ("{axes: {thetaa: [0.3]}}", "thetaa"),
        ("{axes: {theta: [0.3, 0.3]}}", "twice"),
        ("{axes: {theta: [0.3]}, cells: {a: {theta: 0.4}}}", "either axes or cells"),
        ("{axes: {theta: [0.3]}, scenarios: [other]}", "'other' is not one of"),
        ("{axes: {theta: [0.3]}, zone: 3}", "did you mean 'zones'"),
    ],
)
def test_a_wrong_sweep_is_a_short_error_before_anything_runs(tmp_path, sweep, text):
    path = tmp_path / "c.yaml"
    path.write_text(f"sweeps:\n  s: {sweep}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_config(path)
    assert text in str(error.value)
    assert len(str(error.value).splitlines()) <= 5


def test_a_sweep_takes_a_stratified_part_of_the_zones(tmp_path):
    found = config(zones=3).model_copy(update={"run": Config().run.model_copy(update={"directory": str(tmp_path)})})
    layout = Layout(found)
    assert zones_of(found, layout, "baseline") == []
    write_json(layout.zone_list, {"zones": list(range(1, 10)), "gini": [z / 10 for z in range(1, 10)]})
    some = zones_of(found, layout, "s-theta_0.3-xi_scale_0.5-baseline")
    assert zones_of(found, layout, "baseline") == list(range(1, 10))
    assert len(some) == 3 and [(z - 1) // 3 for z in some] == [0, 1, 2]


def test_a_list_of_zones_of_an_older_version_counts_as_not_made(tmp_path):
    found = config().model_copy(update={"run": Config().run.model_copy(update={"directory": str(tmp_path)})})
    layout = Layout(found)
    write_json(layout.zone_list, {"zones": [3, 7]})
    assert layout.zone_ids() == [] and zones_of(found, layout, "baseline") == []


class Stub:
    """Paths, solutions and a design of two cells, with known slopes of growth: -1 and -2, of which .25 is the friction's."""

    def __init__(self):
        rng = np.random.default_rng(0)
        self.config = make_config(sweeps={"s": {"axes": {"theta": [0.3, 0.4]}}})
        zones = pd.RangeIndex(1, 31, name="zone")
        x = pd.Series(np.linspace(0.2, 0.6, 30), zones)
        self.design = pd.DataFrame({n: rng.normal(size=30) for n in columns(self.config.empirics, "all controls", True)}, zones)
        self.design["specialization"] = x
        self.values = {}
        for cell, slope in (("theta_0.3", -1.0), ("theta_0.4", -2.0)):
            noise = 0.01 * rng.normal(size=30)
            self.values[f"s-{cell}-baseline"] = slope * x + noise
            self.values[f"s-{cell}-no_collateral"] = 0.75 * slope * x + noise
        keys = [(name, zone) for name in self.values for zone in zones]
        self.solutions = pd.DataFrame(keys, columns=["scenario", "zone"]).assign(
            status="solved", message="", allocation="ce", welfare_gain=np.nan, binding_share=0.5, amplification_max=0.3
        )
        self.status = self.solutions[["scenario", "zone", "status", "message"]]
        self.paths = self.solutions[["scenario", "zone", "allocation"]].assign(year=1950, b=-0.2, Y=2.0)

    def zones(self, status, scenario):
        return list(self.design.index) if status == "solved" else []

    def path(self, scenario, allocation, variable):
        return pd.DataFrame({1950: self.values[scenario]}) if allocation == "ce" else pd.DataFrame()

    def growth(self, scenario, allocation, start, end):
        return self.values[scenario].rename("growth")

    def level(self, scenario, allocation, year):
        return -self.values[scenario].rename("level")


def test_the_table_has_each_cells_own_slopes_and_share():
    stub = Stub()
    table = cell_table(stub, "s").set_index(["cell", "right_hand_side"])
    for cell, slope in (("theta_0.3", -1.0), ("theta_0.4", -2.0)):
        row = table.loc[(cell, "all controls")]
        assert row["growth"] == pytest.approx(slope, abs=0.08) and row["growth_low"] < row["growth"] < row["growth_high"]
        assert row["level"] == pytest.approx(-row["growth"], rel=0.05)  # another design: no initial income
        design = stub.design[columns(stub.config.empirics, "all controls", True)]
        both = tuple(stub.values[f"s-{cell}-{name}"] for name in ("baseline", "no_collateral"))
        own = friction_share({70: both}, design, 0.95, 99, stub.config.run.seed)[0].share
        assert row["share_no_collateral_70"] == own.ratio == pytest.approx(0.25, abs=0.02)
        assert row["share_no_collateral_70_low"] <= own.ratio <= row["share_no_collateral_70_high"]
        assert row["debt"] == pytest.approx(0.1) and np.isnan(row["planner_growth"]) and row["solved"] == 30


def test_figures_of_one_and_two_axes_are_written(tmp_path):
    table = cell_table(Stub(), "s")
    rhs, own = draw.estimated_rows(table)
    assert rhs == "all controls" and len(own) == 2
    writer = ExhibitWriter(tmp_path, {}, True)
    draw.points(writer, "one", own, "theta", "title")
    two = pd.concat([own.assign(chi=0.1), own.assign(chi=0.2, growth=np.nan)])
    draw.heat_maps(writer, "two", two, ["theta", "chi"], "title")
    files = list(tmp_path.iterdir())
    assert all(path.stat().st_size > 1000 for path in files) and len(files) == 4
