"""The solve step: files, the store, failures (docs/architecture.md, docs/hpc.md)."""

import json
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from one_zone import YEARS, config, national, write, zone

from regspec.calibration.records import NationalProcesses, ZoneCalibration
from regspec.errors import DataError, ModelFailure
from regspec.io.provenance import code_version
from regspec.model.fingerprint import kernel_fingerprint
from regspec.model.simulation.reach import check_states, reach_of
from regspec.model.solver.time_iteration import Solver
from regspec.results.collect import read_status
from regspec.solves import zone as zone_module
from regspec.solves.key import solution_key
from regspec.solves.settings import solve_settings
from regspec.solves.solution_file import stored
from regspec.solves.step import run_zone

ATTRIBUTES = {
    "zone",
    "scenario",
    "status",
    "message",
    "key",
    "config_hash",
    "code_version",
    "kernel_fingerprint",
    "seconds",
    "ranks",
    "parameters",
    "grid",
    "settings",
    "industries",
    "level",
    "welfare_gain",
}
SERIES = {"year", "Y", "c", "b", "b_next", "q", "eta", "mu", "binding", "tau_b", "k", "k_next", "tau_k"}
EULER = {f"euler_{what}_{stat}_log10" for what in ("bonds", "portfolio") for stat in ("mean", "p99", "max")}
DIAGNOSTICS = (
    {
        "residual_max",
        "binding_share",
        "amplification_max",
        "roots_max",
        "unreachable_states",
        "failed_states",
        "lattice_hits",
        "rescued_states",
        "grid_margin",
        "contraction",
        "sweeps",
        "us_per_state_sweep",
        "value",
    }
    | EULER
    | {f"cloud_{name}" for name in EULER}
)


