"""The tutorial and the how-to pages as a reader follows them: their shell blocks, in order, in a copy of the project."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from doc_blocks import ROOT, blocks

DOCS = ROOT / "docs"


class Reader:
    """Types the shell blocks of a page in a folder that holds what a clone holds; the package is the environment's."""

    def __init__(self, folder: Path):
        self.folder = folder
        for name in ("Snakefile", "workflow", "profiles", "config"):
            source = ROOT / name
            shutil.copytree(source, folder / name) if source.is_dir() else shutil.copy2(source, folder / name)

    def type(self, command: str) -> tuple[int, str]:
        """Exit code and output of shell commands, which end at the first that fails."""
        environment = {name: value for name, value in os.environ.items() if name != "REGSPEC_DATA"}
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self.folder,
            env=environment,
            encoding="utf-8",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        return done.returncode, done.stdout

    def follow(self, page: Path, instead: tuple[str, str] = ("", "")) -> None:
        """Every block ends as the page says, and prints the lines that the page shows, whatever their numbers.

        ``instead``: what is typed for what the page says, to make a run smaller.
        """
        printed = ""
        for block in blocks(page):
            if block.language == "sh" and block.test != "skip":
                code, printed = self.type(block.text.replace(*instead) if instead[0] else block.text)
                assert code == block.code, block.text + printed
            elif block.language == "text":
                shown = [line for line in block.text.splitlines() if line.strip() and "..." not in line]
                missing = [line for line in shown if without_numbers(line) not in without_numbers(printed)]
                assert not missing, f"{page.name} shows {missing}, printed was\n{printed}"


def without_numbers(text: str) -> str:
    """A text with every number, and every length of time, as #."""
    return re.sub(r"#(?: (?:s|min|h)\b)(?: # (?:s|min)\b)?", "#", re.sub(r"\d[\d.,]*", "#", text))


@pytest.fixture(scope="module")
def reader(tmp_path_factory) -> Reader:
    """Somebody who has gone through the tutorial."""
    made = Reader(tmp_path_factory.mktemp("reader"))
    made.follow(DOCS / "tutorial.md")
    return made


def test_tutorial_leaves_the_files_that_it_names(reader):
    named = set(re.findall(r"results/tiny[\w/.-]*\w", (DOCS / "tutorial.md").read_text(encoding="utf-8")))
    assert len(named) > 10
    assert not [name for name in sorted(named) if not (reader.folder / name).exists()]


def test_nothing_is_left_to_do_after_the_tutorial(reader):
    code, printed = reader.type("regspec explain --config my.yaml")
    assert code == 0 and "nothing would run" in printed


@pytest.mark.parametrize("page", ["reference/files.md", "howto/debug_zone.md", "howto/cluster.md"])
def test_pages_that_go_on_from_the_tutorial(reader, page):
    reader.follow(DOCS / page)


def test_sweep_page(reader):
    page = DOCS / "howto" / "sweep.md"
    assert "{sample: 10}" in page.read_text(encoding="utf-8")
    reader.follow(page, instead=("{sample: 10}", "{sample: 2}"))


@pytest.mark.parametrize("page", ["own_data", "own_scenario", "industries"])
def test_pages_with_runs_of_their_own(reader, page):
    reader.follow(DOCS / "howto" / f"{page}.md")
