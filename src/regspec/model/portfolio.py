"""Portfolios without shocks and frictions: rest points of the market and of the planner."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq


def static_portfolio(z: np.ndarray, a: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Portfolio that equalizes weight_i z_i k_i^(a_i - 1) with sum k = 1 (I,): the frictionless target.

    ``weight`` is alpha for the market and a_i = alpha + xi_i for the planner (docs/model.md, sections 4 and 8.3).
    Raises ValueError unless all a_i < 1.
    """
    z, a, weight = np.broadcast_arrays(np.asarray(z, float), np.asarray(a, float), np.asarray(weight, float))
    if np.any(a >= 1):
        raise ValueError("returns must decrease: alpha + xi_i < 1 for every industry")

    log_gain = np.log(weight) + np.log(z)
    if a.size == 1:
        return np.ones(1)
    # The sum of k falls in the common return m: at the lower end each k_i >= 1, at the upper end each k_i <= 1/I.
    # Slightly wider, because rounding may put the root of equal industries just beyond its bound.
    low = log_gain.min() - 1e-9
    high = (log_gain + (1.0 - a) * np.log(a.size)).max() + 1e-9

    def log_sum(log_m):  # in logs, exact to the last bits even where a portfolio is very uneven
        return np.log(np.exp((log_gain - log_m) / (1.0 - a)).sum())

    k = np.exp((log_gain - brentq(log_sum, low, high, xtol=1e-15, rtol=1e-15, maxiter=200)) / (1.0 - a))
    return k / k.sum()
