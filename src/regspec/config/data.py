"""Configuration section ``data``: where the economy comes from (docs/data.md)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from regspec.config.base import Positive, Section
from regspec.config.counties import Counties
from regspec.config.microdata import Microdata


class Synthetic(Section):
    """The embedded synthetic economy (docs/data.md: its data-generating process)."""

    zones: int = Field(722, ge=10, description="number of synthetic commuting zones")
    years: list[int] = Field([1950, 1960, 1970, 1980, 1990, 2000, 2010, 2020], description="census years that are generated")


class Tidy(Section):
    """A panel of the user's own: CSV or parquet files in `data.directory` (docs/data.md: their columns)."""

    industry: str = Field("industry.csv", description="cz, year, industry and income, employment or value_added")
    controls: str = Field("controls.csv", description="cz, year, population and further columns")
    tfp: str | None = Field(
        None, description="year, industry, tfp, weight; null: from `industry_map`; if both are null, nothing is calibrated"
    )
    industry_map: str | None = Field(
        None, description="industry_id, group: data industry of each industry of the US industry accounts in `directory`"
    )
    interest: str | None = Field(None, description="year, rate (fraction a year); null: the US rate that statsmodels ships")
    income: str = Field("income p.c.", description="what income_per_capita measures, as printed on exhibits")
    citation: str | None = Field(None, description="source of the data as printed under exhibits; null: the files' names")


class Data(Section):
    """Where the economy comes from, and its tables."""

    source: Literal["synthetic", "panel", "tidy", "microdata"] = Field(
        "synthetic",
        description="synthetic: the embedded economy; panel: ready tables in `directory`; tidy: a panel of your own there; "
        "microdata: an extract of IPUMS USA there",
    )
    directory: str | None = Field(None, description="folder of the tables; the environment variable REGSPEC_DATA overrides it")
    tidy: Tidy = Tidy()
    microdata: Microdata = Microdata()
    crosswalk: str | None = Field(
        None, description="county -> commuting zone table (CSV) in `directory`; null: stand-in zones, for synthetic data only"
    )
    synthetic: Synthetic = Synthetic()
    share_tolerance: Positive = Field(
        0.005, description="largest |sum of a zone-year's industry shares - 1| accepted (then renormalized)"
    )
    counties: Counties = Counties()
