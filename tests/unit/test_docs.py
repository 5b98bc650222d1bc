"""The documentation: links and anchors, commands, configurations and files that it names, the site's strict build."""

import importlib.util
import os
import re
import shlex
import subprocess
import sys

import pytest
import yaml
from doc_blocks import PAGES, ROOT, anchors, blocks, commands, configurations, inline, links

from regspec.cli import commands as known_commands
from regspec.cli import parser
from regspec.config.config import Config
from regspec.config.reading import load_config

DEFAULT = ROOT / "config" / "config.yaml"
SHELL = ("", "sh")
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@every_page
def test_links_and_anchors_lead_somewhere(page):
    for target in links(page):
        name, _, anchor = target.partition("#")
        goal = (page.parent / name).resolve() if name else page
        assert goal.is_relative_to(ROOT) and goal.exists(), target
        if anchor:
            assert anchor in anchors(goal), target


def parsed(words):
    try:
        return parser().parse_args(words)
    except SystemExit as end:
        assert end.code == 0, "regspec " + " ".join(words)


@every_page
def test_commands_parse_and_their_overrides_are_keys(page):
    for block in (b for b in blocks(page) if b.language in SHELL):
        for words in commands(block, "regspec"):
            args = parsed(words)
            files = [ROOT / name for name in args.config if (ROOT / name).exists()]
            load_config(files or DEFAULT, args.overrides)


@every_page
def test_commands_in_sentences_have_known_steps_and_options(page):
    known = known_commands(parser())
    for text in inline(page):
        step = re.match(r"^regspec ([a-z][a-z-]*)", text)
        if step:
            assert step[1] in known, text
            assert set(re.findall(r"--[a-z-]+", text)) <= set(known[step[1]]._option_string_actions), text
        for override in re.findall(r"--set ([\w.]+=\S+)", text):
            load_config(DEFAULT, [override])


@every_page
def test_overrides_of_snakemake_and_its_files_are_valid(page):
    calls = [words for b in blocks(page) if b.language in SHELL for words in commands(b, "snakemake")]
    calls += [shlex.split(text) for text in inline(page) if text.startswith("--config '")]
    for words in calls:
        values = _values(words, "--config")
        load_config(DEFAULT, extra={key: yaml.safe_load(value) for key, _, value in (v.partition("=") for v in values)})
        for name in _values(words, "--profile"):
            assert (ROOT / name).is_dir() or "cp -r profiles/slurm " + name in page.read_text(encoding="utf-8"), name


def _values(words, option):
    """What follows an option of Snakemake, up to the next one."""
    if option not in words:
        return []
    rest = words[words.index(option) + 1 :]
    end = next((i for i, word in enumerate(rest) if word.startswith("-")), len(rest))
    return rest[:end]


@every_page
def test_configurations_are_valid(page, tmp_path):
    for text in configurations(page, set(Config.model_fields)):
        path = tmp_path / "shown.yaml"
        path.write_text(text, encoding="utf-8")
        load_config(path)


@every_page
def test_files_of_the_repository_are_there(page):
    text = page.read_text(encoding="utf-8")
    folders = "config|docs|tests|benchmarks|src|workflow|profiles"
    made = tuple(f"{folder}/" for folder in re.findall(r"cp -r \S+ (profiles/\w+)", text))
    for name in set(re.findall(rf"(?<![\w/.-])(?:{folders})/[\w/.-]*\w\.(?:py|yaml|csv|md|smk|png|js)\b", text)):
        assert (ROOT / name).exists() or (made and name.startswith(made)), name


def test_generated_pages_hold_every_step_and_every_public_module():
    pages = site_pages().generated()
    assert all(f"## regspec {name}\n" in pages["cli"] for name in known_commands(parser()))
    assert all(f"## regspec.{name}\n" in pages["api"] for name in site_pages().MODULES)


def site_pages():
    spec = importlib.util.spec_from_file_location("site_pages", ROOT / "docs" / "site_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_markdown_is_read_as_on_github():
    made = site_pages().as_on_github("Words:\n- one\n- two\n\n## a.<name> `b<c>`\n```\nx\n- y <z>\n```")
    assert made == "Words:\n\n- one\n- two\n\n## a.&lt;name> `b<c>`\n```\nx\n- y <z>\n```"


def test_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path):
    pytest.importorskip("mkdocs", reason="mkdocs is not installed (extra `docs`)")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    built = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.html")}
    assert {"index.html", "tutorial.html", "reference/cli.html", "reference/api.html", "howto/debug_zone.html"} <= built
    for path in tmp_path.rglob("*.html"):
        assert not re.search(
            r"""<(?:script|img|link)[^>]*(?:src|href)=["']?(?:https?:)?//""", path.read_text(encoding="utf-8")
        ), path
