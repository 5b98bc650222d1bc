"""Configuration section ``data.microdata``: an extract of IPUMS USA (docs/microdata.md)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from regspec.config.base import Positive, Section, Share
from regspec.config.counties import YEARS, Fraction, YearText


class Geography(Section):
    """One year's smallest units and how their persons are allocated to zones."""

    columns: dict[str, int] = Field(
        min_length=1, description="variable -> factor; a unit's code is their sum, such as STATEFIP x 10000 + PUMA"
    )
    file: str = Field(description="allocation of units to zones in `data.directory`, CSV or Stata")
    unit: str = Field(description="its column of unit codes")
    zone: str = Field("czone", description="its column of zones")
    weight: str = Field("afactor", description="its column of the part of the unit's persons that live in the zone")


class Skill(Section):
    """Who is highly skilled."""

    variable: str = Field("EDUC", description="variable of educational attainment")
    at_least: int = Field(10, description="smallest code of the highly skilled (EDUC 10: four years of college)")


class Microdata(Section):
    """Census microdata (D2); variables are named as IPUMS names them."""

    extract: str = Field("usa.dat.gz", description="file of the extract in `data.directory`: .dat(.gz) or .csv(.gz)")
    codebook: str = Field("usa.xml", description="its DDI codebook")
    geography: Annotated[dict[YearText, Geography], YEARS] = Field({}, description="year -> units and their allocation")
    ages: list[int] = Field([15, 60], min_length=2, max_length=2, description="ages of the sample, both included")
    employed: dict[str, list[int]] = Field(
        {"EMPSTAT": [1]}, description="variable -> codes of employed persons; all conditions must hold"
    )
    weight: str = Field("PERWT", description="variable of person weights")
    asked: Annotated[dict[YearText, str], YEARS] = Field(
        {"1950": "SLWT"},
        description="year -> variable of weights for income and education, where only part of all persons was asked",
    )
    income: str = Field("INCWAGE", description="variable of income, current dollars of the year before the census")
    income_missing: list[int] | None = Field(
        None,
        description="its codes of no answer; employed persons with such a code get the mean of their unit and industry; null: "
        "the codes that the codebook names, and nines of the variable's width",
    )
    income_lag: int = Field(1, ge=0, le=2, description="years between the census and the year of the income")
    topcodes: Annotated[dict[YearText, Positive], YEARS] = Field(
        {"1950": 10000, "1960": 25000, "1970": 50000, "1980": 75000},
        description="year -> value from which incomes are top-coded; later samples hold means or medians above the top code",
    )
    tail: Share = Field(0.9, description="quantile of income at which the range of the Pareto regression begins")
    tail_records: int = Field(100, ge=10, description="a state with fewer persons in that range uses the alpha of the nation")
    state: str = Field("STATEFIP", description="variable of the state, by which alpha is estimated")
    industry: str = Field("IND1990", description="variable of the industry")
    codes: str = Field("config/ipums_industries.csv", description="table of its codes and their industries (D6)")
    skill: Skill = Skill()
    unknown_share: Fraction = Field(
        0.001,
        description="largest share of a year's persons (weighted) accepted under unknown units, and of its sample under "
        "unknown industries",
    )
    zone_unknown_share: Fraction = Field(
        0.1,
        description="the same for a zone in a year; all persons of unknown units are counted in the smallest zone of their "
        "state",
    )
    zone_income_unknown_share: float = Field(
        0.5,
        ge=0,
        le=1,
        description="largest share of a zone's sample in a year whose incomes are not known (from 10 persons on)",
    )
    rows: int = Field(250_000, ge=1000, description="rows in memory at a time")

    @model_validator(mode="after")
    def _checks(self):
        if self.ages[0] > self.ages[1]:
            raise ValueError(f"ages = {self.ages}: the first must not exceed the second")
        return self
