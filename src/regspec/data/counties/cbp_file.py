"""One County Business Patterns county file: the rows of the code tree, checked (published layouts, docs/counties.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from regspec.config.counties import Cbp
from regspec.data.counties import raw
from regspec.data.counties.codes import CodeTree, clean_codes, code_tree
from regspec.data.counties.sizes import CLASSES, FLAGS
from regspec.data.counties.zones import contiguous
from regspec.errors import DataError
from regspec.io.messages import column_error, more, no_rows

_SIMPLE = [name for name in CLASSES if not name.startswith("n1000_")]
_LARGE = [name for name in CLASSES if name.startswith("n1000_")]
_REQUIRED = ["fipstate", "fipscty", "emp", "ap", "est"]
_OPTIONAL = ["empflag", "emp_nf", "ap_nf"]
#: Noise flags since 2007: low, medium, high noise; D and S: withheld.
_WITHHELD = ("D", "S")
_NOISE = ("", "G", "H", "J", *_WITHHELD)
_UNPUBLISHED = "N"  # a size class with few establishments, since 2017


@dataclass(frozen=True)
class CbpFile:
    """Rows of a file: ``fips, code, emp, ap, est`` (persons, thousand dollars, number), ``flag, emp_hidden, ap_hidden`` and
    the size classes; the tree of its codes; counts for the report.
    """

    year: int
    tree: CodeTree
    rows: pd.DataFrame
    report: dict


def read_cbp(path: Path, year: int, config: Cbp, rows: int | None = None) -> CbpFile:
    """Read one file; ``rows``: only the first ones. Raises DataError with count and example for a damaged file, a missing
    column, unknown flags or codes, numbers that are none or negative, repeated rows, and size classes that do not add up.
    """
    columns = raw.header(path)
    names = _names(path, columns, config.columns)
    system = "sic" if "sic" in names else "naics"
    tree = code_tree(config.codes, system, year)
    pieces, counts = [], {"rows": 0, "unknown": 0, "statewide": 0.0}
    examples: list[str] = []
    for chunk in raw.read_chunks(path, set(names.values()), rows):
        chunk = chunk.rename(columns={there: name for name, there in names.items()})
        chunk["code"] = clean_codes(chunk[system], system)
        known = tree.known(chunk["code"])
        counts["rows"] += len(chunk)
        counts["unknown"] += int((~known).sum())
        examples = list(dict.fromkeys([*examples, *chunk["code"][~known]]))[:3]
        pieces.append(_checked(chunk[chunk["code"].isin(tree.codes)], path.name))
    frame = pd.concat(pieces) if pieces else pd.DataFrame()
    if frame.empty:
        raise no_rows(path.name, f"rows of {system} codes")
    if counts["unknown"] > config.unknown_share * counts["rows"]:
        raise DataError(
            f"{path.name}: {counts['unknown']} of {counts['rows']} rows have unknown {system} codes ({', '.join(examples)}).\n"
            f"Remedy: add them to {config.codes}, or raise data.counties.cbp.unknown_share ({config.unknown_share:g})."
        )
    _check_sizes(frame, path.name, config.inconsistent_share)
    raw.check_unique(frame, ["fips", "code"], path.name)
    statewide = frame["fips"] % 1000 == 999
    counts["statewide"] = float(frame["emp"][statewide & (frame["code"] == tree.codes[0])].sum())
    return CbpFile(year, tree, frame[contiguous(frame["fips"])].reset_index(drop=True), counts)


def _names(path: Path, columns: list[str], renamed: Mapping[str, str]) -> dict[str, str]:
    """Column of the published layout -> its name in the file. Raises DataError for a missing one."""
    names = {name: renamed.get(name, name).lower() for name in [*_REQUIRED, *_OPTIONAL, *_SIMPLE, *_LARGE, "sic", "naics"]}
    if "n<5" in columns and "n1_4" not in renamed:
        names["n1_4"] = "n<5"
    code = next((name for name in ("sic", "naics") if names[name] in columns), None)
    if code is None:
        raise column_error(
            path.name, "has no column", "sic or naics", columns, ["fipstate", "fipscty", "sic or naics", *_SIMPLE]
        )
    raw.require_columns(path, [names[name] for name in (*_REQUIRED, *_SIMPLE)], columns)
    return {name: there for name, there in names.items() if there in columns and (name not in ("sic", "naics") or name == code)}


def _checked(chunk: pd.DataFrame, source: str) -> pd.DataFrame:
    """Numbers and flags of a piece of the file, checked."""
    out = pd.DataFrame({"code": chunk["code"]}, index=chunk.index)
    out["fips"] = raw.county_codes(chunk, ("fipstate", "fipscty"), source)
    for name in ("emp", "ap", "est"):
        out[name] = raw.numbers(chunk, name, source)
    for name in _OPTIONAL:
        chunk[name] = chunk[name].str.strip().str.upper() if name in chunk else ""
    raw.check_values(chunk, "empflag", ["", *FLAGS], source, "flag of withheld employment")
    for name in ("emp_nf", "ap_nf"):
        raw.check_values(chunk, name, _NOISE, source, "noise flag")
    out["flag"] = chunk["empflag"]
    withheld = (out["flag"] != "") | chunk["emp_nf"].isin(_WITHHELD)
    out["emp_hidden"] = withheld & (out["emp"] == 0)
    out["ap_hidden"] = (withheld | chunk["ap_nf"].isin(_WITHHELD)) & (out["ap"] == 0)
    for name in _SIMPLE:
        out[name] = raw.numbers(chunk, name, source, missing=(_UNPUBLISHED,))
    _split_largest(out, chunk, source)
    return out


def _split_largest(out: pd.DataFrame, chunk: pd.DataFrame, source: str) -> None:
    """Establishments of 1000 and more by their four classes, where the file has these and they add up; else in one class."""
    if not set(_LARGE) <= set(chunk.columns):
        out[_LARGE] = 0.0
        return
    for name in _LARGE:
        out[name] = raw.numbers(chunk, name, source, missing=(_UNPUBLISHED, ""))
    split = (out[_LARGE].sum(axis=1) == out["n1000"]) & out[_LARGE].notna().all(axis=1)
    out.loc[split, "n1000"] = 0.0
    out.loc[~split, _LARGE] = 0.0


def _check_sizes(frame: pd.DataFrame, source: str, limit: float) -> None:
    counts = frame[list(CLASSES)]
    total, hidden = counts.sum(axis=1), counts.isna().any(axis=1)
    wrong = frame.index[np.where(hidden, total > frame["est"], total != frame["est"])]
    if len(wrong) > limit * len(frame):
        row = frame.loc[wrong[0]]
        raise DataError(
            f"{source}: row {wrong[0]} (county {row['fips']}, code {row['code']}): size classes add up to {total[wrong[0]]:g}, "
            f"not to {row['est']:g} establishments{more(len(wrong) - 1)}.\n"
            f"Remedy: copy the file again, or raise data.counties.cbp.inconsistent_share ({limit:g})."
        )
