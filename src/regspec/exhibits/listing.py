"""The list "exhibit, program, file" of a run: from the registry, the files that are there, and what was not computed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

import pandas as pd

from regspec.config.config import Config
from regspec.errors import DataError, fail_for_system
from regspec.exhibits import tables
from regspec.exhibits.registry import (
    FACTS,
    LIST,
    NOT_COMPUTED,
    Exhibit,
    county_exhibits,
    model_exhibits,
    on_request,
    sweep_exhibit,
)
from regspec.exhibits.writer import ExhibitWriter
from regspec.layout import Layout

_NOTES = "Exhibit: id in the research deck. Files are relative to the folder of this list."


@dataclass(frozen=True)
class Missing:
    """Something that the data do not allow: exhibit (deck id, title), the part of it (empty: all of it), and why."""

    exhibit: str
    title: str
    part: str
    reason: str

    def __str__(self):
        return f"{self.exhibit} {self.title}{f', {self.part}' if self.part else ''}: {self.reason}"


def write_missing(missing: Iterable[Missing], writer: ExhibitWriter) -> None:
    """Write ``not_computed.csv`` with the columns of :class:`Missing`; no rows when everything was computed."""
    frame = pd.DataFrame([astuple(item) for item in missing], columns=list(Missing.__annotations__))
    writer.csv(name=Path(NOT_COMPUTED).stem, frame=frame)


def read_missing(folder: Path) -> list[Missing]:
    """Read ``not_computed.csv`` back. Raises DataError when it is missing or damaged."""
    path = Path(folder) / NOT_COMPUTED
    try:
        return [Missing(*row) for row in tables.read_csv(path).fillna("").itertuples(index=False)]
    except (OSError, ValueError, TypeError, StopIteration) as error:
        fail_for_system(path, error)
        raise DataError(f"{path}: missing or damaged; run the empirics step first.") from None


def listing(exhibits: Iterable[Exhibit], folder: Path, missing: Iterable[Missing], prefix: str = "") -> pd.DataFrame:
    """One row for each exhibit: ``exhibit, title, program, files, produced`` (yes, in part, no) and ``reason``.

    ``folder`` is where the exhibits' files are; ``prefix`` leads from the list to it.
    """
    rows, missing = [], list(missing)
    for exhibit in exhibits:
        own = [item for item in missing if (item.exhibit, item.title) == (exhibit.deck, exhibit.title)]
        lost = [name for name in exhibit.files if not (Path(folder) / name).is_file()]
        produced = "no" if lost or any(not item.part for item in own) else "in part" if own else "yes"
        reasons = [f"no file {name}" for name in lost]
        reasons += [f"{item.part}: {item.reason}" if item.part else item.reason for item in own]
        program = f"src/regspec/{exhibit.program.replace('.', '/')}.py"
        files = " ".join(prefix + name for name in exhibit.files)
        rows.append((exhibit.deck, exhibit.title, program, files, produced, "; ".join(reasons)))
    return pd.DataFrame(rows, columns=["exhibit", "title", "program", "files", "produced", "reason"])


def run_listing(config: Config, layout: Layout, missing: Iterable[Missing], sweeps: Iterable[str]) -> pd.DataFrame:
    """The listing of a whole run: the empirics, the results, and what is made on request.

    ``sweeps``: names of the configuration's sweeps, which the step `empirics` does not depend on.
    """
    missing = list(missing)

    def part(exhibits: Iterable[Exhibit], folder: Path) -> pd.DataFrame:
        return listing(exhibits, folder, missing, f"{folder.relative_to(layout.root)}/" if folder != layout.root else "")

    parts = [
        part(FACTS, layout.empirics),
        part([*county_exhibits(config), *model_exhibits(config)], layout.root),
        *(_on_request(part([exhibit], layout.root), target) for target, exhibit in on_request(config).items()),
        *(_on_request(part([sweep_exhibit(name)], layout.sweep(name)), "sweeps") for name in sweeps),
    ]
    return pd.concat(parts, ignore_index=True)


def _on_request(rows: pd.DataFrame, target: str) -> pd.DataFrame:
    absent = f"made on request: snakemake ... -- {target}"
    return rows.assign(reason=rows["reason"].where(rows["produced"] == "yes", absent))


def write_list(frame: pd.DataFrame, writer: ExhibitWriter) -> None:
    """Write a listing as ``exhibits.{csv,html,md}``."""
    body, forms = frame.rename(columns=str.capitalize), [Path(name).suffix.removeprefix(".") for name in LIST]
    writer.table(name=Path(LIST[0]).stem, body=body, caption="Exhibits of this run", notes=_NOTES, data=frame, forms=forms)
