"""Portfolios without shocks and frictions: rest points of the market and of the planner."""

from __future__ import annotations

import numpy as np

_STEPS = 100


def static_portfolio(z: np.ndarray, a: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Portfolio that equalizes weight_i z_i k_i^(a_i - 1) with sum k = 1 (I,): the frictionless target.

    ``weight`` is alpha for the market and a_i = alpha + xi_i for the planner (docs/model.md, sections 4 and 8.3).
    The common return is found by Newton's method on log sum k, convex and decreasing in the log return, so that it converges
    from the left. Raises ValueError unless all a_i < 1, ArithmeticError
    where the iteration does not converge.
    """
    z, a, weight = np.broadcast_arrays(np.asarray(z, float), np.asarray(a, float), np.asarray(weight, float))
    if np.any(a >= 1):
        raise ValueError("returns must decrease: alpha + xi_i < 1 for every industry")

    slope = 1.0 / (1.0 - a)
    log_k = (np.log(weight) + np.log(z)) * slope  # at a common return of one
    log_m = np.max(log_k / slope)  # here some k_i = 1: the sum is not below one, and Newton's steps go up only
    for _ in range(_STEPS):
        k = np.exp(log_k - log_m * slope)
        step = np.log(k.sum()) * k.sum() / (k @ slope)
        log_m += step
        if abs(step) <= 1e-13 * (1.0 + abs(log_m)):  # the error left is of the order of its square
            break
    else:
        raise ArithmeticError(f"no common return found for z = {z}, a = {a}, weight = {weight}")
    k = np.exp(log_k - log_m * slope)
    return k / k.sum()


def targets(ztilde: np.ndarray, a: np.ndarray, weight: np.ndarray, trend: np.ndarray) -> np.ndarray:
    """`static_portfolio` of each year (T+1, I) with productivities ztilde exp(trend); trend (T+1, I)."""
    return np.array([static_portfolio(ztilde * np.exp(d), a, weight) for d in trend])
