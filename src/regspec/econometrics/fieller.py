"""Confidence sets of a ratio of two regression coefficients (Fieller 1954, JRSS B 16:175-185)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regspec.econometrics.rounding import EPS

#: Numbers that enter each sum below.
_TERMS = 8


@dataclass(frozen=True)
class RatioSet:
    """Confidence set of ``numerator / denominator``.

    ``kind`` is "bounded" (``[low, high]``), "complement" (everything except the open interval ``(low,
    high)``; the denominator is not distinguishable from zero), "unbounded" (the whole line; ``low`` and
    ``high`` are infinite) or "none" (there is no variance; both are NaN). ``ratio`` is the point estimate.
    """

    ratio: float
    kind: str
    low: float
    high: float

    def contains(self, value: float) -> bool:
        """Whether ``value`` lies in the set."""
        return holds(self, value)


def holds(interval, value: float) -> bool:
    """Whether ``value`` lies in an interval with ``kind``, ``low`` and ``high`` as in :class:`RatioSet`."""
    if interval.kind == "complement":
        return value <= interval.low or value >= interval.high
    return interval.low <= value <= interval.high


def fieller(numerator: float, denominator: float, covariance: np.ndarray, critical: float) -> RatioSet:
    """Fieller's set: all r for which ``numerator - r denominator`` is not significantly different from zero.

    ``covariance``: ``[2, 2]``, joint, in the order (numerator, denominator); ``critical``: two-sided
    quantile of the estimator's distribution, e.g. 1.96. The set is the solution of ``A r^2 - 2 B r + C <=
    0`` with ``A = d^2 - c^2 V_dd, B = n d - c^2 V_nd, C = n^2 - c^2 V_nn``; it is bounded if and only if
    the denominator differs from zero at the same level (A > 0). The ratio has no variance, and no set, where that of
    ``numerator - ratio denominator`` is zero to rounding, or the covariance is missing. A that is zero to rounding is zero.
    """
    square = critical**2
    v_nn, v_nd, v_dd = covariance[0, 0], covariance[0, 1], covariance[1, 1]
    ratio = numerator / denominator if denominator != 0 else np.nan
    # In r - at, at the estimate where there is one: variances may be small beside the coefficients.
    at = 0.0 if denominator == 0 else ratio
    n = numerator if denominator == 0 else 0.0
    terms = np.array([v_nn, -2 * at * v_nd, at**2 * v_dd])
    if not np.isfinite(covariance).all() or terms.sum() <= _TERMS * EPS * np.abs(terms).sum():
        return RatioSet(ratio, "none", np.nan, np.nan)
    a = denominator**2 - square * v_dd
    b = n * denominator - square * (v_nd - at * v_dd)
    c = n**2 - square * terms.sum()
    discriminant = b * b - a * c
    if abs(a) <= _TERMS * EPS * (denominator**2 + square * v_dd) or (a < 0 and discriminant <= 0):
        return RatioSet(ratio, "unbounded", -np.inf, np.inf)
    root = np.sqrt(discriminant)
    low, high = sorted(((b - root) / a, (b + root) / a))
    return RatioSet(ratio, "bounded" if a > 0 else "complement", float(at + low), float(at + high))
