"""Solves of the step ``planner``: plan, variants and markets under constant taxes, by zone (docs/model.md, section 3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from regspec.calibration.records import NationalProcesses, ZoneCalibration
from regspec.config.config import Config
from regspec.model.problem import VARIANTS
from regspec.solves.problem import realized_shocks
from regspec.solves.settings import SolveSettings, solve_settings
from regspec.solves.zone import MARKET, Case, Solved, solve_cases
from regspec.studies.planner.longrun import LongRun, long_run
from regspec.studies.planner.stationary import portfolio_row, stationary

#: Constant taxes of a market: long-run means of the zone's own plan, both or one kind alone; or the same in all zones.
RULES = ("both", "capital", "debt", "national", "subsidy")
SUBSIDY = 0.01  # of capital income of all industries, in the rule `subsidy`


@dataclass(frozen=True)
class Plans:
    """One zone's market, plan and variants, welfare gains (M9) of the last two, and the taxes of the plan in the long run."""

    zone: int
    gains: dict[str, float]
    taxes: LongRun
    shares: np.ndarray  # `income_shares`
    worst_error: float  # largest mean Euler error on the paths, log10


def gains_of(solved: Solved) -> dict[str, float]:
    """Lambda of every case but the market, a fraction of consumption in every year."""
    market = solved.allocations["ce"].value
    return {name: own.value / market - 1.0 for name, own in solved.allocations.items() if name != "ce"}


def plans(zone: ZoneCalibration, national: NationalProcesses, settings: SolveSettings, years: int, label: str) -> Plans:
    """Plan and variants of a zone, taxes from ``years`` simulated years. Raises ModelFailure as `solve_cases` does."""
    cases = {"ce": MARKET} | {name: Case(True, {"variant": name}) for name in VARIANTS}
    solved = solve_cases(zone, national, settings, cases, label)
    seed = [settings.seed, zone.zone]
    taxes = long_run(solved.problem, True, solved.tails["full"], years, seed, f"zone {zone.zone}, planner")
    errors = [
        own.diagnostics[f"euler_{kind}_mean_log10"] for own in solved.allocations.values() for kind in ("bonds", "portfolio")
    ]
    shares = income_shares(solved, realized_shocks(national, settings))
    return Plans(zone.zone, gains_of(solved), taxes, shares, max(errors))


def rates(taxes: LongRun) -> tuple[float, tuple[float, ...]]:
    """tau_b and tau_k (I,): the plan's long-run means."""
    return taxes.debt_tax(), tuple(map(float, taxes.capital_taxes()))


def national_rates(found: Iterable[Plans]) -> tuple[float, tuple[float, ...]]:
    """Means of the zones' `rates`, each zone with the same weight."""
    own = [rates(one.taxes) for one in found]
    return float(np.mean([tau_b for tau_b, _ in own])), tuple(map(float, np.mean([tau_k for _, tau_k in own], axis=0)))


def income_shares(solved: Solved, shocks: np.ndarray) -> np.ndarray:
    """Industries' shares (I,) of capital income on the plan's realized path, years after the first, discounted by beta.

    ``shocks`` (T+1, I): the path's log productivities. All industries pay capital the same share alpha of output.
    """
    p, k = solved.problem, solved.allocations["full"].path.k
    incomes = (p.ztilde * np.exp(p.trend + shocks) * k**p.a)[1:] * p.beta ** np.arange(1, len(k))[:, None]
    return incomes.sum(axis=0) / incomes.sum()


def neutral(tau_k: Iterable[float], shares: Iterable[float]) -> tuple[float, ...]:
    """Rates with the same 1 + tau_k relative to each other whose mean with the income ``shares`` (I,) is zero.

    They raise no revenue over the plan's path. A net subsidy would raise the price of capital and relax the limit, which is
    no choice of the plan (2.9).
    """
    tau_k = np.asarray(tuple(tau_k), float)
    return tuple(map(float, (1.0 + tau_k) / (1.0 + np.asarray(tuple(shares), float) @ tau_k) - 1.0))


