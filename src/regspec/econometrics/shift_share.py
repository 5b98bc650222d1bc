"""Inference for a shift-share regressor X_r = sum_i w_ri g_i (Adao, Kolesar and Morales 2019, QJE 134:1949-2010).

Zones with similar shares have similar errors whenever shocks other than g move the same industries: neither HC1 nor
clusters of neighbours see that. Both estimators below sum the errors by industry.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from regspec.econometrics.critical import critical_value
from regspec.econometrics.fieller import fieller
from regspec.econometrics.ols import Interval, Ols, nothing, wald
from regspec.econometrics.rounding import EPS, NO_VARIANCE, floors, vanishes


def _shocks(fit: Ols, shares: np.ndarray) -> np.ndarray | None:
    """Coefficients of x~ on the shares, [I]; None when the shares are collinear or more than the zones."""
    if shares.shape[1] > shares.shape[0] or np.linalg.matrix_rank(shares) < shares.shape[1]:
        return None
    return np.linalg.lstsq(shares, fit.own, rcond=None)[0]


_COLLINEAR = nothing("the shares are collinear")


def akm(fit: Ols, shares: np.ndarray, confidence: float) -> Interval:
    """AKM: variance sum_i x_i^2 (sum_r w_ri e_r)^2 / (x~'x~)^2, x_i the coefficients of x~ on the shares; normal interval.

    ``shares [n, I]`` are those that the regressor is made of; e the residuals (their section IV.A, with controls).
    """
    if fit.obstacle:
        return nothing(fit.obstacle, shares.shape[1])
    x = _shocks(fit, shares)
    if x is None:
        return _COLLINEAR
    variance, floor = _variance(fit, shares, x)
    return wald(fit, variance, floor, confidence, units=shares.shape[1])


def _variance(fit: Ols, shares: np.ndarray, x: np.ndarray) -> tuple[float, np.ndarray]:
    """AKM's variance and its terms without signs (:func:`regspec.econometrics.ols.wald`)."""
    terms = np.abs(x) * np.abs(shares.T @ fit.residual) / fit.square
    return float(terms @ terms), np.abs(x) * (np.abs(shares.T) @ fit.residual_floor) / fit.square


def akm0(fit: Ols, shares: np.ndarray, confidence: float) -> Interval:
    """AKM0: all values b that a test with residuals under the null does not reject; better with few industries.

    (x~'y - b x~'x~)^2 <= c^2 sum_i x_i^2 (sum_r w_ri (y~_r - b x~_r))^2 is quadratic in b, as Fieller's set is. It may be the
    whole line, or all but an interval: the data then do not bound the coefficient. The standard error is the set's length
    over 2 c (their section IV.B), NaN if not bounded. Where AKM's variance is zero to rounding, the test has none at the
    estimate, and there is no set.
    """
    if fit.obstacle:
        return nothing(fit.obstacle, shares.shape[1])
    x = _shocks(fit, shares)
    if x is None:
        return _COLLINEAR
    if vanishes(*_variance(fit, shares, x)):
        return nothing(NO_VARIANCE, shares.shape[1])
    # About the estimate, where the numerator is zero: y itself may be large beside the residuals.
    p, q = shares.T @ fit.residual, shares.T @ fit.own
    square = x**2
    joint = np.array([[square @ p**2, square @ (p * q)], [square @ (p * q), square @ q**2]])
    critical = float(critical_value(confidence))
    found = fieller(0.0, fit.square, joint, critical)
    se = (found.high - found.low) / (2 * critical) if found.kind == "bounded" else np.nan
    low, high = fit.estimate + found.low, fit.estimate + found.high
    return Interval(se, low, high, shares.shape[1], _null(fit, shares, x), found.kind)


def _null(fit: Ols, shares: np.ndarray, x: np.ndarray) -> float:
    """p value of zero from residuals under that null; NaN where these have no variance."""
    y = fit.partial(fit.y)
    terms = np.abs(x) * np.abs(shares.T @ y)
    if vanishes(float(terms @ terms), np.abs(x) * (np.abs(shares.T) @ floors(y, fit.partial_precision(fit.y)))):
        return np.nan
    return float(2 * norm.sf(abs(fit.own @ y) / np.sqrt(terms @ terms)))


def industry_regression(fit: Ols, shares: np.ndarray, growth: np.ndarray, confidence: float) -> tuple[float, Interval]:
    """The same coefficient from a regression of industries (Borusyak, Hull and Jaravel 2022, REStud 89:181-213).

    Outcome and regressor, less the controls, are averaged by industry with the zones' shares; industries count by their total
    share s_i; the shock ``growth [I]`` is the instrument. Returns the coefficient, equal to that of the zones when the
    regressor is shares times growth, and its heteroskedasticity-robust interval (normal). Without variation in the shocks the
    coefficient is NaN.
    """
    total = shares.sum(axis=0)
    used = total > 0
    total, shares, growth = total[used], shares[:, used], growth[used]
    if fit.obstacle:
        return np.nan, nothing(fit.obstacle, len(total))
    outcome = fit.partial(fit.y)
    y, x = (shares.T @ values / total for values in (outcome, fit.own))
    shock = growth - total @ growth / total.sum()
    first = float(total @ (shock * x))
    known = fit.partial_precision(fit.x[:, fit.column])
    bound = np.abs(shock) @ (shares.T @ floors(fit.own, known)) + len(total) * EPS * np.abs(growth).max() * (total @ np.abs(x))
    if vanishes(first**2, bound):
        return np.nan, nothing("the shocks do not move the regressor, or are all the same", len(total))
    estimate = float(total @ (shock * y)) / first
    residual = outcome - estimate * fit.own
    error = shares.T @ residual / total
    error = error - total @ error / total.sum()
    terms = total * shock * error / first
    size = floors(residual, fit.partial_precision(fit.y) + abs(estimate) * known)
    spread = shares.T @ size / total
    floor = total * np.abs(shock) * (spread + total @ spread / total.sum()) / abs(first)
    centred = Ols(np.array([estimate]), np.ones((1, 1)), 0)
    return estimate, wald(centred, float(terms @ terms), floor, confidence, units=len(total))
