"""Checks across rows and tables, which a column-wise schema cannot express. All raise short DataErrors."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from regspec.errors import DataError, did_you_mean
from regspec.io.messages import more


def normalized_shares(industry: pd.DataFrame, tolerance: float, source: str) -> pd.DataFrame:
    """``industry`` (canonical columns), the shares of each zone, year and variable scaled to sum to one.

    Raises DataError when a sum is further than ``tolerance`` from one: rows missing, doubled or in percent.
    """
    key = ["zone", "year", "variable"]
    total = industry.groupby(key)["share"].transform("sum")
    wrong = industry.index[(total - 1).abs() > tolerance]
    if len(wrong):
        row = industry.loc[wrong[0]]
        others = len(industry.loc[wrong, key].drop_duplicates()) - 1
        raise DataError(
            f"{source}: zone {row['zone']}, year {row['year']}: {row['variable']} shares sum to "
            f"{total.loc[wrong[0]]:.4f}, not 1{more(others, 'zone-year')}.\n"
            f"Remedy: complete the rows, or raise data.share_tolerance ({tolerance:g})."
        )
    return industry.assign(share=industry["share"] / total)


def check_industries(names: Iterable[str], known: Iterable[str], source: str) -> None:
    """Every industry of ``names`` is one of ``known``."""
    known = sorted(set(known))
    unknown = sorted(set(names) - set(known))
    if unknown:
        hint = did_you_mean(unknown[0], known)
        raise DataError(
            f"{source}: unknown industry {unknown[0]!r}{more(len(unknown) - 1, 'name')}.{hint}\nKnown: {', '.join(known)}."
        )


def check_balanced(industry: pd.DataFrame, source: str) -> None:
    """Every zone has every year, and every zone-year every industry (a file cut short has not)."""
    index = pd.MultiIndex.from_frame(industry[["zone", "year", "industry"]])
    full = pd.MultiIndex.from_product([level.sort_values() for level in index.levels], names=index.names)
    absent = full.difference(index)
    if len(absent):
        zone, year, name = absent[0]
        raise DataError(
            f"{source}: no row for zone {zone}, year {year}, industry {name!r}"
            f"{more(len(absent) - 1, 'row')}.\n"
            "Remedy: every zone needs every year and industry; was the file cut short?"
        )


def check_same_rows(left: pd.DataFrame, right: pd.DataFrame, left_source: str, right_source: str) -> None:
    """Both tables have the same pairs of zone and year."""
    pairs = [set(frame[["zone", "year"]].itertuples(index=False, name=None)) for frame in (left, right)]
    for extra, has, lacks in (
        (pairs[0] - pairs[1], left_source, right_source),
        (pairs[1] - pairs[0], right_source, left_source),
    ):
        if extra:
            zone, year = min(extra)
            raise DataError(
                f"{lacks}: no row for zone {zone}, year {year}, which {has} has"
                f"{more(len(extra) - 1, 'row')}.\n"
                "Remedy: take both files from the same release."
            )


def check_zones(zones: Iterable[int], mapped: Iterable[int], source: str, crosswalk: str) -> None:
    """Every zone of the panel is a zone of the crosswalk."""
    unknown = sorted(set(zones) - set(mapped))
    if unknown:
        raise DataError(
            f"{source}: zone {unknown[0]} is not in {crosswalk}{more(len(unknown) - 1, 'zone')}.\n"
            "Remedy: zone ids must be the CZ90 ids of the crosswalk."
        )


def check_years(years: Iterable[int], needed: Iterable[int], source: str) -> None:
    """The base and end year of the analysis are among the years of the data."""
    years = sorted(set(years))
    absent = [year for year in needed if year not in years]
    if absent:
        raise DataError(
            f"{source}: no year {absent[0]}, which empirics.base_year or end_year asks for.\n"
            f"Years in the data: {', '.join(map(str, years))}."
        )
