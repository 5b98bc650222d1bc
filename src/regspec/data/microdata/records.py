"""Records of an extract as numbers: fixed width or CSV, rectangular or hierarchical. Nothing is filled in or guessed.

The reading library's own readers put 0 for a blank with implied decimals and take the rest of a line that was cut for a
number, so that only its codebooks are used.
"""

from __future__ import annotations

import csv
import gzip
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pandas as pd
from ipumspy.ddi import Codebook, VariableDescription

from regspec.errors import DataError

HOUSEHOLD, MEMBER = "H", "P"
_COPY = "Remedy: the file was cut short or does not fit its codebook; copy both again."
#: A byte-order mark, which spreadsheets and editors put in front.
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Layout:
    """The variables that are read. ``kind``, ``key``: variables of the record type and of the household's number, empty in a
    rectangular extract; ``widths``: length of a line by record type.
    """

    variables: list[VariableDescription]
    kind: str
    key: str
    widths: dict[str, int]

    @property
    def names(self) -> list[str]:
        """Names of the variables."""
        return [variable.name for variable in self.variables]

    def only(self, record: str) -> list[str]:
        """Names of the variables that records of this type alone have."""
        return [v.name for v in self.variables if v.rectype.split() == [record]]


def layout(book: Codebook, names: list[str]) -> Layout:
    """The layout of the variables ``names``; a hierarchical extract needs the household's number besides."""
    file = book.file_description
    needed = {*names, *([file.rectype_idvar, file.rectype_keyvar, "YEAR"] if file.rectypes else [])}
    widths = {
        record: max(v.end for v in book.data_description if not record or record in v.rectype.split())
        for record in (file.rectypes or [""])
    }
    used = [variable for variable in book.data_description if variable.name in needed]
    return Layout(used, file.rectype_idvar, file.rectype_keyvar, widths)


def opened(path: Path) -> BinaryIO:
    """The file's bytes, unpacked."""
    return cast(BinaryIO, gzip.open(path, "rb") if path.suffix == ".gz" else open(path, "rb"))


def records(path: Path, form: Layout, rows: int) -> Iterator[pd.DataFrame]:
    """Pieces of ``rows`` records: float64, NaN where a field is empty; the index counts the file's records from 1; in a
    hierarchical extract with the record type in a column of text.

    Raises DataError (row, variable, value) for lines of another length, fields that are no number, values with more digits
    than the codebook gives them.
    """
    yield from (_csv if ".csv" in path.suffixes else _fixed)(path, form, rows)


def persons(pieces: Iterator[pd.DataFrame], form: Layout, source: str) -> Iterator[pd.DataFrame]:
    """The persons of the pieces; in a hierarchical extract with the variables of the household that they follow.

    Raises DataError for a record type that is unknown, a person before any household, and one of another household.
    """
    if not form.kind:
        yield from pieces
        return
    shared = [name for name in (form.key, "YEAR") if name not in (*form.only(HOUSEHOLD), *form.only(MEMBER))]
    own, before = form.only(HOUSEHOLD), pd.DataFrame()
    for piece in pieces:
        frame = pd.concat([before, piece])
        house = frame[form.kind].to_numpy() == HOUSEHOLD
        if not house[0]:
            raise _order(source, frame.index[0], "a person comes before any household")
        last = np.maximum.accumulate(np.where(house, np.arange(len(frame)), -1))
        values = frame[[*own, *shared]].to_numpy()[last]
        foreign = (frame[shared].to_numpy() != values[:, len(own) :]).any(axis=1) & ~house
        if foreign.any():
            text = ", ".join(f"{name} {frame[name].to_numpy()[foreign][0]:g}" for name in shared)
            raise _order(source, frame.index[foreign][0], f"the person of {text} does not follow its household")
        frame[own] = values[:, : len(own)]
        before = frame.iloc[[last[-1]]]
        yield frame[~house].drop(columns=form.kind)


def _order(source: str, row: int, what: str) -> DataError:
    return DataError(f"{source}: row {row}: {what}.\nRemedy: keep the order of the delivery, or order a rectangular extract.")


def _fixed(path: Path, form: Layout, rows: int) -> Iterator[pd.DataFrame]:
    with opened(path) as handle:
        start = 1
        while lines := [line.rstrip(b"\r\n") for line in itertools.islice(handle, rows)]:
            if start == 1:
                lines[0] = lines[0].removeprefix(BOM)
            while lines and not lines[-1].strip():
                lines.pop()
            if lines:
                yield _cut(lines, start, form, path.name)
            start += len(lines)


