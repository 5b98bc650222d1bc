"""Which data industries each model industry holds (config ``calibration.industries``)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from regspec.config.config import Config
from regspec.empirics.specialization import wide_shares
from regspec.errors import ConfigError, DataError
from regspec.io.messages import unknown_industry


def members_by_group(config: Config) -> dict[str, list[str]]:
    """Model industry -> its data industries, in the order of the configuration."""
    return {name: list(group.members) for name, group in config.calibration.industries.items()}


def check_groups(groups: dict[str, list[str]], industries: Iterable[str], source: str) -> None:
    """Every data industry in exactly one group, every member known to the data.

    Raises ConfigError with the nearest name, the group and the file that lists the industries.
    """
    known = sorted(set(industries))
    held = [member for members in groups.values() for member in members]
    for name, members in groups.items():
        for member in members:
            if member not in known:
                raise unknown_industry(f"calibration.industries.{name}.members", member, known, source)
    missing = [industry for industry in known if industry not in held]
    if missing:
        raise ConfigError(
            f"calibration.industries: no group holds {', '.join(map(repr, missing[:4]))}"
            f"{' ...' if len(missing) > 4 else ''} of {source}.\n"
            "Every data industry belongs to exactly one group: add it to a group's members."
        )


def group_shares(shares: pd.DataFrame, groups: dict[str, list[str]]) -> pd.DataFrame:
    """Sum data-industry shares into model industries.

    ``shares``: rows x data industries, each row sums to 1 (fractions). Returns rows x model industries,
    renormalized so that rows sum to 1 up to rounding.
    """
    # Members are summed in alphabetical order: their order in the configuration must not move a bit.
    grouped = pd.DataFrame({name: shares[sorted(members)].sum(axis=1) for name, members in groups.items()})
    return grouped.div(grouped.sum(axis=1), axis=0)


def floor_shares(shares: np.ndarray, floor: float) -> np.ndarray:
    """Raise shares below ``floor`` to it and scale the others down in proportion (model.md section 4).

    ``shares``: ``[..., I]`` fractions that sum to 1 along the last axis. All results are >= ``floor`` and
    sum to 1. Scaling can push further shares below the floor, so the set of floored ones grows until none
    is left out (at most I rounds); shares that respect the floor from the start come back unchanged. Raises
    ConfigError when I * floor > 1.
    """
    shares = np.asarray(shares, dtype=float)
    industries = shares.shape[-1]
    if industries * floor > 1:
        raise ConfigError(
            f"calibration.share_floor: {floor:g} is too large for {industries} industries; "
            f"allowed: at most {1 / industries:.4g}"
        )
    low = shares < floor
    if not low.any():
        return shares
    result = shares
    for _ in range(industries):
        left = 1.0 - floor * low.sum(axis=-1, keepdims=True)
        kept = np.where(low, 0.0, shares)
        total = kept.sum(axis=-1, keepdims=True)
        scale = np.divide(left, total, out=np.ones_like(left), where=low.any(axis=-1, keepdims=True) & (total > 0))
        result = np.where(low, floor, kept * scale)
        below = low | (result < floor)
        if (below == low).all():
            break
        low = below
    return result


def base_shares(industry: pd.DataFrame, year: int, variable: str, tolerance: float, source: str) -> pd.DataFrame:
    """Shares of one year and variable as zones x data industries (fractions), zones in increasing order.

    As :func:`regspec.empirics.specialization.wide_shares`, and raises DataError when the year is not there.
    """
    wide = wide_shares(industry, variable, tolerance, source)
    years = sorted(set(wide.index.get_level_values("year")))
    if year not in years:
        raise DataError(
            f"{source}: no {variable} shares for {year} (calibration.first_year); years there: {', '.join(map(str, years))}"
        )
    return wide.xs(year, level="year")
