"""Industry codes of County Business Patterns as a tree, and the industries of D6 that its leaves belong to.

``config/industry_codes.csv`` lists, for SIC and NAICS, the codes that together hold a county's total once: ``parent`` is the
code that a row is a part of (the root is the county's total), ``industry`` its industry; ``*`` means that the code is no
industry of its own and is spread over the others below the same parent. All other codes of a file are details below these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from regspec.config.calibration import GROUPS_17
from regspec.data.consistency import check_industries
from regspec.errors import DataError
from regspec.io.raw_tables import config_table, read_csv

ROOTS = {"sic": "----", "naics": "------"}
SPREAD = "*"
# The same code under two names: manufacturing in some SIC years; the sectors that have several two-digit codes.
_ALIASES = {"sic": {"19--": "20--"}, "naics": {}}
_SECTORS = {"32": "31", "33": "31", "45": "44", "49": "48"}
# Two-digit SIC codes of the divisions.
_DIVISIONS = {
    "07": (1, 9),
    "10": (10, 14),
    "15": (15, 17),
    "20": (20, 39),
    "40": (40, 49),
    "50": (50, 51),
    "52": (52, 59),
    "60": (60, 67),
    "70": (70, 89),
    "99": (99, 99),
}


@dataclass(frozen=True)
class CodeTree:
    """Nodes of one classification in one year; parents come before their children, the first node is the root.

    ``codes``: K codes; ``parent``: position of each node's parent (-1: root); ``industry``: name, ``*`` or "" (inner node).
    """

    system: str
    codes: tuple[str, ...]
    parent: np.ndarray
    industry: tuple[str, ...]

    def children(self, node: int) -> np.ndarray:
        """Positions of a node's children."""
        return np.flatnonzero(self.parent == node)

    @property
    def inner(self) -> list[int]:
        """Nodes with children, parents first."""
        return [k for k in range(len(self.codes)) if len(self.children(k))]

    def leaves(self, node: int, spread: bool = False) -> list[int]:
        """Leaves below a node: those with an industry, or those that are to be spread."""
        below, found = [node], []
        while below:
            k = below.pop()
            below += list(self.children(k))
            if self.industry[k] and (self.industry[k] == SPREAD) == spread:
                found.append(int(k))
        return sorted(found)

    def known(self, codes: pd.Series) -> pd.Series:
        """Which codes are nodes or details below a leaf."""
        nodes, unique = set(self.codes), codes.unique()
        leaves = {_digits(code) for code, name in zip(self.codes, self.industry, strict=True) if name}
        good = {code for code in unique if code in nodes or any(p in leaves for p in _prefixes(code, self.system))}
        return codes.isin(good)


def clean_codes(codes: pd.Series, system: str) -> pd.Series:
    """Codes as the published files write them."""
    return codes.str.strip().str.replace("\\", "/", regex=False).replace(_ALIASES[system])


def code_tree(name: str, system: str, year: int) -> CodeTree:
    """The tree of ``system`` (sic, naics) in ``year`` from the table ``name``. Raises DataError for a table that is none."""
    table = read_csv(config_table(name), "industry_codes")
    table = table[table["system"] == system]
    table = table[(table["first_year"].fillna(0) <= year) & (table["last_year"].fillna(9999) >= year)]
    check_industries(set(table["industry"].dropna()) - {SPREAD, ""}, GROUPS_17, name)
    rows = {
        code: (parent, "" if pd.isna(industry) else industry)
        for code, parent, industry in table[["code", "parent", "industry"]].itertuples(index=False)
    }
    if len(rows) < len(table):
        twice = table["code"][table["code"].duplicated()].iloc[0]
        raise DataError(f"{name}: {system} code {twice!r} is given twice for {year}.\nRemedy: keep one row for each year.")
    order, waiting = [ROOTS[system]], [ROOTS[system]]
    while waiting:
        below = [code for code, (parent, _) in rows.items() if parent == waiting[0]]
        order, waiting = order + below, waiting[1:] + below
    lost = sorted(set(rows) - set(order))
    parents = {parent for parent, _ in rows.values()}
    wrong = [code for code, (_, industry) in rows.items() if bool(industry) == (code in parents)]
    if lost or wrong or len(order) == 1:
        code = (lost or wrong or [ROOTS[system]])[0]
        raise DataError(
            f"{name}: {system} code {code!r} in {year} needs a parent in the table, and either an industry or parts.\n"
            "Remedy: correct columns parent and industry."
        )
    return CodeTree(
        system,
        tuple(order),
        np.array([-1, *(order.index(rows[code][0]) for code in order[1:])]),
        ("", *(rows[code][1] for code in order[1:])),
    )


def _digits(code: str) -> str:
    """What all details below a leaf begin with: 2000 is the SIC group 20, 311/// the NAICS group 311."""
    plain = code.rstrip("-/")
    return plain[:2] if len(plain) == 4 and plain.endswith("00") and plain == code else plain


def _prefixes(code: str, system: str) -> list[str]:
    digits = code.rstrip("-/")
    if not digits.isdigit():
        return []
    found = [digits[:n] for n in range(2, len(digits) + 1)]
    if system == "naics":
        return found + ([_SECTORS[digits[:2]]] if digits[:2] in _SECTORS else [])
    return found + [division for division, (low, high) in _DIVISIONS.items() if low <= int(digits[:2]) <= high]
