"""Fact 1 (E1): income level and growth on base-year specialization, controls and predicted growth.

Y_r = a + b S_{r,base} + g' Z_r + d ghat_r + e_r over zones, Y the log income of the base year or its
growth to the end year, ghat_r = sum_i s_{i,r,base} g_i^US. Unweighted OLS, HC1. The right-hand side is a
table by zone, so that any other outcome, such as the model's output and growth, runs through the same
specification:

>>> design = fact1_design(industry, specialization, controls, national, config.empirics)  # doctest: +SKIP
>>> fits = [regress(y, design[terms(config.empirics, growth=True)]) for y in outcomes]  # doctest: +SKIP
>>> joint_covariance(fits, SPECIALIZATION)  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from regspec.config.empirics import Empirics
from regspec.econometrics.regression import Regression, regress
from regspec.empirics.specialization import select, wide_shares
from regspec.errors import ConfigError, DataError, did_you_mean

SPECIALIZATION = "specialization"
GHAT = "ghat"
INITIAL = "log_income"


@dataclass(frozen=True)
class Fact1:
    """Fact 1 of one measure: the two regressions, what they were run on, and the outcomes by zone."""

    level: Regression
    growth: Regression
    design: pd.DataFrame
    outcomes: pd.DataFrame


def terms(empirics: Empirics, growth: bool, heads: Sequence[str] = (SPECIALIZATION,)) -> list[str]:
    """Columns of the design in the order of table E1, ``heads`` first; initial log income belongs to growth only."""
    names = list(heads)
    names += [GHAT] if empirics.shift_share else []
    names += [INITIAL] if growth else []
    return names + list(empirics.controls)


def predicted_growth(shares: pd.DataFrame, growth: pd.Series) -> pd.Series:
    """Shift-share predicted growth ghat_r = sum_i s_{i,r} g_i^US by zone, log points (E1).

    ``shares``: zones x industries, rows sum to one. ``growth``: g_i^US by industry, log points. Raises
    DataError for an industry without national growth.
    """
    missing = shares.columns.difference(growth.index)
    if len(missing):
        raise DataError(
            f"national.parquet: no growth of {missing[0]!r} ({len(missing)} such industries)."
            "\nRemedy: national and zone tables must use the same industries."
        )
    aligned = growth[shares.columns].astype(float)
    # Row sums of the elementwise product: unlike BLAS, the same bits for a zone whatever zones surround it.
    return shares.mul(aligned, axis=1).sum(axis=1).rename(GHAT)


def national_growth(national: pd.DataFrame, variable: str, year: int) -> pd.Series:
    """National growth g_i^US by industry, log points, from the table ``year, industry, variable, growth``."""
    rows = national[(national["variable"] == variable) & (national["year"] == year)]
    if rows.empty:
        raise DataError(f"national.parquet: no {variable} growth in {year}.\nRemedy: see empirics.variable, base_year.")
    return rows.set_index("industry")["growth"].sort_index()


def fact1_design(
    industry: pd.DataFrame,
    specialization: pd.DataFrame,
    controls: pd.DataFrame,
    national: pd.DataFrame,
    empirics: Empirics,
    measure: str | None = None,
) -> pd.DataFrame:
    """Right-hand side of Fact 1 by zone, base year: ``specialization, ghat, log_income`` and the controls.

    ``specialization`` is the table of :func:`regspec.empirics.specialization.specialization`; the other
    three follow docs/architecture.md. ``measure`` defaults to the headline one. Zones are sorted; controls
    may be missing for some. Raises ConfigError for unknown controls or years, DataError for tables that do
    not fit together.
    """
    check_controls(controls, empirics)
    year, variable = empirics.base_year, empirics.variable
    value = select(specialization, variable, measure or empirics.measure, year).rename(SPECIALIZATION)
    base = by_zone(controls, year, [INITIAL, *empirics.controls])
    lost = value.index.difference(base.index)
    if len(lost):
        raise DataError(
            f"controls.parquet: no row for zone {lost[0]} in {year} ({len(lost)} zones of industry.parquet)."
            "\nRemedy: both tables must cover the same zones in empirics.base_year."
        )
    shares = wide_shares(industry[industry["year"] == year], variable)
    ghat = predicted_growth(shares.droplevel("year"), national_growth(national, variable, year))
    return pd.concat([value, ghat.loc[value.index], base.loc[value.index]], axis=1)


def by_zone(controls: pd.DataFrame, year: int, columns: list[str]) -> pd.DataFrame:
    """One year's rows of the controls' table, indexed and sorted by zone. Raises ConfigError if none."""
    rows = controls[controls["year"] == year]
    if rows.empty:
        have = ", ".join(map(str, sorted(controls["year"].unique())))
        raise ConfigError(f"empirics: no controls in {year}. The data have: {have}.")
    return rows.set_index("zone").sort_index()[columns]


def fact1_outcomes(controls: pd.DataFrame, empirics: Empirics) -> pd.DataFrame:
    """The data's two outcomes by zone: ``level`` (base-year log income) and ``growth`` (its change), in logs."""
    base = by_zone(controls, empirics.base_year, [INITIAL])[INITIAL]
    end = by_zone(controls, empirics.end_year, [INITIAL])[INITIAL]
    return pd.DataFrame({"level": base, "growth": end.reindex(base.index) - base})


def fact1(
    industry: pd.DataFrame,
    specialization: pd.DataFrame,
    controls: pd.DataFrame,
    national: pd.DataFrame,
    empirics: Empirics,
    measure: str | None = None,
) -> Fact1:
    """Fact 1 on the data (E1; E2 with ``measure="hhi"``). Arguments and errors as :func:`fact1_design`."""
    design = fact1_design(industry, specialization, controls, national, empirics, measure)
    outcomes = fact1_outcomes(controls, empirics).loc[design.index]
    return Fact1(
        level=regress(outcomes["level"], design[terms(empirics, growth=False)]),
        growth=regress(outcomes["growth"], design[terms(empirics, growth=True)]),
        design=design,
        outcomes=outcomes,
    )


def check_controls(controls: pd.DataFrame, empirics: Empirics) -> None:
    """Raise ConfigError when ``empirics.controls`` names what is not a control of the data, or names it twice."""
    known = [name for name in controls.columns if name not in ("zone", "year", "state", INITIAL)]
    for name in empirics.controls:
        if name == INITIAL:
            raise ConfigError("empirics.controls: log_income joins the growth regression by itself; remove it.")
        if name not in known:
            hint = did_you_mean(name, known)
            raise ConfigError(f"empirics.controls: {name!r} is not in the data.{hint}\nAllowed: {', '.join(known)}.")
    if len(set(empirics.controls)) < len(empirics.controls):
        raise ConfigError("empirics.controls: a name appears twice; keep one.")
