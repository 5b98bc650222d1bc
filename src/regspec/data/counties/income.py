"""Table ``county_income``: personal income and population of zones from the BEA's table CAINC1."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from regspec.config.counties import Counties, CountyIncome
from regspec.data.counties import raw
from regspec.data.counties.zones import CHANGES, COMBINED, CONNECTICUT, check_mapped, contiguous, zone_parts, zone_sums
from regspec.errors import DataError
from regspec.io.messages import more

_LINES = {"1": "income", "2": "population", "3": "per_capita"}
_CODE = r"""^[\s"'=]*(\d{1,5})(?:\.0+)?[\s"']*$"""
_MISSING = ("(NA)", "(D)", "")
#: Counties that are missing in some years because their area is under another code then.
_PARTIAL = {*CHANGES, *CHANGES.values(), *COMBINED, *CONNECTICUT, *range(9001, 9016, 2)}
_ROUNDING = 0.51  # of a dollar: per capita income is rounded to whole dollars


def read_income(path: Path, config: CountyIncome) -> pd.DataFrame:
    """Areas of the file by year: ``fips, year, income`` (dollars), ``population``; state rows (fips ..000) included.

    Footnotes at the end are left out. Raises DataError for a damaged file, missing columns, years or values, repeated rows,
    and per capita income that is not income over population.
    """
    columns = raw.header(path)
    raw.require_columns(path, ["geofips", "linecode"], columns)
    present = sorted(int(name) for name in columns if name.isdigit())
    years = config.years or present
    absent = [year for year in years if year not in present]
    if absent or not years:
        have = f"{present[0]}-{present[-1]}" if present else "none"
        raise DataError(f"{path.name}: no column of year {absent[0] if absent else '?'}.\nYears in the file: {have}.")
    wanted = ["geofips", "linecode", *map(str, years)]
    frame = pd.concat(raw.read_chunks(path, set(wanted)))
    frame["linecode"] = frame["linecode"].str.strip().str.replace(r"\.0+$", "", regex=True)
    frame = frame[frame["linecode"].isin(list(_LINES))]  # footnotes have none
    # A spreadsheet drops quotes and leading zeros.
    frame["fips"] = pd.to_numeric(frame["geofips"].str.extract(_CODE)[0])
    wrong = frame.index[frame["fips"].isna()]
    if len(wrong):
        raise DataError(
            f"{path.name}: row {wrong[0]}: GeoFIPS {frame['geofips'][wrong[0]]!r} is no area code{more(len(wrong) - 1)}.\n"
            "Remedy: FIPS codes of five digits (leading zeros may be missing); copy the file again."
        )
    if frame.empty:
        raise DataError(f"{path.name}: no rows with an area code and LineCode 1 to 3.\nRemedy: it must be table CAINC1.")
    frame["fips"] = frame["fips"].astype("int64")
    frame["line"] = frame["linecode"].map(_LINES)
    raw.check_unique(frame, ["fips", "line"], path.name)
    for year in map(str, years):
        frame[year] = raw.numbers(frame, year, path.name, missing=_MISSING)
    long = frame.melt(id_vars=["fips", "line"], value_vars=list(map(str, years)), var_name="year")
    wide = long.pivot(index=["fips", "year"], columns="line", values="value").reset_index().rename_axis(columns=None)
    wide["year"] = wide["year"].astype("int64")
    return _checked(wide, path.name)


def _checked(wide: pd.DataFrame, source: str) -> pd.DataFrame:
    """Thousands to dollars; areas without values left out; the three lines agree."""
    lost = set(_LINES.values()) - set(wide.columns)
    if lost:
        raise DataError(f"{source}: no rows of {sorted(lost)[0]}.\nRemedy: LineCode 1, 2 and 3 are all needed.")
    has = wide[list(_LINES.values())].notna()
    partial = wide[(has["income"] != has["population"]) | (has["income"] != has["per_capita"])]
    empty = wide[~has["income"] & contiguous(wide["fips"]) & ~wide["fips"].isin(_PARTIAL)]
    for bad, text in ((partial, "has some of income, population, per capita income, not all"), (empty, "has no values (NA)")):
        if len(bad):
            row = bad.iloc[0]
            raise DataError(
                f"{source}: area {row['fips']:05.0f}, year {row['year']:.0f} {text}{more(len(bad) - 1)}.\n"
                "Remedy: was the file cut short? Copy it again."
            )
    wide = wide[has["income"]].assign(income=lambda f: 1000 * f["income"])
    ratio = wide["income"] / wide["population"]
    # Income is rounded to thousands, so a small area's ratio is not exact to the dollar.
    wrong = wide[(ratio - wide["per_capita"]).abs() > _ROUNDING + 500 / wide["population"]]
    if len(wrong):
        row = wrong.iloc[0]
        own = row["income"] / row["population"]
        raise DataError(
            f"{source}: area {row['fips']:05.0f}, year {row['year']:.0f}: per capita income {row['per_capita']:.0f} is not "
            f"income over population ({own:.0f}){more(len(wrong) - 1)}.\nRemedy: copy the file again."
        )
    return wide[["fips", "year", "income", "population"]].reset_index(drop=True)


def check_states(areas: pd.DataFrame, limit: float, source: str) -> None:
    """Counties add up to their states within ``limit``, states have counties. Raises DataError."""
    states = areas[(areas["fips"] % 1000 == 0) & (areas["fips"] > 0) & (areas["fips"] < 60_000)]
    states = states[contiguous(states["fips"] + 1)]
    counties = areas[contiguous(areas["fips"])]
    sums = counties.groupby([counties["fips"] // 1000, "year"])["income"].sum()
    stated = states.set_index([states["fips"] // 1000, "year"])["income"]
    gap = (sums.reindex(stated.index, fill_value=0.0) / stated - 1).abs()
    if len(gap) and gap.max() > limit:
        state, year = gap.idxmax()
        raise DataError(
            f"{source}: the counties of state {state:02d} have {sums.get((state, year), 0.0) / stated[state, year]:.1%} "
            f"of its income in {year}{more(int((gap > limit).sum()) - 1)}.\n"
            "Remedy: was the file cut short? Copy it again, or raise data.counties.income.total_tolerance."
        )


def zone_income(
    areas: pd.DataFrame, zone_of: pd.Series, factors: pd.Series, section: Counties, source: str, crosswalk: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table ``county_income`` and the rows of contiguous counties that it sums. ``factors``: constant dollars by year."""
    counties = areas[contiguous(areas["fips"])]
    for year, one in counties.groupby("year"):
        check_mapped(one.set_index("fips")["income"], zone_of, section, f"{source}, {year}", crosswalk, "income")
    sums = zone_sums(counties, zone_parts(counties["fips"], zone_of), ["year"], ["income", "population"])
    sums["income_real"] = sums["income"] * sums["year"].map(factors).to_numpy()
    return sums, counties
