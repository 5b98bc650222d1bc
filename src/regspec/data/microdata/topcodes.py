"""Top-coded incomes: a Pareto tail fitted below the top code gives the mean above it (D2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from regspec.errors import DataError


@dataclass(frozen=True)
class Tail:
    """``alpha`` of a year and state, ``persons``: records of the regression, ``pooled``: whether it is the nation's."""

    alpha: float
    persons: int
    pooled: bool

    def mean(self, topcode: float) -> float:
        """Mean income above ``topcode``: alpha/(alpha - 1) times it."""
        return self.alpha / (self.alpha - 1) * topcode


def alpha(income: np.ndarray, weight: np.ndarray, above: float, quantile: float) -> float:
    """Minus the slope of the log of the share at or above an income on the log of the income, weighted least squares.

    ``income`` (distinct, increasing, positive, below the top code), ``weight``: persons at it; ``above``: weight of the
    top-coded; the regression begins at ``quantile`` of all. NaN with fewer than two incomes there.
    """
    survivors, used = _range(weight, above, quantile)
    if used.sum() < 2:
        return np.nan
    x, y, w = np.log(income[used]), np.log(survivors[used] / (weight.sum() + above)), weight[used]
    x = x - np.average(x, weights=w)
    return float(-(w * x * y).sum() / (w * x * x).sum())


def _range(weight: np.ndarray, above: float, quantile: float) -> tuple[np.ndarray, np.ndarray]:
    """Persons at or above each of the increasing incomes, and which incomes the regression uses (arguments as `alpha`)."""
    survivors = above + np.cumsum(weight[::-1])[::-1]
    return survivors, survivors <= (1 - quantile) * (weight.sum() + above)


def tails(incomes: pd.DataFrame, tops: pd.Series, settings) -> dict[tuple[int, int], Tail]:
    """A :class:`Tail` for each year and state that has top-coded incomes.

    ``incomes``: ``year, state, income, weight, persons`` of positive incomes below the year's top code; ``tops``: weight of
    the top-coded by ``(year, state)``; ``settings``: :class:`regspec.config.microdata.Microdata`. A state with fewer than
    ``tail_records`` persons in the range takes the nation's alpha. Raises DataError naming year and state when alpha is not
    above one (the mean would be infinite) or cannot be estimated.
    """
    found = {}
    for year in sorted({year for year, _ in tops.index}):
        rows = incomes[incomes["year"] == year]
        nation = _estimate(rows, float(tops.loc[year].sum()), settings.tail)
        for state in sorted(tops.loc[year].index):
            own = rows[rows["state"] == state]
            value, persons = _estimate(own, float(tops.loc[year, state]), settings.tail)
            pooled = persons < settings.tail_records
            value, persons = nation if pooled else (value, persons)
            if not value > 1:
                place = f"{settings.income}, {year}, state {state}{' (alpha of the nation)' if pooled else ''}"
                raise _refused(place, value, persons, year)
            found[int(year), int(state)] = Tail(value, persons, pooled)
    return found


def _refused(place: str, value: float, persons: int, year: int) -> DataError:
    found = (
        f"has alpha = {value:.3f} on {persons} persons; with alpha <= 1 the mean above the top code is infinite"
        if np.isfinite(value)
        else f"cannot be estimated: {persons} persons have incomes between its beginning and the top code"
    )
    return DataError(
        f"{place}: the fitted Pareto tail {found}.\n"
        f"Remedy: check data.microdata.topcodes.{year} and income_missing, or begin the tail elsewhere (tail)."
    )


def _estimate(rows: pd.DataFrame, above: float, quantile: float) -> tuple[float, int]:
    if rows.empty:
        return np.nan, 0
    by_income = rows.groupby("income")[["weight", "persons"]].sum()
    weight = by_income["weight"].to_numpy()
    _, used = _range(weight, above, quantile)
    return alpha(by_income.index.to_numpy(float), weight, above, quantile), int(by_income["persons"][used].sum())
