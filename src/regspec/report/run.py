"""The step ``report``: one self-contained page of everything that a run produced (docs/report.md)."""

from __future__ import annotations

import json

import jinja2
import pandas as pd

from regspec.config.config import Config
from regspec.config.reading import resolved_text
from regspec.exhibits import tables
from regspec.exhibits.listing import read_missing, run_listing
from regspec.exhibits.registry import LIST
from regspec.io.provenance import atomic_path, stamp
from regspec.io.run_tables import read_meta
from regspec.layout import Layout
from regspec.report import TEMPLATES, story, template
from regspec.report.explorer import explorer
from regspec.report.gallery import Shown, gallery


def run(config: Config, layout: Layout, config_hash: str) -> None:
    """Write ``report.html`` of the run from the files that are there.

    The data and the facts must be there (DataError otherwise); all else is shown as far as it was produced.
    """
    meta = read_meta(layout.data)
    summary = story.read_summary(layout)
    shown = gallery(listing(config, layout), layout.root, ["question", *(key for key, _, _ in story.SECTIONS), "configuration"])
    small = _small_tables(config, layout, meta, summary)
    text = _page(
        config=config,
        meta=meta,
        summary=summary,
        small_tables=small,
        sections=[section for section in story.SECTIONS if _has_content(section[0], shown, small)],
        shown=shown,
        explorer=json_in_html(explorer(config, layout)),
        summary_text=json.dumps(summary, indent=1) if summary else "",
        resolved=resolved_text(config),
        provenance=stamp(config_hash),
    )
    with atomic_path(layout.report) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def listing(config: Config, layout: Layout) -> pd.DataFrame:
    """Every exhibit of the run as it is now: what the results say of theirs, and on request whatever has been made since."""
    rows = run_listing(config, layout, read_missing(layout.empirics), config.sweeps)
    path = layout.root / LIST[0]
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


def _small_tables(config: Config, layout: Layout, meta: dict, summary: dict | None) -> dict[str, list[story.Small]]:
    solves = [story.solves_table(summary), story.failures_table(layout)]
    return {
        "data": [story.data_table(config, layout, meta)],
        "calibration": story.calibration_tables(config, layout),
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
