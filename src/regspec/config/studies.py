"""Sections of the steps that are made on request: several equilibria, responses, checks of theory, internal calibration."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from regspec.config.base import Positive, Section, Share

_Bond = Annotated[int, Field(ge=4)]


class Multiplicity(Section):
    """The exhibit `multiplicity`: one industry, collateral at today's price, where a state can have several equilibria."""

    selection: Literal["worst", "best"] = Field(
        "worst",
        description="equilibrium selected wherever a year has several: the one with the lowest or the highest consumption",
    )
    chi: float = Field(1.0, gt=0, le=1, description="pledgeable share of capital (1: all of it)")
    thetas: list[Annotated[float, Field(gt=0, le=1)]] = Field(
        [0.01, 0.05, 0.15, 0.25, 0.35, 0.53],
        min_length=1,
        description="values of theta, increasing; each solution is the starting point of the next (continuation)",
    )
    industry: str | None = Field(
        None, description="model industry whose productivity process is used; null: the largest in the nation"
    )
    u_nodes: int = Field(5, ge=1, le=15, description="Rouwenhorst nodes of productivity")
    points: int = Field(1201, ge=101, le=20001, description="points of the bond grid")
    years: int = Field(20000, ge=100, description="simulated years")


class Responses(Section):
    """Impulse responses (Q3) of a specialized and a diversified zone: docs/results.md."""

    zones: list[int] = Field(
        [], description="zones of the run; []: those at the 90th and at the 10th percentile of its base-year specialization"
    )
    scenarios: list[str] = Field([], description="scenarios that are compared; []: all of them")
    size: Positive = Field(2.0, description="standard deviations sigma_i of the adverse shock to one industry")
    horizon: int = Field(20, ge=1, le=200, description="years after the shock")
    draws: int = Field(
        32,
        ge=0,
        le=10000,
        multiple_of=2,
        description="number of draws of all later shocks, over which responses are averaged; 0: no later shocks",
    )

    @model_validator(mode="after")
    def _checks(self):
        for name in ("zones", "scenarios"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise ValueError(f"responses.{name} = {values}: one appears twice")
        return self


class PlannerStep(Section):
    """Externalities behind the planner's welfare gain, its taxes in the long run, simple rules (M8, M9): docs/results.md."""

    zones: int = Field(8, ge=1, description="zones of the run that are solved, evenly spaced in base-year specialization")
    years: int = Field(2000, ge=100, description="simulated years of the long run, in each zone")


class InternalCalibration(Section):
    """One parameter chosen so that the model's mean debt ratio meets a target (P): docs/results.md."""

    parameter: Literal["chi", "beta"] = Field("chi", description="key of model.parameters that is calibrated")
    target: float = Field(
        0.1, gt=0, le=5, description="mean of debt over output, -b/Y, on the market's realized path of the reference zone"
    )
    bracket: list[Share] = Field(
        [0.03, 0.075], min_length=2, max_length=2, description="lower and upper end of the search for the parameter"
    )
    tolerance: Positive = Field(1e-4, description="largest error of the parameter, relative to the bracket's upper end")

    @model_validator(mode="after")
    def _checks(self):
        if not self.bracket[0] < self.bracket[1]:
            raise ValueError(f"internal_calibration.bracket = {self.bracket}: the second value must be the larger one")
        return self


class Theory(Section):
    """Economies on which the deck's statements on prices (M6) are checked: docs/results.md."""

    industries: list[Annotated[int, Field(ge=1, le=5)]] = Field(
        [1, 2, 3, 4, 5], min_length=1, description="numbers I of equal industries"
    )
    shares: list[Annotated[float, Field(ge=0.5, le=0.95)]] = Field(
        [0.5, 0.6, 0.7, 0.8, 0.9], min_length=1, description="base-year share of the larger of two industries"
    )
    adjustment: list[Annotated[float, Field(ge=0, le=50)]] = Field(
        [0.0, 0.5, 1.0, 2.0, 3.26], min_length=1, description="adjustment costs phi of two industries"
    )
    phi: float = Field(
        2.0, gt=0, le=50, description="adjustment cost when `industries` and `shares` vary (they are also solved without any)"
    )
    share: float = Field(0.7, ge=0.5, le=0.95, description="share of the larger of two industries when `adjustment` varies")
    xi: float = Field(0.2, ge=0, le=0.6, description="agglomeration elasticity of every industry (P: midpoint)")
    rho: Share = Field(0.805, description="persistence of every industry's productivity (P: midpoint)")
    sigma: Positive = Field(0.02, description="standard deviation of its innovation (P: midpoint)")
    years: int = Field(20000, ge=100, description="simulated years of each economy")
    k_steps: int = Field(4, ge=2, le=40, multiple_of=2, description="lattice steps per side")
    u_nodes: int = Field(3, ge=2, le=9, description="nodes of each industry's productivity")
    b_below: _Bond = Field(5, description="bond nodes below the kink")
    b_above: _Bond = Field(8, description="bond nodes above the kink")
    b_fine: int = Field(40, ge=16, description="points of the common bond grid")

    @model_validator(mode="after")
    def _checks(self):
        for name in ("industries", "shares", "adjustment"):
            values = getattr(self, name)
            if sorted(set(values)) != values:
                raise ValueError(f"theory.{name} = {values}: values must increase")
        return self
