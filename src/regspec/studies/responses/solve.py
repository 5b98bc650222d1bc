"""Responses of a zone to a shock to each industry: expected paths with the shock less those without it (docs/results.md).

Expected given the state of the first year, over all later shocks (Koop, Pesaran and Potter 1996, Journal of Econometrics
74:119-147): each draw of these is simulated with and without the shock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from regspec.calibration.records import NationalProcesses, ZoneCalibration
from regspec.config.config import Config
from regspec.model.markov import rouwenhorst
from regspec.model.simulation.paths import SimulatedPath
from regspec.solves.no_trend import without_trend
from regspec.solves.settings import solve_settings
from regspec.solves.zone import ZoneSolution, solve_zone

#: What ``response`` is measured in, by variable; ``k_<industry>`` is as ``q``.
UNITS = {
    "Y": "percent",
    "c": "percent",
    "q": "percent",
    "k": "percent",
    "b": "percent of output without shock",
    "eta": "percent of marginal utility",
}
#: Solved allocations, and what they are called.
ALLOCATIONS = {"ce": "market", "planner": "planner"}


def later_shocks(zone: int, national: NationalProcesses, config: Config, scenario: str) -> np.ndarray:
    """Log productivities (draws, T+1, I): zero in the first year, then draws of the AR(1), in pairs of opposite sign; zeros for
    no draws.

    Every scenario of a zone has the same draws, with and without the shock (common random numbers). They are held between the
    end nodes of the chain, beyond which expectations are extrapolated.
    """
    own, n, nodes = config.responses, len(national.rho), config.model.grid.u_nodes
    normal = np.random.default_rng([config.run.seed, zone]).standard_normal((own.draws // 2, own.horizon, n))
    u = np.zeros((max(own.draws, 1), own.horizon + 1, n))
    scale = config.scenario_parameters(scenario).shock_scale
    for i, (rho, sigma) in enumerate(zip(national.rho, national.sigma, strict=True)):
        for t in range(own.horizon if own.draws else 0):
            u[0::2, t + 1, i] = rho * u[0::2, t, i] + scale * sigma * normal[:, t, i]
        end = rouwenhorst(rho, scale * sigma, nodes)[0][-1]
        u[0::2, :, i] = np.clip(u[0::2, :, i], -end, end)
    u[1::2] = -u[0::2][: len(u[1::2])]
    return u


def shock(national: NationalProcesses, config: Config, scenario: str, industry: int) -> np.ndarray:
    """Log productivities (T+1, I): u_i = -size sigma_i in the first year, rho_i u_i after it, zero elsewhere."""
    own = config.responses
    u = np.zeros((own.horizon + 1, len(national.rho)))
    sigma = config.scenario_parameters(scenario).shock_scale * national.sigma[industry]
    u[:, industry] = -own.size * sigma * national.rho[industry] ** np.arange(len(u))
    return u


def solve(zone: ZoneCalibration, national: NationalProcesses, config: Config, scenario: str) -> ZoneSolution:
    """Both allocations from (b_1950, k_1950): ``others`` are the paths without shock, one for each draw of later shocks, then
    those with a shock to the first industry, to the second, and so on.

    Raises ModelFailure as `solve_zone` does.
    """
    flat, settings = without_trend(national, solve_settings(config, scenario), config.responses.horizon)
    later = later_shocks(zone.zone, national, config, scenario)
    hits = [shock(national, config, scenario, industry) for industry in range(len(national.rho))]
    paths = [np.ascontiguousarray(hit + draw) for hit in (0.0, *hits) for draw in later]
    return solve_zone(zone, flat, settings, f"zone {zone.zone}, scenario {scenario}", also=paths)


def response(
    shocked: SimulatedPath, still: SimulatedPath, industries: Sequence[str]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
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


def mean_response(
    shocked: Sequence[SimulatedPath], still: Sequence[SimulatedPath], industries: Sequence[str]
) -> dict[str, tuple[np.ndarray, ...]]:
    """By variable: mean `response` over draws, its standard error over pairs of draws (NaN for fewer than two), mean level."""
    own = [response(hit, path, industries) for hit, path in zip(shocked, still, strict=True)]
    found: dict[str, tuple[np.ndarray, ...]] = {}
    for name in own[0]:
        changes = np.array([one[name][0] for one in own])
        pairs = changes.reshape(-1, 2, changes.shape[1]).mean(axis=1) if len(own) > 1 else changes
        error = pairs.std(axis=0, ddof=1) / np.sqrt(len(pairs)) if len(pairs) > 1 else np.full(changes.shape[1], np.nan)
        found[name] = changes.mean(axis=0), error, np.mean([one[name][1] for one in own], axis=0)
    return found


def long_table(zone: int, scenario: str, solution: ZoneSolution, industries: Sequence[str]) -> Iterator[pd.DataFrame]:
    """Rows ``zone, scenario, allocation, industry`` (the one that is hit)``, horizon, variable, response, se, level, unit``."""
    for key, allocation in ALLOCATIONS.items():
        solved = getattr(solution, key)
        if solved is None:
            continue
        draws = len(solved.others) // (len(industries) + 1)
        still, *hit = (solved.others[n * draws : (n + 1) * draws] for n in range(len(industries) + 1))
        for industry, shocked in zip(industries, hit, strict=True):
            for variable, (change, error, level) in mean_response(shocked, still, industries).items():
                yield pd.DataFrame(
                    {
                        "zone": zone,
                        "scenario": scenario,
                        "allocation": allocation,
                        "industry": industry,
                        "horizon": np.arange(len(change)),
                        "variable": variable,
                        "response": change,
                        "se": error,
                        "level": level,
                        "unit": UNITS["k" if variable.startswith("k_") else variable],
                    }
                )
