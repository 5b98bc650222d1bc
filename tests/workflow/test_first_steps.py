"""A newcomer's mistakes with Snakemake and make, and what Snakemake's own check of style says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from repository import ROOT

from regspec.cli import main
from regspec.workflow import steps
from regspec.workflow.triggers import KEYS

#: What `snakemake --lint` may say. The environment of all rules is one: requirements.lock, which `make` installs.
JUSTIFIED = {"Specify a conda environment or container for each rule."}
TINY = ROOT / "config" / "examples" / "tiny.yaml"


def snakemake(folder, *arguments, **variables):
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder, *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "REGSPEC_DATA"} | variables
    return subprocess.run(list(map(str, command)), env=environment, encoding="utf-8", capture_output=True)


def test_lint(tmp_path):
    done = snakemake(tmp_path, "--profile", ROOT / "profiles" / "local", "--configfile", TINY, "--lint")
    text = done.stdout + done.stderr
    assert len(re.findall(r"^Lints for rule ", text, re.MULTILINE)) > 5, text  # it did look at the rules
    assert {found.strip() for found in re.findall(r"^    \* (.*):$", text, re.MULTILINE)} == JUSTIFIED


def test_slurm_profile_without_slurm(tmp_path):
    """One message instead of three failures of every job, and what to do."""
    (tmp_path / "bin").mkdir()
    for name in ("bash", "which"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name))
    path = os.pathsep.join([str(Path(sys.executable).parent), str(tmp_path / "bin")])
    profile = ROOT / "profiles" / "slurm"
    done = snakemake(tmp_path, "--profile", profile, "--configfile", TINY, "--", "empirics", PATH=path)
    text = done.stdout + done.stderr
    assert done.returncode != 0
    assert "there is no command sbatch" in text and "--profile profiles/local" in text
    assert "Trying to restart job" not in text and "Traceback" not in text


def test_results_in_a_file(workflow):
    (workflow.folder / "taken").write_text("a file", encoding="utf-8")
    done = workflow(TINY, "--config", "run={directory: taken}")
    assert done.code == 2
    assert done.errors() == [
        f"regspec: {workflow.folder / 'taken'}: not a folder",
        "  results go to taken/tiny: choose another run.directory",
    ]


def test_unknown_target(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REGSPEC_DATA", raising=False)
    assert (
        main(
            [
                "explain",
                "--config",
                str(TINY),
                "--snakefile",
                str(ROOT / "Snakefile"),
                "--profile",
                str(ROOT / "profiles" / "local"),
                "empirix",
            ]
        )
        == 2
    )
    assert capsys.readouterr().err.splitlines() == [
        "regspec: empirix: unknown target",
        "  `snakemake --list-target-rules` lists the targets",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--", "facts"], "the target or rule facts is now called empirics"),
        (["--", "calibration"], "the target or rule calibration is now called calibrate"),
        (["--forcerun", "kernels", "--", "model"], "the target or rule kernels is now called precompile"),
        (["--until", "facts"], "the target or rule facts is now called empirics"),
        (["--set-resources", "kernels:mem_mb=3000"], "the target or rule kernels is now called precompile"),
    ],
)
def test_former_targets_and_rules_name_the_present_one(workflow, arguments, said):
    done = workflow(TINY, *arguments)
    assert done.code == 2 and done.errors() == [f"regspec: {said}"]
    assert not (workflow.folder / "results").exists()


def test_every_rule_that_runs_a_step_has_the_name_of_its_function_log_and_stamp():
    """The script calls the function of the rule's name; people look for the log under it."""
    rules = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "workflow" / "rules").glob("*.smk"))
    found = re.findall(r"(?:rule|checkpoint) (\w+):\n(.*?)script:", rules, re.DOTALL)
    assert {name for name, _ in found} == {"precompile", *KEYS}
    for name, text in found:
        assert callable(getattr(steps, name))
        assert f'"{name}.log"' in text or f'"{name}" / "{{{name}}}.log"' in text
        assert name == "precompile" or f"depends({name!r})".replace("'", '"') in text or f"{name}_depends(" in text


@pytest.fixture
def make(tmp_path):
    """make in a folder with the Makefile alone; ``python``: shell code of the Python that it is given."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_text("", encoding="utf-8")

    def make(*arguments):
        return subprocess.run(["make", *arguments], cwd=tmp_path, encoding="utf-8", capture_output=True)

    return make


def program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_python_that_is_too_old(make, tmp_path):
    old = program(tmp_path / "python3.9", "exit 1")
    done = make("run", f"PYTHON={old}")
    assert done.returncode != 0
    assert "regspec needs Python 3.11 or newer; name one: make PYTHON=python3.12" in done.stderr


@pytest.mark.parametrize("target", ["run", "report"])
def test_make_checks_the_configuration_before_snakemake_stumbles_over_it(make, tmp_path, target):
    """Snakemake answers a missing file, or one that is not YAML, with a traceback of its own."""
    program(tmp_path / ".venv" / "bin" / "regspec", f'exec {sys.executable} -m regspec.cli "$@"')
    program(tmp_path / ".venv" / "bin" / "snakemake", 'echo Snakemake was started "$@"')
    (tmp_path / ".venv" / ".ready").write_text("", encoding="utf-8")
    done = make(target, "CONFIG=mine.yaml")
    assert done.returncode != 0 and "Snakemake was started" not in done.stdout
    assert done.stderr.startswith("regspec: mine.yaml: no such file")
    (tmp_path / "mine.yaml").write_text("run: {name: a\nmodel: x\n", encoding="utf-8")
    done = make(target, "CONFIG=mine.yaml")
    assert done.stderr.startswith("regspec: mine.yaml, line 2: not valid YAML")
    (tmp_path / "mine.yaml").write_text("run: {name: a}\n", encoding="utf-8")
    (tmp_path / "more.yaml").write_text("run: {seed: 3}\n", encoding="utf-8")
    assert "--configfile mine.yaml more.yaml" in make(target, "CONFIG=mine.yaml more.yaml").stdout
    (tmp_path / "my own.yaml").write_text("run: {name: a}\n", encoding="utf-8")
    assert "--configfile my own.yaml" in make(target, """CONFIG='my own.yaml'""").stdout
    assert """make run CONFIG='"my own.yaml"'""" in make(target, "CONFIG=my own.yaml").stderr


def test_a_python_whose_path_has_a_space(make, tmp_path):
    old = program(tmp_path / "my programs" / "python3.9", "exit 1")
    assert "regspec needs Python 3.11 or newer" in make("run", f"PYTHON={old}").stderr
