"""Zones of counties in files of any year: the crosswalk, codes that changed since, the BEA's combined areas."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from regspec.config.config import Config
from regspec.config.counties import Counties
from regspec.data.geography import OUTSIDE, RECODES, load_counties, zone_states
from regspec.data.panel import read_crosswalk
from regspec.data.standin import stand_in_zones
from regspec.errors import DataError

#: Counties under two codes, or that joined another one: each code and the code that holds its area at another time. A code
#: that the crosswalk lacks takes the zone of its partner, whichever of the two the crosswalk has. Source: the Census
#: Bureau's list of changes to counties and equivalent entities since 1970.
CHANGES = {
    **RECODES,  # Dade, Broomfield, Shannon under their present codes
    12025: 12086,
    46113: 46102,  # the reverse, for a crosswalk of later counties
    51560: 51005,  # Clifton Forge city joined Alleghany County (2001)
    51780: 51083,  # South Boston city joined Halifax County (1995)
    51515: 51019,  # Bedford city joined Bedford County (2013)
    30113: 30031,  # Yellowstone National Park, mostly Gallatin County (1997)
    46131: 46071,  # Washabaugh joined Jackson County (1983)
    13510: 13215,  # Columbus city under a code of its own in older files: Muscogee County
    29193: 29186,  # Ste. Genevieve was renumbered (1979)
    32025: 32510,  # Ormsby County became Carson City (1969)
    51123: 51800,
    51695: 51800,  # Nansemond County and city joined Suffolk city (1974)
    4012: 4027,  # La Paz was split off Yuma County (1983)
    35006: 35061,  # Cibola was split off Valencia County (1981)
    55078: 55115,  # Menominee and Shawano
}

#: The BEA's combined areas of the contiguous states and their counties (appendix to its methodology: "BEA Modifications to
#: FIPS codes"; the file names the members).
COMBINED = {
    51901: (51003, 51540),
    51903: (51005, 51580),
    51907: (51015, 51790, 51820),
    51911: (51031, 51680),
    51913: (51035, 51640),
    51918: (51053, 51570, 51730),
    51919: (51059, 51600, 51610),
    51921: (51069, 51840),
    51923: (51081, 51595),
    51929: (51089, 51690),
    51931: (51095, 51830),
    51933: (51121, 51750),
    51939: (51143, 51590),
    51941: (51149, 51670),
    51942: (51153, 51683, 51685),
    51944: (51161, 51775),
    51945: (51163, 51530, 51678),
    51947: (51165, 51660),
    51949: (51175, 51620),
    51951: (51177, 51630),
    51953: (51191, 51520),
    51955: (51195, 51720),
    51958: (51199, 51735),
    55901: (55115, 55078),
}


#: Planning regions of Connecticut, its county equivalents since 2022 (Federal Register 87 FR 34235). Towns of one region were
#: in up to three counties, so that no share of a region's total is known from it.
CONNECTICUT = {
    9110: "Capitol",
    9120: "Greater Bridgeport",
    9130: "Lower Connecticut River Valley",
    9140: "Naugatuck Valley",
    9150: "Northeastern Connecticut",
    9160: "Northwest Hills",
    9170: "South Central Connecticut",
    9180: "Southeastern Connecticut",
    9190: "Western Connecticut",
}


def county_zones(config: Config) -> tuple[pd.Series, str]:
    """Zone of each contiguous county (indexed by FIPS code) and the name of what says so.

    From ``data.crosswalk``; without one, in the synthetic economy, the stand-in zones of the map. Raises DataError.
    """
    if config.data.crosswalk is None:
        zones = stand_in_zones(load_counties(), config.data.synthetic.zones, config.run.seed)
        return zones, "the stand-in zones"
    table = read_crosswalk(config).set_index("County FIPS Code")["CZ90"].rename("zone")
    return table[~(table.index // 1000).isin(OUTSIDE)], str(config.data.crosswalk)


def zones_on_map(config: Config) -> tuple[pd.Series, pd.Series]:
    """Zone of each county of the map that has one (:func:`county_zones`), indexed by FIPS code, and the state of each zone."""
    zone_of, _ = county_zones(config)
    counties = load_counties()
    counties = counties[counties["fips"].isin(zone_of.index)].reset_index(drop=True)
    zone_of = zone_of.loc[counties["fips"]].astype("int64")
    return zone_of, zone_states(counties, zone_of.to_numpy())


def zone_parts(fips: pd.Series, zone_of: pd.Series) -> pd.DataFrame:
    """What part of each county belongs to which zone: ``fips, zone, part``, parts of a county sum to one.

    A county that the crosswalk lacks takes the zone of its partner in :data:`CHANGES`. A combined area is divided equally
    among its members: with CZ90 all members of each share one zone, so nothing is divided. Counties without any zone are
    left out.
    """
    rows = []
    for code in sorted(set(fips)):
        members = COMBINED.get(code, (code,))
        zones = [zone for zone in (_zone(member, zone_of) for member in members) if zone is not None]
        rows += [(code, zone, 1 / len(zones)) for zone in zones]
    parts = pd.DataFrame(rows, columns=["fips", "zone", "part"]).astype({"fips": "int64", "zone": "int64"})
    return parts.groupby(["fips", "zone"], as_index=False)["part"].sum()


def _zone(code: int, zone_of: pd.Series) -> int | None:
    for candidate in (code, CHANGES.get(code)):
        if candidate in zone_of.index:
            return int(zone_of[candidate])
    return None


@dataclass(frozen=True)
class Unmapped:
    """Counties of a file's year that no zone holds: ``amount`` by FIPS code, their ``share`` of the total, and
    ``zone_share``, the largest part that one zone lacks if all of them in its state are its own; ``zone`` is that zone.
    """

    amount: pd.Series
    share: float
    zone_share: float
    zone: int | None


def unmapped(amount: pd.Series, zone_of: pd.Series) -> Unmapped:
    """What the zones lack of ``amount``, the total of each county (indexed by FIPS code).

    The zone of an unknown county is unknown too, but it lies in the county's state: each zone with a county there may be the
    one. A code of no known state may belong to any zone.
    """
    parts = zone_parts(pd.Series(amount.index), zone_of)
    lost = amount[~amount.index.isin(parts["fips"])]
    if lost.empty:
        return Unmapped(lost, 0.0, 0.0, None)
    frame = amount.rename("amount").rename_axis("fips").reset_index()
    held = zone_sums(frame, parts, [], ["amount"]).set_index("zone")["amount"]
    zones = pd.DataFrame({"zone": zone_of.to_numpy(), "state": zone_of.index // 1000}).drop_duplicates()
    worst, where = 0.0, None
    for state, missing in lost.groupby(lost.index // 1000).sum().items():
        near = zones.loc[zones["state"] == state, "zone"]
        own = held.reindex(near if len(near) else held.index, fill_value=0.0)
        smallest = own.idxmin()
        part = missing / max(missing + own[smallest], 1e-300)
        if part > worst:
            worst, where = float(part), int(smallest)
    return Unmapped(lost, float(lost.sum() / max(amount.sum(), 1e-300)), worst, where)


def check_mapped(amount: pd.Series, zone_of: pd.Series, section: Counties, source: str, crosswalk: str, unit: str) -> None:
    """Counties without a zone are few, in the nation and beside each zone of their states; every zone has a county.

    ``amount``: total of each county of a file's year (indexed by FIPS code). Raises DataError with counts and examples;
    Connecticut's planning regions are named whatever they hold.
    """
    found = unmapped(amount, zone_of)
    lost = found.amount.sort_values(ascending=False)
    _refuse_regions(sorted(set(lost.index) & set(CONNECTICUT)), source, crosswalk)
    largest = ", ".join(f"{code:05d}" for code in lost.index[:3])
    counties = (
        f"{source}: {len(lost)} counties with {found.share:.2%} of all {unit} have no zone in {crosswalk} (largest: {largest})"
    )
    if found.share > section.unmapped_share:
        raise DataError(
            f"{counties}.\nRemedy: complete the crosswalk, or raise data.counties.unmapped_share ({section.unmapped_share:g})."
        )
    if found.zone_share > section.unmapped_zone_share:
        raise DataError(
            f"{counties}.\n"
            f"Zone {found.zone}, in the same state, would lack {found.zone_share:.1%} of its {unit} if they are its own.\n"
            f"Remedy: complete the crosswalk, or raise data.counties.unmapped_zone_share ({section.unmapped_zone_share:g})."
        )
    empty = sorted(set(zone_of) - set(zone_parts(pd.Series(amount.index), zone_of)["zone"]))
    if empty:
        raise DataError(
            f"{source}: no county of {len(empty)} zones of {crosswalk} (such as {', '.join(map(str, empty[:3]))}).\n"
            "Remedy: was the file cut short, or is it of one state only? Copy it again."
        )


def _refuse_regions(codes: list[int], source: str, crosswalk: str) -> None:
    if codes:
        names = ", ".join(f"{code:05d} {CONNECTICUT[code]}" for code in codes[:3]) + (", ..." if len(codes) > 3 else "")
        raise DataError(
            f"{source}: {len(codes)} planning regions of Connecticut ({names}), which\n"
            f"replace its counties in files since 2022. They cut through counties, so none of them has a zone in {crosswalk}.\n"
            "Remedy: use an issue of the file with the eight counties (09001-09015), or sum its towns to them; or give the\n"
            "regions zones in the crosswalk."
        )


def contiguous(fips: pd.Series) -> pd.Series:
    """Which codes are counties of the contiguous states and DC: no territory and, in CBP, no statewide row (999)."""
    return ~(fips // 1000).isin(OUTSIDE) & ~(fips % 1000).isin((0, 999))


def zone_sums(frame: pd.DataFrame, parts: pd.DataFrame, by: list[str], columns: list[str]) -> pd.DataFrame:
    """Sums of ``columns`` over the counties of each zone and ``by``: ``zone, *by, *columns``, sorted."""
    merged = frame.merge(parts, on="fips", validate="many_to_many")
    merged[columns] = merged[columns].mul(merged["part"], axis=0)
    return merged.groupby(["zone", *by], as_index=False)[columns].sum()
