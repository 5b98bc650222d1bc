"""Mistakes of a first day: each ends with exit code 2 and a few lines that say what is wrong and what to do.

Those of one key of the configuration are in test_config, steps out of order in test_cli, broken tables in
tests/workflow/test_bad_input; Snakemake's own in tests/workflow/test_first_steps.
"""

import json
from pathlib import Path

import pytest

from regspec import cli
from regspec.config.reading import load_config
from regspec.data.panel import data_directory
from regspec.errors import ConfigError
from regspec.layout import Layout

SIX = ", ".join(f"{name}: {{members: [X{name}], xi: 0.1, phi: 1}}" for name in "abcdef")


@pytest.fixture
def refused(bare_folder, capsys):
    """Checks that the command line refuses its arguments in at most five lines that hold the expected parts."""

    def refused(arguments, expected):
        try:
            code = cli.main(arguments)
        except SystemExit as end:  # argparse
            code = end.code
        out, err = capsys.readouterr()
        assert code == 2, err
        assert out == "" and "Traceback" not in err and "regspec" in err
        assert len(err.splitlines()) <= 5, err
        for part in expected:
            assert part in err, err

    return refused


@pytest.mark.parametrize(
    ("former", "present"), [("warm", "precompile"), ("calibrate-internal", "internal-calibration"), ("explain", None)]
)
def test_former_commands_and_targets_name_the_present_one(bare_folder, capsys, former, present):
    target = ["facts"] if present is None else []
    assert cli.main([former, *target, "--config", "my.yaml"]) == 2
    said = f"the command {former} is now called {present}" if present else "the target or rule facts is now called empirics"
    assert capsys.readouterr().err == f"regspec: {said}\n"


#: Values of single keys: what `regspec check --set` says.
VALUES = {
    "key in the wrong place": ("theta=0.4", ["unknown key in this place", "there is model.parameters.theta"]),
    "key of two places": ("model.zones_per_job=3", ["there is compute.zones_per_job"]),
    "section that does not exist": ("scenario.baseline.planner=no", ["--set scenario.baseline", "did you mean 'scenarios'"]),
    "decimal comma": ("model.parameters.theta=0,35", ["theta = '0,35'", "write decimals with a point"]),
    "space in the name of the run": ("run.name=my run", ["may hold letters, digits"]),
    "braces in the folder of the results": ("run.directory='out{1}'", ["run.directory: out{1}: braces cannot be in a path"]),
    "braces in the name of a table": (
        "data={source: tidy, directory: x, crosswalk: c.csv, tidy: {industry: 'a{b.csv'}}",
        ["data: x/a{b.csv: braces cannot be in a path"],
    ),
    "folder of somebody unknown": ("run.directory=~nobody-here/out", ["~nobody-here/out", "no folder for ~nobody-here"]),
    "too many industries": (f"calibration.industries={{{SIX}}}", ["has 6 entries, more than 5"]),
    "no scenario": ("scenarios={}", ["has 0 entries, fewer than 1"]),
    "one zone without brackets": ("model.zones=7", ["model.zones = 7", "list of integer"]),
    "no rank": ("compute.ranks=0", ["compute.ranks = 0", ">= 1"]),
    "text for a number of ranks": ("compute.ranks=two", ["valid integer"]),
    "unknown source": ("data.source=pannel", ["did you mean 'panel'"]),
    "unknown parameter of a sweep": ("sweeps={s: {axes: {tehta: [0.3]}}}", ["--set sweeps", "'tehta'", "theta"]),
    "value of a sweep out of range": ("sweeps={s: {axes: {theta: [3]}}}", ["sweeps.s", "theta = 3", "less than or equal to 1"]),
    "unknown scenario of a sweep": ("sweeps={s: {axes: {theta: [0.3]}, scenarios: [x]}}", ["'x' is not one of baseline"]),
    "unknown scenario of responses": ("responses.scenarios=[typo]", ["'typo' is not one of baseline, other"]),
    "unknown industry of a step": ("multiplicity.industry=Mining", ["'Mining' is not one of calibration.industries"]),
    "unknown control": ("empirics.controls=[populaton]", ["Did you mean 'population'"]),
    "unknown tradable industry": ("empirics.tradable=[Minning]", ["empirics.tradable", "Did you mean 'Mining'"]),
}


@pytest.mark.parametrize("case", VALUES)
def test_wrong_value(refused, case):
    override, expected = VALUES[case]
    refused(["check", "--config", "my.yaml", "--set", override], expected)


