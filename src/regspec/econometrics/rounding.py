"""What a sum of floating-point numbers is when nothing but rounding is left of it: one test for all standard errors.

A sum of n numbers is known to about n eps times the sum of their absolute values (Higham 2002, *Accuracy and Stability of
Numerical Algorithms*, section 3.1). Residuals are such sums: y less its fit. A variance is a sum of squares of sums of scores;
where the scores cancel by construction, it holds rounding errors only. It is then compared with the same sum of squares
without the signs: below n eps times that it is no variance. Its root, the standard error, is so compared to the root of n eps
(4e-7 with 722 zones), which also covers data that were written with seven digits. All parts scale with y and x alike, so that
units do not matter.
"""

from __future__ import annotations

import numpy as np

EPS = float(np.finfo(float).eps)
#: Significant digits that a coefficient must keep: else its regressor is a linear combination of the others.
_DIGITS = 3
#: Reason in place of a standard error.
NO_VARIANCE = "no degrees of freedom: the variance is zero to rounding"
EXACT = "no degrees of freedom: the residuals are zero to rounding"


def precision(*terms: np.ndarray) -> float:
    """To how much a residual is known, ``terms [n]`` being the absolute values that it is the difference of.

    n eps times the root mean square of their sum: least squares is exact to the norm of its data, not zone by zone.
    """
    total = np.sum(terms, axis=0)
    return float(len(total) * EPS * np.sqrt(np.mean(total**2)))


def floors(values: np.ndarray, known: float = 0.0) -> np.ndarray:
    """What each of ``values`` (n of them), known to ``known``, adds to a sum of which only rounding is left."""
    return np.sqrt(np.size(values) * EPS) * np.abs(values) + known


def vanishes(variance: float, floor: float | np.ndarray) -> bool:
    """Whether ``variance`` is zero to rounding; ``floor``: the same sum of squares from :func:`floors`, or its terms' roots."""
    return bool(abs(variance) <= np.sum(np.square(floor)))


def unexplained(x: np.ndarray) -> np.ndarray:
    """Part of each column of ``x [n, k]`` that the earlier ones leave unexplained, 0 to 1 (norms); a zero column has 0."""
    norm = np.linalg.norm(x, axis=0)
    return np.abs(np.diag(np.linalg.qr(x / np.where(norm > 0, norm, 1.0), mode="r")))


def collinear(x: np.ndarray) -> np.ndarray:
    """Which columns of ``x [n, k]`` the earlier ones span, [min(n, k)].

    A part p of a column is known to n eps, its coefficient to n eps / p: three digits must hold.
    """
    return unexplained(x) < len(x) * EPS * 10**_DIGITS
