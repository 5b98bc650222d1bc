"""The command line: exit codes, short errors, light start."""

import errno
import json
import logging
import os
import subprocess
import sys

import h5py
import pytest

from regspec import cli
from regspec.config.config import Config
from regspec.config.reading import load_config
from regspec.errors import ModelFailure
from regspec.io.provenance import write_json
from regspec.layout import Layout
from regspec.workflow import progress, steps
from regspec.workflow.endings import short_errors
from regspec.workflow.progress import JobProgress, duration
from regspec.workflow.status import failure_of, failures_text, status_text


@pytest.fixture
def run_folder(bare_folder):
    """A working directory with a configuration and a calibration of zones 3 and 7."""
    layout = Layout(load_config("my.yaml"))
    layout.zone_list.parent.mkdir(parents=True)
    layout.zone_list.write_text(json.dumps({"zones": [7, 3], "gini": [0.4, 0.5]}), encoding="utf-8")
    return layout


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


def test_threads_and_kernel_cache_are_set_for_solves(run_folder, monkeypatch):
    for variable in (*steps.THREAD_VARIABLES, "NUMBA_CACHE_DIR"):
        monkeypatch.delenv(variable)
    steps.prepare_numba(run_folder)
    assert {os.environ[variable] for variable in steps.THREAD_VARIABLES} == {"1"}
    assert os.environ["NUMBA_CACHE_DIR"].startswith(str((run_folder.store / "numba").resolve()))


def test_status_tells_waiting_started_and_failed_solves(run_folder):
    config = load_config("my.yaml")
    failure = ModelFailure("zone 7: no equilibrium\n  J = 3.1 at theta = 0.35\n", "no_equilibrium")
    write_json(run_folder.failure("other", 7), failure.record())
    run_folder.progress("other", 7).write_text("", encoding="utf-8")
    run_folder.progress("other", 3).write_text(
        '{"sweep": 10, "distance": 0.1}\n{"sweep": 20, "distance": 0.01}\n', encoding="utf-8"
    )
    text = status_text(config, run_folder)
    assert "baseline: 2 waiting" in text
    assert "other: 1 running, 1 failed" in text
    assert "zone 7 failed: zone 7: no equilibrium J = 3.1 at theta = 0.35" in text
    assert "zone 3 running: sweep 20, distance 1.0e-02" in text
    assert "zone 7, scenario other" in failures_text(config, run_folder)
    assert failure_of(run_folder, "baseline", 3) == ("no message", "other")
    run_folder.failure("other", 7).write_text("{", encoding="utf-8")
    assert "7.failure.json is damaged" in failure_of(run_folder, "other", 7)[0]


def test_status_repeats_the_failure_that_a_solution_file_records(run_folder):
    config = load_config("my.yaml")
    for zone, content in ((3, b"cut off"), (7, None)):
        path = run_folder.solution("other", zone)
        path.parent.mkdir(parents=True, exist_ok=True)
        if content:
            path.write_bytes(content)
            continue
        with h5py.File(path, "w") as file:
            file.attrs.update(status="failed", message="no equilibrium\n  J = 3.1")
    text = status_text(config, run_folder)
    assert "zone 3 failed: results/r/solutions/other/3.h5 is damaged" in text
    assert "zone 7 failed: no equilibrium J = 3.1" in text


class Event:
    def __init__(self, event, **fields):
        self.event = event
        self.__dict__.update(fields)