def rule_gains(
    zone: ZoneCalibration,
    national: NationalProcesses,
    settings: SolveSettings,
    own: tuple,
    common: tuple,
    shares: Iterable[float],
    label: str = "",
) -> dict[str, float]:
    """Lambda of the market under every rule of `RULES`, relative to the market without taxes on the same grids.

    ``own``, ``common``: `rates` of the zone and of the nation; those of capital are made `neutral` at the income ``shares``.
    Raises ModelFailure as `solve_cases` does.
    """
    tau_b, tau_k, everywhere = own[0], neutral(own[1], shares), neutral(common[1], shares)
    changes = {
        "both": {"tax_b": tau_b, "tax_k": tau_k},
        "capital": {"tax_k": tau_k},
        "debt": {"tax_b": tau_b},
        "national": {"tax_b": common[0], "tax_k": everywhere},
        "subsidy": {"tax_k": (SUBSIDY,) * len(tau_k)},
    }
    cases = {"ce": MARKET} | {name: Case(False, changes[name]) for name in RULES}
    return gains_of(solve_cases(zone, national, settings, cases, label))


def externalities(gains: dict[str, float]) -> dict[str, float]:
    """Parts of the plan's gain: mean over both orders in which the planner may begin to internalize (Shapley value).

    They sum to ``gains["full"]``.
    """
    alone, last = gains["no_pecuniary"], gains["full"] - gains["pecuniary_only"]
    agglomeration = 0.5 * (alone + last)
    return {"agglomeration": agglomeration, "pecuniary": gains["full"] - agglomeration}


def zone_row(found: Plans, gini: float, rules: dict[str, float], industries: Sequence[str]) -> dict:
    """All numbers of a zone: gains and parts in percent, shares and taxes as fractions, errors in log10."""
    row = {"zone": found.zone, "gini": gini}
    row |= {f"gain_{name}": 100 * value for name, value in found.gains.items()}
    row |= {f"part_{name}": 100 * value for name, value in externalities(found.gains).items()}
    row |= {f"rule_{name}": 100 * value for name, value in rules.items()}
    row |= {f"share_{name}": value / found.gains["full"] for name, value in rules.items()}
    taxes, slack = found.taxes, ~found.taxes.binding
    row |= {"binding": taxes.binding.mean(), "tau_b": taxes.debt_tax()}
    for name, used in (("", np.ones_like(slack)), ("_slack", slack), ("_binding", ~slack)):
        means = taxes.tau_k[used].mean(axis=0) if used.any() else np.full(len(industries), np.nan)
        row |= {f"tau_k_{industry}{name}": value for industry, value in zip(industries, means, strict=True)}
    return row | taxes_by_productivity(taxes, industries) | {"worst_error_log10": found.worst_error}


def taxes_by_productivity(taxes: LongRun, industries: Sequence[str]) -> dict[str, float]:
    """Means of tau_k and tau_b over the years in which an industry's productivity is lowest or highest, by names such as
    ``tau_k_<industry>_low_<other>``; tau_b over the slack ones among them, NaN where there are none.
    """
    row = {}
    for number, other in enumerate(industries):
        for state, years in taxes.extremes(number).items():
            slack = years & ~taxes.binding
            row[f"tau_b_{state}_{other}"] = float(taxes.tau_b[slack].mean()) if slack.any() else np.nan
            means = taxes.tau_k[years].mean(axis=0) if years.any() else np.full(len(industries), np.nan)
            row |= {f"tau_k_{name}_{state}_{other}": float(value) for name, value in zip(industries, means, strict=True)}
    return row


def compute(config: Config, national: NationalProcesses, zones: list[ZoneCalibration], ginis: dict[int, float]) -> pd.DataFrame:
    """One `zone_row` for each zone, in the order of ``zones``. Raises ModelFailure that names zone and condition."""
    settings, industries = solve_settings(config, config.baseline), national.industries
    labels = [f"zone {zone.zone}, scenario {config.baseline}" for zone in zones]
    found, portfolios = [], []
    for zone, label in zip(zones, labels, strict=True):
        found.append(plans(zone, national, settings, config.planner.years, label))
        print(f"planner: zone {zone.zone}, variants solved", flush=True)
        portfolios.append(portfolio_row(stationary(zone, national, settings, config.planner.years), industries))
        print(f"planner: zone {zone.zone}, economies without trend solved", flush=True)
    common, rows = national_rates(found), []
    for zone, label, own, portfolio in zip(zones, labels, found, portfolios, strict=True):
        rules = rule_gains(zone, national, settings, rates(own.taxes), common, own.shares, label)
        rows.append(zone_row(own, ginis[zone.zone], rules, industries) | portfolio)
        print(f"planner: zone {zone.zone}, constant taxes solved", flush=True)
    return pd.DataFrame(rows)
