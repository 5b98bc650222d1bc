"""Income of zones: Fact 1 with true coefficients (E1); paths of income and controls between its ends."""

from __future__ import annotations

import numpy as np
import pandas as pd

from regspec.data.synthetic import targets
from regspec.data.synthetic.draws import autoregressive, bounded, stream
from regspec.errors import ConfigError


def base_controls(seed: int, zones: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Controls of the first year (canonical names, units) and the zones' relative Gini (standard normal)."""
    root = np.linalg.cholesky(targets.CORRELATION)
    normal = np.einsum("ij,jr->ir", root, stream(seed, "controls").standard_normal((len(root), zones)))
    population = np.exp(bounded(normal[0], 0.0, targets.POPULATION_LOG_SD))
    frame = {"population": population / population.sum() * targets.POPULATION_TOTAL[targets.FIRST_YEAR]}
    for row, (name, (mean, sd)) in enumerate(targets.CONTROLS.items(), start=1):
        frame[name] = bounded(normal[row], mean, sd)
    return pd.DataFrame(frame), normal[-1]


def control_paths(seed: int, years: np.ndarray, base: pd.DataFrame) -> dict[str, np.ndarray]:
    """Controls of all years (T x N each): national means move to their last-year values, zones persist."""
    rng = stream(seed, "paths")
    w = _elapsed(years)[:, None]
    drift = autoregressive(rng, years, 0.95, (4, len(base)))
    drift = drift - drift[0]
    paths = {}
    total = np.exp(targets.interpolate({k: np.log(v) for k, v in targets.POPULATION_TOTAL.items()}, years))
    population = base["population"].to_numpy() * np.exp(0.3 * drift[:, 0])
    paths["population"] = population * (total / population.sum(axis=1))[:, None]
    for row, (name, (mean, _)) in enumerate(targets.CONTROLS.items(), start=1):
        # Relative to the mean, on a log scale, the first year's differences halve until the last.
        relative = np.log(base[name].to_numpy() / mean) * (1 - 0.5 * w) + 0.08 * drift[:, row]
        end = targets.CONTROLS_END[name]
        paths[name] = np.exp((1 - w) * np.log(mean) + w * np.log(end) + relative)
    return paths


def fact1_income(seed: int, gini: np.ndarray, base: pd.DataFrame, base_shares, end_shares, end_population):
    """Log income of the first and the last year, and predicted growth ghat, with E1's coefficients.

    ``gini``: N; ``base``: controls (N rows); shares N x 17; ``end_population``: N. ghat depends on the
    nation's industry growth and so on income itself: a fixed point, a contraction because d log income/d ghat
    is about -0.2. Returns (log income 1950, log income 2020, ghat), N each, log dollars and log points.
    """
    error = growth_errors(seed, len(gini))
    level_error = targets.LEVEL_SD * stream(seed, "level").standard_normal(len(gini))
    ghat = np.zeros(len(gini))
    for _ in range(200):
        design = base.assign(specialization=gini, ghat=ghat)
        first = targets.MEAN_LOG_INCOME + _centered(design, targets.LEVEL) + level_error
        design["log_income"] = first
        growth = targets.MEAN_GROWTH + _centered(design, targets.GROWTH) + targets.GROWTH_SD * error
        start = national_size(base_shares, base["population"].to_numpy(), first)
        end = national_size(end_shares, end_population, first + growth)
        previous, ghat = ghat, (base_shares * np.log(end / start)).sum(axis=1)
        if np.abs(ghat - previous).max() < 1e-14 * max(1.0, np.abs(ghat).max()):
            break
    else:
        raise ConfigError("synthetic economy: predicted growth did not converge.")
    return first, first + growth, ghat


def national_size(shares: np.ndarray, population: np.ndarray, log_income: np.ndarray) -> np.ndarray:
    """National income of each industry (n) from zones' shares (N x n), population and income per capita."""
    return (shares * (population * np.exp(log_income))[:, None]).sum(axis=0)


def growth_errors(seed: int, zones: int) -> np.ndarray:
    """Unexpected growth, standard normal: Fact 1's residual, on which later specialization loads (C2)."""
    return stream(seed, "growth").standard_normal(zones)


def income_path(seed: int, years: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Log income of all years (T x N): linear between the ends plus a Brownian bridge (sd 0.05 midway)."""
    w = _elapsed(years)
    draws = stream(seed, "bridge").standard_normal((len(w) - 1, len(first)))
    steps = np.sqrt(np.diff(w))[:, None] * draws
    walk = np.vstack([np.zeros(len(first)), np.cumsum(steps, axis=0)])
    bridge = walk - w[:, None] * walk[-1]
    path = first + w[:, None] * (last - first) + 0.1 * bridge
    path[0], path[-1] = first, last
    return path


def _elapsed(years: np.ndarray) -> np.ndarray:
    return (years - years[0]) / (years[-1] - years[0])


def _centered(design: pd.DataFrame, coefficients: dict[str, float]) -> np.ndarray:
    x = design[list(coefficients)].to_numpy()
    return ((x - x.mean(axis=0)) * np.array(list(coefficients.values()))).sum(axis=1)
