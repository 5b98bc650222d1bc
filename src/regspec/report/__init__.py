"""One self-contained HTML page of a run: the story, every exhibit, each zone (docs/report.md)."""

from hashlib import sha256
from importlib.resources import files

#: What the page is made from besides Python.
TEMPLATES = ("page.html", "explorer.html", "style.css", "charts.js", "explorer.js")


def template(name: str) -> str:
    """Text of one of `TEMPLATES`."""
    return (files(__name__) / name).read_text(encoding="utf-8")


def template_digest() -> str:
    """Digest of all templates: digests of sources know only Python."""
    return sha256("\0".join(map(template, TEMPLATES)).encode()).hexdigest()[:16]
