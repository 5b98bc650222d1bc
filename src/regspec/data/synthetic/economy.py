"""The synthetic economy put together: zones, shares, controls, national series, and the truth behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from regspec.config.calibration import GROUPS_17
from regspec.config.config import Config
from regspec.data.national import national_table
from regspec.data.synthetic import composition, outcomes, targets
from regspec.data.synthetic.draws import autoregressive, bounded, composition_noise, stream
from regspec.data.synthetic.series import interest_series, tfp_parameters, tfp_series
from regspec.errors import ConfigError

SOURCE = "Synthetic economy: seeded draws with the deck's Fact 1 (E1) as true coefficients; not evidence."


@dataclass(frozen=True)
class Economy:
    """The canonical tables of docs/architecture.md and ``truth``, the parameters that generated them."""

    industry: pd.DataFrame
    controls: pd.DataFrame
    national: pd.DataFrame
    tfp: pd.DataFrame
    interest: pd.DataFrame
    truth: dict


def synthetic_economy(config: Config, states: pd.Series) -> Economy:
    """Draw the economy of ``data.synthetic`` with ``run.seed``.

    ``states``: state (FIPS code) of each zone, indexed by zone id; the order of its rows does not matter. The
    truth of Fact 1 holds between the first and the last generated year. Raises ConfigError for years outside
    1950-2020 or years that the empirical part asks for and that are not generated.
    """
    seed, states = config.run.seed, states.sort_index()
    years = _years(config)
    base, relative_gini = outcomes.base_controls(seed, len(states))
    paths = outcomes.control_paths(seed, years, base)
    gini = _relative_gini(seed, years, relative_gini)
    noise = composition_noise(stream(seed, "composition"), years, states.to_numpy())
    income, logits, gap = _income_shares(years, noise, gini, paths["population"])
    employment = _employment_shares(seed, years, logits, gini)
    first, last, ghat = outcomes.fact1_income(
        seed, _target_gini("income", years, gini)[0], base, income[0], income[-1], paths["population"][-1]
    )
    paths = {"log_income": outcomes.income_path(seed, years, first, last), **paths}
    industry = _industry_table(states.index.to_numpy(), years, {"income": income, "employment": employment})
    controls = _controls_table(states, years, paths)
    ends = config.empirics.base_year, config.empirics.end_year
    return Economy(
        industry=industry,
        controls=controls,
        national=national_table(industry, controls, *ends),
        tfp=tfp_series(seed),
        interest=interest_series(seed),
        truth=_truth(years, first, last, ghat, gap),
    )


def _years(config: Config) -> np.ndarray:
    years = sorted(set(config.data.synthetic.years))
    if len(years) < 2 or years[0] < targets.FIRST_YEAR or years[-1] > targets.LAST_YEAR:
        raise ConfigError(
            f"data.synthetic.years: {config.data.synthetic.years}.\n"
            f"Allowed: two or more years from {targets.FIRST_YEAR} to {targets.LAST_YEAR}."
        )
    for key in ("base_year", "end_year"):
        if getattr(config.empirics, key) not in years:
            raise ConfigError(
                f"empirics.{key}: {getattr(config.empirics, key)} is not in data.synthetic.years.\n"
                f"Years: {', '.join(map(str, years))}."
            )
    return np.array(years)


def _relative_gini(seed: int, years: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Relative Gini (T x N, standard normal): persistent, and rising with unexpected growth (C2)."""
    path = autoregressive(stream(seed, "gini"), years, targets.GINI_PERSISTENCE, first.shape, start=first)
    elapsed = (years - years[0]) / (years[-1] - years[0])
    loading = (targets.GINI_LOADING * elapsed)[:, None]
    return np.sqrt(1 - loading**2) * path + loading * outcomes.growth_errors(seed, len(first))


def _target_gini(variable: str, years: np.ndarray, relative: np.ndarray) -> np.ndarray:
    mean, variation = targets.interpolate(targets.GINI[variable], years).T[:, :, None]
    return bounded(relative, mean, mean * variation)


def _income_shares(years, noise, relative_gini, population):
    """Income shares and their logits (T x N x 17 each), largest log gap to the national targets (T)."""
    gini = _target_gini("income", years, relative_gini)
    mean_gini = targets.interpolate(targets.GINI["income"], years)[:, 0]
    fitted = [
        composition.fit_national(
            noise[t], gini[t], population[t], composition.flattened(national, mean_gini[t] - targets.CONVEXITY_GAP)
        )
        for t, national in enumerate(targets.national_shares(years))
    ]
    return tuple(np.array(part) for part in zip(*fitted, strict=True))


def _employment_shares(seed, years, logits, relative_gini) -> np.ndarray:
    """Employment shares (T x N x 17): the income logits less relative earnings, with their own Gini (E6)."""
    rng = stream(seed, "employment")
    weight = targets.EMPLOYMENT_CORRELATION
    own = autoregressive(rng, years, targets.GINI_PERSISTENCE, relative_gini.shape[1:])
    gini = _target_gini("employment", years, weight * relative_gini + np.sqrt(1 - weight**2) * own)
    earnings = targets.EARNINGS_SD * autoregressive(rng, years, targets.PERSISTENCE, logits.shape[1:])
    return np.array([composition.shares_at_gini(logits[t] - earnings[t], gini[t])[0] for t in range(len(years))])


def _industry_table(zones: np.ndarray, years: np.ndarray, shares: dict[str, np.ndarray]) -> pd.DataFrame:
    index = pd.MultiIndex.from_product([years, zones, GROUPS_17], names=["year", "zone", "industry"])
    frames = [
        pd.DataFrame({"share": values.ravel()}, index=index).reset_index().assign(variable=variable)
        for variable, values in shares.items()
    ]
    return pd.concat(frames, ignore_index=True)[["zone", "year", "industry", "variable", "share"]]


def _controls_table(states: pd.Series, years: np.ndarray, paths: dict[str, np.ndarray]) -> pd.DataFrame:
    index = pd.MultiIndex.from_product([years, states.index], names=["year", "zone"])
    frame = pd.DataFrame({name: path.ravel() for name, path in paths.items()}, index=index).reset_index()
    return frame.assign(state=states.loc[frame["zone"]].to_numpy(dtype="int64"))


def _truth(years, first, last, ghat, gap) -> dict:
    parameters = tfp_parameters()
    return {
        "fact1": {
            "variable": "income",
            "measure": "gini",
            "base_year": int(years[0]),
            "end_year": int(years[-1]),
            "level": targets.LEVEL,
            "growth": targets.GROWTH,
            "level_residual_sd": targets.LEVEL_SD,
            "growth_residual_sd": targets.GROWTH_SD,
            "mean_level": float(first.mean()),
            "mean_growth": float((last - first).mean()),
            "mean_ghat": float(ghat.mean()),
        },
        "national_log_gap": {str(year): float(g) for year, g in zip(years, gap, strict=True)},
        "tfp": {name: parameters[name].to_dict() for name in parameters},
        "interest": targets.INTEREST,
    }
