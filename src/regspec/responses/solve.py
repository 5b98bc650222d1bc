"""Responses of a zone to a shock to each industry: the shocked path less the path without shock (docs/results.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from regspec.config import Config, Scenario
from regspec.experiments.zone import ZoneSolution, solve_zone
from regspec.model.simulate import Path

#: What ``response`` is measured in, by variable; ``k_<industry>`` is as ``q``.
UNITS = {
    "Y": "percent", "c": "percent", "q": "percent", "k": "percent",
    "b": "percent of output without shock", "eta": "percent of marginal utility",
}  # fmt: skip
REGIMES = {"ce": "market", "planner": "planner"}


@dataclass(frozen=True)
class Resting:
    """What `solve_zone` needs for an economy whose trend stays where it is in the first year."""

    national: dict
    config: Config
    scenario: str


def resting(national: dict, config: Config, scenario: str, horizon: int) -> Resting:
    """The nation and the configuration without trend, realized shocks and changes of regime, over ``horizon`` years."""
    still = np.zeros((len(national["rho"]), horizon + 1)).tolist()
    first = config.calibration.first_year
    parameters = config.scenario_parameters(scenario)
    regimes = parameters.theta_regimes.model_copy(update={"switch_years": []})
    parameters = parameters.model_copy(update={"theta_regimes": regimes})
    own = {
        "calibration": config.calibration.model_copy(update={"last_year": first + horizon}),
        "model": config.model.model_copy(update={"parameters": parameters}),
        "scenarios": {scenario: Scenario(planner=config.scenario(scenario).planner)},
    }
    return Resting({**national, "trend": still, "u": still, "last_year": first + horizon}, config.model_copy(update=own),
                   scenario)  # fmt: skip


def shock(national: dict, config: Config, scenario: str, industry: int, size: float, horizon: int) -> np.ndarray:
    """Log productivities (horizon + 1, I): u_i = -size sigma_i in the first year, rho_i u_i after it, zero elsewhere."""
    u = np.zeros((horizon + 1, len(national["rho"])))
    sigma = config.scenario_parameters(scenario).shock_scale * national["sigma"][industry]
    u[:, industry] = -size * sigma * national["rho"][industry] ** np.arange(horizon + 1)
    return u


def solve(zone: dict, national: dict, config: Config, scenario: str, size: float, horizon: int) -> ZoneSolution:
    """Both allocations from (b_1950, k_1950): ``path`` without shock, ``others[i]`` with a shock to industry i.

    Raises ModelFailure as `solve_zone` does.
    """
    own = resting(national, config, scenario, horizon)
    shocks = [shock(national, config, scenario, i, size, horizon) for i in range(len(national["rho"]))]
    return solve_zone(zone, own.national, own.config, scenario, also=shocks)


def responses(shocked: Path, still: Path, industries: list[str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """(response, level without shock), both (T+1,), by variable: Y, c, q, b, eta and ``k_<industry>``.

    Units of the response: ``UNITS``; percent are 100 log points. b and k are those at the start of the year.
    """
    found = {}
    for name, attribute in (("Y", "output"), ("c", "c"), ("q", "q")):
        level = getattr(still, attribute)
        found[name] = 100.0 * np.log(getattr(shocked, attribute) / level), level
    found["b"] = 100.0 * (shocked.b - still.b) / still.output, still.b
    found["eta"] = 100.0 * (shocked.eta - still.eta), still.eta
    for j, name in enumerate(industries):
        found[f"k_{name}"] = 100.0 * np.log(shocked.k[:, j] / still.k[:, j]), still.k[:, j]
    return found


def long_table(zone: int, scenario: str, solution: ZoneSolution, industries: list[str]) -> Iterator[pd.DataFrame]:
    """Rows ``zone, scenario, regime, industry`` (the one that is hit)``, horizon, variable, response, level, unit``."""
    for key, regime in REGIMES.items():
        allocation = getattr(solution, key)
        if allocation is None:
            continue
        for industry, shocked in zip(industries, allocation.others, strict=True):
            for variable, (response, level) in responses(shocked, allocation.path, industries).items():
                unit = UNITS[variable if variable in UNITS else "k"]
                yield pd.DataFrame(
                    {"zone": zone, "scenario": scenario, "regime": regime, "industry": industry,
                     "horizon": np.arange(len(response)), "variable": variable, "response": response, "level": level,
                     "unit": unit}
                )  # fmt: skip
