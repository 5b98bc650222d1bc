"""What all methods start from: one least-squares fit, with its parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.stats import t as student

from regspec.empirics.critical import critical_value
from regspec.empirics.fieller import holds


@dataclass(frozen=True)
class Ols:
    """Least squares of ``y [n]`` on ``x [n, k]`` (with its constant); ``column`` is the regressor of interest."""

    y: np.ndarray
    x: np.ndarray
    column: int

    @cached_property
    def inverse(self) -> np.ndarray:
        """(X'X)^-1, [k, k]."""
        return np.linalg.inv(self.x.T @ self.x)

    @cached_property
    def beta(self) -> np.ndarray:
        """Coefficients, [k]."""
        return np.linalg.lstsq(self.x, self.y, rcond=None)[0]

    @property
    def estimate(self) -> float:
        """Coefficient of the regressor of interest."""
        return float(self.beta[self.column])

    @cached_property
    def residual(self) -> np.ndarray:
        """Residuals, [n]."""
        return self.y - self.x @ self.beta

    @cached_property
    def others(self) -> np.ndarray:
        """The other regressors, [n, k - 1]."""
        return np.delete(self.x, self.column, axis=1)

    def partial(self, values: np.ndarray) -> np.ndarray:
        """``values [n]`` less their projection on the other regressors."""
        return values - self.others @ np.linalg.lstsq(self.others, values, rcond=None)[0]

    @cached_property
    def own(self) -> np.ndarray:
        """The regressor of interest less its projection on the others, [n]: x~ (Frisch and Waugh)."""
        return self.partial(self.x[:, self.column])

    @cached_property
    def square(self) -> float:
        """x~'x~."""
        return float(self.own @ self.own)


@dataclass(frozen=True)
class Interval:
    """A method's answer: standard error (NaN where the method has none) and confidence interval.

    ``kind``: "bounded", "unbounded" (the whole line) or "complement" (all but the open interval ``low, high``);
    ``units``: clusters or shocks behind it (0: none); ``p``: of the hypothesis that the coefficient is zero;
    ``note``: what stands in its way.
    """

    se: float
    low: float
    high: float
    units: int = 0
    p: float = np.nan
    kind: str = "bounded"
    note: str = ""

    def contains(self, value: float) -> bool:
        """Whether ``value`` lies in the interval or set."""
        return holds(self, value)


def wald(fit: Ols, variance: float, confidence: float, freedom: float = np.inf, units: int = 0) -> Interval:
    """Estimate +- critical value times the root of ``variance``; Student's t with ``freedom``, normal if infinite.

    Without a positive variance, which kernels that are not positive definite may give, there is no interval.
    """
    if not variance > 0:
        return Interval(np.nan, np.nan, np.nan, units, note="the estimated variance is not positive")
    se = float(np.sqrt(variance))
    half = critical_value(confidence, freedom) * se
    p = float(2 * student.sf(abs(fit.estimate) / se, freedom))
    return Interval(se, fit.estimate - half, fit.estimate + half, units, p)


def hc1(fit: Ols, confidence: float) -> Interval:
    """Robust to heteroskedasticity (MacKinnon and White 1985), t with n - k degrees."""
    n, k = fit.x.shape
    variance = n / (n - k) * float(((fit.own * fit.residual) ** 2).sum()) / fit.square**2
    return wald(fit, variance, confidence, n - k)


def clustered(fit: Ols, codes: np.ndarray, confidence: float) -> Interval:
    """Clusters ``codes [n]`` (0..G-1), factor G/(G-1) (n-1)/(n-k), t with G - 1 degrees (Liang and Zeger 1986)."""
    n, k = fit.x.shape
    groups = int(codes.max()) + 1
    if groups < 2:
        return Interval(np.nan, np.nan, np.nan, groups, note="one cluster")
    score = np.bincount(codes, fit.own * fit.residual, groups)
    variance = groups / (groups - 1) * (n - 1) / (n - k) * float(score @ score) / fit.square**2
    return wald(fit, variance, confidence, groups - 1, groups)
