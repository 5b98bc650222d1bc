"""National processes: industry productivity and the interest rate (deck M2, P; model.md sections 1 and 4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm

from regspec.config.calibration import Interest, Tfp
from regspec.data.tornqvist import tornqvist
from regspec.errors import DataError

# Midpoints of the deck's ranges (P): rho_i in [0.71, 0.9], sigma_i in [0.013, 0.027].
DECK_RHO, DECK_SIGMA = 0.805, 0.020
# The deck's interest-rate process (P). Its persistence is not what T-bill data show (docs/calibration.md).
DECK_RHO_R, DECK_SIGMA_R = 0.01, 0.0186
RHO_R_MAX = 0.98
MIN_YEARS = 20


@dataclass(frozen=True)
class AR1:
    """``x_t = rho x_{t-1} + e_t``: ``rho``, ``sigma`` (sd of e, log points), ``rho_raw`` before any cap."""

    rho: float
    sigma: float
    rho_raw: float


@dataclass(frozen=True)
class Productivity:
    """National log productivity of the model industries over the model's years (log points).

    ``rho, sigma, growth``: ``[I]``; ``trend, u``: ``[I, T+1]``; ``ar1``: the estimates, whatever process is
    in use; ``sample``: first and last year of the estimation.
    """

    rho: np.ndarray
    sigma: np.ndarray
    growth: np.ndarray
    trend: np.ndarray
    u: np.ndarray
    ar1: tuple[AR1, ...]
    sample: tuple[int, int]


def model_tfp(tfp: pd.DataFrame, groups: dict[str, list[str]], source: str = "tfp.parquet") -> pd.DataFrame:
    """Log TFP of the model industries, years x groups, 0 in the first year (`regspec.data.tornqvist`).

    ``tfp``: ``year, industry, tfp`` (index), ``weight`` (nominal output). Raises DataError for gaps in the years, values that
    are not positive, or duplicated rows.
    """
    _check_tfp(tfp, source)
    index = tfp.pivot(index="year", columns="industry", values="tfp").sort_index()
    weight = tfp.pivot(index="year", columns="industry", values="weight").sort_index()
    if index.isna().any().any() or weight.isna().any().any():
        column = index.columns[(index.isna() | weight.isna()).any()][0]
        year = index.index[(index.isna() | weight.isna())[column]][0]
        raise DataError(f"{source}: {column!r} has no value in {year}; every industry needs every year.")
    group = {member: name for name, members in groups.items() for member in members}
    members = sorted(group)
    return tornqvist(index[members], weight[members], np.array([group[member] for member in members]))[list(groups)]


def _check_tfp(tfp: pd.DataFrame, source: str) -> None:
    duplicated = tfp.duplicated(["year", "industry"])
    if duplicated.any():
        row = tfp[duplicated].iloc[0]
        raise DataError(f"{source}: {row['industry']!r}, {row['year']} is listed twice; keep one row.")
    for column in ("tfp", "weight"):
        bad = ~(tfp[column] > 0) | ~np.isfinite(tfp[column])
        if bad.any():
            row = tfp[bad].iloc[0]
            raise DataError(f"{source}: {column} = {row[column]} for {row['industry']!r} in {row['year']}; must be positive.")
    years = np.sort(tfp["year"].unique())
    gaps = years[1:][np.diff(years) != 1]
    if gaps.size:
        raise DataError(f"{source}: no values for {gaps[0] - 1}; the AR(1) needs consecutive years.")
    if years.size < MIN_YEARS:
        raise DataError(f"{source}: {years.size} years; the AR(1) needs at least {MIN_YEARS}.")


def detrend(log_tfp: pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame]:
    """Log-linear trend by OLS: growth per year ``[I]`` (log points) and residuals, years x groups (log points)."""
    years = log_tfp.index.to_numpy(dtype=float)
    intercept, slope = np.polynomial.polynomial.polyfit(years - years[0], log_tfp.to_numpy(), 1)
    return slope, log_tfp - (intercept + np.outer(years - years[0], slope))


def fit_ar1(x: np.ndarray, rho_max: float = np.inf) -> AR1:
    """AR(1) without constant by OLS (the series has mean zero); ``sigma`` with one degree of freedom lost.

    A ``rho`` above ``rho_max`` is set to it and ``sigma`` is that of the innovations at the capped value.
    Least squares are biased towards zero by about (1 + 3 rho)/n; the estimate is reported as it is.
    """
    x = np.asarray(x, dtype=float)
    fit = sm.OLS(x[1:], x[:-1]).fit()
    raw = float(fit.params[0])
    rho = min(raw, rho_max)
    innovation = x[1:] - rho * x[:-1]
    return AR1(rho, float(np.sqrt(innovation @ innovation / (innovation.size - 1))), raw)


def productivity(
    tfp: pd.DataFrame, groups: dict[str, list[str]], settings: Tfp, first_year: int, last_year: int, source: str = "tfp.parquet"
) -> Productivity:
    """Productivity of the model industries: trend ``d_{i,t} = g_i (t - first_year)``, residual ``u_{i,t}``
    and AR(1).

    All three come from the same detrending, over the file's years up to ``last_year`` (earlier ones help to
    estimate, later ones lie outside the model); ``u`` is cut to the model's years. ``settings.process:
    deck`` replaces rho and sigma by the deck's midpoints (P), never ``u``. Raises DataError when the file
    does not cover first_year..last_year.
    """
    log_tfp = model_tfp(tfp, groups, source)
    covered = (int(log_tfp.index[0]), int(log_tfp.index[-1]))
    if first_year < covered[0] or last_year > covered[1]:
        raise DataError(
            f"{source}: covers {covered[0]}-{covered[1]}, but calibration.first_year..last_year is {first_year}-{last_year}."
        )
    growth, residual = detrend(log_tfp.loc[:last_year])
    ar1 = tuple(fit_ar1(residual[name].to_numpy(), settings.rho_max) for name in groups)
    if settings.process == "deck":
        rho, sigma = np.full(len(groups), DECK_RHO), np.full(len(groups), DECK_SIGMA)
    else:
        rho, sigma = np.array([a.rho for a in ar1]), np.array([a.sigma for a in ar1])
    years = np.arange(first_year, last_year + 1)
    trend = np.outer(growth if settings.trend else np.zeros_like(growth), years - first_year)
    u = residual.loc[years].to_numpy().T
    return Productivity(rho, sigma, growth, trend, u, ar1, (covered[0], last_year))


def interest_process(interest: pd.DataFrame, settings: Interest, source: str = "interest.parquet") -> dict:
    """The interest rate's process: ``mean`` (net rate, fraction; always the configured one), ``rho``,
    ``sigma`` (sd of the innovations of log R), and ``estimated``: mean, rho, sigma of the series, for
    comparison.

    ``interest``: ``year, rate`` (real, fraction per year). Raises DataError for gaps or rates that are no
    numbers.
    """
    series = interest.sort_values("year").set_index("year")["rate"].astype(float)
    if series.isna().any() or (series <= -1).any():
        year = series.index[series.isna() | (series <= -1)][0]
        raise DataError(f"{source}: rate of {year} is {series[year]}; must be a fraction above -1.")
    if len(series) < MIN_YEARS or (np.diff(series.index) != 1).any():
        raise DataError(f"{source}: needs at least {MIN_YEARS} consecutive years, each once.")
    log_rate = np.log1p(series.to_numpy())
    ar1 = fit_ar1(log_rate - log_rate.mean(), RHO_R_MAX)
    estimated = {"mean": float(np.expm1(log_rate.mean())), "rho": ar1.rho, "sigma": ar1.sigma}
    rho, sigma = (ar1.rho, ar1.sigma) if settings.process == "estimated" else (DECK_RHO_R, DECK_SIGMA_R)
    return {"mean": float(settings.mean), "rho": rho, "sigma": sigma, "estimated": estimated}
