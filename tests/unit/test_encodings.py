"""Texts and digests are the same under every locale: files are UTF-8, and so is what programs print."""

import ast
import io
import os
import subprocess
import sys

import pytest
from repository import ROOT

from regspec.config.config import Config
from regspec.errors import ConfigError
from regspec.workflow.endings import any_text
from regspec.workflow.plan import _cache_home
from regspec.workflow.steps import check_environment

TEXT_FLAGS = {"text", "universal_newlines"}


def without_encoding(tree):
    """Calls of a syntax tree that read or write text in the locale's encoding. ruff's PLW1514 sees `open` alone, not methods of
    paths whose type it cannot tell, nor what other programs print.
    """
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or any(keyword.arg == "encoding" for keyword in node.keywords):
            continue
        name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
        method = isinstance(node.func, ast.Attribute) and name in ("read_text", "write_text")
        program = name in ("run", "Popen", "check_output") and {keyword.arg for keyword in node.keywords} & TEXT_FLAGS
        if method or program:
            yield f"line {node.lineno}: {ast.unparse(node)[:80]}"


def sources():
    folders = ("src", "workflow", "tests", "benchmarks", "docs")
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".smk"))


def test_every_text_file_and_program_is_read_and_written_as_utf8():
    found = {}
    for path in sources():
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".py":
            found[path.relative_to(ROOT).as_posix()] = list(without_encoding(ast.parse(text)))
        else:  # Snakemake's language is no Python
            bare = [
                line for line in text.splitlines() if "read_text()" in line or ("write_text(" in line and "utf-8" not in line)
            ]
            found[path.relative_to(ROOT).as_posix()] = bare
    assert len(found) > 300
    assert {name: calls for name, calls in found.items() if calls} == {}


def test_the_scan_finds_what_names_no_encoding():
    tree = ast.parse("p.read_text()\np.write_text('a')\nsubprocess.run(c, text=True)\np.read_text(encoding='utf-8')\nrun(c)")
    assert [line.split(":")[0] for line in without_encoding(tree)] == ["line 1", "line 2", "line 3"]


def no_utf8(**more):
    """Environment of a system whose locale knows ASCII alone."""
    return {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"} | more


def python(code, *arguments, **variables):
    """What a program of its own prints, as bytes."""
    done = subprocess.run([sys.executable, "-c", code, *arguments], env=no_utf8(**variables), capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


DIGESTS = """
import sys
from pathlib import Path
from regspec.model.fingerprint import kernel_fingerprint
from regspec.io.provenance import source_hash
from regspec.io.sources import logic_digests
from regspec.config.reading import config_hash, load_config
print(kernel_fingerprint(), source_hash(), sorted(logic_digests().items()), config_hash(load_config(sys.argv[1])))
"""


def test_digests_do_not_depend_on_the_locale(tmp_path):
    path = tmp_path / "my.yaml"
    path.write_text("run: {name: r}\ndata: {directory: données}\n", encoding="utf-8")
    assert python(DIGESTS, path, PYTHONUTF8="0") == python(DIGESTS, path, PYTHONUTF8="1") != b""


def test_what_is_printed_to_a_file_is_utf8():
    code = "from regspec.workflow.endings import any_text\nany_text()\nprint('Z\\xfcrich \\u2192 1 \\udcff')"
    assert python(code) == "Zürich → 1 \\udcff\n".encode()


def test_a_terminal_keeps_its_encoding(monkeypatch):
    class Terminal(io.TextIOWrapper):
        def isatty(self):
            return True

    held = io.BytesIO()
    monkeypatch.setattr("sys.stdout", Terminal(held, encoding="latin-1"))
    any_text()
    print("Zürich →", end="", flush=True)
    assert held.getvalue() == "Zürich \\u2192".encode("latin-1")


def test_the_log_of_a_step_is_utf8(tmp_path):
    log = tmp_path / "log.txt"
    python(f"from regspec.workflow.endings import logged\nwith logged({str(log)!r}): print('Z\\xfcrich \\u2192')")
    assert log.read_bytes() == "Zürich →\n".encode()


@pytest.mark.parametrize("value", ["0", "-1", "x", ""])
def test_a_number_of_threads_that_numba_refuses_is_named(monkeypatch, value):
    monkeypatch.setenv("NUMBA_NUM_THREADS", value)
    with pytest.raises(ConfigError, match=f"NUMBA_NUM_THREADS={value} in the environment: must be a whole number"):
        check_environment(Config())


@pytest.mark.parametrize("key", ["run.directory", "data.directory"])
def test_folders_that_the_locale_names_otherwise_are_refused(monkeypatch, key):
    section = key.partition(".")[0]
    config = Config.model_validate({section: {"directory": "r\xe9sultats"}})
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    check_environment(config)
    monkeypatch.setattr("sys.getfilesystemencoding", lambda: "iso8859-1")
    check_environment(Config.model_validate({section: {"directory": "plain"}}))
    with pytest.raises(ConfigError, match=rf"{key} = .*names files in iso8859-1") as caught:
        check_environment(config)
    assert str(caught.value).isascii() and "PYTHONUTF8=1" in str(caught.value)


def test_snakemakes_cache_has_another_place_where_home_takes_none(monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert _cache_home("other") == {}
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    assert _cache_home("other") == {"XDG_CACHE_HOME": "other"}
