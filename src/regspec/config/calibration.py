"""Section `calibration`: years, industries and processes of the model (docs/calibration.md)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from regspec.config.base import Section, Share

GROUPS_17 = (
    "Agriculture",
    "Business services",
    "Communication",
    "Construction",
    "Durable manufacturing",
    "Entertainment",
    "Finance",
    "Mining",
    "Nondurable manufacturing",
    "Personal services",
    "Routine prof. services",
    "Non-routine prof. services",
    "Public",
    "Retail",
    "Transportation",
    "Utilities",
    "Wholesale",
)


class IndustryGroup(Section):
    """One model industry: which data industries it holds and its technology (P)."""

    members: list[str] = Field(min_length=1, description="data industries; each belongs to exactly one group")
    xi: float = Field(ge=0, le=0.6, description="agglomeration elasticity xi_i (P: 0.1-0.29)")
    phi: float = Field(ge=0, le=50, description="adjustment cost phi_i (P: 0-3.26)")


_DEFAULT_GROUPS = {
    "primary": IndustryGroup(members=["Agriculture", "Mining"], xi=0.10, phi=2.0),
    "manufacturing": IndustryGroup(
        members=["Durable manufacturing", "Nondurable manufacturing", "Construction"], xi=0.29, phi=3.26
    ),
    "services": IndustryGroup(
        members=[
            g
            for g in GROUPS_17
            if g not in ("Agriculture", "Mining", "Durable manufacturing", "Nondurable manufacturing", "Construction")
        ],
        xi=0.20,
        phi=1.0,
    ),
}


class Tfp(Section):
    """Processes of the industries' productivity (M2, P)."""

    measure: Literal["TFPGO", "TFPVA"] = Field(
        "TFPGO", description="industry TFP series: gross output fits the deck's ranges, value added is too volatile"
    )
    process: Literal["estimated", "deck"] = Field(
        "estimated", description="rho_i, sigma_i: estimated on the detrended series, or the midpoints of the deck's ranges (P)"
    )
    trend: bool = Field(True, description="industry trends d_{i,t} (M2); false: no trend growth")
    rho_max: Share = Field(0.98, description="estimates of rho_i above it are set to it: a unit root has no stationary chain")


class Interest(Section):
    """Process of the real interest rate (P)."""

    process: Literal["deck", "estimated"] = Field(
        "deck", description="deck: rho_R = 0.01, sigma_R = 0.0186 (P); estimated: AR(1) of the real T-bill rate"
    )
    mean: float = Field(0.013, gt=-0.5, lt=0.5, description="mean real interest rate Rbar - 1 (P: 1.3%), under either process")
    nodes: int = Field(1, ge=1, le=5, description="nodes n_R of the interest-rate chain; 1 = constant rate")


class Calibration(Section):
    """Years, industries and processes of the model (docs/calibration.md)."""

    first_year: int = Field(1950, description="first model year; shares are matched here (P)")
    last_year: int = Field(2020, description="last model year; productivity is flat afterwards")
    industries: dict[str, IndustryGroup] = Field(
        _DEFAULT_GROUPS, min_length=1, max_length=5, description="the I model industries (1..5), in order"
    )
    share_floor: Share = Field(0.02, description="smallest industry share; smaller ones are raised, then renormalized")
    level: Literal["predicted", "matched"] = Field(
        "predicted", description="1950 level: the model's own (section 4), or observed income"
    )
    tfp: Tfp = Tfp()
    interest: Interest = Interest()
