"""Pairs bootstrap over zones of a ratio of two slopes: a cross-check of Fieller's set."""

from __future__ import annotations

import numpy as np
import pandas as pd

from regspec.econometrics.regression import CONSTANT
from regspec.empirics.fact1 import SPECIALIZATION


def bootstrap_slopes(outcomes: pd.DataFrame, design: pd.DataFrame, draws: int, seed: int) -> np.ndarray:
    """Slopes on specialization of every outcome in each draw of zones with replacement: ``[draws,
    outcomes]``.

    ``outcomes``: zones x outcomes; ``design``: zones x regressors, without missing values; rows are sorted
    by zone first, so their order does not matter. All outcomes share a draw. Draws whose regressors are
    collinear are NaN.
    """
    zones = outcomes.index.sort_values()
    x = design.loc[zones].astype(float)
    # Unit scale keeps the cross products well conditioned; the constant takes up the shift.
    scale = x.std(ddof=0)
    x = (x - x.mean()) / scale
    x.insert(0, CONSTANT, 1.0)
    y = outcomes.loc[zones].to_numpy(dtype=float)
    values = x.to_numpy()
    n, k = values.shape
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(n, np.full(n, 1 / n), size=draws).astype(float)
    xx = (weights @ (values[:, :, None] * values[:, None, :]).reshape(n, -1)).reshape(draws, k, k)
    xy = (weights @ (values[:, :, None] * y[:, None, :]).reshape(n, -1)).reshape(draws, k, y.shape[1])
    regular = np.linalg.cond(xx) < 1e12
    result = np.full((draws, y.shape[1]), np.nan)
    position = x.columns.get_loc(SPECIALIZATION)
    result[regular] = np.linalg.solve(xx[regular], xy[regular])[:, position] / scale[SPECIALIZATION]
    return result


def percentile_interval(values: np.ndarray, confidence: float) -> tuple[float, float]:
    """Percentile interval of the draws that are finite; NaN when fewer than nine tenths are."""
    finite = values[np.isfinite(values)]
    if finite.size < 0.9 * values.size:
        return np.nan, np.nan
    tail = (1 - confidence) / 2
    low, high = np.quantile(finite, [tail, 1 - tail])
    return float(low), float(high)
