"""Unusable input ends the run before any job: a short error that names file, row and remedy."""

import shutil

import pandas as pd
import pytest
from repository import ROOT
from small_panel import FILES, write_config, write_panel

from regspec.cli import main


@pytest.fixture(scope="module")
def good(workflow):
    """The folder of a usable panel, its configuration, and results of an earlier run of its first step."""
    folder = workflow.folder / "good"
    write_panel(folder)
    config = write_config(workflow.folder / "good.yaml", folder)
    first = workflow(config, "--until", "data")
    assert first.code == 0, first.text
    return folder, config


@pytest.fixture
def broken(workflow, good, tmp_path):
    """A copy of the usable panel at the place of the original, so that it is the same run."""
    folder, _ = good
    shutil.copytree(folder, tmp_path / "kept")
    yield folder
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "kept", folder)


def edit(folder, name, change):
    path = folder / FILES[name]
    frame = pd.read_csv(path)
    change(frame).to_csv(path, index=False)


def without_column(frame):
    return frame.drop(columns="employment_share")


def empty_share(frame):
    return frame.assign(employment_share=frame["employment_share"].mask(frame.index == 16))


def wrong_sum(frame):
    return frame.assign(employment_share=frame["employment_share"].where(frame.index != 16, 0.9))


def in_percent(frame):
    return frame.assign(employment_share=100 * frame["employment_share"])


def renamed_industry(frame):
    return frame.assign(industry=frame["industry"].replace("Manufacturing", "Manufacturin"))


def unknown_zone(frame):
    return frame.assign(cz=frame["cz"].replace(56, 99))


def repeated_row(frame):
    return pd.concat([frame, frame.iloc[[3]]])


def lost_county(frame):
    return frame[frame["County FIPS Code"] != 1001]


def cut_short(frame):
    return frame.iloc[:-3]


TABLES = {
    "missing column": ("industry", without_column, ["cz_industry.csv", "employment_share"]),
    "empty share": ("industry", empty_share, ["cz_industry.csv", "employment_share", "row 17"]),
    "shares that do not sum to one": ("industry", wrong_sum, ["cz_industry.csv", "year 1950", "sum to"]),
    "percent": ("industry", in_percent, ["cz_industry.csv", "row 1", "not percent"]),
    "unknown industry": ("industry", renamed_industry, ["cz_industry.csv", "Manufacturin", "Did you mean"]),
    "zone outside the crosswalk": ("industry", unknown_zone, ["99", "Remedy"]),
    "repeated row": ("industry", repeated_row, ["cz_industry.csv", "repeats", "Remedy"]),
    "file cut short": ("industry", cut_short, ["cz_industry.csv", "Remedy"]),
    "county without zone": ("crosswalk", lost_county, ["counties.csv", "1001", "Remedy"]),
    "missing accounts": ("accounts", cut_short, ["us_industry_accounts_1947_2023.csv", "Remedy"]),
}


def assert_short(lines, expected):
    text = "\n".join(lines)
    assert lines[0].startswith("regspec: ") and len(lines) <= 5, text
    assert "Traceback" not in text
    for part in expected:
        assert part in text


def assert_refused(workflow, config, expected, *arguments):
    """The workflow ends before any job, and what an earlier run has written is not touched."""
    before = workflow.snapshot()
    run = workflow(config, *arguments)
    assert run.code == 2
    assert before and workflow.snapshot() == before
    assert_short(run.errors(), expected)


@pytest.fixture
def check(good, capsys, monkeypatch):
    """The check that the workflow starts with, in this process."""
    monkeypatch.delenv("REGSPEC_DATA", raising=False)

    def check(expected, *overrides):
        arguments = [part for override in overrides for part in ("--set", override)]
        capsys.readouterr()
        assert main(["check", "--config", str(good[1]), *arguments]) == 2
        assert_short(capsys.readouterr().err.splitlines(), expected)

    return check


@pytest.mark.parametrize("case", TABLES)
def test_broken_table(check, broken, case):
    name, change, expected = TABLES[case]
    edit(broken, name, change)
    check(expected)


def test_unreadable_table(check, broken):
    (broken / FILES["industry"]).write_bytes(b"\x80\x81\x82" * 1000)
    check(["cz_industry.csv"])


def test_empty_table(check, broken):
    (broken / FILES["controls"]).write_text("", encoding="utf-8")
    check(["cz_controls.csv", "Remedy"])


def test_missing_table(check, broken):
    (broken / FILES["map"]).unlink()
    check(["industry_map.csv", "data.directory"])


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("model.parameters.theta=0", ["model.parameters.theta = 0", "> 0"]),
        ("model.zones=[1, 57]", ["zone 57", "nearest ids"]),
        ("empirics.variable=income", ["empirics.variable = income", "employment"]),
        ("calibration.first_year=1960", ["calibration.first_year = 1960", "1950"]),
    ],
)
def test_configuration_that_does_not_fit(check, override, expected):
    check(expected, override)


def test_usable_panel_passes(good, monkeypatch):
    monkeypatch.delenv("REGSPEC_DATA", raising=False)
    assert main(["check", "--config", str(good[1])]) == 0


@pytest.mark.parametrize("case", ["empty share", "unknown industry"])
def test_workflow_refuses_a_broken_table(workflow, good, broken, case):
    name, change, expected = TABLES[case]
    edit(broken, name, change)
    assert_refused(workflow, good[1], expected)


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("model={parameters: {theta: 1.2}}", ["model.parameters.theta = 1.2", "<= 1"]),
        ("modell={parameters: {theta: 0.3}}", ["modell", "did you mean 'model'"]),
    ],
)
def test_workflow_refuses_a_bad_configuration(workflow, good, override, expected):
    assert_refused(workflow, good[1], expected, "--config", override)


def test_workflow_refuses_a_cut_default_configuration(workflow, good):
    project = workflow.folder / "project"
    for name in ("workflow", "config"):
        shutil.copytree(ROOT / name, project / name)
    shutil.copy(ROOT / "Snakefile", project)
    default = project / "config" / "config.yaml"
    text = default.read_text(encoding="utf-8")
    default.write_text(text[: text.index("members: [") + 20], encoding="utf-8")
    assert_refused(
        workflow, None, ["config/config.yaml, line", "not valid YAML", "cut off"], "--snakefile", project / "Snakefile"
    )
