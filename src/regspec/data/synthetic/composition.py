"""Industry shares of zones with given Ginis and given national shares (D5, D6, E6).

Log relative shares a_{r,i,t} = m_{i,t} + n_{r,i,t}; shares are softmax(tau_{r,t} a_{r,.,t}). For each zone
and year tau is the one at which the Gini equals its target: the Gini rises in tau, because every ratio of two
shares does. m_{.,t} makes the population-weighted mean of the shares equal to the national target.
"""

from __future__ import annotations

import numpy as np

from regspec.errors import ConfigError

_GINI_TOLERANCE = 1e-13
_NATIONAL_TOLERANCE = 1e-6
_SWEEPS = 300
_LARGEST_LEVEL = 20.0  # in standard deviations of the zones' log relative shares


def gini_weights(order: np.ndarray) -> np.ndarray:
    """Weights w with Gini = sum_i w_i s_i for shares ranked in ascending order like ``order`` (... x n)."""
    n = order.shape[-1]
    rank = np.argsort(np.argsort(order, axis=-1, kind="stable"), axis=-1, kind="stable")
    return (2 * rank + 1 - n) / n


def shares_at_gini(logits: np.ndarray, target: np.ndarray, tau: np.ndarray | None = None):
    """Shares softmax(tau * logits) whose Gini is ``target``, and tau.

    ``logits``: N x n, no row constant; ``target``: N, between 0 and (n-1)/n. Safeguarded Newton in log tau.
    Returns (shares N x n, tau N). Raises ConfigError when a target cannot be reached.
    """
    weights = gini_weights(logits)
    low = np.full(len(logits), -12.0)
    high = np.full(len(logits), 12.0)
    x = np.log(tau) if tau is not None else np.zeros(len(logits))
    for _ in range(200):
        scaled = np.exp(x)[:, None] * logits
        shares = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        gap = (weights * shares).sum(axis=1) - target
        if np.abs(gap).max() < _GINI_TOLERANCE:
            return shares, np.exp(x)
        low, high = np.where(gap < 0, x, low), np.where(gap > 0, x, high)
        mean = (shares * scaled).sum(axis=1, keepdims=True)
        slope = (weights * shares * (scaled - mean)).sum(axis=1)
        step = x - gap / np.maximum(slope, 1e-300)
        x = np.where((step > low) & (step < high), step, (low + high) / 2)
    raise ConfigError(f"synthetic economy: no shares with Gini {target[np.abs(gap).argmax()]:.3f}.")


def flattened(national: np.ndarray, largest: float) -> np.ndarray:
    """``national`` (n, sums to one), or its power s^p / sum s^p, p < 1, with Gini ``largest`` if above it."""
    if (gini_weights(national) * national).sum() <= largest:
        return national
    return shares_at_gini(np.log(national)[None], np.array([largest]))[0][0]


def fit_national(noise: np.ndarray, gini: np.ndarray, population: np.ndarray, national: np.ndarray):
    """Logits of one year whose shares have Ginis ``gini`` and, as nearly as can be, the mean ``national``.

    ``noise``: N x n; ``gini``, ``population``: N; ``national``: n. Returns (shares N x n, logits N x n,
    largest |log gap| of the population-weighted mean). Hundreds of zones reach national shares that leave
    them room (``CONVEXITY_GAP``); a few zones may not: then the nearest iterate is returned, with its gap.
    """
    weight = population / population.sum()
    level = np.log(national) - np.log(national).mean()
    tau, best = None, (None, None, np.inf)
    for _ in range(_SWEEPS):
        shares, tau = shares_at_gini(noise + level, gini, tau)
        gap = np.log(national) - np.log((weight[:, None] * shares).sum(axis=0))
        if np.abs(gap).max() < best[2]:
            best = shares, noise + level, float(np.abs(gap).max())
        # Out of reach: the levels grow without bound, until the zones' own differences no longer count.
        if best[2] < _NATIONAL_TOLERANCE or np.abs(level).max() > _LARGEST_LEVEL:
            break
        level = level + 0.7 * gap / (weight * tau).sum()
        level -= level.mean()
    return best
