"""Least squares on stacked years: errors clustered, so that a zone may appear in many years (E3)."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import statsmodels.api as sm

from regspec.econometrics.ols import Ols, clustered
from regspec.econometrics.regression import CONSTANT, check_design


@dataclass(frozen=True)
class Stacked:
    """A fit on rows of zone and year.

    ``coefficients``: by term ``estimate`` and, for each clustering, ``se_<name>``; ``groups``: number of clusters of each
    clustering; ``rows``: those used; ``notes``: why errors of a clustering are missing, empty where none is.
    """

    coefficients: pd.DataFrame
    groups: dict[str, int]
    rows: pd.Index
    r2_adjusted: float
    notes: dict[str, str]


def stacked(outcome: pd.Series, regressors: pd.DataFrame, clusters: pd.DataFrame) -> Stacked:
    """OLS of ``outcome`` on a constant and ``regressors``; errors clustered by each column of ``clusters``.

    All have the same rows, of which those with a missing value are left out. The covariance is
    c (X'X)^-1 sum_g X_g'e_g e_g'X_g (X'X)^-1 with c = G/(G-1) (n-1)/(n-k) (Liang and Zeger 1986; as Stata's).
    Raises NotEstimable for too few rows or collinear regressors.
    """
    keep = regressors.notna().all(axis=1) & outcome.notna()
    y, x = outcome[keep].astype(float), regressors[keep].astype(float)
    x.insert(0, CONSTANT, 1.0)
    check_design(str(outcome.name), x)
    model = sm.OLS(y, x)
    table = pd.DataFrame({"estimate": model.fit().params})
    groups, notes = {}, {}
    fits = [Ols(y.to_numpy(), x.to_numpy(), column) for column in range(x.shape[1])]
    for name in clusters.columns:
        codes = pd.factorize(clusters.loc[keep, name])[0]
        groups[name] = int(codes.max()) + 1
        found = [clustered(fit, codes, 0.95) for fit in fits]
        table[f"se_{name}"] = [one.se for one in found]
        notes[name] = next((one.note for one in found if one.note), "")
    return Stacked(table.rename_axis("term"), groups, y.index, float(model.fit().rsquared_adj), notes)
