"""Text of a County Business Patterns file from the cells of synthetic counties."""

from __future__ import annotations

import numpy as np
import pandas as pd

from regspec.data.counties.codes import CodeTree
from regspec.data.counties.sizes import CLASSES, FLAGS

_COLUMNS = [name for name in CLASSES if not name.startswith("n1000")]
_LARGE = [name for name in CLASSES if name.startswith("n1000_")]
_TYPICAL = {
    "n1000_4": 8000,
    "n1000_3": 3000,
    "n1000_2": 1900,
    "n1000_1": 1200,
    "n500_999": 680,
    "n250_499": 340,
    "n100_249": 150,
    "n50_99": 68,
    "n20_49": 30,
    "n10_19": 13,
    "n5_9": 6,
}
_PART = 0.25  # of the jobs that are left goes to establishments of each class, from the largest down
_FEW = 3  # cells with fewer establishments are withheld
_SECONDARY = 0.08  # of the other cells are withheld, too


def text(rng: np.random.Generator, cells: pd.DataFrame, tree: CodeTree, year: int, suppress: bool) -> str:
    """The file of ``year``: the published layout of that year, rows of all nodes and of some details below the leaves.

    ``cells``: ``fips, code, emp, ap`` of the leaves. With ``suppress`` small cells and some others are withheld (a flag in
    place of the numbers) or, since 2017, left out.
    """
    rows = _with_parents(pd.concat([cells[["fips", "code", "emp", "ap"]], _establishments(rng, cells["emp"])], axis=1), tree)
    details = _details(rows, tree)
    rows = pd.concat([rows, details]).sort_values(["fips", "code"], ignore_index=True)
    counts = rows[list(_COLUMNS + _LARGE)].astype("int64")
    out = pd.DataFrame(
        {
            "fipstate": [f"{f // 1000:02d}" for f in rows["fips"]],
            "fipscty": [f"{f % 1000:03d}" for f in rows["fips"]],
            tree.system: rows["code"],
        }
    )
    few = counts.sum(axis=1) < _FEW
    total = rows["code"] == tree.codes[0]
    withheld = (few | (rng.uniform(size=len(rows)) < _SECONDARY)) & ~total & suppress & (year < 2017)
    shown = {"emp": rows["emp"].astype("int64").where(~withheld, 0), "ap": rows["ap"].astype("int64").where(~withheld, 0)}
    if year < 2017:
        out["empflag"] = _flags(rows["emp"]).where(withheld, "")
    if year >= 2007:
        noise = pd.Series(np.where(withheld, "D", "G"), index=rows.index)
        out["emp_nf"], out["emp"] = noise, shown["emp"]
        out["qp1_nf"], out["qp1"], out["ap_nf"], out["ap"] = noise, shown["ap"] // 4, noise, shown["ap"]
    else:
        out["emp"], out["qp1"], out["ap"] = shown["emp"], shown["ap"] // 4, shown["ap"]
    out["est"] = counts.sum(axis=1)
    out = out.join(_size_columns(counts, year, suppress))
    if year >= 2017 and suppress:
        out = out[~few | total]
    return out.to_csv(index=False, lineterminator="\n")


def _establishments(rng: np.random.Generator, employment: pd.Series) -> pd.DataFrame:
    """Establishments by size class whose sizes add up to ``employment`` exactly."""
    left = employment.to_numpy().astype("int64")
    out = {}
    for name, typical in _TYPICAL.items():
        low, high = CLASSES[name]
        # The same size for a cell's establishments of a class, different between cells.
        span = (typical - low) if np.isinf(high) else min(typical - low, high - typical)
        size = np.round(typical + span * rng.uniform(-1, 1, len(left))).astype("int64")
        out[name] = np.floor(_PART * left / size + rng.uniform(size=len(left))).astype("int64")
        out[name] = np.minimum(out[name], left // size)
        left = left - out[name] * size
    out["n1_4"] = (left + 1) // 2
    return pd.DataFrame(out, index=employment.index)[list(_COLUMNS + _LARGE)]


def _with_parents(leaves: pd.DataFrame, tree: CodeTree) -> pd.DataFrame:
    """Rows of the leaves and the sums that every code above them shows."""
    columns = [name for name in leaves.columns if name not in ("fips", "code")]
    pieces, position = [leaves], {code: k for k, code in enumerate(tree.codes)}
    for node in tree.inner:
        below = {tree.codes[k] for k in tree.leaves(node)}
        sums = leaves[leaves["code"].isin(below)].groupby("fips", as_index=False)[columns].sum()
        pieces.append(sums.assign(code=tree.codes[node]))
    rows = pd.concat(pieces, ignore_index=True)
    return rows.assign(order=rows["code"].map(position)).sort_values(["fips", "order"], ignore_index=True).drop(columns="order")


def _details(rows: pd.DataFrame, tree: CodeTree) -> pd.DataFrame:
    """Codes below two leaves, which a reader must not add to them."""
    below = {"2000": ("2010", "2011"), "4800": ("4810",)} if tree.system == "sic" else {"311///": ("3111//", "311111")}
    return pd.concat([rows[rows["code"] == code].assign(code=detail) for code, many in below.items() for detail in many])


def _flags(employment: pd.Series) -> pd.Series:
    lowest = np.array([low for low, _ in FLAGS.values()])
    position = np.searchsorted(lowest, employment.to_numpy(), side="right") - 1
    return pd.Series(np.array(list(FLAGS))[position], index=employment.index)


def _size_columns(counts: pd.DataFrame, year: int, suppress: bool) -> pd.DataFrame:
    """The columns of size classes; since 2017 under another first name, with N in place of counts below three."""
    table = counts[_COLUMNS].assign(n1000=counts[_LARGE].sum(axis=1)).join(counts[_LARGE])
    if year < 2017:
        return table
    table = table.rename(columns={"n1_4": "n<5"})
    return table.astype(str).where(table >= _FEW, "N") if suppress else table
