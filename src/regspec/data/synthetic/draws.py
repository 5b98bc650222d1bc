"""Persistent random components of the synthetic economy; each part has its own random stream."""

from __future__ import annotations

import numpy as np

from regspec.data.synthetic import targets

#: Streams: a part's draws do not move when another part draws more.
STREAMS = {
    name: i
    for i, name in enumerate(
        ("composition", "controls", "gini", "level", "growth", "paths", "bridge", "employment", "tfp", "interest"), start=1
    )
}


def stream(seed: int, part: str) -> np.random.Generator:
    """Generator of one part of the economy."""
    return np.random.default_rng([seed, STREAMS[part]])


def autoregressive(rng: np.random.Generator, years, decade: float, shape: tuple, start=None) -> np.ndarray:
    """Stationary N(0, 1) AR(1) in years (T x *shape) with correlation ``decade`` over ten years."""
    path = [rng.standard_normal(shape) if start is None else start]
    for gap in np.diff(years):
        rho = decade ** (gap / 10)
        path.append(rho * path[-1] + np.sqrt(1 - rho**2) * rng.standard_normal(shape))
    return np.array(path)


def composition_noise(rng: np.random.Generator, years, state: np.ndarray) -> np.ndarray:
    """Log relative shares n_{t,r,i} (T x N x 17): a part of the state and a part of the zone."""
    states, position = np.unique(state, return_inverse=True)
    spread = targets.spread()
    common = autoregressive(rng, years, targets.PERSISTENCE, (len(states), len(spread)))[:, position]
    own = autoregressive(rng, years, targets.PERSISTENCE, (len(state), len(spread)))
    weight = targets.STATE_WEIGHT
    return spread * (np.sqrt(weight) * common + np.sqrt(1 - weight) * own)


def bounded(normal: np.ndarray, mean: float, sd: float) -> np.ndarray:
    """``mean + sd * normal`` with the normal cut at 2.8 standard deviations (keeps shares positive)."""
    return mean + sd * np.clip(normal, -2.8, 2.8)
