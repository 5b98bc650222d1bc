"""Bounds of the portfolio lattice by year (docs/model.md, section 6; docs/numerics.md)."""

from __future__ import annotations

import numpy as np

from regspec.model.portfolio import targets

ROOM = 0.85  # lower bounds of the lattice relative to the lowest shares expected
_MEMORY = 15  # years


def lattice_bounds(ztilde, a, alpha, trend, k0, margin: float = ROOM) -> np.ndarray:
    """Lower lattice bounds by year (T+1, I), not increasing in time, so that every choice stays inside.

    They hold the first year's portfolio and every frictionless market and planner target up to that year, with a margin
    for shocks.
    """
    market, plan = (targets(ztilde, a, weight, trend) for weight in (alpha, a))
    lowest = np.minimum(np.minimum(market, plan), np.asarray(k0, float))
    return margin * np.minimum.accumulate(lowest, axis=0)


def moving_bounds(followed: np.ndarray, k0, speed: float, margin: float = ROOM) -> np.ndarray:
    """The same (T+1, I) for a portfolio that follows the targets ``followed`` (T+1, I): a smaller lattice, hence a finer one.

    Above the bounds, with the margin, are the target of each of the last `_MEMORY` years and a portfolio that starts at ``k0``
    (I,) and closes the share ``speed`` of its distance to the target every year. Bounds may rise, but with this delay: choices
    made at the edge move away from it faster.
    """
    k = np.empty_like(followed)
    k[0] = k0
    for t in range(len(k) - 1):
        k[t + 1] = k[t] + speed * (followed[t] - k[t])
    lowest = np.minimum(k, followed)
    return margin * np.array([lowest[max(0, t - _MEMORY) : t + 1].min(axis=0) for t in range(len(k))])


def adjustment_speed(beta: float, a, phi, yields: float) -> float:
    """Share of its distance to the target that the slowest industry's capital closes in a year, without shocks.

    Of phi (x' - x) = beta phi (x'' - x') - beta yields (1 - a) x' for the log distance x: costs of adjustment (2.2) against
    returns that fall with capital. ``yields``: annual return on capital relative to its price; a, phi (I,).
    """
    with np.errstate(divide="ignore"):  # without costs capital is where it should be
        pull = beta * yields * (1.0 - np.asarray(a, float)) / np.asarray(phi, float)
    half = 0.5 * (1.0 + beta + pull)
    return float(np.min(1.0 - 1.0 / (half + np.sqrt(half * half - beta))))
