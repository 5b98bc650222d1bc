"""The step ``report``: one self-contained page of everything that a run produced (docs/report.md)."""

from __future__ import annotations

import json
from pathlib import Path

import jinja2
import pandas as pd

from regspec.config.config import Config
from regspec.config.reading import resolved_text
from regspec.exhibits import tables
from regspec.exhibits.listing import read_missing, run_listing
from regspec.exhibits.registry import LIST
from regspec.io.provenance import atomic_path, stamp
from regspec.io.run_tables import read_meta
from regspec.report import TEMPLATES, story, template
from regspec.report.explorer import explorer
from regspec.report.gallery import Shown, gallery

NAME = "report.html"


def run(config: Config, root: Path, digest: str) -> Path:
    """Write ``report.html`` of the run in ``root`` from the files that are there; returns its path.

    The data and the facts must be there (DataError otherwise); all else is shown as far as it was produced.
    """
    root = Path(root)
    meta = read_meta(root / "data")
    summary = story.read_summary(root)
    shown = gallery(listing(config, root), root, ["question", *(key for key, _, _ in story.SECTIONS), "configuration"])
    small = _small_tables(config, root, meta, summary)
    text = _page(
        config=config,
        meta=meta,
        summary=summary,
        small_tables=small,
        sections=[section for section in story.SECTIONS if _has_content(section[0], shown, small)],
        shown=shown,
        explorer=json_in_html(explorer(config, root)),
        summary_text=json.dumps(summary, indent=1) if summary else "",
        resolved=resolved_text(config),
        provenance=stamp(digest),
    )
    path = root / NAME
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return path


def listing(config: Config, root: Path) -> pd.DataFrame:
    """Every exhibit of the run as it is now: what the results say of theirs, and on request whatever has been made since."""
    rows = run_listing(config, config.sweeps, root, read_missing(root / "empirics"))
    path = root / LIST[0]
    if path.is_file():
        said = tables.read_csv(path).fillna("").set_index(["exhibit", "title"])
        for n, row in rows.iterrows():
            key = (row["exhibit"], row["title"])
            if row["produced"] == "yes" and key in said.index and said.loc[key, "produced"] == "in part":
                rows.loc[n, ["produced", "reason"]] = said.loc[key, ["produced", "reason"]].to_numpy()
    return rows


def json_in_html(content: dict) -> str:
    """Compact JSON that no text in it can end the script element of."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return text.replace("<", "\\u003c")


def _small_tables(config: Config, root: Path, meta: dict, summary: dict | None) -> dict[str, list[story.Small]]:
    solves = [story.solves_table(summary), story.failures_table(root)]
    return {
        "data": [story.data_table(config, root, meta)],
        "calibration": story.calibration_tables(config, root),
        "diagnostics": [table for table in solves if table is not None],
    }


def _has_content(section: str, shown: list[Shown], small: dict) -> bool:
    return section == "zones" or bool(small.get(section)) or any(e.section == section and e.made for e in shown)


def _page(**content) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(template),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("page.html").render(**content, parts={name: template(name) for name in TEMPLATES})