class Step:
    """`run_zone` in a folder, counting the solves that it starts."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.solves = folder, 0
        self.zone, self.national = write(folder)
        real = zone_module.solve_zone

        def counted(*arguments, **options):
            self.solves += 1
            return real(*arguments, **options)

        monkeypatch.setattr(zone_module, "solve_zone", counted)

    def __call__(self, scenario="baseline", settings=None, name="out.h5", config_hash="abc", **options):
        self.output = self.folder / name
        arguments = (self.zone, self.national, settings or config(), scenario, self.output, self.folder / "store", config_hash)
        status, key = run_zone(*arguments, **options)
        inputs = ZoneCalibration.read(self.zone), NationalProcesses.read(self.national)
        assert key == solution_key(*inputs, solve_settings(arguments[2], scenario))
        return status

    def place(self, scenario="baseline"):
        key = solution_key(zone(), national(), solve_settings(config(), scenario))
        return self.folder / "store" / key[:2] / f"{key}.h5"


@pytest.fixture
def step(tmp_path, monkeypatch):
    return Step(tmp_path, monkeypatch)


def datasets(path):
    with h5py.File(path) as file:
        return {f"{g}/{n}": file[g][n][()] for g in file for n in file[g]}


def test_a_solution_file_is_complete(step):
    assert step() == "solved"
    with h5py.File(step.output) as file:
        assert set(file.attrs) == ATTRIBUTES | {"attempts"} and file.attrs["attempts"] == 1
        assert file.attrs["status"] == "solved" and file.attrs["message"] == ""
        assert (file.attrs["zone"], file.attrs["scenario"], file.attrs["ranks"]) == (7, "baseline", 1)
        assert file.attrs["key"] == solution_key(zone(), national(), solve_settings(config(), "baseline"))
        assert file.attrs["config_hash"] == "abc" and file.attrs["code_version"] == code_version()
        assert file.attrs["kernel_fingerprint"] == kernel_fingerprint()
        assert file.attrs["level"] == pytest.approx(zone().level, rel=1e-12)
        assert json.loads(file.attrs["industries"]) == ["goods", "services"]
        assert json.loads(file.attrs["parameters"])["gamma"] == 2.0 and json.loads(file.attrs["grid"])["k_steps"] == 4
        assert set(file) == {"ce", "planner"}
        for group in (file["ce"], file["planner"]):
            assert SERIES <= set(group) and DIAGNOSTICS <= set(group.attrs)
            assert group["year"][()].tolist() == list(range(1950, 1951 + YEARS))
            for name in SERIES:
                assert group[name].shape == ((YEARS + 1, 2) if name in ("k", "k_next", "tau_k") else (YEARS + 1,))
                assert np.all(np.isfinite(group[name]))
            assert group["binding"].dtype == bool
            assert group.attrs["failed_states"] == 0 and group.attrs["residual_max"] <= 1e-8
        gain = file["planner"].attrs["value"] / file["ce"].attrs["value"] - 1
        assert file.attrs["welfare_gain"] == pytest.approx(gain, rel=1e-12) and gain > 0


def test_the_path_is_an_equilibrium(step):
    """docs/model.md, sections 2 and 4: accounting, the limit, its multiplier, and the price along the simulated path."""
    step()
    settings, data = config(), datasets(step.output)
    kappa = settings.model.parameters.theta * settings.model.parameters.chi
    record = national()
    a, phi = np.array([0.4, 0.55]), np.array([1.0, 2.0])
    z = zone().shares ** (1.0 - a) * np.exp(record.trend + record.u)
    for group in ("ce", "planner"):
        path = {name.partition("/")[2]: values for name, values in data.items() if name.startswith(group)}
        k, k_next = path["k"], path["k_next"]
        np.testing.assert_allclose(k[0], zone().shares, rtol=1e-12)
        np.testing.assert_allclose(k[1:], k_next[:-1], rtol=1e-12)
        np.testing.assert_allclose(path["b"][1:], path["b_next"][:-1], rtol=1e-12)
        np.testing.assert_allclose(k_next.sum(axis=1), 1.0, rtol=1e-12)
        np.testing.assert_allclose(path["Y"], (z * k**a).sum(axis=1), rtol=1e-12)
        spent = (phi / 2 * (k_next / k - 1) ** 2 * k).sum(axis=1)
        np.testing.assert_allclose(path["c"], path["Y"] - spent + path["b"] - path["b_next"] / 1.013, rtol=1e-9)
        gap = path["b_next"] / 1.013 + kappa * path["q"]
        assert np.all(gap > -1e-8)
        np.testing.assert_allclose(gap[path["binding"]], 0.0, atol=1e-8)
        assert np.all(path["eta"][~path["binding"]] == 0.0) and np.all(path["eta"] >= 0) and np.all(path["mu"] >= -1e-8)
        if group == "ce":
            np.testing.assert_allclose(path["tau_k"], 0.0, atol=1e-8)
            np.testing.assert_allclose(path["tau_b"], 0.0, atol=1e-8)
        else:
            assert np.abs(path["tau_k"]).max() > 0.01
            assert np.all(path["tau_b"] > -1e-6) and np.all(path["tau_b"][path["binding"]] > 1e-3)  # it does not jump (3.10)


def test_a_scenario_without_planner_has_no_plan(step):
    assert step("market") == "solved"
    with h5py.File(step.output) as file:
        assert set(file) == {"ce"} and np.isnan(file.attrs["welfare_gain"])


def test_a_stored_solution_is_not_solved_again(step):
    step("market")
    first = datasets(step.output)
    assert step("market", name="again.h5", config_hash="def") == "stored"
    assert step.solves == 1
    second = datasets(step.output)
    assert first.keys() == second.keys() and all(np.array_equal(first[n], second[n]) for n in first)
    with h5py.File(step.output) as file, h5py.File(step.place("market")) as source:
        assert file.attrs["config_hash"] == "def" and source.attrs["config_hash"] == "abc"


def test_a_scenario_with_the_content_of_another_has_its_own_name_on_the_stored_solution(step):
    """A cell of a sweep, say, whose values are those of the configuration; `collect` refuses a file of another scenario."""
    step("market")
    settings = config()
    settings.scenarios["same"] = settings.scenarios["market"]
    assert step("same", settings, name="cell.h5") == "stored" and step.solves == 1
    status = read_status(step.output)
    assert (status.scenario, status.zone, status.status) == ("same", 7, "solved")
    assert read_status(step.place("market")).scenario == "market"


def test_a_file_that_is_in_its_place_is_not_touched(step):
    step("market")
    before = step.output.read_bytes(), step.output.stat().st_mtime_ns
    assert step("market", config_hash="def") == "present"
    assert (step.output.read_bytes(), step.output.stat().st_mtime_ns) == before and step.solves == 1


@pytest.mark.parametrize("damage", ["truncated", "empty", "other key", "no group"])
def test_a_damaged_stored_solution_is_solved_again(step, damage):
    step("market")
    before, place = datasets(step.output), step.place("market")
    if damage in ("truncated", "empty"):
        content = place.read_bytes()
        place.write_bytes(content[: len(content) // 2] if damage == "truncated" else b"")
    else:
        with h5py.File(place, "r+") as file:
            if damage == "no group":
                del file["ce"]
            else:
                file.attrs["key"] = "0" * 24
    key = solution_key(zone(), national(), solve_settings(config(), "market"))
    assert not stored(place, key)
    step.output.unlink()
    assert step("market") == "solved" and step.solves == 2
    assert stored(place, key)
    after = datasets(step.output)
    assert all(np.array_equal(before[n], after[n]) for n in before)
    assert sorted(p.name for p in place.parent.iterdir()) == [place.name]


ILL_POSED = {"model__parameters__chi": 1.0, "model__parameters__gamma": 5.0, "model__solver__max_sweeps": 60}


def test_a_failure_of_the_model_writes_nothing_and_says_why(step):
    with pytest.raises(ModelFailure, match=r"zone 7, scenario market") as caught:
        step("market", config(**ILL_POSED))
    assert "theta chi" in str(caught.value) and "gamma" in str(caught.value)
    assert caught.value.exit_code == 3
    assert not step.output.exists() and not list((step.folder / "store").rglob("*.h5"))


def test_a_failure_can_be_recorded(step):
    settings = config(**ILL_POSED)
    assert step("market", settings, on_failure="record") == "failed"
    with h5py.File(step.output) as file:
        assert set(file.attrs) == ATTRIBUTES | {"failure"} and not list(file)
        assert file.attrs["status"] == "failed" and "gamma" in file.attrs["message"]
        assert np.isnan(file.attrs["level"]) and np.isnan(file.attrs["welfare_gain"])
        assert not stored(step.output, file.attrs["key"])
    assert not list((step.folder / "store").rglob("*.h5"))
    assert step("market", settings, on_failure="record") == "failed" and step.solves == 2


def test_progress_is_written_while_solving(step):
    progress = step.folder / "logs" / "7.jsonl"
    step("market", progress=progress)
    events = [json.loads(line) for line in progress.read_text(encoding="utf-8").splitlines()]
    assert events[0]["stage"] == "tail" and events[0]["allocation"] == "ce" and events[0]["sweep"] == 1
    assert all(e["distance"] >= 0 for e in events)


@pytest.mark.parametrize("text", [None, "{", "\x00"])
def test_unreadable_calibration_files_are_named(step, text):
    if text is None:
        step.zone.unlink()
    else:
        step.zone.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"7\.json: not a readable calibration file(.|\n)*regspec calibrate"):
        step("market")


def test_unpatient_interest_rates_are_refused(step):
    with pytest.raises(ModelFailure, match=r"beta R = 1\.0"):
        step("market", config(model__parameters__beta=0.99))


def test_states_without_equilibrium_count_only_where_they_can_be_reached():
    """docs/model.md, section 5: beyond the largest debt that any policy reaches they are counted, within it an error."""
    from economies import economy, solve

    solution = solve(economy(steps=4), False, tolerance=1e-6)
    solver, tail = solution.solver, solution.tail
    years = [tail, tail, tail]
    reach = reach_of(solver, years)
    assert reach.lowest == [tail.pol[..., -1].min()] * 3
    bonds, low, high = solution.bonds(), reach.lowest[0], reach.highest[0]
    assert low < solver.problem.b0 <= high < bonds.max()
    deep, rich, shallow = (
        np.argwhere(here)[0] for here in (bonds < low - 0.01, bonds > reach.highest[-1] + 0.2, bonds > low + 0.01)
    )
    for unreachable in (deep, rich):
        tail.failed[tuple(unreachable)] = 1
    assert check_states(solver, years, reach) == 6
    tail.failed[tuple(shallow)] = 1
    with pytest.raises(ModelFailure, match=r"no equilibrium at the reachable state b = .*kappa = theta chi") as caught:
        check_states(solver, years, reach)
    assert f"exogenous state {shallow[1]}" in str(caught.value) and caught.value.kind == "no_equilibrium"


def test_welfare_gain_is_a_ratio_of_certainty_equivalents():
    """M9."""
    both = [SimpleNamespace(value=v) for v in (0.98, 0.9947)]
    assert zone_module.ZoneSolution(*both).welfare_gain == pytest.approx(0.015)
    assert np.isnan(zone_module.ZoneSolution(both[0], None).welfare_gain)


def cycling(monkeypatch, planner, attempts):
    """Make the tail of the planner or the market fail in the first ``attempts`` attempts; returns their corners."""
    seen, real = [], Solver.stationary

    def stationary(self, *arguments, **options):
        if self.planner == planner:
            seen.append(self.problem.corners[0].copy())
            if len(seen) <= attempts:
                raise ModelFailure("the stationary tail cycles", "not_converged")
        return real(self, *arguments, **options)

    monkeypatch.setattr(Solver, "stationary", stationary)
    return seen


def test_planner_that_cycles_gets_another_lattice(monkeypatch):
    """docs/numerics.md: a second attempt."""
    seen = cycling(monkeypatch, True, 1)
    solution = zone_module.solve_zone(zone(), national(), solve_settings(config(), "baseline"))
    assert len(seen) == 2
    assert np.all(np.linalg.solve(seen[1].T, seen[0].T) > 0)  # the second holds the first
    assert solution.welfare_gain > 0.0


@pytest.mark.parametrize(("planner", "attempts"), [(True, 6), (False, 3)])
def test_one_that_always_cycles_is_an_error(monkeypatch, planner, attempts):
    seen = cycling(monkeypatch, planner, 99)
    with pytest.raises(ModelFailure, match="cycles"):
        zone_module.solve_zone(zone(), national(), solve_settings(config(), "baseline"))
    assert len(seen) == attempts
