"""The exhibits of a run as parts of the page: figures as data, tables as HTML, each with its caption."""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pandas as pd
from PIL import Image

from regspec.errors import DataError, fail_for_system
from regspec.exhibits.figures import SYNTHETIC_MARK

#: Sections of the page by the program that makes an exhibit; the longest beginning decides.
SECTIONS = {
    "empirics.": "facts",
    "empirics.counties": "data",
    "empirics.exhibits.counties": "data",
    "calibration.": "calibration",
    "studies.internal_calibration.": "calibration",
    "results.claims": "question",
    "results.tradeoff": "model",
    "results.friction": "friction",
    "results.decomposition": "friction",
    "results.mobility": "friction",
    "studies.sweeps.": "friction",
    "studies.responses.": "responses",
    "results.efficient": "planner",
    "results.industries": "planner",
    "results.transition": "planner",
    "studies.planner.": "planner",
    "results.welfare": "welfare",
    "results.normalization": "welfare",
    "results.efficient_map": "welfare",
    "results.taxes": "taxes",
    "results.accuracy": "diagnostics",
    "studies.multiplicity.": "theory",
    "studies.theory.": "theory",
    "results.summary": "configuration",
}
OTHER = "further"
_LONG = 40  # rows above which a table is folded away


@dataclass(frozen=True)
class Picture:
    """A figure: its number, PNG as base64 text, pixels and what its words say."""

    number: int
    name: str
    data: str
    width: int
    height: int
    words: str
    synthetic: bool


@dataclass(frozen=True)
class Sheet:
    """A table: its number, ``<table>`` element, caption (plain text), notes (plain text), number of rows."""

    number: int
    name: str
    markup: str
    caption: str
    notes: str
    rows: int

    @property
    def folded(self) -> bool:
        """Whether the page shows the table on request only."""
        return self.rows > _LONG


@dataclass
class Shown:
    """An exhibit on the page; ``files`` are relative to the run's folder, ``produced``: yes, in part or no."""

    anchor: str
    deck: str
    title: str
    program: str
    files: list[str]
    produced: str
    reason: str
    section: str
    pictures: list[Picture] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)

    @property
    def made(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.pictures or self.sheets)


def section_of(program: str) -> str:
    """Section of an exhibit by its program, a module such as ``results.tradeoff`` or its path under ``src/regspec``."""
    module = program.removeprefix("src/regspec/").removesuffix(".py").replace("/", ".")
    fitting = [start for start in SECTIONS if module.startswith(start)]
    return SECTIONS[max(fitting, key=len)] if fitting else OTHER


def gallery(listing: pd.DataFrame, root: Path, order: Sequence[str]) -> list[Shown]:
    """Every exhibit of the ``listing`` (:func:`regspec.exhibits.listing.listing`) with the figures and tables that exist.

    Sorted by section in the ``order`` of the page, in which figures and tables are numbered. Raises DataError for a file
    that cannot be read.
    """
    place = listing["program"].map(lambda program: order.index(section_of(program)))
    listing = listing.iloc[place.argsort(kind="stable")]
    figure_numbers, table_numbers, shown = count(1), count(1), []
    for number, row in enumerate(listing.itertuples(index=False), 1):
        files = row.files.split()
        item = Shown(
            f"exhibit-{number}", row.exhibit, row.title, row.program, files, row.produced, row.reason, section_of(row.program)
        )
        for name in files:
            path = Path(root) / name
            if not path.is_file():
                continue
            if path.suffix == ".png":
                item.pictures.append(_picture(path, name, next(figure_numbers)))
            elif path.suffix == ".html":
                item.sheets.append(_sheet(path, name, next(table_numbers)))
        shown.append(item)
    return shown


def _picture(path: Path, name: str, number: int) -> Picture:
    try:
        with Image.open(path) as image:
            (width, height), said, data = image.size, image.info, _light(image)
    except OSError as error:
        fail_for_system(path, error)
        raise DataError(f"{path}: not a PNG picture\nRemedy: delete it and run the step again.") from error
    synthetic = said.get("Description") == SYNTHETIC_MARK
    return Picture(number, name.removesuffix(".png"), data, width, height, said.get("Comment", ""), synthetic)


def _light(image: Image.Image) -> str:
    """The picture in 256 colours, base64: a third of the bytes, and no difference that the eye sees in charts and maps."""
    few = image.convert("RGB").quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    stream = io.BytesIO()
    few.save(stream, "PNG", optimize=True)
    return base64.b64encode(stream.getvalue()).decode("ascii")


def _sheet(path: Path, name: str, number: int) -> Sheet:
    text = path.read_text(encoding="utf-8")
    table = re.search(r"<table>.*?</table>", text, re.S)
    if table is None:
        raise DataError(f"{path}: no table in it\nRemedy: delete it and run the step again.")
    caption = re.search(r"<caption>(.*?)</caption>", table.group(), re.S)
    notes = re.search(r'<p class="notes">(.*?)</p>', text, re.S)
    markup = re.sub(r"<caption>.*?</caption>\n?", "", table.group(), flags=re.S)
    title, below = (html.unescape(found.group(1)) if found else "" for found in (caption, notes))
    return Sheet(number, name.removesuffix(".html"), markup, title, below, markup.count("<tr"))
