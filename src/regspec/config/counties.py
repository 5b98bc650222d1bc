"""Configuration section ``data.counties``: the Census Bureau's and the BEA's county files (docs/counties.md)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from regspec.config.base import Section

YearText = Annotated[str, Field(pattern=r"^(19|20)\d\d$")]
Fraction = Annotated[float, Field(ge=0, lt=1)]


def _text_years(value):
    """YAML reads a year as a number; JSON and the resolved configuration hold it as text."""
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else value


YEARS = BeforeValidator(_text_years)


class Cbp(Section):
    """County Business Patterns (D3)."""

    files: Annotated[dict[YearText, str], YEARS] = Field(
        {}, description="year -> county file of that year (CSV, or zip or gz of one) in `data.directory`; {}: none"
    )
    columns: dict[str, str] = Field(
        {}, description="column of the published layout -> its name in the files, where that differs"
    )
    codes: str = Field("config/industry_codes.csv", description="table of SIC and NAICS codes and their industries (D6)")
    unknown_share: Fraction = Field(0.001, description="largest share of a file's rows under unknown industry codes accepted")
    inconsistent_share: Fraction = Field(
        0.001, description="largest share of a file's rows accepted whose size classes do not add up to establishments"
    )


class HousingFile(Section):
    """One year's county table of the Census of Housing; its columns are named as the extract names them."""

    file: str = Field(description="CSV (or zip or gz of one) in `data.directory`")
    state: str = Field("STATEA", description="column of the state's FIPS code")
    county: str = Field("COUNTYA", description="column of the county's FIPS code")
    owner: str = Field(description="column of owner-occupied units")
    renter: str = Field(description="column of renter-occupied units")
    value: str = Field(description="column of the median value of owner-occupied units, dollars")


class Housing(Section):
    """County tables of the Census of Housing (D4)."""

    files: Annotated[dict[YearText, HousingFile], YEARS] = Field(
        {}, description="year -> county table of that census; {}: none"
    )


class CountyIncome(Section):
    """BEA table CAINC1: personal income and population of counties."""

    file: str | None = Field(None, description="CAINC1 file of all areas (CSV, or zip or gz of one); null: none")
    years: list[int] = Field([], description="years that are kept; []: all of the file")
    total_tolerance: Fraction = Field(
        0.005, description="largest relative difference accepted between a state's row and the sum of its counties"
    )
    windows: list[list[int]] = Field(
        [], description="[first, last] years of income growth that is regressed on specialization as in Fact 1 (E1); []: none"
    )

    @model_validator(mode="after")
    def _checks(self):
        for window in self.windows:
            if len(window) != 2 or window[0] >= window[1]:
                raise ValueError(f"income.windows: {window} is not [first year, later year]")
            lost = [year for year in window if self.years and year not in self.years]
            if lost:
                raise ValueError(f"income.windows: {lost[0]} is not among income.years")
        if self.windows and self.file is None:
            raise ValueError("income.windows needs income.file")
        return self


class Counties(Section):
    """County files, additional tables of any source of data; none by default."""

    cbp: Cbp = Cbp()
    housing: Housing = Housing()
    income: CountyIncome = CountyIncome()
    unmapped_share: Fraction = Field(
        0.002, description="largest share of a year's total in counties that no zone holds (employment, units, population)"
    )
    unmapped_zone_share: Fraction = Field(
        0.05,
        description="largest share of a year's total that a zone may lack if all counties without a zone in its state are its "
        "own",
    )
    price_index: str = Field("config/price_index.csv", description="table of a consumer price index by year")
    dollars: int = Field(2020, description="year of constant dollars")

    @property
    def tables(self) -> list[str]:
        """Tables that the files named here make, in order: ``business``, ``housing``, ``county_income``."""
        named = {"business": self.cbp.files, "housing": self.housing.files, "county_income": self.income.file}
        return [table for table, files in named.items() if files]
