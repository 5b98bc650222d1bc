"""Portfolios without shocks and frictions: rest points of the market and of the planner."""

from __future__ import annotations

import numpy as np

_STEPS = 100


def static_portfolio(z: np.ndarray, a: np.ndarray, weight: np.ndarray | float) -> np.ndarray:
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


def targets(ztilde: np.ndarray, a: np.ndarray, weight: np.ndarray | float, trend: np.ndarray) -> np.ndarray:
    """`static_portfolio` of each year (T+1, I) with productivities ztilde exp(trend); trend (T+1, I)."""
    return np.array([static_portfolio(ztilde * np.exp(d), a, weight) for d in trend])


_BISECTIONS = 100


def steady_price(alpha, beta, kappa, rate, output, next_price: bool = False):
    """Steady-state price of capital with a binding limit, for scalars or arrays (docs/model.md, sections 4 and 5)."""
    pledge = 1.0 if next_price else beta  # collateral counts next year, or in the year of the purchase
    return beta * alpha * output / (1.0 - beta - pledge * kappa * (1.0 - beta * rate))


def limit_prices(alpha, beta, gamma, kappa, rate, output: np.ndarray) -> np.ndarray:
    """Prices (T+1,) on the path without shocks on which the limit at next year's price always binds.

    ``output`` (T+1,), flat afterwards. With b_t = -R kappa q_t the budget gives c_t, and the price equation (5.3) of
    docs/model.md one unknown q_t for every year, found by bisection from the last year's steady state back.
    """
    q = np.empty(len(output))
    q[-1] = steady_price(alpha, beta, kappa, rate, output[-1], True)
    c_after = output[-1] - kappa * (rate - 1.0) * q[-1]
    for t in range(len(output) - 2, -1, -1):
        after, resources = q[t + 1], output[t] + kappa * q[t + 1]
        low, high = 0.0, resources / (rate * max(kappa, 1e-9))
        for _ in range(_BISECTIONS):
            q[t] = 0.5 * (low + high)
            growth = ((resources - rate * kappa * q[t]) / c_after) ** gamma
            eta = max(0.0, 1.0 - beta * rate * growth)
            excess = q[t] - beta * growth * (after + alpha * output[t + 1]) - eta * kappa * after
            low, high = (low, q[t]) if excess > 0.0 else (q[t], high)
        c_after = resources - rate * kappa * q[t]
    return q


def output(z: np.ndarray, k: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Output Y = sum_i z_i k_i^a_i over the last axis."""
    return np.sum(z * np.asarray(k, float) ** a, axis=-1)


def regime_prices(p: dict, kappa: float, trend_output: np.ndarray) -> np.ndarray:
    """Prices (T+1,) at which collateral is valued if kappa stays for ever and the limit always binds: the steady state of
    each year's output, or the path of `limit_prices`. ``p``: inputs of `bond_bounds`.
    """
    if p.get("next_price", False):
        return limit_prices(p["alpha"], p["beta"], p["gamma"], kappa, p["rate"], trend_output)
    return steady_price(p["alpha"], p["beta"], kappa, p["rate"], trend_output)
