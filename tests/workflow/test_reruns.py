"""What runs again after a change of the data, the configuration or the code, and why; more in test_end_to_end.py."""

import shutil

import pandas as pd
import pytest
from repository import ROOT
from small_panel import FILES

from regspec.calibration.records import ZoneCalibration
from regspec.config.reading import load_config, resolved_text
from regspec.errors import ModelFailure
from regspec.layout import Layout
from regspec.solves.settings import solve_settings
from regspec.solves.solution_file import recorded_key
from regspec.solves.solution_writer import SolveIdentity, write_failure

SCENARIOS = """\
scenarios:
  baseline: {planner: false}
  tight: {planner: false, parameters: {theta: 0.3}}
"""
THETA = ("--config", "model={parameters: {theta: 0.36}}")


@pytest.fixture(scope="module")
def run(copy):
    """The finished run with a second scenario, which has a theta of its own: configuration."""
    config = copy.folder / "run.yaml"
    first = config.read_text(encoding="utf-8").replace("scenarios:\n  baseline: {planner: false}\n", SCENARIOS)
    assert SCENARIOS in first
    config.write_text(first, encoding="utf-8")
    plan, why = copy.explained(config)
    assert plan == {"solve": 2, "collect": 1, "results": 1}
    assert "scenarios added: tight\n" in why and "levels" not in why
    added = copy(config)
    assert added.code == 0 and added.jobs("solve") == 2, added.text
    return config


