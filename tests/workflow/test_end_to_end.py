"""The whole workflow on two zones; what runs again after each kind of change. Tests build on each other."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from small_panel import FILES

ZONES = (1, 56)


@pytest.fixture(scope="module")
def run(copy, finished):
    """A finished run: folder of the tables, configuration, what Snakemake printed."""
    return copy.folder / "tables", copy.folder / "run.yaml", finished[1]


@pytest.fixture
def root(workflow):
    return workflow.folder / "results" / "panel"


def solution(root, zone, scenario="baseline"):
    return root / "solutions" / scenario / f"{zone}.h5"


def test_first_run_solves_every_zone_and_names_its_results(run, root):
    text = run[2].text
    assert "regspec: 2 of 2 solves done" in text
    summary = root / "summary.json"
    assert json.loads(summary.read_text(encoding="utf-8"))["provenance"]["config_hash"]
    assert "results/panel/summary.json" in text.split("is complete")[1]
    for folder in ("tables", "figures", "empirics"):
        assert any((root / folder).iterdir())
        assert f"results/panel/{folder}" in text.split("is complete")[1]
    solved = pd.read_parquet(root / "model" / "solutions.parquet")
    assert sorted(solved["zone"]) == list(ZONES) and set(solved["status"]) == {"solved"}


def test_every_rule_leaves_a_log_and_a_benchmark(run, root):
    for rule in ("data", "empirics", "calibrate", "precompile", "collect", "results"):
        assert (root / "logs" / f"{rule}.log").exists()
        assert (root / "benchmarks" / f"{rule}.tsv").exists()
    assert (root / "logs" / "solve" / "baseline" / "batch_0.log").exists()
    for suffix in ("tsv", "json"):
        assert (root / "benchmarks" / "solve" / "baseline" / f"0.{suffix}").exists()


def test_second_call_does_nothing(workflow, run):
    before = workflow.snapshot()
    again = workflow(run[1])
    assert again.code == 0 and "Nothing to be done" in again.text
    assert workflow.snapshot() == before


def test_the_report_runs_nothing_else(workflow, run, root):
    made = workflow(run[1], "--", "report")
    assert made.code == 0, made.text
    assert made.plan() == {"report": 1, "total": 1}
    text = (root / "report.html").read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>") and "Synthetic data." not in text and 'id="zone-data"' in text
    assert "Nothing to be done" in workflow(run[1], "--", "report").text


def planned(workflow, run, *arguments):
    found = workflow(run[1], "--dry-run", *arguments)
    assert found.code == 0, found.text
    return {rule: count for rule, count in found.plan().items() if rule not in ("all", "total")}


def test_plan_after_a_change_of_the_configuration(workflow, run):
    """Solves, and nothing more than needed, according to dry runs."""
    plan = {
        "results={bootstrap: 120}": {"results": 1},
        "model={parameters: {theta: 0.36}}": {"solve": 2, "collect": 1, "results": 1},
        "scenarios={baseline: {planner: false}, fixed: {planner: false, parameters: {limit: fixed}}}": {
            "solve": 2,
            "collect": 1,
            "results": 1,
        },
        "model={grid: {b_fine: 18}}": {"solve": 2, "collect": 1, "results": 1},
        "compute={ranks: 2}": {},
        # The solves that follow a calibration are not known before it.
        "results={confidence: 0.9}": {"empirics": 1, "calibrate": 1, "collect": 1, "results": 1},
        "model={zones: [1, 4, 56]}": {"calibrate": 1, "collect": 1, "results": 1},
        "run={seed: 7}": {"data": 1, "empirics": 1, "calibrate": 1, "collect": 1, "results": 1},
    }
    for override, expected in plan.items():
        assert planned(workflow, run, "--config", override) == expected, override


def test_a_new_cell_of_a_sweep_runs_its_own_solves_only(workflow, run, root):
    cells = "sweeps={{s: {{axes: {{theta: [{}]}}, scenarios: [baseline]}}}}".format
    done = workflow(run[1], "--config", cells("0.3"), "--", "sweeps")
    assert done.code == 0, done.text
    assert (root / "sweeps" / "s" / "s.png").stat().st_size > 1000
    assert list((root / "solutions").glob("s-theta_0.3-baseline/*.h5"))
    assert set(planned(workflow, run, "--config", cells("0.3"), "--", "sweeps")) <= {"sweeps"}
    assert planned(workflow, run, "--config", cells("0.3, 0.32"), "--", "sweeps") == {"solve": 2, "sweep": 1, "sweeps": 1}
    # Neither the main exhibits nor their solves depend on it.
    assert planned(workflow, run, "--config", cells("0.3, 0.32")) == {}


def test_deleted_exhibit_of_the_data_is_planned(workflow, run, root):
    path = root / "empirics" / "fact1.tex"
    held = path.read_bytes()
    path.unlink()
    plan = planned(workflow, run)
    path.write_bytes(held)
    assert plan["empirics"] == 1 and not {"data", "precompile", "solve"} & set(plan)


def test_exhibits_are_made_anew_without_any_solve(workflow, run, root):
    files = {zone: solution(root, zone).stat().st_mtime_ns for zone in ZONES}
    deleted = root / "figures" / "tradeoff.pdf"
    deleted.unlink()
    assert planned(workflow, run) == {"results": 1}
    edited = workflow(run[1], "--config", "results={bootstrap: 120}")
    assert edited.code == 0
    assert edited.jobs("results") == 1 and edited.jobs("solve") == 0
    assert {zone: solution(root, zone).stat().st_mtime_ns for zone in ZONES} == files
    assert deleted.exists()


def test_another_level_solves_nothing_and_is_collected(workflow, run):
    """Also when the calibration was brought up to date by a call of its own."""
    level = ("--config", "calibration={level: matched}")
    calibrated = workflow(run[1], *level, "--", "calibrate")
    assert calibrated.code == 0, calibrated.text
    assert planned(workflow, run, *level) == {"collect": 1, "results": 1}


def test_edited_rows_of_one_zone_lead_to_one_solve(workflow, run, root):
    folder, config, _ = run
    path = folder / FILES["industry"]
    table = pd.read_csv(path)
    rows = table.index[(table["cz"] == 56) & (table["year"] == 1950)]
    shares = table.loc[rows, "employment_share"].to_numpy()
    table.loc[rows, "employment_share"] = 0.9 * shares + 0.1 * shares[::-1]
    table.to_csv(path, index=False)
    before = {zone: solution(root, zone).read_bytes() for zone in ZONES}
    edited = workflow(config, "--until", "collect")
    assert edited.code == 0, edited.text
    assert edited.jobs("solve") == 1
    assert solution(root, 1).read_bytes() == before[1]
    assert solution(root, 56).read_bytes() != before[56]


def test_zones_of_one_job_are_solved_one_by_one_when_they_change(workflow, run, root):
    """Two zones in a job: the edited one is solved, the other one keeps its file."""
    folder, config, _ = run
    together = ("--until", "collect", "--config", "compute={zones_per_job: 2}")
    before = {zone: (solution(root, zone).read_bytes(), solution(root, zone).stat().st_mtime_ns) for zone in ZONES}
    joined = workflow(config, *together)
    assert joined.code == 0, joined.text
    assert {z: (solution(root, z).read_bytes(), solution(root, z).stat().st_mtime_ns) for z in ZONES} == before
    path = folder / FILES["industry"]
    table = pd.read_csv(path)
    rows = table.index[(table["cz"] == 1) & (table["year"] == 1950)]
    table.loc[rows, "employment_share"] = table.loc[rows, "employment_share"].to_numpy()[::-1]
    table.to_csv(path, index=False)
    edited = workflow(config, *together)
    assert edited.code == 0, edited.text
    log = (root / "logs" / "solve" / "baseline" / "batch_0.log").read_text(encoding="utf-8").splitlines()
    assert log == ["zone 1, scenario baseline: solved", "zone 56, scenario baseline: present"]
    assert solution(root, 56).stat().st_mtime_ns == before[56][1]


def test_deleted_solution_comes_back_when_it_is_needed(workflow, run, root):
    held = solution(root, 1).read_bytes()
    solution(root, 1).unlink()
    again = workflow(run[1], "--until", "collect", "--forcerun", "collect")
    assert again.code == 0, again.text
    assert again.jobs("solve") == 1 and solution(root, 1).read_bytes() == held


def test_lost_run_comes_back_from_the_store(workflow, run, root):
    stored = workflow.snapshot("results/store")
    assert stored
    paths = pd.read_parquet(root / "model" / "paths.parquet")
    shutil.rmtree(root)
    again = workflow(run[1], "--until", "collect")
    assert again.code == 0, again.text
    assert again.jobs("solve") == 2
    pd.testing.assert_frame_equal(pd.read_parquet(root / "model" / "paths.parquet"), paths, check_exact=True)
    after = workflow.snapshot("results/store")
    assert {name: after.get(name) for name in stored} == stored


def solve_with_ranks(workflow, root, ranks, expected):
    """One solve by the command line under MPI, in a results folder of its own that has the run's calibration."""
    folder = workflow.folder / "ranks" / "panel"
    if not folder.exists():
        shutil.copytree(root / "calibration", folder / "calibration")
    command = [
        Path(sys.executable).parent / "mpiexec",
        "-n",
        ranks,
        sys.executable,
        "-m",
        "mpi4py",
        "-m",
        "regspec.cli",
        "solve",
        "--config",
        root / "config.yaml",
        "--set",
        "run.directory=ranks",
        "--zone",
        1,
        "--expected-ranks",
        expected,
    ]
    done = subprocess.run(list(map(str, command)), cwd=workflow.folder, capture_output=True, encoding="utf-8")
    return done, folder / "solutions" / "baseline" / "1.h5"


