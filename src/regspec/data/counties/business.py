"""Table ``business``: employment, payroll and establishments of zones by the industries of D6 (D3)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from regspec.config.counties import Counties
from regspec.data.counties.allocate import Allocation, Cells, allocate
from regspec.data.counties.cbp_file import CbpFile
from regspec.data.counties.codes import CodeTree
from regspec.data.counties.sizes import CLASSES, class_means, size_bounds
from regspec.data.counties.zones import check_mapped, zone_parts, zone_sums
from regspec.errors import DataError

_COLUMNS = ["employment", "payroll", "establishments", "imputed"]


def county_industries(file: CbpFile, limit: float, source: str) -> tuple[pd.DataFrame, dict]:
    """Employment, payroll (current dollars), establishments and imputed employment of counties by industry.

    Returns ``fips, industry, employment, payroll, establishments, imputed`` with a row for every county and industry of the
    tree, and what the report says of the file. Raises DataError for counties without a total, and when more than ``limit``
    of the parents are smaller than their published children.
    """
    tree, rows = file.tree, file.rows
    fips = np.sort(rows["fips"].unique())
    position = np.searchsorted(fips, rows["fips"]), pd.Index(tree.codes).get_indexer(rows["code"])
    shape = len(fips), len(tree.codes)
    _check_totals(rows, tree, fips, source)
    counts, employment = rows[list(CLASSES)].to_numpy(), rows["emp"].to_numpy()
    hidden = rows["emp_hidden"].to_numpy()
    known = np.nan_to_num(counts)
    complete = ~hidden & (known.sum(axis=1) == rows["est"])
    leaf = rows["code"].isin([tree.codes[k] for k in tree.leaves(0) + tree.leaves(0, spread=True)]).to_numpy()
    means = class_means(known[complete & leaf], employment[complete & leaf])
    low, high = size_bounds(counts, rows["est"].to_numpy(), rows["flag"])
    guess = np.clip(known @ means, low, high)
    grid = _Grid(position, shape)
    jobs = allocate(grid.cells(employment, hidden, guess, low, high), tree)
    pay = _payroll(grid, rows, jobs.value, tree)
    places = allocate(grid.cells(rows["est"].to_numpy(), np.zeros(len(rows), bool)), tree)
    conflicts = jobs.conflicts + pay.conflicts + places.conflicts
    if conflicts > limit * 3 * shape[0] * len(tree.inner):
        raise DataError(
            f"{source}: {conflicts} totals of a county or sector are smaller than the sum of their parts.\n"
            f"Remedy: copy the file again, or raise data.counties.cbp.inconsistent_share ({limit:g})."
        )
    names, values = _by_industry([jobs.value, pay.value, places.value, jobs.imputed], tree)
    frame = pd.DataFrame({"fips": np.repeat(fips, len(names)), "industry": np.tile(names, len(fips))})
    for column, value in zip(_COLUMNS, values, strict=True):
        frame[column] = value.ravel()
    frame["payroll"] *= 1000.0
    report = {
        **file.report,
        "counties": len(fips),
        "system": tree.system,
        "withheld_cells": int(hidden.sum()),
        "cells": len(rows),
        "conflicts": conflicts,
        "class_means": dict(zip(CLASSES, means.round(2).tolist(), strict=True)),
    }
    return frame, report


def zone_business(
    counties: pd.DataFrame, zone_of: pd.Series, year: int, factor: float, section: Counties, source: str, crosswalk: str
) -> pd.DataFrame:
    """Rows of the table ``business`` of one year; ``factor``: constant dollars for one of that year. Raises DataError."""
    total = counties.groupby("fips")["employment"].sum()
    check_mapped(total, zone_of, section, f"{source}, {year}", crosswalk, "employment")
    frame = zone_sums(counties, zone_parts(counties["fips"], zone_of), ["industry"], _COLUMNS)
    frame["payroll"] *= factor
    frame["imputed_share"] = (frame["imputed"] / frame["employment"].where(frame["employment"] > 0)).fillna(0.0).clip(0, 1)
    return frame.assign(year=year).drop(columns="imputed")


def _check_totals(rows: pd.DataFrame, tree: CodeTree, fips: np.ndarray, source: str) -> None:
    lost = np.setdiff1d(fips, rows["fips"][rows["code"] == tree.codes[0]])
    if len(lost):
        raise DataError(
            f"{source}: {len(lost)} counties have no row of their total {tree.codes[0]!r} (such as {lost[0]}).\n"
            "Remedy: was the file cut short, or filtered? The published file has them."
        )


class _Grid:
    """Rows of a file as arrays of counties x nodes."""

    def __init__(self, position: tuple[np.ndarray, np.ndarray], shape: tuple[int, int]):
        self.position, self.shape = position, shape

    def spread(self, values: np.ndarray, empty: float | bool = 0.0) -> np.ndarray:
        """Array of counties x nodes with ``values`` of the rows; ``empty`` where the file has no row."""
        out = np.full(self.shape, empty)
        out[self.position] = values
        return out

    def cells(self, value, hidden, guess=None, low=None, high=None) -> Cells:
        """Cells of a quantity of the rows."""
        zero = np.zeros(len(value))
        guess, low = (zero if part is None else part for part in (guess, low))
        high = np.full(len(value), np.inf) if high is None else high
        return Cells(
            self.spread(np.where(hidden, 0.0, value)),
            self.spread(~hidden, False),
            self.spread(hidden, False),
            self.spread(guess),
            self.spread(low),
            self.spread(high),
        )


def _payroll(grid: _Grid, rows: pd.DataFrame, employment: np.ndarray, tree: CodeTree) -> Allocation:
    """Payroll of all cells: a withheld one is guessed from its employment and the nation's pay in its code."""
    hidden = rows["ap_hidden"].to_numpy()
    code = grid.position[1]
    use = ~hidden & ~rows["emp_hidden"].to_numpy()
    sums = [np.bincount(code[use], rows[name].to_numpy()[use], len(tree.codes)) for name in ("ap", "emp")]
    overall = sums[0][0] / max(sums[1][0], 1.0)
    pay = np.where(sums[1] > 0, sums[0] / np.maximum(sums[1], 1.0), overall)
    guess = employment[grid.position] * pay[code]
    return allocate(grid.cells(rows["ap"].to_numpy(), hidden, guess), tree)


def _by_industry(values: list[np.ndarray], tree: CodeTree) -> tuple[list[str], list[np.ndarray]]:
    """Industries of the tree and arrays of counties x industries, from arrays of counties x nodes.

    A code marked ``*`` is spread over the leaves below its parent in proportion to the first array (in a county that has none
    of these, to the nation's).
    """
    result = [value.copy() for value in values]
    for node in reversed(range(len(tree.codes))):
        if tree.industry[node] != "*":
            continue
        at = tree.leaves(int(tree.parent[node]))
        base = result[0][:, at]
        base = np.where(base.sum(axis=1, keepdims=True) > 0, base, np.maximum(base.sum(axis=0), 1e-9))
        weight = base / base.sum(axis=1, keepdims=True)
        for value in result:
            value[:, at] += value[:, [node]] * weight
    leaves = tree.leaves(0)
    names = sorted({tree.industry[k] for k in leaves})
    member = np.array([[tree.industry[k] == name for name in names] for k in leaves], dtype=float)
    return names, [value[:, leaves] @ member for value in result]
