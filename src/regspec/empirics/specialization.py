"""Measures of specialization over an industry classification (D5; Imbs and Wacziarg 2003)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from regspec.errors import ConfigError, DataError


def gini(shares: np.ndarray) -> np.ndarray:
    """Raw discrete Gini over the n industries of the last axis, ``[..., n] -> [...]``.

    G = sum_j (2j - n - 1) x_(j) / (n sum x) with x_(1) <= ... <= x_(n): 0 for equal shares, (n - 1)/n when
    one industry has everything. No n/(n - 1) correction: the raw form is the one that fits D5's numbers.
    Does not depend on the scale of ``shares`` nor, to the last bit, on the order of industries.
    """
    x = np.sort(np.asarray(shares, dtype=float), axis=-1)
    n = x.shape[-1]
    weight = 2 * np.arange(1, n + 1) - n - 1
    # Non-negative by construction; rounding alone can leave equal shares a hair below zero.
    return np.maximum((weight * x).sum(axis=-1) / (n * x.sum(axis=-1)), 0.0)


def hhi(shares: np.ndarray) -> np.ndarray:
    """Herfindahl-Hirschman index: sum of squared normalized shares, ``[..., n] -> [...]``, >= 1/n (D5)."""
    x = np.sort(np.asarray(shares, dtype=float), axis=-1)
    return ((x / x.sum(axis=-1, keepdims=True)) ** 2).sum(axis=-1)


def max_share(shares: np.ndarray) -> np.ndarray:
    """Largest normalized share, ``[..., n] -> [...]``, in [1/n, 1] (D5)."""
    x = np.sort(np.asarray(shares, dtype=float), axis=-1)
    return x[..., -1] / x.sum(axis=-1)


#: Measures by their name in the configuration (``empirics.measure``).
MEASURES: dict[str, Callable[[np.ndarray], np.ndarray]] = {"gini": gini, "hhi": hhi, "max_share": max_share}


def wide_shares(
    industry: pd.DataFrame, variable: str, tolerance: float = 0.005, source: str = "industry.parquet"
) -> pd.DataFrame:
    """Shares of one variable with an industry a column: index (zone, year), sorted; rows sum to one.

    ``industry`` is the long table ``zone, year, industry, variable, share`` (fractions). The
    classification is the set of its industries for ``variable``; an industry without a row has no activity
    in that zone-year. Raises ConfigError when the variable is absent, DataError when a share is missing,
    negative or repeated, or when a zone-year's shares do not sum to one within ``tolerance`` (which a
    forgotten industry breaks).
    """
    rows = industry[industry["variable"] == variable]
    if rows.empty:
        known = ", ".join(sorted(industry["variable"].unique()))
        raise ConfigError(f"{source}: no {variable} shares (has: {known}).\nRemedy: set empirics.variable to one of these.")
    bad = rows[~(rows["share"] >= 0)]
    if len(bad):
        first = bad.iloc[0]
        raise DataError(
            f"{source}: zone {first['zone']}, year {first['year']}, {first['industry']!r}:"
            f" share is {first['share']}.\nRemedy: shares are fractions between 0 and 1; correct the row."
        )
    repeated = rows.duplicated(["zone", "year", "industry"])
    if repeated.any():
        first = rows[repeated].iloc[0]
        raise DataError(
            f"{source}: zone {first['zone']}, year {first['year']} has {first['industry']!r} more than once."
            "\nRemedy: keep one row for each zone, year, industry and variable."
        )
    wide = rows.pivot(index=["zone", "year"], columns="industry", values="share").fillna(0.0)
    wide = wide.sort_index(axis=0).sort_index(axis=1)
    total = wide.sum(axis=1)
    off = total[~((total - 1).abs() <= tolerance)]
    if len(off):
        zone, year = off.index[0]
        raise DataError(
            f"{source}: zone {zone}, year {year}: {variable} shares sum to {off.iloc[0]:.4f}, not 1"
            f" ({len(off)} such zone-years).\nRemedy: complete the industries or renormalize the shares."
        )
    return wide.div(total, axis=0)


def specialization(industry: pd.DataFrame, tolerance: float = 0.005, source: str = "industry.parquet") -> pd.DataFrame:
    """Every measure for every zone, year and variable of a long industry table, over any classification (D5).

    Returns ``zone, year, variable, measure, value`` (value in [0, 1]), sorted by these keys. Raises as
    :func:`wide_shares` does.
    """
    pieces = []
    for variable in sorted(industry["variable"].unique()):
        wide = wide_shares(industry, variable, tolerance, source)
        values = pd.DataFrame({name: measure(wide.to_numpy()) for name, measure in MEASURES.items()}, wide.index)
        long = values.rename_axis(columns="measure").stack().rename("value").reset_index()
        pieces.append(long.assign(variable=variable))
    columns = ["zone", "year", "variable", "measure"]
    return pd.concat(pieces)[[*columns, "value"]].sort_values(columns, ignore_index=True)


def select(frame: pd.DataFrame, variable: str, measure: str, year: int) -> pd.Series:
    """One year's values by zone out of the table of :func:`specialization`, sorted by zone.

    Raises ConfigError when there is none, naming what the table has.
    """
    rows = frame[(frame["variable"] == variable) & (frame["measure"] == measure)]
    chosen = rows[rows["year"] == year]
    if chosen.empty:
        key = "empirics.base_year" if len(rows) else "empirics.variable"
        have = sorted(rows["year"].unique()) if len(rows) else sorted(frame["variable"].unique())
        raise ConfigError(f"{key}: no {measure} of {variable} shares in {year}. The data have: {', '.join(map(str, have))}.")
    return chosen.set_index("zone")["value"].sort_index().rename(measure)
