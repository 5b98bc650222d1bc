"""The parts of the documentation that tests read: pages, code, commands, configurations, links."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from repository import ROOT

PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "config" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_FENCED = re.compile(r"^(?P<mark><!-- test: (?P<test>[a-z0-9 ]+) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
_HEREDOC = re.compile(r"^(?P<head>[^\n]*<<'(?P<end>\w+)'[^\n]*)\n(?P<body>.*?)^(?P=end)$", re.M | re.S)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^()\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block: language, text, and the test mark before it: `skip`, `exit <code>`, or nothing."""

    language: str
    text: str
    test: str

    @property
    def code(self) -> int:
        """Exit code that the block ends with."""
        return int(self.test.split()[1]) if self.test.startswith("exit") else 0


def blocks(page: Path) -> list[Block]:
    """Fenced blocks of a page, in order."""
    return [Block(m["language"], m["text"], m["test"] or "") for m in _FENCED.finditer(page.read_text(encoding="utf-8"))]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


def inline(page: Path) -> list[str]:
    """Code within the sentences of a page."""
    return [text.replace("\\|", "|") for text in _INLINE.findall(prose(page))]


def links(page: Path) -> list[str]:
    """Targets of the links of a page that stay within the repository."""
    found = _LINK.findall(_INLINE.sub("", prose(page)))
    return [target for target in found if not target.startswith(("http://", "https://", "mailto:"))]


def anchors(page: Path) -> set[str]:
    """Anchors of the headings of a page, as GitHub makes them."""
    slugs: dict[str, int] = {}
    for title in re.findall(r"^#+ (.*)$", prose(page), re.M):
        slug = re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")
        number = slugs[slug] = slugs.get(slug, -1) + 1
        if number:
            slugs[f"{slug}-{number}"] = 0
    return set(slugs)


def commands(block: Block, program: str) -> list[list[str]]:
    """Arguments of every call of ``program`` in a block of shell commands, without those that have placeholders."""
    text = _HEREDOC.sub(lambda m: m["head"], block.text).replace("\\\n", " ")
    found = []
    for line in text.splitlines():
        called = re.match(rf"^(?:[A-Z_]+=\S+ +)*(?:\S*/)?{program} (.*)$", line)
        if called and not re.search(r"<|\.\.\.|\bmake\b", called[1].split(" #")[0]):
            found.append(shlex.split(called[1], comments=True))
    return found


def configurations(page: Path, sections: set[str]) -> list[str]:
    """Configurations, or parts of them, that a page shows: YAML blocks, files that blocks write, code in sentences."""
    begins = re.compile(rf"^(?:#.*\n|\s*\n)*({'|'.join(sorted(sections))}):[ \n]")
    found = [text for text in inline(page) if begins.match(text) and "{" in text and "..." not in text]
    for block in blocks(page):
        if block.language == "yaml" or begins.match(block.text):
            found.append(block.text)
        found += [m["body"] for m in _HEREDOC.finditer(block.text) if re.search(r"> *\S+\.yaml\b", m["head"])]
    return found