def _cut(lines: list[bytes], start: int, form: Layout, source: str) -> pd.DataFrame:
    """Fields of the lines as numbers, each of the record types that have it."""
    length = np.fromiter(map(len, lines), "int64", len(lines))
    width = max(form.widths.values())
    cells = np.array(lines, dtype=f"S{width}").view("uint8").reshape(len(lines), width)
    index = pd.RangeIndex(start, start + len(lines))
    kinds = np.full(len(lines), "")
    if form.kind:
        first = next(v for v in form.variables if v.name == form.kind)
        kinds = np.ascontiguousarray(cells[:, first.start : first.end]).view(f"S{first.end - first.start}").ravel().astype("U")
    shortest = _lengths(kinds, form, index, source)
    wrong = (length > width) | (length < shortest) if form.kind else length != width
    if wrong.any():
        at = int(np.argmax(wrong))
        raise DataError(
            f"{source}: row {index[at]}: the line has {length[at]} characters, the codebook describes {shortest[at]} "
            f"({int(wrong.sum())} such rows in this piece).\n{_COPY}"
        )
    columns = {}
    for variable in form.variables:
        if variable.name == form.kind:
            continue
        has = np.isin(kinds, variable.rectype.split()) if form.kind else np.ones(len(lines), bool)
        values = np.full(len(lines), np.nan)
        own = cells[has, variable.start : variable.end]
        values[has], bad = numbers(own)
        if bad.any():
            text = own[int(np.argmax(bad))].tobytes().decode("latin-1").strip()
            raise _no_number(source, index[has][int(np.argmax(bad))], variable.name, text, int(bad.sum()))
        columns[variable.name] = values / 10 ** (variable.shift or 0)
    frame = pd.DataFrame(columns, index)
    return frame.assign(**{form.kind: kinds}) if form.kind else frame


def _lengths(kinds: np.ndarray, form: Layout, index: pd.Index, source: str) -> np.ndarray:
    """Least length of each line, by its record type."""
    known = pd.Series(kinds).map(form.widths)
    if known.isna().any():
        at = int(known.isna().to_numpy().argmax())
        raise DataError(
            f"{source}: row {index[at]}: {form.kind} = {str(kinds[at])!r} is not among {', '.join(form.widths)}.\n{_COPY}"
        )
    return known.to_numpy("int64")


def numbers(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers of fields of fixed width, and which fields are none: blanks, then a sign, then digits to the end.

    ``cells``: bytes, ``(fields, width)``. A field of blanks, or of a single point as other programs write an empty one, is NaN.
    """
    digit, sign = cells - 48, np.isin(cells, (43, 45))
    order = np.select([np.isin(cells, (0, 32)), sign, digit < 10], [0, 1, 2], 3)
    blank = (order == 0).all(axis=1) | ((cells == 46).sum(axis=1) == 1) & (np.isin(cells, (0, 32, 46))).all(axis=1)
    good = (order[:, -1] == 2) & (np.diff(order, axis=1) >= 0).all(axis=1) & (sign.sum(axis=1) <= 1) & (order < 3).all(axis=1)
    powers = 10.0 ** np.arange(cells.shape[1] - 1, -1, -1)
    values = np.where(order == 2, digit, 0) @ powers
    values = np.where((cells == 45).any(axis=1), -values, values)
    return np.where(good, values, np.nan), ~good & ~blank


def _csv(path: Path, form: Layout, rows: int) -> Iterator[pd.DataFrame]:
    with opened(path) as handle:
        heading = next(csv.reader([handle.readline().decode("utf-8-sig", "replace").rstrip("\r\n")]))
    # By position, with one more column than the heading: the parser would drop what is too much without a word.
    place = {name.strip(): number for number, name in enumerate(heading)}
    places = {name: place[name] for name in form.names}
    with pd.read_csv(
        path,
        header=None,
        skiprows=1,
        names=range(len(heading) + 1),
        dtype=str,
        index_col=False,
        na_values=["."],
        chunksize=rows,
        encoding="utf-8-sig",
        encoding_errors="replace",
    ) as reader:
        for piece in reader:
            piece.index += 1
            more = piece[len(heading)].notna()
            if more.any():
                raise DataError(
                    f"{path.name}: row {piece.index[more][0]} has more fields than the heading ({int(more.sum())} such rows in "
                    f"this piece).\nRemedy: decimals are written with points, numbers without commas; copy the file again."
                )
            piece = piece.rename(columns={number: name for name, number in places.items()})
            frame = pd.DataFrame({v.name: _column(piece, v, path.name) for v in form.variables if v.name != form.kind})
            if form.kind:
                kinds = piece[form.kind].fillna("").str.strip()
                _lengths(kinds.to_numpy(), form, piece.index, path.name)
                frame[form.kind] = kinds
            yield frame


def _column(piece: pd.DataFrame, variable: VariableDescription, source: str) -> pd.Series:
    text = piece[variable.name]
    values = pd.to_numeric(text, errors="coerce").astype("float64")
    bad = text.notna() & ~np.isfinite(values)
    bad[bad] = text[bad].str.strip() != ""
    if bad.any():
        raise _no_number(source, text.index[bad][0], variable.name, text[bad].iloc[0], int(bad.sum()))
    digits = variable.end - variable.start - (variable.shift or 0)
    wide = (values >= 10.0**digits) | (values <= -(10.0 ** (digits - 1)))
    if wide.any():
        raise DataError(
            f"{source}: row {values.index[wide][0]}: {variable.name} = {values[wide].iloc[0]:.15g} has more digits than the "
            f"codebook gives it, {digits} ({int(wide.sum())} such rows in this piece).\n"
            "Remedy: use the codebook that came with this extract; codes of no answer are read from it and from its widths."
        )
    return values


def _no_number(source: str, row: int, name: str, text: str, count: int) -> DataError:
    return DataError(f"{source}: row {row}: {name} is empty or no number: {text!r} ({count} such rows in this piece).\n{_COPY}")
