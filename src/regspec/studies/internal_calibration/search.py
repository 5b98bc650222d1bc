"""The parameter at which the reference zone's mean debt ratio meets its target (docs/results.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from regspec.calibration.records import NationalProcesses, ZoneCalibration
from regspec.config.config import Config
from regspec.errors import ConfigError, ModelFailure
from regspec.solves.settings import SolveSettings, solve_settings
from regspec.solves.zone import solve_zone

_CLOSE = 0.01  # largest error of the moment relative to its target: a jump of the moment is not a solution


@dataclass(frozen=True)
class Evaluation:
    """One solved economy: the parameter, mean debt over output, share of years in which the limit binds, largest J."""

    value: float
    debt: float
    binding: float
    amplification: float


def reference_zone(national: NationalProcesses) -> ZoneCalibration:
    """A zone with the nation's base-year shares."""
    return ZoneCalibration(0, national.industries, national.national_share, level=1.0, gini_data=np.nan)


def with_value(config: Config, value: float) -> SolveSettings:
    """Settings of the baseline's market in which the chosen parameter has ``value``.

    Raises ConfigError when the baseline overrides the parameter, whose value in ``model.parameters`` would then change
    nothing, and when it has no debt limit.
    """
    name, baseline = config.internal_calibration.parameter, config.baseline
    if name in config.scenario(baseline).parameters:
        raise ConfigError(
            f"internal_calibration.parameter: {name} is overridden by scenario {baseline!r}, so that its value in "
            f"model.parameters\nmoves nothing; remedy: leave it out of scenarios.{baseline}.parameters"
        )
    settings = solve_settings(config, baseline)
    if settings.parameters.limit == "natural":
        raise ConfigError(
            f"internal_calibration: scenario {baseline!r} has no debt limit (limit: natural) and no debt ratio to meet"
        )
    return replace(settings, parameters=settings.parameters.model_copy(update={name: value}), planner=False)


def evaluate(config: Config, national: NationalProcesses, value: float) -> Evaluation:
    """Solve the reference zone's market with the parameter at ``value``. Raises ModelFailure that names it."""
    name = config.internal_calibration.parameter
    try:
        market = solve_zone(reference_zone(national), national, with_value(config, value), "reference zone").ce
    except ModelFailure as failure:
        first = str(failure).splitlines()[0]
        raise ModelFailure(
            f"internal calibration: no unique equilibrium at {name} = {value:.6g}: {first}\n"
            "remedy: a bracket without it (internal_calibration.bracket)"
        ) from None
    debt = float(np.mean(-market.path.b / market.path.output))
    return Evaluation(value, debt, float(market.path.binding.mean()), market.diagnostics["amplification_max"])


def search(
    config: Config, national: NationalProcesses, tell: Callable[[Evaluation], None] = lambda _: None
) -> list[Evaluation]:
    """All evaluations in their order, the solution last (Brent's method on the bracket).

    Raises ModelFailure when the target is not between the bracket's ends, when an economy has no unique equilibrium, or when
    the moment jumps over its target.
    """
    chosen = config.internal_calibration
    done: list[Evaluation] = []

    def gap(value: float) -> float:
        known = next((item for item in done if item.value == value), None)
        if known is None:
            known = evaluate(config, national, value)
            done.append(known)
            tell(known)
        return known.debt - chosen.target

    low, high = chosen.bracket
    if gap(low) * gap(high) > 0.0:
        ends = ", ".join(f"{item.debt:.4g} at {chosen.parameter} = {item.value:g}" for item in done)
        raise ModelFailure(
            f"internal calibration: the target {chosen.target:g} is not between the bracket's ends: mean debt over output is "
            f"{ends}\nremedy: another bracket or target (internal_calibration)"
        )
    root = brentq(gap, low, high, xtol=chosen.tolerance * high, rtol=1e-12)
    if abs(gap(root)) > _CLOSE * chosen.target:
        raise ModelFailure(
            f"internal calibration: mean debt over output jumps over the target {chosen.target:g} at {chosen.parameter} = "
            f"{root:.6g}, where it is {gap(root) + chosen.target:.4g}"
        )
    return [*(item for item in done if item.value != root), next(item for item in done if item.value == root)]
