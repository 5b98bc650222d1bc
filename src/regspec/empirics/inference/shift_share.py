"""Inference for a shift-share regressor X_r = sum_i w_ri g_i (Adao, Kolesar and Morales 2019, QJE 134:1949-2010).

Zones with similar shares have similar errors whenever shocks other than g move the same industries: neither HC1 nor
clusters of neighbours see that. Both estimators below sum the errors by industry.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from regspec.empirics.critical import critical_value
from regspec.empirics.fieller import fieller
from regspec.empirics.inference.ols import Interval, Ols, wald


def _shocks(fit: Ols, shares: np.ndarray) -> np.ndarray | None:
    """Coefficients of x~ on the shares, [I]; None when the shares are collinear or more than the zones."""
    if shares.shape[1] > shares.shape[0] or np.linalg.matrix_rank(shares) < shares.shape[1]:
        return None
    return np.linalg.lstsq(shares, fit.own, rcond=None)[0]


_COLLINEAR = Interval(np.nan, np.nan, np.nan, note="the shares are collinear")


def akm(fit: Ols, shares: np.ndarray, confidence: float) -> Interval:
    """AKM: variance sum_i x_i^2 (sum_r w_ri e_r)^2 / (x~'x~)^2, x_i the coefficients of x~ on the shares; normal interval.

    ``shares [n, I]`` are those that the regressor is made of; e the residuals (their section IV.A, with controls).
    """
    x = _shocks(fit, shares)
    if x is None:
        return _COLLINEAR
    by_industry = shares.T @ fit.residual
    return wald(fit, float(x**2 @ by_industry**2) / fit.square**2, confidence, units=shares.shape[1])


def akm0(fit: Ols, shares: np.ndarray, confidence: float) -> Interval:
    """AKM0: all values b that a test with residuals under the null does not reject; better with few industries.

    (x~'y - b x~'x~)^2 <= c^2 sum_i x_i^2 (sum_r w_ri (y~_r - b x~_r))^2 is quadratic in b, as Fieller's set is. It may be the
    whole line, or all but an interval: the data then do not bound the coefficient. The standard error is the set's length
    over 2 c (their section IV.B), NaN if not bounded.
    """
    x = _shocks(fit, shares)
    if x is None:
        return _COLLINEAR
    y = fit.partial(fit.y)
    p, q = shares.T @ y, shares.T @ fit.own
    square = x**2
    joint = np.array([[square @ p**2, square @ (p * q)], [square @ (p * q), square @ q**2]])
    critical = float(critical_value(confidence))
    found = fieller(float(fit.own @ y), fit.square, joint, critical)
    null = float(norm.sf(abs(fit.own @ y) / np.sqrt(joint[0, 0])) * 2) if joint[0, 0] > 0 else np.nan
    se = (found.high - found.low) / (2 * critical) if found.kind == "bounded" else np.nan
    return Interval(se, found.low, found.high, shares.shape[1], null, found.kind)


def industry_regression(fit: Ols, shares: np.ndarray, growth: np.ndarray, confidence: float) -> tuple[float, Interval]:
    """The same coefficient from a regression of industries (Borusyak, Hull and Jaravel 2022, REStud 89:181-213).

    Outcome and regressor, less the controls, are averaged by industry with the zones' shares; industries count by their total
    share s_i; the shock ``growth [I]`` is the instrument. Returns the coefficient, equal to that of the zones when the
    regressor is shares times growth, and its heteroskedasticity-robust interval (normal).
    """
    total = shares.sum(axis=0)
    used = total > 0
    total, shares, growth = total[used], shares[:, used], growth[used]
    y, x = (shares.T @ values / total for values in (fit.partial(fit.y), fit.own))
    shock = growth - total @ growth / total.sum()
    first = float(total @ (shock * x))
    estimate = float(total @ (shock * y)) / first
    error = y - estimate * x
    error = error - total @ error / total.sum()
    variance = float(((total * shock * error) ** 2).sum()) / first**2
    centred = Ols(np.array([estimate]), np.ones((1, 1)), 0)
    return estimate, wald(centred, variance, confidence, units=len(total))
