"""Section `model`: parameters, grids and solver of the zones that are solved (docs/model.md, docs/numerics.md)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from regspec.config.base import Positive, Section, Share

Theta = Annotated[float, Field(gt=0, le=1)]
Probability = Annotated[float, Field(ge=0, le=1)]


class ThetaRegimes(Section):
    """A two-state Markov chain of theta in place of the constant (docs/model.md, section 1)."""

    values: list[Theta] = Field(
        [], description="theta in the first and in the second regime (deck: 0.35, 0.53); []: constant theta"
    )
    stay: list[Probability] = Field(
        [0.95, 0.95], min_length=2, max_length=2, description="probability of staying in the regime next year, for each regime"
    )
    switch_years: list[int] = Field(
        [], description="years in which the realized regime changes, starting from the first regime; []: it never changes"
    )

    @model_validator(mode="after")
    def _checks(self):
        if len(self.values) not in (0, 2):
            raise ValueError(f"theta_regimes.values = {self.values}: give two values, or none for a constant theta")
        years = self.switch_years
        if years != sorted(set(years)):
            raise ValueError(f"theta_regimes.switch_years = {years}: years must increase")
        for number, year in enumerate(years):
            if self.stay[number % 2] == 1.0:
                raise ValueError(
                    f"theta_regimes.switch_years: {year} ends a regime that never ends (theta_regimes.stay = {self.stay})"
                )
        return self


class Parameters(Section):
    """Parameters of the model, which scenarios and sweeps override (docs/model.md)."""

    gamma: float = Field(5.0, ge=0.5, le=100, description="relative risk aversion (P)")
    alpha: Share = Field(0.3, description="capital exponent (P)")
    beta: Share = Field(0.95, description="discount factor (P)")
    theta: float = Field(0.35, gt=0, le=1, description="loan-to-value limit (P: 0.35-0.53)")
    chi: float = Field(0.06, gt=0, le=1, description="pledgeable share of capital (section 5); kappa = theta chi")
    xi_scale: float = Field(1.0, ge=0, description="multiplies every xi_i")
    phi_scale: float = Field(1.0, ge=0, description="multiplies every phi_i")
    shock_scale: float = Field(1.0, ge=0, description="multiplies every sigma_i and the realized shocks u_i")
    limit: Literal["collateral", "fixed", "natural"] = Field(
        "collateral", description="borrowing limit: collateral value, a constant at the same initial debt, or none"
    )
    collateral_price: Literal["current", "next"] = Field(
        "current", description="price at which collateral is valued: current, or expected for next year (section 5)"
    )
    growth: Positive = Field(1.0, description="common gross growth rate G per year (section 1)")
    theta_regimes: ThetaRegimes = ThetaRegimes()

    @property
    def has_regimes(self) -> bool:
        """Whether theta follows a chain that matters: without a limit that depends on it, it does not."""
        return bool(self.theta_regimes.values) and self.limit != "natural"


def merged(base: dict, overrides: dict) -> dict:
    """Parameters with a scenario's overrides; a section's keys that the scenario leaves out keep their values."""
    return base | {
        name: base[name] | value if isinstance(value, dict) and isinstance(base.get(name), dict) else value
        for name, value in overrides.items()
    }


class Grid(Section):
    """Grids on which a zone is solved (docs/numerics.md)."""

    k_steps: int = Field(6, ge=2, le=40, multiple_of=2, description="lattice steps n per side of the simplex (even)")
    u_nodes: int = Field(3, ge=1, le=9, description="Rouwenhorst nodes of each industry's productivity")
    b_below: int = Field(14, ge=4, le=100, description="bond nodes between the lower end of the grid and the kink, per (k, e)")
    b_above: int = Field(12, ge=4, le=200, description="bond nodes from the kink upwards, per (k, e)")
    b_fine: int = Field(192, ge=16, le=1000, description="points of the common bond grid that carries expectations")
    b_max: Positive = Field(0.6, description="largest bond position, in years of the zone's trend output")


class Solver(Section):
    """When a solve is done, and on how many states its errors are reported (docs/numerics.md)."""

    tolerance: float = Field(1e-6, gt=0, le=1e-2, description="bound on the distance to the fixed point (relative)")
    residual: float = Field(
        1e-8, gt=0, le=1e-4, description="largest residual of an equilibrium condition in the last iteration"
    )
    largest_error: Positive = Field(
        0.1, description="largest Euler error on the realized path, relative to consumption and price; the solve fails above it"
    )
    max_sweeps: int = Field(
        1500, ge=10, description="time-iteration steps for the stationary solution; the solve fails after them"
    )
    cloud: int = Field(500, ge=10, description="number of random off-grid states at which Euler errors are reported")


class Model(Section):
    """Which zones are solved, with which parameters and grids."""

    zones: Literal["all"] | dict[Literal["sample"], Annotated[int, Field(ge=1)]] | list[int] = Field(
        {"sample": 20}, description="all | {sample: n} (stratified by base-year Gini, seeded) | [zone ids]"
    )
    parameters: Parameters = Parameters()
    grid: Grid = Grid()
    solver: Solver = Solver()