def test_progress_counts_done_and_failed_solves(run_folder, capsys):
    """Of a failed job those zones count as done that have their file."""
    members = {"0": (3, 7, 8), "1": (9, 10), "2": (11,)}
    jobs = JobProgress(lambda: 6, lambda scenario, batch: [run_folder.solution(scenario, zone) for zone in members[batch]])
    for batch in members:
        wildcards = {"scenario": "other", "batch": batch}
        jobs.emit(Event("job_info", jobid=1 + int(batch), rule_name="solve", wildcards=wildcards))
    jobs.emit(Event("job_info", jobid=9, rule_name="collect"))
    jobs.emit(Event("job_finished", job_id=2))
    run_folder.solution("other", 7).parent.mkdir(parents=True)
    run_folder.solution("other", 7).write_text("", encoding="utf-8")
    jobs.emit(Event("job_error", jobid=1))
    jobs.emit(Event("job_finished", job_id=9))
    jobs.emit(Event("job_info", jobid=0, rule_name="all"))
    jobs.emit(Event("job_finished", job_id=0))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("regspec: 2 of 6 solves done, about ")
    assert lines[1].startswith("regspec: 3 of 6 solves done, 2 failed, about ")
    assert lines[2].startswith("regspec: collect done") and len(lines) == 3


def test_only_messages_that_the_user_can_do_without_are_hidden():
    command = "RuleException:\nCalledProcessError in file 'x.smk', line 3:\nCommand 'regspec' returned non-zero "
    hidden = ("Select jobs to execute...", "Execute 3 jobs...", command + "exit status 3.", command + "exit status 2.\n")
    shown = ("Nothing to be done", command + "exit status 137.", "MissingInputException in rule data", "Exiting")
    record = logging.LogRecord("snakemake", logging.INFO, "", 0, "", None, None)
    for texts, expected in ((hidden, False), (shown, True)):
        for text in texts:
            record.msg = text
            assert progress._not_noise(record) is expected, text
    record.event = "progress"
    assert not progress._not_noise(record)


# What a script does, its exit code, what its log holds and what the terminal shows last.
SCRIPTS = {
    "success": ("os.write(1, b'from C\\n')", 0, "from C", []),
    "bad input": ("raise DataError('t.csv: row 3')", 2, "regspec: t.csv: row 3", ["regspec: t.csv: row 3"]),
    "failing model": ("raise ModelFailure('no J')", 3, "regspec: no J", ["regspec: no J"]),
    "fault": ("[print(i) for i in range(9)]; 1 / 0", 1, "0\n1\n2", ["ZeroDivisionError: division by zero"]),
}


@pytest.mark.parametrize("case", SCRIPTS)
def test_script_of_a_rule_logs_everything_and_ends_like_the_command_line(tmp_path, case):
    body, code, logged, shown = SCRIPTS[case]
    script = tmp_path / "script.py"
    script.write_text(
        "import os, sys\nfrom regspec.errors import *\nfrom regspec.workflow.endings import logged\n"
        f"with logged({str(tmp_path / 'log')!r}):\n    print('begun')\n    {body}\nprint('after')\n",
        encoding="utf-8",
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run([sys.executable, script], capture_output=True, encoding="utf-8", env=environment)
    text = (tmp_path / "log").read_text(encoding="utf-8")
    assert done.returncode == code
    assert text.startswith("begun\n") and logged in text and "after" not in text
    assert (done.stdout, done.stderr.splitlines()[-1:]) == ("after\n" if code == 0 else "", shown)
    assert len(done.stderr.splitlines()) <= 5
    assert ("Traceback" in text) == (case == "fault")


def test_durations_are_readable():
    assert [duration(s) for s in (3.2, 89, 91, 3700, 9000)] == ["3 s", "89 s", "2 min", "62 min", "2.5 h"]


def test_layout_follows_the_configuration(bare_folder):
    layout = Layout(Config())
    assert layout.solution("baseline", 7).as_posix() == "results/default/solutions/baseline/7.h5"
    assert layout.zone_ids() == []


def test_a_full_disk_is_told_in_one_line(capsys):
    """Other faults of the machine keep their traceback."""
    with pytest.raises(SystemExit) as end, short_errors():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    told = capsys.readouterr().err
    assert end.value.code == 1 and told.startswith("regspec: No space left on device.") and told.count("\n") == 1
    with pytest.raises(OSError), short_errors():
        raise OSError(errno.EIO, os.strerror(errno.EIO))
