"""Reasons in words for what would run: changed params of rules, and changed inputs of solves."""

import h5py
import pytest
from one_zone import config, content, national, zone
from snakemake.common.tbdstring import TBDString

from regspec.config.config import Config
from regspec.io.provenance import write_json
from regspec.layout import Layout
from regspec.solves.key import solution_key
from regspec.solves.settings import solve_settings
from regspec.solves.solution_writer import SolveIdentity
from regspec.workflow import reasons
from regspec.workflow.reasons import PRESENT, Solves, changed_params, differences, solve_lines


def test_differences_name_leaves_with_both_values():
    old = {"a": {"b": 1, "c": [1, 2]}, "d": "x"}
    assert differences(old, old) == []
    assert differences(old, {"a": {"b": 2, "c": [1, 2]}, "d": "x", "e": None}) == ["a.b: 1 -> 2"]
    assert differences({"a": {"b": 1}}, {"a": {}}) == ["a.b: 1 -> none"]
    assert differences(old["a"], {"b": 1, "c": [3]}, "model.") == ["model.c: [1, 2] -> [3]"]


def test_params_of_a_rule_in_words():
    old = {"results": {"bootstrap": 99}, "sources": {"a.py": "1", "b.py": "2"}}
    new = {"results": {"bootstrap": 120}, "sources": {"a.py": "1", "b.py": "3", "c.py": "4"}}
    found = changed_params([repr(old), "'digest'"], {"depends": new, "fingerprint": "other"})
    assert found == ["results.bootstrap: 99 -> 120", "code: b.py, c.py", "the solver's code or its libraries changed"]
    assert changed_params([], {"depends": {"sources": {"a.py": "1"}}}) == ["code: a.py"]
    assert changed_params([repr({"sources": "digest of an older version"})], {"depends": {"sources": {"a.py": "1"}}})


@pytest.mark.parametrize(
    ("zones", "now", "words"),
    [
        ("1", {"baseline": "a", "tight": "b", "wide": "c"}, ["scenarios added: wide"]),
        ("1", {"baseline": "a"}, ["scenarios removed: tight"]),
        ("1", {"baseline": "x", "tight": "b"}, ["levels of the zones changed"]),
        (
            "1",
            {"wide": "c", "baseline": "x"},
            ["scenarios added: wide", "scenarios removed: tight", "levels of the zones changed"],
        ),
        ("2", {"baseline": "x", "tight": "y"}, ["the zones of the run changed"]),
    ],
)
def test_scenarios_zones_and_levels_are_told_apart(zones, now, words):
    recorded = {"zones": "1", "levels": {"baseline": "a", "tight": "b"}}
    other = {"results": {"bootstrap": 99}, "sources": {"a.py": "1"}}
    assert changed_params([repr(other), repr(recorded)], {"levels": {"zones": zones, "levels": now}}) == words


def test_a_param_that_waits_for_the_calibration_is_no_reason():
    assert changed_params(["'digest'"], {"levels": TBDString(), "calibration": TBDString()}) == []


def test_levels_recorded_by_an_older_version_are_told():
    assert changed_params(["'digest'"], {"levels": {"zones": "1", "levels": {}}}) == ["levels of the zones changed"]


@pytest.fixture
def solved(tmp_path, monkeypatch):
    """A function that writes the solution of zone 7 under a configuration, and its layout."""
    layout = Layout(config(run__directory=str(tmp_path)))
    write_json(layout.national, national().record())
    write_json(layout.zone_json(7), zone().record())

    def write(settings: Config, at=None, nation=None):
        at, nation = at or zone(), nation or national()
        path = layout.solution("baseline", 7)
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w") as file:
            own = solve_settings(settings, "baseline")
            file.attrs.update(SolveIdentity(at, "baseline", own, solution_key(at, nation, own), "hash", 1).attributes())
            file.attrs["status"] = "solved"
            file["ce/k"] = [at.shares]
        return path

    return write, layout


def reason(layout, settings=None):
    return Solves(settings or config(), layout).reason("baseline", 7)


def test_present_solution_and_none(solved):
    write, layout = solved
    assert reason(layout) == "not solved yet"
    write_json(layout.failure("baseline", 7), {"message": "no", "kind": "other"})
    assert reason(layout) == "failed before; will be retried"
    write(config())
    assert reason(layout) == PRESENT


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("model__parameters__theta", 0.31, "model.parameters.theta: 0.31 -> 0.35"),
        ("model__grid__k_steps", 6, "model.grid.k_steps: 6 -> 4"),
        ("model__solver__tolerance", 1e-7, "model.solver.tolerance: 1e-07 -> 1e-06"),
        ("run__seed", 5, "run.seed: 5 -> "),
        ("model__parameters__xi_scale", 0.5, "model.parameters.xi_scale: 0.5 -> 1.0"),
    ],
)
def test_changed_settings_are_named_with_both_values(solved, path, value, words):
    write, layout = solved
    write(config(**{path: value}))
    assert reason(layout).startswith(words) and "," not in reason(layout)


def test_changed_industries_are_named(solved):
    write, layout = solved
    groups = content()["calibration"]["industries"]
    groups["goods"]["phi"] = 1.5
    write(config(calibration__industries=groups))
    assert reason(layout) == "calibration.industries, phi: [1.5, 2.0] -> [1.0, 2.0]"


def test_changed_zone_nation_and_kernels_are_told_apart(solved, monkeypatch):
    write, layout = solved
    write(config(), at=zone([0.36, 0.64]))
    assert reason(layout) == "calibration of the zone (its shares)"
    moved = national()
    moved.u[2, 1] += 1e-9
    write(config(model__parameters__theta=0.31), nation=moved)
    assert reason(layout) == "model.parameters.theta: 0.31 -> 0.35, national processes (productivity or interest)"
    with h5py.File(write(config()), "r+") as file:
        file.attrs.update(kernel_fingerprint="older", key="older")
    assert reason(layout).startswith("kernels (code of the solver or its libraries)")


def test_solution_of_an_older_version_or_a_damaged_one(solved):
    write, layout = solved
    with h5py.File(write(config(), nation=national(rho=[0.1, 0.1])), "r+") as file:
        del file.attrs["settings"]
    assert reason(layout) == "calibration or settings not recorded in its file"
    layout.solution("baseline", 7).write_bytes(b"cut off")
    assert reason(layout) == "solution file damaged"


def test_stored_solutions_are_only_copied(solved):
    write, layout = solved
    write(config(model__parameters__theta=0.31))
    key = solution_key(zone(), national(), solve_settings(config(), "baseline"))
    place = layout.store / key[:2] / f"{key}.h5"
    place.parent.mkdir(parents=True)
    place.touch()
    assert reason(layout) == "model.parameters.theta: 0.31 -> 0.35 (copied from the store)"


def test_lines_are_shared_by_scenarios_with_the_same_reasons():
    groups = {name: {"why": [1, 2, 3, 4, 5, 6], PRESENT: [9]} for name in "abcd"} | {"e": {"other": [1]}}
    assert solve_lines(groups) == [
        "a, b, c and 1 more, 6 zones (1, 2, 3, 4 and 2 more): why",
        f"a, b, c and 1 more, zone 9: {PRESENT}",
        "e, zone 1: other",
    ]
    assert reasons.several("abc", 2) == "a, b and 1 more"
