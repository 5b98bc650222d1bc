"""Regression tables: printed layout and the numbers behind it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from regspec.econometrics.regression import CONSTANT, Regression
from regspec.empirics import labels

#: Note for every table laid out by :func:`regression_table`.
NOTE = "Ordinary least squares, zones unweighted; HC1 standard errors in parentheses."


def regression_table(fits: Mapping[str, Regression], heads: Sequence[str] = ()) -> tuple[pd.DataFrame, list[int]]:
    """The printed table of several regressions and the position of the rule above its statistics.

    ``fits`` maps column headings to regressions. A row for each term (``heads`` first, then in order of first
    appearance, the constant left out) with the standard error in parentheses below it, then N and adjusted R2. A term's
    decimals give its smallest standard error three significant digits, so that any unit can be read.
    """
    order = list(dict.fromkeys(t for fit in fits.values() for t in fit.coefficients.index if t != CONSTANT))
    order = [term for term in heads if term in order] + [term for term in order if term not in heads]
    rows = []
    for term in order:
        has = {head: fit for head, fit in fits.items() if term in fit.coefficients.index}
        errors = [fit.se(term) for fit in has.values() if np.isfinite(fit.se(term))]
        places = _decimals(min(errors, default=0.0))
        pairs = {head: (fixed(f.estimate(term), places), error(f.se(term), places)) for head, f in has.items()}
        rows.append([labels.term(term), *(pairs[head][0] if head in has else "" for head in fits)])
        rows.append(["", *(pairs[head][1] if head in has else "" for head in fits)])
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


def _decimals(smallest: float) -> int:
    """Decimals (0 to 6) that show the error ``smallest`` with three significant digits; three for an error of zero."""
    return int(np.clip(2 - math.floor(math.log10(smallest)), 0, 6)) if smallest > 0 else 3


def error(se: float, decimals: int) -> str:
    """A standard error in parentheses; empty where there is none."""
    return f"({fixed(se, decimals)})" if np.isfinite(se) else ""


def pair(estimate: float, se: float, decimals: int = 3) -> str:
    """``estimate (standard error)``; empty without an estimate."""
    return f"{fixed(estimate, decimals)} {error(se, decimals)}".strip() if np.isfinite(estimate) else ""


def fixed(value: float, decimals: int) -> str:
    """Fixed decimals; a rounded zero has no sign."""
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text
