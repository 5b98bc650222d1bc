"""Local linear regression: fit and slope at a point with clustered errors (Cleveland and Devlin 1988, JASA 83:596-610)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from regspec.econometrics.critical import critical_value
from regspec.econometrics.rounding import EPS, floors, precision

#: Rows of smoother weights that are held at once: 500 x 5,000 observations are 20 MB.
_CHUNK = 500


def local_linear(
    x: np.ndarray, y: np.ndarray, at: np.ndarray, span: float, groups: np.ndarray, confidence: float
) -> pd.DataFrame:
    """(alpha(a), beta(a)) = argmin sum_j w_j(a) (y_j - alpha - beta (x_j - a))^2 at every point a of ``at`` (deck E5).

    ``w``: tricube in the distance to a, over the distance of the ``span`` n-th nearest observation. Errors are clustered by
    ``groups`` (any labels, one for each observation): each estimate is a sum l_j(a) y_j, with variance
    G/(G-1) sum_g (sum_{j in g} l_j(a) e_j)^2 and e_j the residual of the local fit at x_j; intervals are pointwise, with G - 1
    degrees of freedom, and hold no correction for the bias of a fit over a wide neighbourhood.

    Returns a row for each point: ``x, fit, fit_se, fit_low, fit_high, slope, slope_se, slope_low, slope_high``. Many
    observations may have the same x. Where all neighbours (with a weight) are at one x there is no slope: NaN. At that x
    the fit is their mean; elsewhere, and where all neighbours are as far as the farthest, there is none. An error is missing
    where its variance is zero to rounding. Raises ValueError when the span holds fewer than three observations.
    """
    x, y, at = (np.asarray(values, float) for values in (x, y, at))
    nearest = int(np.floor(span * len(x) + 1e-5))
    if nearest < 3:
        raise ValueError(f"a span of {span:g} holds {nearest} of {len(x)} observations; a line with errors needs three")
    known = precision(np.abs(y))
    residual = y - np.concatenate([part[0] @ y for part in _rows(x, x, nearest)])
    codes, names = pd.factorize(np.asarray(groups))
    scale = len(names) / (len(names) - 1) if len(names) > 1 else np.nan
    critical = critical_value(confidence, max(len(names) - 1, 1))
    membership = np.zeros((len(x), len(names)))
    membership[np.arange(len(x)), codes] = residual
    limits = np.zeros_like(membership)
    limits[np.arange(len(x)), codes] = floors(residual, known)
    table = {"x": at}
    parts = list(_rows(x, at, nearest))
    for name, weights in zip(("fit", "slope"), map(np.concatenate, zip(*parts, strict=True)), strict=True):
        estimate = weights @ y
        variance, floor = ((weights @ membership) ** 2).sum(axis=1), ((np.abs(weights) @ limits) ** 2).sum(axis=1)
        se = np.sqrt(scale * np.where(variance > floor, variance, np.nan))
        table |= {name: estimate, f"{name}_se": se, f"{name}_low": estimate - critical * se}
        table[f"{name}_high"] = estimate + critical * se
    return pd.DataFrame(table)


def _rows(x: np.ndarray, at: np.ndarray, nearest: int):
    """Weights l_j(a) of fit and slope, each ``[points, observations]``, a chunk of points at a time."""
    for start in range(0, len(at), _CHUNK):
        z = x - at[start : start + _CHUNK, None]
        distance = np.abs(z)
        width = np.partition(distance, nearest - 1, axis=1)[:, [nearest - 1]]
        # Where so many observations are at the point itself there is no width: they alone count, and there is no slope.
        relative = np.divide(distance, width, out=np.where(distance > 0, np.inf, 0.0), where=width > 0)
        w = np.where(relative < 1, (1 - np.minimum(relative, 1) ** 3) ** 3, 0.0)
        total = w.sum(axis=1, keepdims=True)
        # Where every neighbour is as far as the farthest, none has a weight.
        w = np.divide(w, total, out=np.full_like(w, np.nan), where=total > 0)
        mean = (w * z).sum(axis=1, keepdims=True)
        centred = w * (z - mean)
        spread = (centred * z).sum(axis=1, keepdims=True)
        # A spread is a sum of differences: below their rounding the neighbours are at one x.
        apart = len(x) * EPS * np.abs(x).max()
        flat = ~(spread > len(x) * EPS * (w * z**2).sum(axis=1, keepdims=True) + apart**2)
        slope = np.divide(centred, spread, out=np.full_like(centred, np.nan), where=~flat)
        here = np.where(np.abs(mean) <= apart, w, np.nan)
        yield np.where(flat, here, w - mean * np.nan_to_num(slope)), slope
