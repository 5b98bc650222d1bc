"""Errors that are correlated over distance (Conley 1999, Journal of Econometrics 92:1-45)."""

from __future__ import annotations

import numpy as np

from regspec.econometrics.ols import Interval, Ols, nothing, wald

#: Mean radius of the earth, km (IUGG).
RADIUS = 6371.0088


def distances(longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    """Great-circle distances in km, ``[n, n]``, from degrees (haversine formula)."""
    lon, lat = np.radians(np.asarray(longitude, float)), np.radians(np.asarray(latitude, float))
    half = np.sin((lat[:, None] - lat) / 2) ** 2 + np.cos(lat)[:, None] * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    return 2 * RADIUS * np.arcsin(np.sqrt(np.clip(half, 0, 1)))


def weights(distance: np.ndarray, cutoff: float, kernel: str) -> np.ndarray:
    """Kernel weights, one at distance zero and zero from ``cutoff`` (km) on: "uniform", or "bartlett", falling linearly."""
    near = distance < cutoff
    return near.astype(float) if kernel == "uniform" else np.where(near, 1 - distance / cutoff, 0.0)


def conley(fit: Ols, kernel: np.ndarray, confidence: float) -> Interval:
    """Variance n/(n-k) sum_ij K_ij x~_i e_i x~_j e_j / (x~'x~)^2 with ``kernel [n, n]``, normal interval.

    Neither kernel is positive definite on the plane: the variance may come out negative, and then there is no interval. A
    uniform kernel that reaches over the whole map sums all scores, which are zero together: no variance either.
    """
    if fit.obstacle:
        return nothing(fit.obstacle)
    n, k = fit.x.shape
    score, bound = fit.own * fit.residual / fit.square, fit.score_floor / fit.square
    factor = n / (n - k)
    floor = np.sqrt(factor * float(bound @ np.abs(kernel) @ bound))
    return wald(fit, factor * float(score @ kernel @ score), floor, confidence)
