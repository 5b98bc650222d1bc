"""Slopes on base-year specialization: the same right-hand sides for data and model (deck E1, Q1, Q2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from regspec.config.empirics import Empirics
from regspec.econometrics.critical import critical_value
from regspec.econometrics.fieller import RatioSet, fieller
from regspec.econometrics.regression import Regression, joint_covariance, regress
from regspec.empirics.fact1 import GHAT, SPECIALIZATION, terms
from regspec.errors import DataError

#: Right-hand sides: Fact 1's own, and the model's (which knows no controls).
RIGHT_HAND_SIDES = ("all controls", "short")
#: A covariance from fewer residual degrees of freedom says nothing.
MIN_FREEDOM = 5


@dataclass(frozen=True)
class Slope:
    """Coefficient of specialization: ``estimate, se`` (HC1), interval ``low, high``, zones ``n``.

    ``fit`` is None, and the numbers NaN, when the sample is too small or collinear; where residuals are zero to
    rounding there is an estimate without error. ``reason`` says so.
    """

    estimate: float
    se: float
    low: float
    high: float
    n: int
    fit: Regression | None
    reason: str = ""


def columns(empirics: Empirics, rhs: str, growth: bool) -> list[str]:
    """Columns of Fact 1's design for a right-hand side of ``RIGHT_HAND_SIDES``."""
    if rhs == "short":
        return [SPECIALIZATION] + ([GHAT] if empirics.shift_share else [])
    return terms(empirics, growth)


def given(empirics: Empirics, rhs: str) -> str:
    """What a right-hand side holds beside specialization, in words."""
    if rhs == "all controls":
        return "all controls of Fact 1"
    return "predicted growth only" if empirics.shift_share else "no controls"


def first_estimated(estimated: Callable[[str], bool]) -> str:
    """The right-hand side that an exhibit shows: the first that is ``estimated``, else the short one."""
    return next((rhs for rhs in RIGHT_HAND_SIDES if estimated(rhs)), RIGHT_HAND_SIDES[-1])


def slope(outcome: pd.Series, design: pd.DataFrame, confidence: float) -> Slope:
    """Slope of ``outcome`` (by zone) on specialization given the other columns of ``design``.

    Never raises for a sample that is too small or collinear, as in trial runs with a few zones: the reason is
    part of the result and of the exhibits.
    """
    outcome = outcome.dropna()
    complete = design.loc[design.index.intersection(outcome.index)].notna().all(axis=1)
    n, k = int(complete.sum()), design.shape[1] + 1
    if n - k < MIN_FREEDOM:
        return Slope(np.nan, np.nan, np.nan, np.nan, n, None, f"{n} zones are too few for {k} coefficients")
    try:
        fit = regress(outcome, design)
    except DataError as error:
        return Slope(np.nan, np.nan, np.nan, np.nan, n, None, str(error).splitlines()[0])
    estimate, se = fit.estimate(SPECIALIZATION), fit.se(SPECIALIZATION)
    margin = float(critical_value(confidence, fit.n - k)) * se
    return Slope(estimate, se, estimate - margin, estimate + margin, fit.n, fit, fit.note)


def ratio(numerator: Slope, denominator: Slope, confidence: float) -> RatioSet | None:
    """Fieller's set of a ratio of two slopes from their joint HC1 covariance; None when either is missing."""
    if numerator.fit is None or denominator.fit is None:
        return None
    covariance = joint_covariance([numerator.fit, denominator.fit], SPECIALIZATION).to_numpy()
    freedom = min(fit.n - len(fit.coefficients) for fit in (numerator.fit, denominator.fit))
    critical = float(critical_value(confidence, freedom))
    return fieller(numerator.estimate, denominator.estimate, covariance, critical)


def number(value: float, form: str = "%.3f") -> str:
    """A printed number with a typographic minus; an empty cell for NaN."""
    if not np.isfinite(value):
        return ""
    text = form % value
    return text.replace("-", "\N{MINUS SIGN}") if float(text) != 0 else text.lstrip("-")


def estimate_text(item: Slope) -> str:
    """``slope (standard error)`` or the reason why there is none."""
    if item.fit is None:
        return "not estimated"
    return f"{number(item.estimate)} ({number(item.se)})" if np.isfinite(item.se) else number(item.estimate)


def set_text(item: RatioSet | None) -> str:
    """A confidence set in words that a table can hold."""
    if item is None or item.kind == "none":
        return ""
    low, high = number(item.low, "%.2f"), number(item.high, "%.2f")
    if item.kind == "bounded":
        return f"[{low}, {high}]"
    if item.kind == "unbounded":
        return "whole line"
    return f"\N{LESS-THAN OR EQUAL TO} {low} or \N{GREATER-THAN OR EQUAL TO} {high}"
