"""How a step ends: exit codes, short errors, the log of a rule."""

import errno
import os
import subprocess
import sys

import pytest

from regspec.workflow.endings import short_errors

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


def test_a_full_disk_is_told_in_one_line(capsys):
    """Other faults of the machine keep their traceback."""
    with pytest.raises(SystemExit) as end, short_errors():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    told = capsys.readouterr().err
    assert end.value.code == 1 and told.startswith("regspec: No space left on device.") and told.count("\n") == 1
    with pytest.raises(OSError), short_errors():
        raise OSError(errno.EIO, os.strerror(errno.EIO))
