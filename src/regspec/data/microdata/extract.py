"""Reading an IPUMS extract in pieces, with its codebook; damaged files and codebooks that do not fit end in short errors."""

from __future__ import annotations

import warnings
import xml.etree.ElementTree as xml
import zlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pandas as pd
from ipumspy import readers
from ipumspy.ddi import Codebook
from ipumspy.readers import CitationWarning

from regspec.config.microdata import Microdata
from regspec.data.microdata.records import BOM, HOUSEHOLD, MEMBER, layout, opened, persons, records
from regspec.errors import DataError
from regspec.io.messages import UTF16, column_error, damaged, first_line, no_rows

#: Variables that identify a person within a year, when the extract has them.
PERSON = ("SERIAL", "PERNUM")


def codebook(path: Path) -> Codebook:
    """The parsed DDI codebook. Raises DataError when it is missing, is none, or describes records that are not read."""
    try:
        with warnings.catch_warnings():
            # A reminder to cite IPUMS, which belongs into docs/microdata.md, not into every log.
            warnings.simplefilter("ignore", CitationWarning)
            book = readers.read_ipums_ddi(path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file.\nRemedy: download the DDI codebook (XML) of the extract, too.") from None
    except (xml.ParseError, AttributeError, KeyError, ValueError, NotImplementedError, OSError) as error:
        raise DataError(f"{path}: not a DDI codebook ({first_line(error)}).\nRemedy: download it again.") from None
    file = book.file_description
    households = file.structure == "hierarchical" and {*file.rectypes} == {HOUSEHOLD, MEMBER}
    if file.structure != "rectangular" and not households:
        raise DataError(
            f"{path}: the extract's structure is {file.structure} {' '.join(file.rectypes)}".rstrip()
            + f".\nRead are rectangular extracts, and hierarchical ones of households ({HOUSEHOLD}) and persons ({MEMBER}).\n"
            "Remedy: order a rectangular extract."
        )
    return book


def variables(settings: Microdata, book: Codebook, source: str) -> dict[str, set[int]]:
    """Variable that is read -> years that use it. Raises DataError naming the first that the codebook lacks."""
    years = {int(year) for year in settings.geography}
    always = [
        "YEAR",
        settings.weight,
        "AGE",
        "SEX",
        settings.state,
        *settings.employed,
        settings.industry,
        settings.income,
        settings.skill.variable,
    ]
    used = {name: set(years) for name in always}
    for year, name in settings.asked.items():
        if year in settings.geography:
            used.setdefault(name, set()).add(int(year))
    for year, unit in settings.geography.items():
        for name in unit.columns:
            used.setdefault(name, set()).add(int(year))
    have = [variable.name for variable in book.data_description]
    for name in used:
        if name not in have:
            raise column_error(source, "has no variable", name, have, list(used))
    return used | {name: set(years) for name in PERSON if all(p in have for p in PERSON)}


def check_layout(path: Path, book: Codebook) -> None:
    """The first line has the codebook's length (fixed width) or its names (CSV), the last one of a CSV an end.

    Raises DataError.
    """
    line = _first_line(path)
    if ".csv" in path.suffixes:
        have = [name.strip() for name in line.decode("utf-8", "replace").replace('"', "").split(",")]
        known = [v.name for v in book.data_description]
        lost = [name for name in known if name not in have]
        if lost:
            raise column_error(path.name, "has no column", lost[0], have, known)
        _check_end(path)
        return
    length = max(variable.end for variable in book.data_description)
    if len(line) != length and book.file_description.structure == "rectangular":
        raise DataError(
            f"{path.name}: lines have {len(line)} characters, the codebook describes {length}.\n"
            "Remedy: use the codebook that came with this extract."
        )


def _check_end(path: Path) -> None:
    """A CSV whose last line has no end may have lost digits of its last number. A packed file has a check sum of its own."""
    if path.suffix == ".gz":
        return
    with open(path, "rb") as handle:
        handle.seek(-1, 2)
        if handle.read(1) not in (b"\n", b"\r"):
            raise DataError(
                f"{path}: the last line has no end: the file was cut short, or saved without one.\n"
                "Remedy: copy it again; if the last line is whole, add a line end."
            )


def _first_line(path: Path) -> bytes:
    try:
        with opened(path) as handle:
            line = handle.readline()
    except FileNotFoundError:
        raise DataError(f"{path}: no such file.\nRemedy: put it there, or correct data.microdata or data.directory.") from None
    except (EOFError, OSError, zlib.error) as error:
        raise damaged(path, error) from None
    if line.startswith(UTF16):
        raise DataError(f"{path}: the text is in UTF-16.\nRemedy: save the file in UTF-8, or copy the delivered one again.")
    line = line.removeprefix(BOM).rstrip(b"\r\n")
    if not line:
        raise no_rows(path)
    return line


def chunks(
    path: Path, book: Codebook, names: Collection[str], rows: int, years: Mapping[str, Collection[int]] | None = None
) -> Iterator[pd.DataFrame]:
    """Pieces of the extract, at most ``rows`` records each: persons, float64; the index counts the file's records from 1.

    ``years``: variable -> years that use it, as :func:`variables` returns; it may be empty (NaN) in other years. A variable
    without entry is used in all. Raises DataError for a damaged file, and as :mod:`regspec.data.microdata.records`, and for an
    empty field of a year that uses it (row, variable, year, count).
    """
    form, some = layout(book, [*names]), False
    try:
        for frame in persons(records(path, form, rows), form, path.name):
            if len(frame):
                some = True
                _check_empty(frame, names, years or {}, path.name)
                yield frame[[*names]]
    except (EOFError, zlib.error, OSError, pd.errors.ParserError) as error:
        raise damaged(path, error) from None
    if not some:
        raise no_rows(path)


def _check_empty(frame: pd.DataFrame, names: Collection[str], years: Mapping[str, Collection[int]], source: str) -> None:
    empty = frame[[*names]].isna()
    for name in empty.columns[empty.any()]:
        lost = empty[name]
        if name in years and name != "YEAR":
            lost = lost & frame["YEAR"].isin([*years[name]])
        if lost.any():
            row = frame.index[lost][0]
            when = "" if name == "YEAR" or "YEAR" not in frame else f" in {frame['YEAR'][row]:g}, a year that uses it"
            raise DataError(
                f"{source}: row {row}: {name} is empty or no number{when} ({int(lost.sum())} such rows in this piece).\n"
                "Remedy: order a sample that has it (data.microdata names the variables of each year), or copy the file and "
                "its codebook again: they may not fit."
            )
