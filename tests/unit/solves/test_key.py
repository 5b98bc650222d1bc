"""What the content key of a solution covers, and what it does not (docs/hpc.md)."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest
from one_zone import config, content, national, zone

from regspec.calibration.records import NationalProcesses, ZoneCalibration
from regspec.calibration.technology import Technology
from regspec.config.config import Config
from regspec.config.model import Grid, Parameters, Solver
from regspec.model.fingerprint import kernel_fingerprint
from regspec.solves.key import solution_inputs, solution_key, solution_keys
from regspec.solves.problem import build_problem
from regspec.solves.settings import SolveSettings, solve_settings


def key(settings=None, scenario="baseline", at=None, nation=None):
    return solution_key(at or zone(), nation or national(), solve_settings(settings or config(), scenario))


def test_key_is_a_digest_of_plain_data():
    assert len(key()) == 24 and int(key(), 16) >= 0
    assert key() == key()
    inputs = solution_inputs(zone(), national(), solve_settings(config(), "baseline"))
    assert json.loads(json.dumps(inputs)) == inputs
    assert inputs["kernels"] == kernel_fingerprint()


@pytest.mark.parametrize(
    "path",
    [
        "model__parameters__theta",
        "model__parameters__chi",
        "model__parameters__gamma",
        "model__parameters__beta",
        "model__parameters__alpha",
        "model__parameters__xi_scale",
        "model__parameters__phi_scale",
        "model__solver__tolerance",
    ],
)
def test_parameters_change_the_key(path):
    changed = config(**{path: {"gamma": 3.1, "tolerance": 1e-7}.get(path.rsplit("__", 1)[1], 0.31)})
    assert key(changed) != key()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("model__grid__k_steps", 6),
        ("model__grid__b_fine", 44),
        ("model__grid__u_nodes", 3),
        ("model__grid__b_below", 5),
        ("model__parameters__limit", "fixed"),
        ("model__parameters__collateral_price", "next"),
        ("model__parameters__theta_regimes", {"values": [0.35, 0.35]}),
        ("calibration__interest__nodes", 3),
        ("run__seed", 5),
    ],
)
def test_grid_and_choices_change_the_key(path, value):
    assert key(config(**{path: value})) != key()


def test_the_zone_and_the_nation_change_the_key():
    assert key(at=zone([0.36, 0.64])) != key()
    for name in ("rho", "sigma"):
        assert key(nation=national(**{name: [0.5, 0.5]})) != key()
    moved = national()
    moved.u[2, 1] += 1e-9
    assert key(nation=moved) != key()
    moved = national()
    moved.trend[-1, 0] += 1e-9
    assert key(nation=moved) != key()
    assert key(nation=national(interest={"mean": 0.014, "rho": 0.0, "sigma": 0.0})) != key()
    assert key(nation=national(first_year=1949)) != key()


def test_technology_changes_the_key():
    for name, value in (("xi", 0.12), ("phi", 1.1)):
        groups = content()["calibration"]["industries"]
        groups["goods"][name] = value
        assert key(config(calibration__industries=groups)) != key()


def test_scenarios_differ_by_their_content_not_by_their_name():
    both = config(
        scenarios={"baseline": {}, "again": {}, "market": {"planner": False}, "loose": {"parameters": {"theta": 0.5}}}
    )
    assert key(both, "again") == key(both, "baseline") == key()
    assert len({key(both, s) for s in ("baseline", "market", "loose")}) == 3
    assert key(both, "loose") == key(config(model__parameters__theta=0.5))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("results__bootstrap", 200),
        ("results__horizons", [10]),
        ("results__confidence", 0.9),
        ("compute__ranks", 4),
        ("run__name", "other"),
        ("run__directory", "elsewhere"),
        ("empirics__bins", 10),
        ("model__zones", [7]),
        ("results__missing_zones", "drop"),
    ],
)
def test_what_does_not_determine_a_solution_is_not_in_its_key(path, value):
    assert key(config(**{path: value})) == key()


def test_keys_of_several_zones_are_those_of_each():
    both = config(scenarios={"baseline": {}, "loose": {"parameters": {"theta": 0.5, "xi_scale": 0.7}}})
    zones = [zone(), zone([0.36, 0.64])]
    for scenario in both.scenarios:
        expected = [solution_key(at, national(), solve_settings(both, scenario)) for at in zones]
        assert solution_keys(zones, national(), solve_settings(both, scenario)) == expected and len(set(expected)) == 2


def test_levels_and_notes_are_not_in_the_key():
    """Solutions are in units of the zone's own output; the level is applied when they are gathered."""
    assert key(at=zone(level=3.0, gini_data=0.1)) == key()
    assert key(nation=national(national_share=[0.4, 0.6], notes={"a": 1}, provenance={"b": 2})) == key()


def test_what_is_not_in_the_key_moves_no_number_of_the_problem():
    settings = solve_settings(config(), "baseline")
    own = vars(build_problem(zone(), national(), settings))
    other = vars(build_problem(zone(level=3.0, gini_data=0.1), national(national_share=[0.4, 0.6]), settings))
    assert own.keys() == other.keys()
    for name in own.keys() - {"chain"}:
        np.testing.assert_array_equal(own[name], other[name], err_msg=name)


OTHER = {
    "parameters": Parameters(gamma=2.0, theta=0.31),
    "technology": Technology(0.3, np.array([0.1, 0.26]), np.array([1.0, 2.0])),
    "planner": False,
    "rate_nodes": 3,
    "grid": Grid(k_steps=8),
    "solver": Solver(max_sweeps=70),
    "seed": 5,
}


@pytest.mark.parametrize("name", [field.name for field in fields(SolveSettings)])
def test_every_field_of_the_settings_changes_the_key(name):
    """What the solver can see is what is hashed: a new field without an entry in `OTHER` fails here."""
    settings = solve_settings(config(), "baseline")
    changed = replace(settings, **{name: OTHER[name]})
    assert solution_key(zone(), national(), changed) != solution_key(zone(), national(), settings)


@pytest.mark.parametrize("section", [Parameters, Grid, Solver])
def test_every_key_of_a_section_is_recorded(section):
    record = solve_settings(config(), "baseline").record()[section.__name__.lower()]
    assert set(record) == set(section.model_fields)


@pytest.mark.parametrize(("name", "value"), [("alpha", 0.31), ("xi", np.array([0.1, 0.26])), ("phi", np.array([1.0, 2.1]))])
def test_every_field_of_the_technology_changes_the_key(name, value):
    settings = solve_settings(config(), "baseline")
    changed = replace(settings, technology=replace(settings.technology, **{name: value}))
    assert {field.name for field in fields(Technology)} == {"alpha", "xi", "phi"}
    assert solution_key(zone(), national(), changed) != solution_key(zone(), national(), settings)


def test_order_of_keys_in_the_files_is_irrelevant():
    at = ZoneCalibration.from_record(dict(reversed(zone().record().items())))
    nation = NationalProcesses.from_record(dict(reversed(national().record().items())))
    assert key(at=at, nation=nation) == key()
    assert key(Config.model_validate(dict(reversed(content().items())))) == key()
