"""Files of a few synthetic counties, among them those whose codes changed or that the BEA combines."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

from regspec.config.config import Config
from regspec.data.counties.zones import COMBINED
from regspec.data.deflator import price_factors
from regspec.data.synthetic.raw_counties import CountyEconomy, county_economy, write_files

#: Each combined area is a zone; so are Boulder with Broomfield, Dade, Shannon; the last two have other codes in the crosswalk.
ZONES = [*COMBINED.values(), (8013, 8014), (12086,), (46102,)]
IN_CROSSWALK = {12086: 12025, 46102: 46113}
SCALE = 0.01  # counties of real size
YEARS = [1970, 1990, 2000, 2010, 2020]


def zone_of() -> pd.Series:
    return pd.Series({county: zone for zone, members in enumerate(ZONES, start=1) for county in members}, name="zone")


def config(folder: Path, **counties) -> Config:
    """Configuration whose data folder is ``folder``."""
    return Config.model_validate(
        {
            "data": {
                "directory": str(folder),
                "crosswalk": "cz.csv",
                "counties": counties,
                "synthetic": {"zones": len(ZONES), "years": YEARS},
            },
            "empirics": {"base_year": 1970, "bins": 5, "controls": ["population"]},
            "calibration": {"first_year": 1970},
        }
    )


@cache
def economy() -> CountyEconomy:
    states = pd.Series([51] * len(ZONES), index=range(1, len(ZONES) + 1))
    return county_economy(config(Path(".")), zone_of(), states, SCALE)


def write(folder: Path, suppress: bool) -> Path:
    """All files and the crosswalk in ``folder``."""
    write_files(config(folder), economy(), folder, suppress)
    codes = zone_of().rename(index=IN_CROSSWALK).rename_axis("County FIPS Code").rename("CZ90")
    codes.reset_index().to_csv(folder / "cz.csv", index=False)
    return folder


def business(year: int) -> pd.DataFrame:
    """True employment (persons) and payroll (dollars of 2020) by zone and industry."""
    cells = economy().cells[year]
    sums = cells.assign(zone=cells["fips"].map(zone_of())).groupby(["zone", "industry"])[["emp", "ap"]].sum()
    factor = price_factors(config(Path(".")), [year])[year]
    return pd.DataFrame({"employment": sums["emp"], "payroll": 1000 * factor * sums["ap"]})
