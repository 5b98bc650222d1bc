"""One self-contained HTML page of a run: the story, every exhibit, each zone (docs/report.md)."""

from importlib.resources import files

#: What the page is made from besides Python.
TEMPLATES = ("page.html", "explorer.html", "style.css", "charts.js", "explorer.js")


def template(name: str) -> str:
    """Text of one of `TEMPLATES`."""
    return (files(__name__) / name).read_text(encoding="utf-8")