#: Calls: arguments, and what the answer holds.
CALLS = {
    "no step": ([], ["usage: regspec", "STEP"]),
    "unknown step": (["resluts"], ["invalid choice: 'resluts'", "'results'"]),
    "another folder": (["check"], ["config/config.yaml: no such file", "in the project's folder", "--write-default config"]),
    "misspelt file": (["check", "--config", "mx.yaml"], ["mx.yaml: no such file", "did you mean my.yaml"]),
    "folder for a file": (["check", "--config", "."], [".: is a folder", "config.yaml"]),
    "second file that is missing": (["check", "--config", "my.yaml", "more.yaml"], ["more.yaml: no such file"]),
    "solve without a zone": (["solve", "--config", "my.yaml"], ["required: --zone"]),
    "zone that is no number": (["solve", "--config", "my.yaml", "--zone", "Boston"], ["--zone", "'Boston'"]),
    "solve before the calibration": (["solve", "--config", "my.yaml", "--zone", "3"], ["run `regspec calibrate` first"]),
    "status before a run": (["status", "--config", "my.yaml"], ["zones.json: missing", "run `regspec calibrate` first"]),
    "report before a run": (["report", "--config", "my.yaml"], ["not_computed.csv: missing", "run `regspec empirics` first"]),
    "responses before the calibration": (["responses", "--config", "my.yaml"], ["zones.json: missing", "calibrate` first"]),
    "multiplicity before the calibration": (["multiplicity", "--config", "my.yaml"], ["national.json: missing"]),
    "unknown sweep": (["sweep", "--config", "my.yaml", "--name", "theta"], ["--name theta: unknown", "sweeps: theta_xi"]),
    "counties without files": (["counties", "--config", "my.yaml"], ["data.counties names no files", "docs/counties.md"]),
    "resolved configuration into nowhere": (
        ["config", "--config", "my.yaml", "--output", "my.yaml/out.yaml"],
        ["my.yaml/out.yaml: cannot be written"],
    ),
}


@pytest.mark.parametrize("case", CALLS)
def test_wrong_call(refused, case):
    refused(*CALLS[case])


PANEL = ["check", "--config", "my.yaml", "--set", "data={source: panel, directory: tables, crosswalk: zones.csv}"]


def test_missing_folder_of_data(refused):
    refused(PANEL, ["tables: no such folder", "correct data.directory"])


def test_home_is_what_a_shell_takes_it_for_in_every_path_of_the_configuration(bare_folder, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    text = "run: {directory: ~/out}\ndata: {directory: ~/tables, tidy: {industry: ~/x/i.csv, citation: 'from ~/here'}}\n"
    (bare_folder / "home.yaml").write_text(text, encoding="utf-8")
    found = load_config("home.yaml", ["data.crosswalk=~/c.csv"])
    assert found.run.directory == "/home/me/out" and found.data.directory == "/home/me/tables"
    assert found.data.tidy.industry == "/home/me/x/i.csv" and found.data.crosswalk == "/home/me/c.csv"
    assert found.data.tidy.citation == "from ~/here"
    monkeypatch.setenv("REGSPEC_DATA", "~/other")
    assert data_directory(found) == Path("/home/me/other")


def test_a_name_with_spaces_that_came_as_several(refused, bare_folder):
    (bare_folder / "my other.yaml").write_text("run: {name: r}\n", encoding="utf-8")
    refused(["config", "--config", "my", "other.yaml"], ["'my other.yaml' has spaces", """CONFIG='"my other.yaml"'"""])


@pytest.mark.parametrize("name", ["nowhere", "my.yaml"])
def test_variable_that_names_no_folder(refused, bare_folder, monkeypatch, name):
    (bare_folder / "tables").mkdir()
    monkeypatch.setenv("REGSPEC_DATA", name)
    refused(PANEL, [f"{name}: no such folder", "correct the environment variable REGSPEC_DATA"])


def test_variable_that_names_a_wrong_folder(refused, bare_folder, monkeypatch):
    (bare_folder / "tables").mkdir()
    monkeypatch.setenv("REGSPEC_DATA", str(bare_folder))
    refused(
        PANEL, [f"{bare_folder}/cz_industry.csv: no such file (and 4 more)", "correct the environment variable REGSPEC_DATA"]
    )


def test_results_that_cannot_be_written(refused, bare_folder):
    (bare_folder / "taken").write_text("a file", encoding="utf-8")
    refused(
        ["data", "--config", "my.yaml", "--set", "run.directory=taken"], ["taken/r/data", "cannot be written", "run.directory"]
    )


@pytest.mark.parametrize("directory", ["taken", "taken/below"])
def test_results_in_a_file_are_refused_before_any_job(bare_folder, directory):
    (bare_folder / "taken").write_text("a file", encoding="utf-8")
    layout = Layout(load_config("my.yaml", [f"run.directory={directory}"]))
    with pytest.raises(ConfigError, match="taken: not a folder\n.*choose another run.directory"):
        layout.check_writable()


def test_results_in_a_folder_of_others_are_refused_before_any_job(bare_folder, monkeypatch):
    (bare_folder / "theirs").mkdir()
    monkeypatch.setattr("os.access", lambda path, mode: path != bare_folder / "theirs")  # root may write everywhere
    layout = Layout(load_config("my.yaml", ["run.directory=theirs"]))
    with pytest.raises(ConfigError, match="theirs: no permission"):
        layout.check_writable()


def test_folders_that_do_not_exist_yet_can_be_written(bare_folder):
    Layout(load_config("my.yaml", ["run.directory=new/deeper"])).check_writable()
    assert not (bare_folder / "new").exists()


def test_zone_outside_the_run(refused, bare_folder):
    zones = bare_folder / "results" / "r" / "calibration" / "zones.json"
    zones.parent.mkdir(parents=True)
    zones.write_text(json.dumps({"zones": [3, 7], "gini": [0.4, 0.5]}), encoding="utf-8")
    refused(["solve", "--config", "my.yaml", "--zone", "8"], ["--zone 8: not among the 2 zones of this run", "3, 7"])
    refused(["solve", "--config", "my.yaml", "--zone", "3", "--scenario", "basline"], ["basline", "scenarios: baseline, other"])


def test_overrides_of_the_command_line_are_named_shortly(refused):
    refused(["check", "--config", "my.yaml", "--set", f"run.nam={'x' * 200}"], ["--set run.nam=xxx", "...: run.nam"])
