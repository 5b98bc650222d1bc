"""Regression tables: printed layout and the numbers behind it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from regspec.empirics import labels
from regspec.empirics.regression import CONSTANT, Regression

#: Note for every table laid out by :func:`regression_table`.
NOTE = "Ordinary least squares, zones unweighted; HC1 standard errors in parentheses. No stars."


def regression_table(fits: Mapping[str, Regression]) -> tuple[pd.DataFrame, list[int]]:
    """The printed table of several regressions and the position of the rule above its statistics.

    ``fits`` maps column headings to regressions. A row for each term (in order of first appearance, the
    constant left out) with the standard error in parentheses below it, then N and adjusted R2. Coefficients
    have three significant digits, so that terms of different units can be read.
    """
    order = list(dict.fromkeys(t for fit in fits.values() for t in fit.coefficients.index if t != CONSTANT))
    rows = []
    for term in order:
        has = {head: term in fit.coefficients.index for head, fit in fits.items()}
        rows.append(
            [labels.term(term), *(_digits(f.estimate(term)) if has[h] else "" for h, f in fits.items())]
        )
        rows.append(["", *(f"({_digits(f.se(term))})" if has[h] else "" for h, f in fits.items())])
    rule = len(rows)
    rows.append(["Zones", *(str(fit.n) for fit in fits.values())])
    rows.append(["Adjusted R²", *(f"{fit.r2_adjusted:.3f}" for fit in fits.values())])
    return pd.DataFrame(rows, columns=["", *fits]), [rule]


def tidy(fits: Mapping[str, Regression]) -> pd.DataFrame:
    """The regressions' numbers: a row for each ``regression, term`` with ``estimate, se, t, p, zones,
    dropped, r2, r2_adjusted``.
    """
    pieces = [
        fit.coefficients.reset_index().assign(
            regression=name, zones=fit.n, dropped=fit.dropped, r2=fit.r2, r2_adjusted=fit.r2_adjusted
        )
        for name, fit in fits.items()
    ]
    table = pd.concat(pieces, ignore_index=True)
    return table[["regression", *(c for c in table.columns if c != "regression")]]


def _digits(value: float) -> str:
    """Three significant digits, never in exponential notation, no sign on zero."""
    if value == 0:
        return "0.000"
    decimals = 3 if abs(value) >= 0.1 else 4 if abs(value) >= 0.01 else 5
    decimals = 1 if abs(value) >= 100 else 2 if abs(value) >= 10 else decimals
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text