@pytest.fixture(scope="module")
def project(copy, tmp_path_factory, run):
    """The run with sources that tests may edit: a copy of the project."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("Snakefile", "workflow", "profiles", "src", "config", "docs"):
        source = ROOT / name
        shutil.copytree(source, folder / name) if source.is_dir() else shutil.copy2(source, folder / name)
    return type(copy)(copy.folder, folder)


def test_theta_solves_only_the_scenarios_that_take_it(copy, run):
    plan, why = copy.explained(run, *THETA)
    assert plan == {"solve": 2, "collect": 1, "results": 1}
    assert "baseline, zone 1" not in why and "tight" not in why
    assert "baseline, 2 zones (1, 56): model.parameters.theta: 0.35 -> 0.36" in why


def test_a_solution_that_was_replaced_by_hand_is_told_and_made_again(copy, run):
    """It failed under another theta, as its file says. Nothing needs it until the tables are gathered anew."""
    layout = Layout(load_config(run))
    path, zone = copy.folder / layout.solution("baseline", 1), ZoneCalibration.read(copy.folder / layout.zone_json(1))
    key, other = recorded_key(path), solve_settings(load_config(run, ["model.parameters.theta=0.9"]), "baseline")
    identity = SolveIdentity(zone, "baseline", other, "of another theta", "hash", 1)
    write_failure(path, identity, ModelFailure("no equilibrium", "no_equilibrium"), 1.0)
    plan, why = copy.explained(run, "--", "model")
    assert plan == {} and why.splitlines() == [
        "regspec: nothing would run; everything is up to date",
        "  solutions deleted or replaced since they were gathered; made again when needed:",
        "      baseline, zone 1: model.parameters.theta: 0.9 -> 0.35 (copied from the store)",
    ]
    done = copy(run, "--until", "collect", "--forcerun", "collect")
    assert done.code == 0 and done.jobs("solve") == 1 and recorded_key(path) == key, done.text
    assert "deleted or replaced" not in copy.explained(run, "--", "model")[1]


def test_a_sweep_is_solved_in_parts(copy, run):
    """A part has fewer values on an axis; what the parts have solved, the whole sweep only gathers (docs/hpc.md, Scale)."""

    def values(*theta):
        return "--config", f"sweeps={{s: {{axes: {{theta: {list(theta)}}}, scenarios: [baseline]}}}}"

    for theta in (0.31, 0.33):
        part = copy(run, *values(theta), "--", "sweeps")
        assert part.code == 0 and part.jobs("solve") == 2 and part.jobs("sweep") == 1, part.text
    assert copy.explained(run, *values(0.31, 0.33), "--", "sweeps")[0] == {"sweep": 1, "sweeps": 1}
    assert copy.explained(run, *values(0.31, 0.33, 0.34), "--", "sweeps")[0] == {"solve": 2, "sweep": 1, "sweeps": 1}


def test_several_configuration_files_are_merged_as_by_the_commands(copy, run):
    more = copy.folder / "more.yaml"
    more.write_text("run: {name: other}\nempirics: {bins: 7}\nscenarios: {baseline: {}}\n", encoding="utf-8")
    assert copy(run, str(more), "--until", "data").code == 0
    resolved = (copy.folder / "results" / "other" / "config.yaml").read_text(encoding="utf-8")
    assert resolved == resolved_text(load_config([run, more]))


def test_comments_and_docs_lead_to_nothing(project, run):
    for name, comment in {
        "workflow/scripts/step.py": "# A comment.\n",
        "workflow/rules/solve.smk": "# A comment.\n",
        "src/regspec/results/slopes.py": "# A comment.\n",
        "src/regspec/model/kernels/newton.py": "# A comment.\n",
        "docs/hpc.md": "A sentence.\n",
    }.items():
        path = project.project / name
        path.write_text(path.read_text(encoding="utf-8") + comment, encoding="utf-8")
    module = project.project / "src/regspec/empirics/fact1.py"
    module.write_text('"""Another docstring.\n' + module.read_text(encoding="utf-8").removeprefix('"""'), encoding="utf-8")
    plan, why = project.explained(run)
    assert plan == {} and "nothing would run" in why


def test_code_leads_to_what_runs_it_and_is_named(project, run):
    module = project.project / "src/regspec/results/collect.py"
    module.write_text(module.read_text(encoding="utf-8") + "\nADDED = 1\n", encoding="utf-8")
    plan, why = project.explained(run)
    assert plan == {"collect": 1, "results": 1}
    assert "collect (1 job)\n      code: results/collect.py\n" in why


def test_the_script_that_all_rules_share_leads_to_every_step(project, run):
    script = project.project / "workflow/scripts/step.py"
    before = script.read_text(encoding="utf-8")
    script.write_text(before + "\nADDED = 1\n", encoding="utf-8")
    plan, why = project.explained(run)
    script.write_text(before, encoding="utf-8")
    assert plan == {"data": 1, "empirics": 1, "calibrate": 1, "collect": 1, "results": 1}
    assert "data (1 job)\n      code: step.py\n" in why


def test_kernel_code_leads_to_all_solves(project, run):
    kernel = project.project / "src/regspec/model/kernels/newton.py"
    text = kernel.read_text(encoding="utf-8")
    assert " > 0.0" in text
    kernel.write_text(text.replace(" > 0.0", " > 1e-300", 1), encoding="utf-8")  # what nothing uses would change no key
    plan, why = project.explained(run, "--", "model")
    assert plan == {"precompile": 1, "solve": 4, "collect": 1}
    assert "2 zones (1, 56): kernels (code of the solver or its libraries)" in why
    assert "the solver's code or its libraries changed" in why.split("solve (")[0]


def edited(copy, table, change):
    path = copy.folder / "tables" / FILES[table]
    content = pd.read_csv(path)
    change(content)
    content.to_csv(path, index=False)


def test_an_edited_control_column_leads_to_no_solve(copy, run):
    def change(table):
        table.loc[table["cz"] == 56, "high_skill_share"] *= 1.1

    edited(copy, "controls", change)
    plan, why = copy.explained(run, "--", "model")
    assert plan == {"data": 1, "empirics": 1, "calibrate": 1, "collect": 1}
    assert f"data (1 job)\n      input changed: tables/{FILES['controls']}\n" in why
    assert why.endswith("if calibrate changes nothing:\n      none\n")
    done = copy(run, "--", "model")
    assert done.code == 0 and done.jobs("calibrate") == 1 and done.jobs("solve") == 0, done.text


def test_an_edited_productivity_series_leads_to_all_solves(copy, run):
    def change(table):
        table.loc[(table["industry_id"] == 2) & (table["year"] == 1990), "TFPGO"] *= 1.01

    edited(copy, "accounts", change)
    assert copy(run, "--", "calibrate").code == 0
    plan, why = copy.explained(run, "--", "model")
    assert plan == {"solve": 4, "collect": 1}
    assert "baseline, tight, 2 zones (1, 56): national processes (productivity or interest)" in why
