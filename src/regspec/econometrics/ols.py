"""What all methods start from: one least-squares fit, with its parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.stats import t as student

from regspec.econometrics.critical import critical_value
from regspec.econometrics.fieller import holds
from regspec.econometrics.rounding import EXACT, NO_VARIANCE, collinear, floors, precision, vanishes


@dataclass(frozen=True)
class Ols:
    """Least squares of ``y [n]`` on ``x [n, k]`` (with its constant); ``column`` is the regressor of interest."""

    y: np.ndarray
    x: np.ndarray
    column: int

    @cached_property
    def scale(self) -> np.ndarray:
        """Norms of the regressors, [k]: units of regressors must not matter for what is solved."""
        norm = np.linalg.norm(self.x, axis=0)
        return np.where(norm > 0, norm, 1.0)

    @cached_property
    def inverse(self) -> np.ndarray:
        """(X'X)^-1, [k, k]."""
        x = self.x / self.scale
        return np.linalg.inv(x.T @ x) / np.outer(self.scale, self.scale)

    @cached_property
    def beta(self) -> np.ndarray:
        """Coefficients, [k]."""
        return np.linalg.lstsq(self.x / self.scale, self.y, rcond=None)[0] / self.scale

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
        return values - self.others @ self._projection(values)

    def partial_precision(self, values: np.ndarray) -> float:
        """To how much :meth:`partial` of ``values`` is known (:mod:`regspec.econometrics.rounding`)."""
        return precision(np.abs(values), np.abs(self.others) @ np.abs(self._projection(values)))

    def _projection(self, values: np.ndarray) -> np.ndarray:
        scale = np.delete(self.scale, self.column)
        return np.linalg.lstsq(self.others / scale, values, rcond=None)[0] / scale

    @cached_property
    def own(self) -> np.ndarray:
        """The regressor of interest less its projection on the others, [n]: x~ (Frisch and Waugh)."""
        return self.partial(self.x[:, self.column])

    @cached_property
    def square(self) -> float:
        """x~'x~."""
        return float(self.own @ self.own)

    @cached_property
    def known(self) -> float:
        """To how much the residuals are known."""
        return precision(np.abs(self.y), np.abs(self.x) @ np.abs(self.beta))

    @cached_property
    def residual_floor(self) -> np.ndarray:
        """Residuals for the scale of a variance, [n] (:func:`regspec.econometrics.rounding.floors`)."""
        return floors(self.residual, self.known)

    @cached_property
    def score_floor(self) -> np.ndarray:
        """The same of the scores x~ e, [n]."""
        known = self.partial_precision(self.x[:, self.column])
        return np.abs(self.own) * self.residual_floor + np.abs(self.residual) * known

    @cached_property
    def obstacle(self) -> str:
        """Why no method can have a standard error; empty where it can."""
        n, k = self.x.shape
        if n <= k:
            return f"no degrees of freedom: {n} zones for {k} coefficients"
        if collinear(self.x).any():
            return "collinear regressors"
        return EXACT if np.sqrt(np.mean(self.residual**2)) <= self.known else ""


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


def nothing(reason: str, units: int = 0) -> Interval:
    """No standard error, interval or p value, for ``reason``."""
    return Interval(np.nan, np.nan, np.nan, units, note=reason)


def wald(
    fit: Ols, variance: float, floor: float | np.ndarray, confidence: float, freedom: float = np.inf, units: int = 0
) -> Interval:
    """Estimate +- critical value times the root of ``variance``; Student's t with ``freedom``, normal if infinite.

    ``floor``: the variance's terms (roots) without signs, from ``residual_floor`` or ``score_floor``. A variance that is not
    above the sum of their squares is rounding, and one that is negative, which kernels that are not positive definite may
    give, is none: there is no interval then.
    """
    if vanishes(variance, floor):
        return nothing(NO_VARIANCE, units)
    if not variance > 0:
        return nothing("the estimated variance is not positive", units)
    se = float(np.sqrt(variance))
    half = critical_value(confidence, freedom) * se
    p = float(2 * student.sf(abs(fit.estimate) / se, freedom))
    return Interval(se, fit.estimate - half, fit.estimate + half, units, p)


def hc1(fit: Ols, confidence: float) -> Interval:
    """Robust to heteroskedasticity (MacKinnon and White 1985), t with n - k degrees."""
    if fit.obstacle:
        return nothing(fit.obstacle)
    n, k = fit.x.shape
    score = fit.own * fit.residual / fit.square
    factor = n / (n - k)
    return wald(fit, factor * float(score @ score), np.sqrt(factor) * fit.score_floor / fit.square, confidence, n - k)


def clustered(fit: Ols, codes: np.ndarray, confidence: float) -> Interval:
    """Clusters ``codes [n]`` (0..G-1), factor G/(G-1) (n-1)/(n-k), t with G - 1 degrees (Liang and Zeger 1986)."""
    n, k = fit.x.shape
    names, codes = np.unique(codes, return_inverse=True)
    groups = len(names)
    if groups < 2:
        return nothing("no degrees of freedom: one cluster", groups)
    if fit.obstacle:
        return nothing(fit.obstacle, groups)
    factor = groups / (groups - 1) * (n - 1) / (n - k)
    score = np.bincount(codes, fit.own * fit.residual, groups) / fit.square
    floor = np.bincount(codes, fit.score_floor, groups) / fit.square
    return wald(fit, factor * float(score @ score), np.sqrt(factor) * floor, confidence, groups - 1, groups)