def datasets(path):
    with h5py.File(path) as file:
        found = {}
        file.visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found


def test_two_ranks_give_the_same_bits(workflow, run, root):
    done, path = solve_with_ranks(workflow, root, ranks=2, expected=2)
    assert done.returncode == 0, done.stderr
    one, two = datasets(solution(root, 1)), datasets(path)
    assert set(one) == set(two) and "ce/c" in one
    for name, values in one.items():
        np.testing.assert_array_equal(two[name], values, err_msg=name)


def test_wrong_number_of_ranks_is_refused(workflow, run, root):
    done, _ = solve_with_ranks(workflow, root, ranks=2, expected=3)
    assert done.returncode != 0
    assert "expected 3 MPI ranks" in done.stderr


FAILS = "scenarios={baseline: {planner: false}, full: {planner: false, parameters: {chi: 1.0}}}"


def test_failing_solve_ends_the_run_and_keeps_the_others(workflow, run, root):
    kept = {zone: solution(root, zone).read_bytes() for zone in ZONES}
    failed = workflow(run[1], "--config", FAILS)
    assert failed.code != 0
    ending = failed.text.split("run incomplete")[1]
    for zone in ZONES:
        assert f"zone {zone}, scenario full" in ending
        assert not solution(root, zone, "full").exists()
    assert "chi" in ending and "theta" in ending
    assert {zone: solution(root, zone).read_bytes() for zone in ZONES} == kept


def test_failing_solve_can_be_left_out_by_policy(workflow, run, root):
    policy = "results={missing_zones: drop}"
    done = workflow(run[1], "--until", "collect", "--config", FAILS, policy)
    assert done.code == 0, done.text
    table = pd.read_parquet(root / "model" / "solutions.parquet")
    assert table.groupby("scenario")["status"].unique().map(list).to_dict() == {"baseline": ["solved"], "full": ["failed"]}
    assert table.loc[table["scenario"] == "full", "message"].str.contains("chi").all()
