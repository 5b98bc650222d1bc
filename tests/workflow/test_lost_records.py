"""Results without Snakemake's records of them, which lie in another folder: they are told by their own stamps and keys."""

import json
import os
import shutil
import subprocess

import h5py
import pandas as pd
import pytest
from repository import ROOT
from small_panel import FILES

from regspec.cli import main

THETA = ("--config", "model={parameters: {theta: 0.36}}")


@pytest.fixture
def moved(finished, tmp_path):
    """A function that returns the finished run in another folder, without Snakemake's records, and its configuration."""
    folder = tmp_path / "moved"
    shutil.copytree(finished[0].folder, folder, ignore=shutil.ignore_patterns(".snakemake"))
    return type(finished[0])(folder), folder / "run.yaml"


def theta(path):
    with h5py.File(path) as file:
        return json.loads(file.attrs["parameters"])["theta"]


def edited(workflow, table, column):
    """The path of a table of which the last rows were changed."""
    path = workflow.folder / "tables" / FILES[table]
    content = pd.read_csv(path)
    content.loc[content.index[-9:], column] *= 1.01
    content.to_csv(path, index=False)
    return path


def test_results_of_the_same_configuration_are_kept(moved):
    workflow, config = moved
    before = workflow.snapshot()
    again = workflow(config)
    assert again.code == 0 and "Nothing to be done" in again.text, again.text
    assert workflow.snapshot() == before
    assert workflow.explained(config) == ({}, "regspec: nothing would run; everything is up to date\n")


def test_results_of_another_theta_are_made_again(moved):
    """A dry run says so and touches nothing; the facts and the calibration stay."""
    workflow, config = moved
    root, before = workflow.folder / "results/panel", workflow.snapshot()
    plan, why = workflow.explained(config, *THETA)
    assert plan == {"solve": 2, "collect": 1, "results": 1}
    assert "baseline, 2 zones (1, 56): model.parameters.theta: 0.35 -> 0.36" in why
    assert "results (1 job)\n      after collect\n      model.parameters.theta: 0.35 -> 0.36\n" in why
    assert workflow.snapshot() == before
    facts = (root / "empirics/fact1.csv").stat().st_mtime_ns
    done = workflow(config, *THETA)
    assert done.code == 0 and done.jobs("solve") == 2 and done.jobs("results") == 1, done.text
    assert {theta(path) for path in (root / "solutions").rglob("*.h5")} == {0.36}
    assert "theta: 0.36" in (root / "config.yaml").read_text(encoding="utf-8")
    assert (root / "empirics/fact1.csv").stat().st_mtime_ns == facts
    assert workflow.explained(config, *THETA)[0] == {}


def test_only_what_was_asked_for_is_made_again(moved):
    workflow, config = moved
    assert workflow.explained(config, *THETA, "--", "empirics")[0] == {}


def test_a_table_that_was_replaced_by_an_older_one_is_read_again(moved):
    """Ages say nothing here: an archive keeps the times of its files."""
    workflow, config = moved
    path = edited(workflow, "controls", "high_skill_share")
    os.utime(path, (1e9, 1e9))
    plan, why = workflow.explained(config)
    assert plan == {"data": 1, "empirics": 1, "calibrate": 1, "collect": 1, "results": 1}
    assert f"data (1 job)\n      input changed: tables/{FILES['controls']}\n" in why


def test_solves_that_another_calibration_makes_due_run_in_the_same_call(moved):
    workflow, config = moved
    edited(workflow, "accounts", "TFPGO")
    done = workflow(config, "--", "model")
    assert done.code == 0 and done.jobs("solve") == 2 and done.jobs("collect") == 1, done.text


@pytest.mark.parametrize("step", ["collect", "empirics"])
def test_files_without_a_stamp_are_made_again(moved, step):
    workflow, config = moved
    (workflow.folder / f"results/panel/stamps/{step}.json").unlink()
    plan, why = workflow.explained(config)
    assert plan.keys() & {"empirics", "calibrate", "collect"} == (
        {"collect"} if step == "collect" else {"empirics", "calibrate", "collect"}
    )
    assert "(1 job)\n      no record of what its files were made from\n" in why


def test_what_an_earlier_version_left_under_another_name_is_made_again_when_it_is_needed(moved):
    """The kernels' file and stamp had the name `kernels`. Solutions are kept by their keys; new solves precompile first."""
    workflow, config = moved
    root = workflow.folder / "results/panel"
    for folder in (root, root / "stamps"):
        (folder / "precompile.json").rename(folder / "kernels.json")
    assert workflow.explained(config)[0] == {}
    plan, why = workflow.explained(config, *THETA)
    assert plan == {"precompile": 1, "solve": 2, "collect": 1, "results": 1}
    assert "precompile (1 job)\n      missing: results/panel/precompile.json\n" in why


def test_a_step_by_hand_with_other_settings_is_told_and_made_again(moved, monkeypatch):
    """With Snakemake's records it is the same: they know nothing of it."""
    workflow, config = moved
    monkeypatch.chdir(workflow.folder)
    monkeypatch.delenv("REGSPEC_DATA", raising=False)
    assert main(["results", "--config", str(config), "--set", "results.bootstrap=120"]) == 0
    plan, why = workflow.explained(config)
    assert plan == {"results": 1} and "results.bootstrap: 120 -> 99" in why


def test_make_clean_keeps_what_says_how_results_were_made(tmp_path):
    (tmp_path / "results/default/stamps").mkdir(parents=True)
    (tmp_path / "results/default/stamps/results.json").write_text("{}", encoding="utf-8")
    for name in (".snakemake", "src", "tests"):
        (tmp_path / name).mkdir()
    shutil.copy(ROOT / "Makefile", tmp_path)
    done = subprocess.run(["make", "clean"], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results/default/stamps/results.json").exists()
