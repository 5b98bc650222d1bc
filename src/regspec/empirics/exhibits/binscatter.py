"""Binned scatter after controls (E1's two figures)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from regspec.econometrics.regression import Regression, regress, residualize
from regspec.econometrics.rounding import precision
from regspec.errors import ConfigError
from regspec.exhibits import figures
from regspec.exhibits.writer import ExhibitWriter


@dataclass(frozen=True)
class BinnedScatter:
    """Quantile bins of the residualized regressor, and the line that the full regression fits.

    Attributes
    ----------
    points : DataFrame [bins]
        ``x, y`` (bin means of regressor and outcome after controls, own means added back), ``y_se`` (standard
        deviation of the bin's outcomes over the root of their number; missing for a bin of one zone),
        ``zones``.
    fit : Regression
        The full regression: the line's slope is its coefficient of ``term``, the standard error HC1.
    center : tuple of float
        Sample means of regressor and outcome; the line passes through them.
    """

    term: str
    points: pd.DataFrame
    fit: Regression
    center: tuple[float, float]

    def line(self, x: np.ndarray) -> np.ndarray:
        """Fitted outcome at ``x`` with the controls at their means."""
        return self.center[1] + self.fit.estimate(self.term) * (np.asarray(x) - self.center[0])


def binned_scatter(outcome: pd.Series, regressors: pd.DataFrame, term: str, bins: int) -> BinnedScatter:
    """Bin ``outcome`` by ``regressors[term]``, both residualized from the other regressors (Frisch-Waugh).

    Bins hold equally many zones (up to one), as far as there are no mass points: zones with the same residual of the regressor
    stay together, in the bin of the middle one, and there may be fewer than ``bins``. The least-squares line through the
    zones' residuals is the full regression's, but bin means show the shape of the conditional mean only as
    far as the controls enter linearly (Cattaneo et al. 2024). Raises ConfigError for more bins than zones;
    DataError as :func:`regspec.econometrics.regression.regress`.
    """
    fit = regress(outcome, regressors)
    if bins > fit.n:
        raise ConfigError(f"empirics.bins: {bins} bins for {fit.n} zones; use at most {fit.n}.")
    sample = regressors.loc[fit.influence.index].astype(float)
    others = sample.drop(columns=term)
    y = outcome.loc[sample.index].astype(float)
    points = pd.DataFrame({"x": residualize(sample[term], others), "y": residualize(y, others)})
    # The frame is in the order of zones: a stable sort breaks ties by zone.
    points = points.sort_values("x", kind="stable")
    number = _bins(points["x"].to_numpy(), bins, precision(sample[term].abs().to_numpy()))
    grouped = points.groupby(number)
    spread = grouped["y"].std(ddof=1) / np.sqrt(grouped.size())
    # Equal outcomes have no spread: what is left is rounding.
    spread = spread.where(spread > precision(y.abs().to_numpy()))
    table = grouped.mean().assign(y_se=spread, zones=grouped.size()).rename_axis("bin").reset_index()
    return BinnedScatter(term, table, fit, (float(sample[term].mean()), float(y.mean())))


def _bins(x: np.ndarray, bins: int, known: float) -> np.ndarray:
    """Bin of each of the sorted ``x``; those not more than ``known`` apart share one."""
    equal = np.repeat(np.arange(bins), [len(part) for part in np.array_split(x, bins)])
    group = np.concatenate([[0], np.cumsum(np.diff(x) > known)])
    first, size = np.unique(group, return_index=True, return_counts=True)[1:]
    middle = equal[first + (size - 1) // 2]
    return np.unique(middle[group], return_inverse=True)[1]


def draw(writer: ExhibitWriter, name: str, scatter: BinnedScatter, xlabel: str, ylabel: str) -> None:
    """Draw the binned scatter as figure ``name``: bin means with 95% intervals (y +- 1.96 y_se), the regression's line,
    its slope (HC1 standard error) and the number of zones.
    """
    with writer.figure(name=name, width="single", height=2.5) as (fig, ax):
        x = scatter.points["x"].to_numpy()
        ends = np.array([x[0], x[-1]])
        ax.plot(ends, scatter.line(ends), color=figures.PALETTE[1], zorder=1)
        y, half = scatter.points["y"], 1.96 * scatter.points["y_se"].fillna(0.0)
        ax.vlines(x, y - half, y + half, color=figures.PALETTE[0], alpha=0.45, linewidth=0.7, zorder=2)
        ax.plot(x, y, "o", color=figures.PALETTE[0], markersize=3.5, zorder=3)
        ax.set_xlabel(xlabel)
        ax.set_ylabel(ylabel)
        slope, error = scatter.fit.estimate(scatter.term), scatter.fit.se(scatter.term)
        known = f" (s.e. {error:.2f})" if np.isfinite(error) else ""
        text = f"Slope {slope:.2f}{known}, $N$ = {scatter.fit.n}; bars: 95% intervals"
        ax.set_title(text.replace("-", "−"), loc="left", fontsize=8)
        ax.margins(0.06)
