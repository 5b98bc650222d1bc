"""Table ``housing``: occupied units, tenure and values of zones from county tables of the Census of Housing (D4)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from regspec.config.counties import Counties, HousingFile
from regspec.data.counties import raw
from regspec.data.counties.zones import check_mapped, contiguous, zone_parts, zone_sums
from regspec.io.messages import no_rows

_MISSING = ("", ".")


def read_housing(path: Path, spec: HousingFile, rows: int | None = None) -> pd.DataFrame:
    """Counties of one file: ``fips, owner, renter`` (units), ``value`` (median, dollars; NaN: none).

    A second heading, as NHGIS extracts may have, is left out; codes may have NHGIS' extra digit. Raises DataError with count
    and example.
    """
    names = {name: getattr(spec, name).lower() for name in ("state", "county", "owner", "renter", "value")}
    raw.require_columns(path, list(names.values()), raw.header(path))
    pieces = []
    for chunk in raw.read_chunks(path, set(names.values()), rows):
        text = pd.DataFrame({name: chunk[there] for name, there in names.items()})
        if len(text) and text.index[0] == 1 and not text["state"].iloc[0].strip().isdigit():
            text = text.iloc[1:]
        pieces.append(text)
    frame = pd.concat(pieces) if pieces else pd.DataFrame()
    if frame.empty:
        raise no_rows(path.name)
    out = pd.DataFrame(
        {
            name: raw.numbers(frame, name, path.name, _MISSING if name == "value" else (), getattr(spec, name))
            for name in ("owner", "renter", "value")
        }
    )
    codes = frame[["state", "county"]].set_axis([spec.state, spec.county], axis=1)
    out["fips"] = raw.county_codes(codes, (spec.state, spec.county), path.name, nhgis=True)
    out["value"] = out["value"].where(out["value"] > 0)
    out = out[["fips", "owner", "renter", "value"]]
    raw.check_unique(out, ["fips"], path.name)
    return out[contiguous(out["fips"])].reset_index(drop=True)


def zone_housing(
    counties: pd.DataFrame, zone_of: pd.Series, year: int, factor: float, section: Counties, source: str, crosswalk: str
) -> pd.DataFrame:
    """Rows of the table ``housing`` of one year. ``median_value`` is the mean of the counties' medians, weighted by their
    owner-occupied units (the units of which they are medians): the median of the zone itself cannot be had from them.
    """
    units = (counties["owner"] + counties["renter"]).groupby(counties["fips"]).sum()
    check_mapped(units, zone_of, section, f"{source}, {year}", crosswalk, "units")
    valued = counties["owner"].where(counties["value"].notna(), 0.0)
    frame = counties.assign(units=counties["owner"] + counties["renter"], valued=valued)
    frame["worth"] = valued * frame["value"].fillna(0.0)
    columns = ["units", "owner", "valued", "worth"]
    sums = zone_sums(frame, zone_parts(frame["fips"], zone_of), [], columns)
    median = sums["worth"] / sums["valued"].where(sums["valued"] > 0)
    return pd.DataFrame(
        {
            "zone": sums["zone"],
            "year": year,
            "units": sums["units"],
            "owner_share": sums["owner"] / sums["units"],
            "median_value": median,
            "median_value_real": median * factor,
        }
    )
