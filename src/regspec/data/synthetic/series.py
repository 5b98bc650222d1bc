"""National series of the synthetic economy: industry productivity (M2) and the real interest rate (P)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from regspec.config.calibration import GROUPS_17
from regspec.data.synthetic import targets
from regspec.data.synthetic.draws import stream

_NOMINAL_GROWTH = 0.065  # a year, log points: only ratios of the weights matter


def tfp_parameters() -> pd.DataFrame:
    """True ``rho, sigma, trend`` by industry: spread evenly over the deck's ranges (P).

    Industries are ordered by the dispersion of their shares, so that the ones in which zones specialize
    (mining, farming, factories) are the volatile and persistent ones.
    """
    rank = np.argsort(np.argsort(targets.spread(), kind="stable"), kind="stable") / (len(GROUPS_17) - 1)
    return pd.DataFrame(
        {
            "rho": targets.RHO[0] + rank * (targets.RHO[1] - targets.RHO[0]),
            "sigma": targets.SIGMA[0] + rank * (targets.SIGMA[1] - targets.SIGMA[0]),
            "trend": [targets.TREND[name] for name in GROUPS_17],
        },
        index=pd.Index(GROUPS_17, name="industry"),
    )


def tfp_series(seed: int) -> pd.DataFrame:
    """Table ``tfp`` 1947-2020: log TFP = trend_i t + u_it, u_it a stationary AR(1)(rho_i, sigma_i)."""
    parameters = tfp_parameters()
    years = np.arange(targets.TFP_FIRST_YEAR, targets.LAST_YEAR + 1)
    draws = stream(seed, "tfp").standard_normal((len(years), len(parameters)))
    rho, sigma = parameters["rho"].to_numpy(), parameters["sigma"].to_numpy()
    u = [draws[0] * sigma / np.sqrt(1 - rho**2)]
    for shock in draws[1:]:
        u.append(rho * u[-1] + sigma * shock)
    log_tfp = (years - years[0])[:, None] * parameters["trend"].to_numpy() + np.array(u) - u[0]
    output = targets.national_shares(years) * np.exp(_NOMINAL_GROWTH * (years - years[0]))[:, None]
    return pd.DataFrame(
        {
            "year": np.repeat(years, len(GROUPS_17)),
            "industry": np.tile(GROUPS_17, len(years)),
            "tfp": np.exp(log_tfp).ravel(),
            "weight": output.ravel(),
        }
    )


def interest_series(seed: int) -> pd.DataFrame:
    """Table ``interest`` 1950-2020: log R = log Rbar + AR(1)(rho_R, sigma_R) with the deck's values (P)."""
    mean, rho, sigma = (targets.INTEREST[name] for name in ("mean", "rho", "sigma"))
    years = np.arange(targets.FIRST_YEAR, targets.LAST_YEAR + 1)
    draws = stream(seed, "interest").standard_normal(len(years))
    x = [draws[0] * sigma / np.sqrt(1 - rho**2)]
    for shock in draws[1:]:
        x.append(rho * x[-1] + sigma * shock)
    return pd.DataFrame({"year": years, "rate": np.exp(np.log1p(mean) + np.array(x)) - 1})
