"""Reading an IPUMS extract in pieces, with its codebook; damaged files and codebooks that do not fit end in short errors."""

from __future__ import annotations

import gzip
import warnings
import xml.etree.ElementTree as xml
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from ipumspy import readers
from ipumspy.ddi import Codebook
from ipumspy.readers import CitationWarning

from regspec.config_microdata import Microdata
from regspec.errors import DataError
from regspec.messages import column_error, damaged, first_line, no_rows

#: Variables that identify a person within a year, when the extract has them.
PERSON = ("SERIAL", "PERNUM")


def codebook(path: Path) -> Codebook:
    """The parsed DDI codebook. Raises DataError when it is missing or is none."""
    try:
        with warnings.catch_warnings():
            # A reminder to cite IPUMS, which belongs into docs/microdata.md, not into every log.
            warnings.simplefilter("ignore", CitationWarning)
            book = readers.read_ipums_ddi(path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file.\nRemedy: download the DDI codebook (XML) of the extract, too.") from None
    except (xml.ParseError, AttributeError, KeyError, ValueError, NotImplementedError, OSError) as error:
        raise DataError(f"{path}: not a DDI codebook ({first_line(error)}).\nRemedy: download it again.") from None
    if book.file_description.structure != "rectangular":
        raise DataError(
            f"{path}: the extract's structure is {book.file_description.structure}.\nRemedy: ask IPUMS for a rectangular one."
        )
    return book


def variables(settings: Microdata, book: Codebook, source: str) -> list[str]:
    """Names of the variables that are read. Raises DataError naming the first that the codebook lacks."""
    needed = [
        "YEAR", settings.weight, *(name for year, name in settings.asked.items() if year in settings.geography),
        "AGE", "SEX", settings.state, *settings.employed, settings.industry, settings.income,
        settings.skill.variable, *(name for unit in settings.geography.values() for name in unit.columns),
    ]  # fmt: skip
    needed = list(dict.fromkeys(needed))
    have = [variable.name for variable in book.data_description]
    for name in needed:
        if name not in have:
            raise column_error(source, "has no variable", name, have, needed)
    return needed + [name for name in PERSON if all(p in have for p in PERSON)]


def check_layout(path: Path, book: Codebook) -> None:
    """The file's first line has the codebook's length (fixed width) or its names (CSV). Raises DataError."""
    line = _first_line(path)
    if ".csv" in path.suffixes:
        have, known = line.replace('"', "").split(","), [v.name for v in book.data_description]
        lost = [name for name in known if name not in have]
        if lost:
            raise column_error(path.name, "has no column", lost[0], have, known)
        return
    length = max(variable.end for variable in book.data_description)
    if len(line) != length:
        raise DataError(
            f"{path.name}: lines have {len(line)} characters, the codebook describes {length}.\n"
            "Remedy: use the codebook that came with this extract."
        )


def _first_line(path: Path) -> str:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="latin-1") as handle:
            line = handle.readline().rstrip("\r\n")
    except FileNotFoundError:
        raise DataError(f"{path}: no such file.\nRemedy: put it there, or correct data.microdata or data.directory.") from None
    except (EOFError, OSError, zlib.error) as error:
        raise damaged(path, error) from None
    if not line:
        raise no_rows(path)
    return line


def chunks(path: Path, book: Codebook, names: list[str], rows: int) -> Iterator[pd.DataFrame]:
    """Pieces of the extract, at most ``rows`` rows each, float64; the index counts the file's persons from 1.

    Raises DataError for a damaged file and for a field that is empty or no number (row, variable, count).
    """
    start = 1
    try:
        for frame in readers.read_microdata_chunked(book, path, subset=names, chunksize=rows):
            frame = frame.reset_index(drop=True)
            frame.index += start
            start += len(frame)
            values = frame[names].apply(pd.to_numeric, errors="coerce").astype("float64")
            _check_numbers(values, path.name)
            yield values
    except (EOFError, zlib.error, OSError, pd.errors.ParserError, UnicodeDecodeError, ValueError) as error:
        raise damaged(path, error) from None
    if start == 1:
        raise no_rows(path)


def _check_numbers(values: pd.DataFrame, source: str) -> None:
    bad = ~np.isfinite(values.to_numpy())
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise DataError(
            f"{source}: row {values.index[row]}: {values.columns[column]} is empty or no number "
            f"({int(bad.any(axis=1).sum())} such rows in this piece).\n"
            "Remedy: the file was cut short or does not fit its codebook; copy both again."
        )
