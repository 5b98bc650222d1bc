"""Least squares with HC1 standard errors and the joint covariance of coefficients across regressions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm

from regspec.econometrics.rounding import EXACT, collinear, precision
from regspec.errors import DataError

CONSTANT = "constant"


@dataclass(frozen=True)
class Regression:
    """One least-squares fit over zones.

    Attributes
    ----------
    outcome : str
        Name of the outcome.
    coefficients : DataFrame
        Indexed by term: ``estimate, se`` (HC1), ``t``, ``p`` (two-sided, Student t with n - k degrees).
    covariance : DataFrame [k, k]
        HC1 covariance of the coefficients, in the terms' order.
    influence : DataFrame [n, k]
        Rows psi_i = sqrt(n/(n-k)) (X'X)^-1 x_i e_i, indexed by zone: ``influence.T @ influence`` is
        ``covariance``.
    n, dropped : int
        Zones used, and zones left out because a value is missing.
    r2, r2_adjusted : float
    note : str
        Why there are no standard errors (NaN, as ``influence`` and ``covariance`` are); empty where there are.
    """

    outcome: str
    coefficients: pd.DataFrame
    covariance: pd.DataFrame
    influence: pd.DataFrame
    n: int
    dropped: int
    r2: float
    r2_adjusted: float
    note: str = ""

    def estimate(self, term: str) -> float:
        """Point estimate of ``term``."""
        return float(self.coefficients.at[term, "estimate"])

    def se(self, term: str) -> float:
        """HC1 standard error of ``term``."""
        return float(self.coefficients.at[term, "se"])


def regress(outcome: pd.Series, regressors: pd.DataFrame) -> Regression:
    """Unweighted OLS on a constant and ``regressors`` with HC1 errors (E1; MacKinnon and White 1985).

    Both are indexed by zone. The sample is the outcome's zones (which may be a part of the regressors')
    without missing values; zones are sorted first, so the order of rows does not matter. Raises DataError
    when a zone of the outcome has no regressors, and its kind NotEstimable when there are too few zones or
    regressors are collinear. Where the regressors fit exactly, residuals are rounding and there are no standard errors.
    """
    name = str(outcome.name)
    unknown = outcome.index.difference(regressors.index)
    if len(unknown):
        raise DataError(f"regression of {name}: zone {unknown[0]} has no regressors ({len(unknown)} such zones).")
    outcome = outcome.sort_index()
    if outcome.index.has_duplicates:
        twice = outcome.index[outcome.index.duplicated()][0]
        raise DataError(f"regression of {name}: zone {twice} has more than one outcome.")
    x = regressors.loc[outcome.index].astype(float)
    keep = x.notna().all(axis=1) & outcome.notna()
    y, x = outcome[keep].astype(float), x[keep]
    x.insert(0, CONSTANT, 1.0)
    check_design(name, x)
    n, k = x.shape
    # Regressors of length one: their units must not matter for what is solved.
    norm = np.linalg.norm(x.to_numpy(), axis=0)
    fit = sm.OLS(y, x / norm).fit(cov_type="HC1", use_t=True)
    known = precision(np.abs(y.to_numpy()), np.abs(x.to_numpy() / norm) @ np.abs(fit.params.to_numpy()))
    exact = bool(np.sqrt(np.mean(fit.resid.to_numpy() ** 2)) <= known)
    hide = np.nan if exact else 1.0
    # pinv_wexog is (X'X)^-1 X' from the fit's own decomposition, [k, n].
    psi = hide * np.sqrt(n / (n - k)) * fit.model.pinv_wexog.T * fit.resid.to_numpy()[:, None] / norm
    covariance = hide * fit.cov_params().to_numpy() / np.outer(norm, norm)
    with np.errstate(invalid="ignore", divide="ignore"):  # an outcome that does not vary has no R2
        r2, r2_adjusted = float(fit.rsquared), float(fit.rsquared_adj)
    coefficients = pd.DataFrame(
        {"estimate": fit.params / norm, "se": hide * fit.bse / norm, "t": hide * fit.tvalues, "p": hide * fit.pvalues}
    )
    return Regression(
        outcome=name,
        coefficients=coefficients.rename_axis("term"),
        covariance=pd.DataFrame(covariance, x.columns, x.columns),
        influence=pd.DataFrame(psi, x.index, x.columns),
        n=n,
        dropped=int((~keep).sum()),
        r2=r2,
        r2_adjusted=r2_adjusted,
        note=EXACT if exact else "",
    )


def joint_covariance(fits: Sequence[Regression], term: str) -> pd.DataFrame:
    """Joint HC1 covariance of the coefficient of ``term`` in several regressions, ``[m, m]``.

    Stacks the influence functions: cov(b_a, b_c) = sum_i psi_{a,i} psi_{c,i} over zones, a zone outside a
    sample contributing zero (Weesie 1999; Stata's ``suest``). The diagonal equals the HC1 variances. A
    ratio's Fieller interval needs the off-diagonal: outcomes of one zone share that zone's shock.
    """
    names = [fit.outcome for fit in fits]
    # One sorted union of the zones, so that each zone's products meet whatever the samples are.
    psi = pd.concat([fit.influence[term] for fit in fits], axis=1).sort_index().fillna(0.0).to_numpy()
    return pd.DataFrame(psi.T @ psi, names, names)


def residualize(variable: pd.Series, others: pd.DataFrame) -> pd.Series:
    """Residual of ``variable`` from a constant and ``others``, its mean added back (Frisch and Waugh 1933).

    All are indexed by zone without missing values. With no ``others`` the variable itself.
    """
    x = np.column_stack([np.ones(len(variable)), others.loc[variable.index].to_numpy(float)])
    scale = np.linalg.norm(x, axis=0)
    coefficients = np.linalg.lstsq(x / scale, variable.to_numpy(float), rcond=None)[0]
    return variable - (x / scale) @ coefficients + variable.mean()


class NotEstimable(DataError):
    """Too few rows or collinear regressors."""


def check_design(name: str, x: pd.DataFrame) -> None:
    """Raise NotEstimable for too few rows or collinear columns, naming the first column the earlier ones span."""
    n, k = x.shape
    if n <= k:
        raise NotEstimable(
            f"regression of {name}: {n} zones without missing values for {k} coefficients."
            "\nRemedy: use more zones or fewer controls."
        )
    values = x.to_numpy()
    empty = ~(values != 0).any(axis=0)
    if empty.any():
        raise NotEstimable(f"regression of {name}: {x.columns[int(np.argmax(empty))]!r} is zero in every zone.")
    spanned = collinear(values)
    if spanned.any():
        column = x.columns[int(np.argmax(spanned))]
        raise NotEstimable(
            f"regression of {name}: {column!r} is a linear combination of the other regressors (or constant)."
            "\nRemedy: remove it from empirics.controls, or set empirics.shift_share: false if it is ghat."
        )
