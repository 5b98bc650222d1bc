"""The efficient portfolio at first-year productivity, solved: where the plan rests, with the pecuniary wedge (deck Q5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from regspec.calibration.records import NationalProcesses, ZoneCalibration
from regspec.empirics.specialization import gini
from regspec.model.steady_state import static_portfolio
from regspec.solves.no_trend import without_trend
from regspec.solves.settings import SolveSettings
from regspec.solves.zone import MARKET, Case, solve_cases
from regspec.studies.planner.longrun import long_run

#: Economies without trend that are solved; `no_pecuniary` is the plan without the wedge.
CASES = {"ce": MARKET} | {name: Case(True, {"variant": name}) for name in ("full", "no_pecuniary")}


@dataclass(frozen=True)
class Stationary:
    """Portfolios (I,) of a zone at first-year productivity.

    ``means``: of simulated years, by the names of `CASES`; ``given``: k_1950, where the market rests without shocks;
    ``closed``: where the plan rests without shocks and without the pecuniary wedge.
    """

    means: dict[str, np.ndarray]
    given: np.ndarray
    closed: np.ndarray


def stationary(zone: ZoneCalibration, national: NationalProcesses, settings: SolveSettings, years: int) -> Stationary:
    """Long-run means of market and plans of a zone without trend, of ``years`` simulated years under the same draws.

    Raises ModelFailure as `solve_cases` does, or for a simulated year without a solution.
    """
    solved = solve_cases(zone, *without_trend(national, settings, 1), CASES, f"zone {zone.zone}, without trend")
    p, seed, means = solved.problem, [settings.seed, zone.zone], {}
    for name, case in CASES.items():
        label = f"zone {zone.zone}, without trend, {name}"
        found = long_run(replace(p, **case.changes), case.planner, solved.tails[name], years, seed, label)
        means[name] = found.k_next.mean(axis=0)
    return Stationary(means, np.array(p.k0), static_portfolio(p.ztilde, p.a, p.a))


def portfolio_row(found: Stationary, industries: Sequence[str]) -> dict:
    """Ginis and shares of capital: ``rest_gini_<which>`` and ``rest_k_<which>_<industry>``, which is a name of `CASES`,
    ``given`` or ``closed``.
    """
    row = {}
    for which, k in {**found.means, "given": found.given, "closed": found.closed}.items():
        row[f"rest_gini_{which}"] = float(gini(k))
        row |= {f"rest_k_{which}_{name}": float(share) for name, share in zip(industries, k, strict=True)}
    return row
