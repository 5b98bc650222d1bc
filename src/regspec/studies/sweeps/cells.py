"""What each cell of a sweep shows: slopes of level and growth, the friction's share, welfare (deck Q1, Q2, M9)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from regspec.config.scenarios import SolveName
from regspec.results.friction import friction_share
from regspec.results.inputs import ModelInputs
from regspec.results.slopes import RIGHT_HAND_SIDES, Slope, columns, slope


def cell_table(inputs: ModelInputs, sweep: str) -> pd.DataFrame:
    """One row for each cell and right-hand side (``RIGHT_HAND_SIDES``) of ``sweep``.

    Columns: ``cell, right_hand_side``, the values of the axes; ``solved, failed`` (zones of the cell's first scenario);
    ``level, growth, planner_growth`` and, for each other scenario and horizon, ``share_<scenario>_<h>`` = 1 - its slope of
    growth over the first scenario's: each with ``_low`` and ``_high`` (confidence interval; Fieller's set of a share, infinite
    where it is not bounded). ``welfare`` (median, percent), ``binding`` (share of zone-years), ``debt`` (mean of -b over
    output), ``amplification`` (largest J). NaN where there is no estimate. ``note`` says why, or what the failed zones met.
    """
    spec, scenarios = inputs.config.sweeps[sweep], inputs.config.sweep_scenarios(sweep)
    rows = []
    for cell, values in spec.members().items():
        names = [str(SolveName(sweep, cell, scenario)) for scenario in scenarios]
        common = {"cell": cell, **({key: values[key] for key in spec.axes})} | _state(inputs, names[0])
        for rhs in RIGHT_HAND_SIDES:
            rows.append({"right_hand_side": rhs} | common | _slopes(inputs, names, scenarios, rhs))
    table = pd.DataFrame(rows)
    head = ["cell", "right_hand_side", *spec.axes]
    return table[head + [name for name in table.columns if name not in head]]


def horizons(inputs: ModelInputs) -> list[int]:
    """Years after the base year at which the friction's share is taken: ten, and the end of the window."""
    empirics = inputs.config.empirics
    whole = empirics.end_year - empirics.base_year
    return sorted({min(10, whole), whole})


def _state(inputs: ModelInputs, name: str) -> dict:
    solved, failed = inputs.zones("solved", name), inputs.zones("failed", name)
    own = inputs.solutions[(inputs.solutions["scenario"] == name) & (inputs.solutions["status"] == "solved")]
    market, planner = (own[own["allocation"] == kind] for kind in ("ce", "planner"))
    paths = inputs.paths[(inputs.paths["scenario"] == name) & (inputs.paths["allocation"] == "ce")]
    messages = inputs.status[(inputs.status["scenario"] == name) & (inputs.status["status"] == "failed")]["message"]
    return {
        "solved": len(solved),
        "failed": len(failed),
        "welfare": 100 * planner["welfare_gain"].median(),
        "binding": market["binding_share"].mean(),
        "debt": -(paths["b"] / paths["Y"]).mean(),
        "amplification": market["amplification_max"].max(),
        "note": "" if messages.empty else str(messages.iloc[0]).splitlines()[0],
    }


def _slopes(inputs: ModelInputs, names: list[str], scenarios: list[str], rhs: str) -> dict:
    empirics, results = inputs.config.empirics, inputs.config.results
    start, end = empirics.base_year, empirics.end_year
    found: dict[str, float] = {}
    designs = {growth: inputs.design[columns(empirics, rhs, growth)] for growth in (False, True)}
    outcomes = {"level": (False, "ce"), "growth": (True, "ce"), "planner_growth": (True, "planner")}
    for label, (growth, allocation) in outcomes.items():
        if not inputs.zones("solved", names[0]) or inputs.path(names[0], allocation, "Y").empty:
            found |= _interval(label, None)
            continue
        y = inputs.growth(names[0], allocation, start, end) if growth else inputs.level(names[0], allocation, start)
        found |= _interval(label, slope(y, designs[growth], results.confidence))
    for scenario, name in zip(scenarios[1:], names[1:], strict=True):
        for h in horizons(inputs):
            both = tuple(inputs.growth(n, "ce", start, start + h) for n in (names[0], name))
            share = None
            if all(len(series) for series in both):
                share = friction_share({h: both}, designs[True], results.confidence, results.bootstrap, inputs.config.run.seed)[
                    0
                ].share
            label = f"share_{scenario}_{h}"
            if share is None:
                values = (np.nan, np.nan, np.nan)
            else:
                known = share.kind in ("bounded", "none")
                values = (share.ratio, share.low, share.high) if known else (share.ratio, -np.inf, np.inf)
            found |= dict(zip((label, f"{label}_low", f"{label}_high"), values, strict=True))
    return found


def _interval(label: str, item: Slope | None) -> dict[str, float]:
    values = (item.estimate, item.low, item.high) if item is not None else (np.nan,) * 3
    return dict(zip((label, f"{label}_low", f"{label}_high"), values, strict=True))
