"""Wild cluster bootstrap with the null imposed (Cameron, Gelbach and Miller 2008, REStat 90:414-427)."""

from __future__ import annotations

import numpy as np

from regspec.econometrics.ols import Interval, Ols, nothing
from regspec.econometrics.rounding import NO_VARIANCE, floors, vanishes

#: Up to so many clusters two-point weights have too few different draws; Webb's six-point weights are used.
FEW = 12
_WEBB = np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)])
#: The interval is sought within so many clustered standard errors of the estimate.
REACH = 200.0


def signs(groups: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Weights ``[groups, draws]``: Rademacher, or Webb's (2023, CJE 56:839-858) with at most ``FEW`` clusters."""
    values = _WEBB if groups <= FEW else np.array([-1.0, 1.0])
    return rng.choice(values, size=(groups, draws))


class WildClusters:
    """The bootstrap of one coefficient; every p value uses the same weights, so that p(b) can be inverted.

    ``codes [n]``: clusters 0..G-1; ``weights [G, draws]`` from :func:`signs`. A draw takes the null's fit and turns its
    residuals' signs by cluster. All a t statistic needs are sums by cluster, so no draw touches the n observations.
    """

    def __init__(self, fit: Ols, codes: np.ndarray, weights: np.ndarray):
        groups = weights.shape[0]
        member = np.zeros((groups, len(codes)))
        member[codes, np.arange(len(codes))] = 1.0
        y = fit.partial(fit.y)
        self.fit, self.weights = fit, weights
        # Restricted residuals are y~ - b x~: every sum is linear in b.
        self._a = tuple(member @ (fit.own * values) for values in (y, fit.own))
        scores = tuple(member @ (fit.x * values[:, None]) for values in (y, fit.own))
        spread = member @ (fit.own[:, None] * fit.x) @ fit.inverse
        self._s = tuple(spread @ (score.T @ weights) for score in scores)
        observed = member @ (fit.own * fit.residual)
        self.se = float(np.sqrt(observed @ observed)) / fit.square
        #: Whether the clusters' scores are zero to rounding: there is no t statistic then.
        self.degenerate = vanishes(observed @ observed, member @ fit.score_floor)
        known = fit.partial_precision(fit.y), fit.partial_precision(fit.x[:, fit.column])
        self._floors = tuple(member @ (np.abs(fit.own) * floors(v, k)) for v, k in zip((y, fit.own), known, strict=True))

    def p(self, null: float) -> float:
        """Two-sided p value of coefficient = ``null``: the part of draws with a t statistic at least as large.

        A draw whose variance is zero to rounding has an infinite t statistic, or none: it counts as one at least as large.
        """
        own = self._a[0] - null * self._a[1]
        score = own[:, None] * self.weights - (self._s[0] - null * self._s[1])
        size = np.sqrt((score**2).sum(axis=0))
        floor = self._floors[0] + abs(null) * self._floors[1]
        empty = size <= np.sqrt(floor @ floor)
        t = np.where(empty, np.inf, np.abs(own @ self.weights) / np.where(empty, 1.0, size))
        observed = abs(self.fit.estimate - null) / self.se
        # A draw and its mirror image tie with the observed statistic up to rounding: they count.
        return float(np.mean(t >= observed * (1 - 1e-9)))

    def end(self, side: int, level: float) -> float:
        """Where p falls to ``level`` on one side (-1, 1) of the estimate, within .001 standard errors; infinite if nowhere."""
        estimate, step = self.fit.estimate, self.se
        inside = outside = 0.0
        while outside < REACH:
            inside, outside = outside, max(1.0, 1.5 * outside)
            if self.p(estimate + side * outside * step) < level:
                break
        else:
            return side * np.inf
        while outside - inside > 1e-3:
            middle = 0.5 * (inside + outside)
            if self.p(estimate + side * middle * step) < level:
                outside = middle
            else:
                inside = middle
        return estimate + side * inside * step


def wild(fit: Ols, codes: np.ndarray, confidence: float, draws: int, seed: list[int]) -> Interval:
    """p value of zero and the inverted interval; the standard error is NaN, since the method has none.

    Raises nothing: with fewer than three clusters the interval is NaN with a note.
    """
    names, codes = np.unique(codes, return_inverse=True)
    groups = len(names)
    if groups < 3:
        return nothing(f"no degrees of freedom: {groups} clusters are too few", groups)
    if fit.obstacle:
        return nothing(fit.obstacle, groups)
    found = WildClusters(fit, codes, signs(groups, draws, np.random.default_rng(seed)))
    if found.degenerate:
        return nothing(NO_VARIANCE, groups)
    low, high = (found.end(side, 1 - confidence) for side in (-1, 1))
    kind = "bounded" if np.isfinite([low, high]).all() else "unbounded"
    return Interval(np.nan, low, high, groups, found.p(0.0), kind)
