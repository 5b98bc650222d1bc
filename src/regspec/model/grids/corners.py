"""Corners of the portfolio lattice by year (docs/model.md, section 6; docs/numerics.md)."""

from __future__ import annotations

import numpy as np

from regspec.model.steady_state import targets

ROOM = 0.85  # what the lattice leaves of the lowest shares expected, for shocks
_MEMORY = 15  # years
_POWERS = (1.0, 0.75, 0.5, 0.25, 0.0)  # of its share, to which the lattice's extent in an industry is proportional
_LOWEST = 0.5  # smallest capital of an industry at a corner, relative to its lowest share expected: else the next power


def simplex(lower) -> np.ndarray:
    """Corners (.., I, I) of all portfolios not below the lower bounds (.., I). Raises ValueError where they leave no room."""
    lower = np.asarray(lower, float)
    room = 1.0 - lower.sum(axis=-1)
    if not np.all(room >= -1e-12):
        raise ValueError(f"lower bounds {lower.tolist()} leave no room on the simplex")
    return lower[..., None, :] + room[..., None, None] * np.eye(lower.shape[-1])


def lattice_bounds(ztilde, a, alpha, trend, k0, margin: float = ROOM) -> np.ndarray:
    """Lower lattice bounds by year (T+1, I), not increasing in time, so that every choice stays inside.

    They hold the first year's portfolio and every frictionless market and planner target up to that year, with a margin
    for shocks.
    """
    market, plan = (targets(ztilde, a, weight, trend) for weight in (alpha, a))
    lowest = np.minimum(np.minimum(market, plan), np.asarray(k0, float))
    return margin * np.minimum.accumulate(lowest, axis=0)


def moving_corners(followed: np.ndarray, k0, speed: float, margin: float = ROOM) -> np.ndarray:
    """Lattice corners (T+1, I, I) for a portfolio that follows the targets ``followed`` (T+1, I): a smaller lattice, hence a
    finer one.

    Inside, with the margin, are the target of each of the last `_MEMORY` years and a portfolio that starts at ``k0``
    (I,) and closes the share ``speed`` of its distance to the target every year. Places are left behind with this delay:
    choices made at the edge move away from it faster. With a ``margin`` below `ROOM` the edges bound the capital of each
    industry.
    """
    k = np.empty_like(followed)
    k[0] = k0
    for t in range(len(k) - 1):
        k[t + 1] = k[t] + speed * (followed[t] - k[t])
    recent = [slice(max(0, t - _MEMORY), t + 1) for t in range(len(k))]
    groups = [np.concatenate([k[years], followed[years]]) for years in recent]
    # one power for all years: choices of a year are made on the lattice of the next
    for power in _POWERS if margin >= ROOM else (0.0,):
        corners = np.array([around(group, margin, power) for group in groups])
        if all(np.all(own > _LOWEST * group.min(axis=0)) for own, group in zip(corners, groups, strict=True)):
            break
    return corners


def around(portfolios: np.ndarray, margin: float, power: float) -> np.ndarray:
    """Corners (I, I) of a simplex around ``portfolios`` (P, I), in every industry as wide as shocks move it.

    A shock to an industry's productivity moves its capital in proportion. Hence the edges bound from below, for each industry,
    y_i = k_i / s_i less the mean of y over industries, by its smallest value less the share 1 - ``margin`` of y_i. s is
    proportional to the mean portfolio to the power ``power``; with zero the edges bound the capital of each industry.
    """
    scale = portfolios.mean(axis=0) ** power
    scale /= scale.sum()
    relative = portfolios / scale
    edge = (relative - relative.mean(axis=1, keepdims=True) - (1.0 - margin) * relative).min(axis=0)
    reached = edge - edge.sum() * np.eye(len(edge))  # y_i less the mean at each corner
    return scale * (1.0 + reached - (reached @ scale)[:, None])


def adjustment_speed(beta: float, a, phi, yields: float) -> float:
    """Share of its distance to the target that the slowest industry's capital closes in a year, without shocks.

    Of phi (x' - x) = beta phi (x'' - x') - beta yields (1 - a) x' for the log distance x: costs of adjustment (2.2) against
    returns that fall with capital. ``yields``: annual return on capital relative to its price; a, phi (I,).
    """
    with np.errstate(divide="ignore"):  # without costs capital is where it should be
        restoring = beta * yields * (1.0 - np.asarray(a, float)) / np.asarray(phi, float)
    half = 0.5 * (1.0 + beta + restoring)
    return float(np.min(1.0 - 1.0 / (half + np.sqrt(half * half - beta))))
