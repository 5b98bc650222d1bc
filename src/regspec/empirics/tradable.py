"""Tradable and non-tradable specialization (D6, E1 columns 2 and 4).

The deck names the two measures and does not define them; the Gini is not additive over industries. Two definitions:

``within``
    The measure over the tradable industries alone, and over the non-tradable ones alone: their shares of each other.
    The Gini does not depend on the scale, so it does not matter whether shares are divided by the group's total first.
``parts``
    The parts of the whole measure that fall to the group's industries. Gini: sum over the group of (2 j - n - 1) x_(j) / n, j
    the rank among all n industries (mean rank for ties); HHI: sum of squared shares. Both pairs add up to the whole. Maximum
    share: the group's largest share, which does not.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from regspec.config.empirics import Empirics
from regspec.empirics.inputs import NotComputable
from regspec.empirics.specialization import MEASURES
from regspec.io.messages import unknown_industry

TRADABLE, NONTRADABLE = "tradable", "nontradable"
SPLITS = ("within", "parts")

#: D6, 17 groups.
_DECK = {
    "Agriculture": True,
    "Business services": True,
    "Communication": False,
    "Construction": False,
    "Durable manufacturing": True,
    "Entertainment": False,
    "Finance": False,
    "Mining": True,
    "Nondurable manufacturing": True,
    "Personal services": False,
    "Routine prof. services": False,
    "Non-routine prof. services": True,
    "Public": False,
    "Retail": False,
    "Transportation": True,
    "Utilities": False,
    "Wholesale": True,
}
#: The 8 groups of the real panel: tradable when members that D6 calls tradable have more than half of the group's
#: national share of 1950 (D6). Mining and construction 31% (Mining 3.99 of 12.74); Other services 76% (Transportation,
#: Wholesale, Business services: 14.64 of 19.25); Professional services 8%; the others hold members of one kind.
_PANEL = {
    "Agriculture": True,
    "Manufacturing": True,
    "Mining and construction": False,
    "Other services": True,
    "Personal services": False,
    "Professional services": False,
    "Public administration": False,
    "Retail": False,
}


def tradable_industries(industries: Collection[str], empirics: Empirics) -> list[str]:
    """The tradable ones among the data industries, sorted: ``empirics.tradable``, or the deck's for its classification.

    Raises ConfigError when the configuration names an industry that the data do not have, NotComputable when none is
    named and the classification is neither the 17 groups of D6 nor the 8 of the panel, or when all are of one kind.
    """
    known = sorted(set(industries))
    if empirics.tradable is not None:
        for name in empirics.tradable:
            if name not in known:
                raise unknown_industry("empirics.tradable", name, known, "the data")
        chosen = sorted(set(empirics.tradable))
    else:
        table = next((table for table in (_DECK, _PANEL) if set(known) <= set(table)), None)
        if table is None:
            stranger = next(name for name in known if name not in _DECK)
            raise NotComputable(f"no industry is classified as tradable or not (such as {stranger!r}): set empirics.tradable")
        chosen = [name for name in known if table[name]]
    if not 0 < len(chosen) < len(known):
        raise NotComputable(f"{len(chosen)} of {len(known)} industries are tradable: there is nothing to split")
    return chosen


def split(shares: pd.DataFrame, tradable: Collection[str], measure: str, definition: str) -> pd.DataFrame:
    """Columns ``tradable, nontradable`` in the rows of ``shares`` (rows x industries, fractions that sum to one).

    ``definition``: one of ``SPLITS``. Missing where a group has no activity (``within``). Raises NotComputable when a
    group has one industry only, over which nothing can be more or less specialized (``within``).
    """
    inside = shares.columns.isin(list(tradable))
    values = {
        name: _measured(shares.to_numpy(float), own, measure, definition)
        for name, own in ((TRADABLE, inside), (NONTRADABLE, ~inside))
    }
    return pd.DataFrame(values, shares.index)


def _measured(x: np.ndarray, own: np.ndarray, measure: str, definition: str) -> np.ndarray:
    if definition == "parts":
        return _PARTS[measure](x, own)
    if own.sum() < 2:
        raise NotComputable("a group of one industry has no specialization within it; set empirics.tradable_split: parts")
    active = x[:, own].sum(axis=1) > 0
    result = np.full(len(x), np.nan)
    result[active] = MEASURES[measure](x[active][:, own])
    return result


def _gini_part(x: np.ndarray, own: np.ndarray) -> np.ndarray:
    n = x.shape[1]
    weight = 2 * rankdata(x, axis=1) - n - 1
    return (weight * x)[:, own].sum(axis=1) / (n * x.sum(axis=1))


_PARTS = {
    "gini": _gini_part,
    "hhi": lambda x, own: (x[:, own] ** 2).sum(axis=1),
    "max_share": lambda x, own: x[:, own].max(axis=1),
}


def names(definition: str) -> str:
    """The definition in words, for notes."""
    return {
        "within": "the measure over the industries of the group alone",
        "parts": "the part of the measure over all industries that falls to the group's",
    }[definition]
