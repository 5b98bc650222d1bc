"""Hooks of MkDocs (mkdocs.yml): reference pages made from the sources, and pages as GitHub would read them.

Generated are the manual of the configuration, the command line from its argparse, and the Python API from docstrings;
they are never files of the repository, so that they cannot be out of date.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "src"
# What a script or a notebook of one's own would call, in the order of the workflow.
MODULES = (
    "config.config",
    "config.reading",
    "io.schemas",
    "layout",
    "workflow.steps",
    "io.provenance",
    "data.build",
    "data.tidy",
    "data.microdata.source",
    "empirics.inputs",
    "calibration.processes",
    "calibration.zones",
    "calibration.records",
    "calibration.technology",
    "solves.step",
    "solves.settings",
    "solves.problem",
    "solves.zone",
    "solves.allocation",
    "solves.certify",
    "solves.key",
    "solves.solution_file",
    "solves.solution_writer",
    "model.problem",
    "model.solver.options",
    "model.solver.policies",
    "model.solver.time_iteration",
    "model.simulation.paths",
    "model.simulation.euler_errors",
    "results.collect",
    "results.inputs",
    "solves.cost",
    "workflow.status",
    "workflow.reasons",
    "exhibits.registry",
    "errors",
)
_FENCE = re.compile(r"^\s*(```|~~~)")
_ITEM = re.compile(r"^(\s*)([-*+]|\d+\.)\s")
_MANUAL = re.compile(r"\]\((?:\.\./)+config/README\.md")


def on_files(files, config):
    """Add the generated pages."""
    from mkdocs.structure.files import File

    for name, text in generated().items():
        files.append(File.generated(config, f"reference/{name}.md", content=text))
    return files


def on_page_markdown(markdown: str, page, config, files) -> str:
    """Markdown as GitHub reads it, and links to the manual of the configuration to its page."""
    up = "../" * page.file.src_uri.count("/")
    return _MANUAL.sub(f"]({up}reference/configuration.md", as_on_github(markdown))


def on_page_content(html: str, page, config, files) -> str:
    """A bar within code within a table, which Python-Markdown leaves escaped."""
    return re.sub(r"<td.*?</td>", lambda cell: cell[0].replace("\\|", "|"), html)


def generated() -> dict[str, str]:
    """Name and Markdown of each generated page."""
    return {"configuration": _configuration(), "cli": _command_line(), "api": _api()}


def as_on_github(markdown: str) -> str:
    """An empty line before each list that follows a paragraph directly; <name> in headings as text, not as HTML."""
    out: list[str] = []
    fenced = False
    for line in markdown.split("\n"):
        fence = bool(_FENCE.match(line))
        if not fenced and not fence:
            before = out[-1] if out else ""
            plain = before.strip() and not before.startswith((" ", "\t", "#", "|")) and not _ITEM.match(before)
            if _ITEM.match(line) and plain:
                out.append("")
            if line.startswith("#"):
                line = outside_code(line, lambda text: text.replace("<", "&lt;"))
        out.append(line)
        fenced ^= fence
    return "\n".join(out)


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """``text`` with ``change`` applied to what is not between backticks."""
    parts = text.split("`")
    return "`".join(part if i % 2 else change(part) for i, part in enumerate(parts))


def _configuration() -> str:
    from regspec.config.manual import manual

    # The page stands elsewhere than the file beside which config.yaml lies.
    return manual().replace("[config.yaml](config.yaml)", "`config/config.yaml`")


def _command_line() -> str:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = "\n".join(line.removeprefix("# ") for line in makefile.partition("\n\n")[0].splitlines())
    workflow = ast.parse((ROOT / "Snakefile").read_text(encoding="utf-8").partition("\nfrom ")[0])
    parts = [
        "# Command line",
        "The commands `regspec <step>` do what the rules of the workflow do. Exit codes: 0 done, 2 bad input, 3 the model "
        "fails here, 75 told to end with a checkpoint left, anything else is worth a retry.",
        f"## make\n\n```text\n{targets}\n```",
        f"## snakemake\n\n{ast.get_docstring(workflow)}",
        *(f"## {name}\n\n```text\n{text.strip()}\n```" for name, text in _helps()),
    ]
    return "\n\n".join(parts) + "\n"


def _helps() -> Iterator[tuple[str, str]]:
    from regspec.cli import commands, parser

    with patch.dict(os.environ, COLUMNS="100", NO_COLOR="1"):
        yield "regspec", parser().format_help()
        for name, step in commands(parser()).items():
            yield f"regspec {name}", step.format_help()


def _api() -> str:
    intro = (
        "# Python API\n\nThe modules that a script of one's own would call, with their public functions and classes; the "
        "steps of the workflow are functions of `regspec.workflow.steps`. [Files and formats](files.md) shows how to read "
        "what a run leaves."
    )
    return "\n\n".join([intro, *(block for name in MODULES for block in _module(name))]) + "\n"


def _module(name: str) -> Iterator[str]:
    tree = ast.parse((SOURCES / "regspec" / Path(*name.split("."))).with_suffix(".py").read_text(encoding="utf-8"))
    yield f"## regspec.{name}\n\n{_text(tree)}"
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_") and ast.get_docstring(node):
            yield f"### {node.name}\n\n{_signature(node)}\n\n{_text(node)}"
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_") and ast.get_docstring(inner):
                    yield f"#### {node.name}.{inner.name}\n\n{_signature(inner)}\n\n{_text(inner)}"


def _signature(node: ast.FunctionDef | ast.ClassDef) -> str:
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in node.bases)
        fields = [f"    {ast.unparse(item)}" for item in node.body if _is_field(item)]
        return "\n".join(["```python", f"class {node.name}({bases}):" if bases else f"class {node.name}:", *fields, "```"])
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"```python\n{node.name}({ast.unparse(node.args)}){result}\n```"


def _is_field(item: ast.stmt) -> bool:
    """A short annotated field; those of the configuration are in its manual."""
    return isinstance(item, ast.AnnAssign) and not isinstance(item.value, ast.Call)


def _text(node) -> str:
    """A docstring as Markdown: roles and double backticks as code, the rest as plain words."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", ast.get_docstring(node) or "").replace("``", "`")
    return outside_code(text, lambda part: re.sub(r"([\\*_])", r"\\\1", part).replace("<", "&lt;"))
