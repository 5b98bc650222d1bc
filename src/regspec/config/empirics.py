"""Section `empirics`: the facts of the data and their inference (docs/empirics.md, docs/inference.md)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from regspec.config.base import Positive, Section, Share

#: What industry shares are shares of.
Variable = Literal["income", "employment", "value_added"]


class Inference(Section):
    """Errors of Fact 1 beyond HC1 (docs/inference.md)."""

    conley_km: list[Positive] = Field(
        [200.0, 500.0], description="distances in km beyond which errors are taken to be uncorrelated"
    )
    conley_kernel: Literal["bartlett", "uniform"] = Field(
        "bartlett", description="weight of closer pairs: declining in distance, or one"
    )
    scpc_correlation: Share = Field(
        0.03, description="mean correlation of two zones' errors that spatial principal components allow for"
    )
    draws: int = Field(1999, ge=99, description="draws of the wild cluster bootstrap")


class Empirics(Section):
    """Facts of the data: measure, window, controls and errors (docs/empirics.md)."""

    variable: Variable = Field(
        "income", description="shares from which specialization is measured (D5); the panel has employment only"
    )
    measure: Literal["gini", "hhi", "max_share"] = Field("gini", description="headline measure (D5)")
    base_year: int = Field(1950, description="year of specialization, level and controls in Fact 1")
    end_year: int = Field(2020, description="end of the growth window in Fact 1")
    controls: list[str] = Field(
        ["high_skill_share", "old_age_dependency", "female_labor_share", "population"],
        description="base-year controls Z of Fact 1 (E1); initial log income joins the growth regression",
    )
    shift_share: bool = Field(True, description="include predicted growth ghat (E1)")
    bins: int = Field(20, ge=5, description="number of quantile bins in the binned scatters")
    tradable: list[str] | None = Field(
        None, min_length=1, description="tradable data industries (D6); null: D6's of 17 groups or their counterparts of 8"
    )
    tradable_split: Literal["within", "parts"] = Field(
        "within",
        description="within: specialization over the tradable (non-tradable) industries alone; parts: their parts of the whole",
    )
    horizons: list[Annotated[int, Field(ge=1)]] = Field(
        [10, 20, 30, 40, 50, 60, 70], min_length=1, description="horizons in years (E3, E7)"
    )
    cluster: Literal["zone", "state"] = Field("zone", description="clusters of the intervals by horizon (E3)")
    inference: Inference = Inference()
    local_span: float = Field(
        0.5, ge=0.05, le=1, description="share of the observations in the neighbourhood of a local fit (E5)"
    )
    local_points: int = Field(61, ge=5, le=1000, description="incomes at which the local fit is evaluated (E5)")
    industry_groups: dict[str, Annotated[list[str], Field(min_length=1)]] | None = Field(
        None,
        min_length=1,
        description="industries of E4 and their data industries; null: those of the deck's six that the data have",
    )
