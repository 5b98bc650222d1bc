"""Persons that are left out because a code is unknown: judged by year and by zone, listed, told in one line."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from regspec.data.microdata.codes import match
from regspec.errors import DataError

if TYPE_CHECKING:
    from regspec.data.microdata.aggregate import Aggregate

#: Unknown codes that are too many for the first rows of a file, whatever the configuration accepts of the whole.
_EARLY = 0.2
COLUMNS = ["year", "state", "kind", "code", "reason", "records", "persons", "share"]
_SHOWN = 6
#: A zone with fewer persons without a known income is not judged by their share: it is chance.
_FEW = 10


def check_start(sums: Aggregate) -> None:
    """Raise DataError when a fifth of the first persons have unknown units or, of the sample, unknown industries."""
    people, lost = sums.total("people")["population"].sum(), sums.total("strangers")
    _refuse_start(sums, "unit", lost["unit"], lost["population"], people + lost["population"].sum())
    jobs = _jobs(sums)
    jobs = jobs[jobs["reason"] == "unknown"]
    _refuse_start(sums, "industry", jobs["code"], jobs["employed"], sums.sample)


def _refuse_start(sums: Aggregate, kind: str, codes: pd.Series, lost: pd.Series, whole: float) -> None:
    share = lost.sum() / whole if whole else 0.0
    if share > _EARLY:
        raise DataError(
            f"{sums.source}: {codes.nunique()} unknown {kind} codes hold {share:.2%} of the first persons (largest: "
            f"{_largest(codes, lost)}).\nRemedy: so many may mean that the codebook is of another extract; else "
            f"{_remedy(sums, kind)}."
        )


def _largest(codes: pd.Series, weight: pd.Series) -> str:
    return ", ".join(f"{code:.0f}" for code in weight.groupby(codes).sum().sort_values(ascending=False).index[:3])


def _remedy(sums: Aggregate, kind: str) -> str:
    if kind == "industry":
        return f"add the codes to {sums.settings.codes}"
    return "correct data.microdata.geography, or add the codes to its allocation table"


def _jobs(sums: Aggregate) -> pd.DataFrame:
    """Sums of the sample under industry codes that are not used, with ``reason``."""
    jobs = sums.total("jobless")
    place = match(jobs["code"].to_numpy(float), sums.industries)
    return jobs.assign(reason=np.where(place < 0, "unknown", "without industry in the table of codes"))


def table(sums: Aggregate) -> pd.DataFrame:
    """:data:`COLUMNS`: ``records`` of the file, ``persons`` that they stand for, ``share`` of the year's persons (kind
    ``unit``) or of its sample (``industry``).
    """
    units = sums.total("strangers").rename(columns={"unit": "code", "population": "persons"})
    whole = sums.total("people").groupby("year")["population"].sum().add(units.groupby("year")["persons"].sum(), fill_value=0)
    jobs = _jobs(sums).rename(columns={"employed": "persons"})
    jobs = jobs.groupby(["year", "state", "code", "reason"], as_index=False)[["records", "persons"]].sum()
    sample = sums.total("labor").groupby("year")["employed"].sum().add(jobs.groupby("year")["persons"].sum(), fill_value=0)
    units = units.assign(kind="unit", reason="unknown", share=units["persons"] / units["year"].map(whole))
    jobs = jobs.assign(kind="industry", share=jobs["persons"] / jobs["year"].map(sample))
    both = pd.concat([units[COLUMNS], jobs[COLUMNS]], ignore_index=True)
    return both.astype({"code": "int64", "records": "int64"}).sort_values(["year", "kind", "state", "code"], ignore_index=True)


def line(table: pd.DataFrame, file: str) -> str:
    """One line that names what was left out, the largest first; empty if nothing was."""
    unknown = table[table["reason"] == "unknown"]
    if unknown.empty:
        return ""
    every = unknown.groupby(["year", "kind", "code"])["persons"].sum().sort_values(ascending=False)
    parts = [f"{year} {kind} {code} ({persons:,.0f} persons)" for (year, kind, code), persons in every.head(_SHOWN).items()]
    rest = f", and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return f"microdata: left out, code unknown: {', '.join(parts)}{rest}; all in {file}"


def check(sums: Aggregate, shares: dict[int, pd.DataFrame], elsewhere: Collection[int]) -> None:
    """Raise DataError when the persons left out under unknown codes are too many of a year or of a zone in a year.

    ``shares``: ``unit, zone, weight`` by year; ``elsewhere``: zones that are not on the map, which are not judged.
    """
    every = table(sums)
    for (year, kind), own in every[every["reason"] == "unknown"].groupby(["year", "kind"]):
        if own["share"].sum() > sums.settings.unknown_share:
            whose = "persons" if kind == "unit" else "sample"
            raise DataError(
                f"{sums.source}: {year}: {own['code'].nunique()} unknown {kind} codes hold {own['share'].sum():.2%} of the "
                f"year's {whose} (largest: {_largest(own['code'], own['persons'])}).\n"
                f"Remedy: {_remedy(sums, kind)}, or raise data.microdata.unknown_share ({sums.settings.unknown_share:g})."
            )
    allocation = pd.concat([own.assign(year=year) for year, own in shares.items()], ignore_index=True)
    allocation = allocation[~allocation["zone"].isin(list(elsewhere))]
    _check_units(sums, allocation)
    _check_industries(sums, allocation)
    _check_incomes(sums, allocation)


def _by_zone(rows: pd.DataFrame, allocation: pd.DataFrame, key: list[str], values: list[str]) -> pd.DataFrame:
    joined = rows.merge(allocation, on=["year", "unit"])
    joined[values] = joined[values].mul(joined["weight"], axis=0)
    return joined.groupby(key)[values].sum()


def _check_units(sums: Aggregate, allocation: pd.DataFrame) -> None:
    """The zone of an unknown unit is not known: at worst all its persons are of the smallest zone of their state."""
    lost = sums.total("strangers")
    if lost.empty:
        return
    people = _by_zone(sums.total("people"), allocation, ["year", "state", "zone"], ["population"])["population"]
    size = people.groupby(["year", "zone"]).sum()
    at_home = people.groupby(["state", "zone"]).sum().reset_index()
    abroad = set(sums.total("people")["state"]) - set(at_home["state"])
    for (year, state), own in lost.groupby(["year", "state"]):
        zones = at_home.loc[at_home["state"] == state, "zone"] if state in set(at_home["state"]) else at_home["zone"]
        if state in abroad:  # all zones of the state are off the map
            continue
        sizes = size.reindex(pd.MultiIndex.from_product([[year], sorted(set(zones))])).fillna(0.0)
        zone, least, gone = sizes.idxmin()[1], sizes.min(), own["population"].sum()
        if gone / (gone + least) > sums.settings.zone_unknown_share:
            raise DataError(
                f"{sums.source}: {year}, state {state}: unknown unit codes {_largest(own['unit'], own['population'])} hold "
                f"{gone:,.0f} persons. Zone {zone} of that state has {least:,.0f}, and may have lost "
                f"{gone / (gone + least):.0%}.{_absent(sums, allocation, year, set(zones))}\n"
                f"Remedy: {_remedy(sums, 'unit')}, or raise data.microdata.zone_unknown_share "
                f"({sums.settings.zone_unknown_share:g})."
            )


def _absent(sums: Aggregate, allocation: pd.DataFrame, year: int, zones: set[int]) -> str:
    """Units of these zones that the allocation has and the extract has not: likely what the unknown codes stand for."""
    people = sums.total("people")
    own = allocation[(allocation["year"] == year) & allocation["zone"].isin(zones)]
    gone = own[~own["unit"].isin(people.loc[people["year"] == year, "unit"])]
    units = sorted(gone["unit"].unique())
    text = ", ".join(map(str, units[:3])) + (f", and {len(units) - 3} more" if len(units) > 3 else "")
    return f"\nUnits of the allocation table without a person there: {text}." if units else ""


def _check_industries(sums: Aggregate, allocation: pd.DataFrame) -> None:
    jobs = _jobs(sums)
    lost = _by_zone(jobs[jobs["reason"] == "unknown"], allocation, ["year", "zone"], ["employed"])["employed"]
    kept = _by_zone(sums.total("labor"), allocation, ["year", "zone"], ["employed"])["employed"].reindex(lost.index).fillna(0.0)
    share = lost / (lost + kept).where(lost > 0)
    _refuse_zone(
        sums,
        share,
        sums.settings.zone_unknown_share,
        "of the sample is under unknown industry codes",
        _remedy(sums, "industry"),
        "zone_unknown_share",
    )


def _check_incomes(sums: Aggregate, allocation: pd.DataFrame) -> None:
    jobs = _by_zone(sums.total("jobs"), allocation, ["year", "zone"], ["asked", "known"])
    share = 1 - jobs["known"] / jobs["asked"].where(jobs["asked"] > 0)
    silent = _by_zone(sums.total("silent"), allocation, ["year", "zone"], ["records"])["records"]
    share = share[silent.reindex(share.index).fillna(0.0) >= _FEW]
    _refuse_zone(
        sums,
        share,
        sums.settings.zone_income_unknown_share,
        f"of the sample has no known {sums.settings.income}",
        "take another variable of income",
        "zone_income_unknown_share",
    )


def _refuse_zone(sums: Aggregate, share: pd.Series, limit: float, what: str, remedy: str, key: str) -> None:
    bad = share[share > limit]
    if len(bad):
        year, zone = bad.idxmax()
        raise DataError(
            f"{sums.source}: {year}, zone {zone}: {bad.max():.1%} {what} ({len(bad)} such zone-years).\n"
            f"Remedy: {remedy}, or raise data.microdata.{key} ({limit:g})."
        )
