"""The command line: exit codes, short errors, light start."""

import subprocess
import sys

import pytest

from regspec import cli
from regspec.config.reading import load_config
from regspec.errors import ModelFailure


def run(*arguments):
    return cli.main([*arguments, "--config", "my.yaml"])


def test_bad_configuration_exits_2_without_traceback(run_folder, capsys):
    assert run("config", "--set", "model.parameters.theta=2") == 2
    out, err = capsys.readouterr()
    assert out == "" and "Traceback" not in err
    assert err.startswith("regspec: --set model.parameters.theta=2") and len(err.splitlines()) <= 5


def test_valid_configuration_is_printed_and_can_be_read_back(run_folder, capsys, tmp_path):
    assert run("config", "--set", "run.seed=5") == 0
    (tmp_path / "back.yaml").write_text(capsys.readouterr().out, encoding="utf-8")
    assert load_config("back.yaml") == load_config("my.yaml", ["run.seed=5"])


def test_of_several_files_later_ones_win(run_folder, capsys, tmp_path):
    """Sections are merged, scenarios replaced, in every step; --set comes last."""
    (tmp_path / "more.yaml").write_text(
        "model: {parameters: {theta: 0.3}}\nscenarios: {baseline: {}}\nrun: {seed: 4}\n", encoding="utf-8"
    )
    assert cli.main(["config", "--config", "my.yaml", "more.yaml", "--set", "run.seed=5"]) == 0
    (tmp_path / "back.yaml").write_text(capsys.readouterr().out, encoding="utf-8")
    found, first = load_config("back.yaml"), load_config("my.yaml")
    assert (found.model.parameters.theta, found.run.seed, list(found.scenarios)) == (0.3, 5, ["baseline"])
    assert found.run.name == first.run.name and found.model.grid == first.model.grid and len(first.scenarios) == 2
    assert cli.main(["status", "--config", "my.yaml", "more.yaml"]) == 0
    assert capsys.readouterr().out.startswith("baseline: 2 waiting\n")
    assert cli.main(["status", "--config", "my.yaml", "absent.yaml"]) == 2
    assert "absent.yaml: no such file" in capsys.readouterr().err


def test_model_failure_exits_3(run_folder, monkeypatch, capsys):
    def fails(config):
        raise ModelFailure("zone 3: no equilibrium at theta = 0.9")

    monkeypatch.setattr("regspec.workflow.checks.check_inputs", fails)
    assert run("check") == 3
    assert "no equilibrium at theta = 0.9" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("calibration.industries={a: {members: [Agricultur], xi: 0.1, phi: 1}}", "Agriculture"),
        ("calibration.industries={a: {members: [Agriculture], xi: 0.1, phi: 1}}", "no group holds"),
        ("model.zones=[5, 723]", "zone 723"),
        ("model.zones={sample: 723}", "722 zones"),
        ("model.zones=[]", "at least one zone"),
        ("calibration.first_year=1955", "calibration.first_year = 1955"),
        ("empirics.end_year=2015", "empirics.end_year = 2015"),
        ("calibration.share_floor=0.5", "share_floor"),
        ("model.parameters.alpha=0.8", "must be below 1"),
        ("scenarios={baseline: {}, x: {parameters: {xi_scale: 3}}}", "scenario 'x'"),
    ],
)
def test_configuration_that_does_not_fit_the_data_is_an_input_error(run_folder, capsys, override, expected):
    assert run("check", "--set", override) == 2
    err = capsys.readouterr().err
    assert expected in err and len(err.splitlines()) <= 5


def test_default_configuration_fits_the_synthetic_economy(run_folder, capsys):
    assert run("check") == 0
    assert "usable" in capsys.readouterr().out


def test_panel_without_a_folder_names_the_variable(run_folder, capsys):
    assert run("check", "--set", "data={source: panel, crosswalk: x.csv}") == 2
    assert "REGSPEC_DATA" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["solve", "--zone", "4"], "--zone 4: not among the 2 zones"),
        (["solve", "--zone", "3", "--scenario", "typo"], "scenarios: baseline, other"),
        (["solve", "--zone", "3"], "run `regspec calibrate` first"),
        (["empirics"], "run `regspec data` first"),
        (["calibrate"], "run `regspec empirics` first"),
        (["results"], "run `regspec collect` first"),
    ],
)
def test_steps_out_of_order_say_what_to_do(run_folder, capsys, arguments, expected):
    assert run(*arguments) == 2
    assert expected in capsys.readouterr().err


def test_damaged_list_of_zones_is_named(run_folder, capsys):
    run_folder.zone_list.write_text('{"zones": [1, ', encoding="utf-8")
    assert run("status") == 2
    assert "zones.json" in capsys.readouterr().err


def test_explain_without_a_workflow_is_told(run_folder, capsys):
    assert run("explain", "--snakefile", "elsewhere/Snakefile") == 2
    assert "elsewhere/Snakefile: missing" in capsys.readouterr().err


def loaded_modules(*arguments):
    code = (
        "import sys\nfrom regspec.cli import main\n"
        f"try:\n    main({list(arguments)!r})\nexcept SystemExit:\n    pass\n"
        "print(' '.join(sorted({m.partition('.')[0] for m in sys.modules})), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    return set(done.stderr.splitlines()[-1].split())


def test_help_and_configuration_start_without_the_heavy_libraries():
    heavy = {"numba", "geopandas", "pandas", "matplotlib", "snakemake", "h5py"}
    assert not heavy & loaded_modules("--help")
    assert not heavy & loaded_modules("config")
