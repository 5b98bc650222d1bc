"""Spatial correlation of unknown form: principal components (Mueller and Watson 2022, Econometrica 90:2901-2935)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh
from scipy.optimize import brentq
from scipy.special import gammaln

from regspec.econometrics.ols import Interval, Ols, nothing
from regspec.econometrics.rounding import NO_VARIANCE, vanishes

#: Most components tried; fewer zones than FEWEST have no interval.
MOST, FEWEST = 20, 10
#: Decays of the benchmark's correlation that are looked at: from the strongest one up in steps of a fifth, and none at all.
_DECAYS = np.append(1.2 ** np.arange(30), np.inf)
_LARGEST = 1e3  # critical value beyond which a number of components is of no use
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(60)


@dataclass(frozen=True)
class Components:
    """What depends on places alone: ``vectors [n, q]`` (orthonormal, each sums to zero), ``critical`` value, and
    ``covariances [decays, q+1, q+1]`` of mean and components under the benchmark.
    """

    vectors: np.ndarray
    critical: float
    covariances: np.ndarray


def components(distance: np.ndarray, correlation: float, confidence: float) -> Components:
    """Components of ``distance [n, n]`` (km, n at least ``FEWEST``) and the critical value of the t statistic built on them.

    The benchmark is a normal field with correlation exp(-c d), c not below the value at which the mean over pairs of
    zones is ``correlation``. The critical value makes the test of the mean exact for the worst such c; the number of
    components minimizes the interval's expected length without correlation.
    """
    n = len(distance)
    slowest = _slowest(distance, correlation)
    centred = np.exp(-slowest * distance)
    centred = centred - centred.mean(axis=0) - centred.mean(axis=1)[:, None] + centred.mean()
    most = min(MOST, n // 4)
    vectors = eigh(centred, subset_by_index=[n - most, n - 1])[1][:, ::-1]
    basis = np.column_stack([np.full(n, n**-0.5), vectors])
    fields = (np.eye(n) if np.isinf(f) else np.exp(-slowest * f * distance) for f in _DECAYS)
    every = np.stack([basis.T @ field @ basis for field in fields])
    best, chosen, length = np.inf, 1, np.inf
    for q in range(1, most + 1):
        # The length falls, then rises with q.
        if q > chosen + 3 and np.isfinite(best):
            break
        critical = _critical(every[:, : q + 1, : q + 1], 1 - confidence)
        # Mean of the root of a chi-square over its degrees.
        expected = critical * np.sqrt(2 / q) * np.exp(gammaln((q + 1) / 2) - gammaln(q / 2))
        if expected < length:
            best, chosen, length = critical, q, expected
    return Components(vectors[:, :chosen], best, every[:, : chosen + 1, : chosen + 1])


def _slowest(distance: np.ndarray, correlation: float) -> float:
    n = len(distance)

    def excess(log_decay: float) -> float:
        return (np.exp(-np.exp(log_decay) * distance).sum() - n) / (n * (n - 1)) - correlation

    typical = np.log(1 / distance[distance > 0].mean())
    return float(np.exp(brentq(excess, typical - 12, typical + 12)))


def _critical(covariances: np.ndarray, level: float) -> float:
    def excess(log_value: float) -> float:
        return rejection(covariances, np.exp(log_value)) - level

    largest = np.log(_LARGEST)
    return float(np.exp(brentq(excess, np.log(0.1), largest, xtol=1e-8))) if excess(largest) < 0 else np.inf


def rejection(covariances: np.ndarray, critical: float) -> float:
    """Largest probability over ``covariances [., q+1, q+1]`` that abs(Z_0) exceeds ``critical`` times the root mean square of
    Z_1..Z_q, Z normal.

    The event is that a quadratic form with one positive eigenvalue is positive: with a the other eigenvalues over minus
    the positive one, its probability is 1/pi int_0^1 x^((q-1)/2) / sqrt((1 - x) prod(x + a)) dx (Bakirov and Szekely 2006).
    """
    q = covariances.shape[1] - 1
    signs = np.append(1.0, np.full(q, -(critical**2) / q))
    roots = np.sort(np.linalg.eigvals(covariances * signs).real, axis=1)
    with np.errstate(divide="ignore"):  # a statistic beyond all bounds: a is infinite, the probability zero
        a = -roots[:, :-1] / roots[:, -1:]
    # x = 1 - u^2 takes the root in the denominator away.
    u = (_NODES + 1) / 2
    x = 1 - u**2
    logs = (q - 1) / 2 * np.log(x) - 0.5 * np.log(x + a[:, :, None]).sum(axis=1)
    return float((np.exp(logs) @ _WEIGHTS).max() / np.pi)


def scpc(fit: Ols, found: Components) -> Interval:
    """Interval of the regressor of interest: the mean of estimate + n x~_r e_r / (x~'x~) over zones r is the estimate.

    Its scale is the root mean square of the values' q components; ``units`` is q, the p value the benchmark's worst.
    """
    n, q = found.vectors.shape
    if fit.obstacle:
        return nothing(fit.obstacle, q)
    if not np.isfinite(found.critical):
        return nothing("no number of components has a critical value: too few zones far apart", q)
    parts = np.sqrt(n / q) * found.vectors.T @ (fit.own * fit.residual) / fit.square
    variance = float(parts @ parts)
    if vanishes(variance, np.sqrt(n / q) * np.abs(found.vectors.T) @ fit.score_floor / fit.square):
        return nothing(NO_VARIANCE, q)
    se = float(np.sqrt(variance))
    half = found.critical * se
    p = rejection(found.covariances, abs(fit.estimate) / se)
    return Interval(se, fit.estimate - half, fit.estimate + half, q, p)
