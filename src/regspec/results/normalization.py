"""What the constant in the deck's utility does to the welfare gain (deck M3, M9)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from regspec.results.inputs import ModelInputs


def deck_gain(planner: pd.Series, market: pd.Series, gamma: float) -> pd.Series:
    """(V_SP/V_CE)^(1/(1-gamma)) - 1 with V of u = (c^(1-gamma) - 1)/(1-gamma), from certainty-equivalent consumptions.

    V is proportional to v^(1-gamma) - 1, whose sign depends on the unit of v: NaN where the two signs differ or gamma is one.
    """
    if gamma == 1.0:
        return pd.Series(np.nan, planner.index)
    ratio = (planner ** (1.0 - gamma) - 1.0) / (market ** (1.0 - gamma) - 1.0)
    return ratio.where(ratio > 0) ** (1.0 / (1.0 - gamma)) - 1.0


def values(inputs: ModelInputs) -> pd.DataFrame:
    """Certainty-equivalent consumption ``ce, planner`` in units of the zone's own base-year output, and ``level``, by zone."""
    rows = inputs.solutions[(inputs.solutions["scenario"] == inputs.baseline) & (inputs.solutions["status"] == "solved")]
    found = rows.pivot(index="zone", columns="allocation", values="value").reindex(columns=["ce", "planner"]).dropna()
    level = rows.groupby("zone")["level"].first()
    return found.assign(level=level.reindex(found.index))  # an empty frame would take the index of what it is given


def normalization_table(found: pd.DataFrame, gamma: float) -> pd.DataFrame:
    """A row for each normalization: zones with a number, median, 5% and 95% quantiles of the gain in percent."""
    own, level = found[["ce", "planner"]], found["level"]
    cases = {"without the constant (all exhibits)": found["planner"] / found["ce"] - 1}
    units = {
        "zone's base-year output": 1.0,
        "output of a zone with the nation's shares": level,
        "half of it": 2.0 * level,
        "a tenth of it": 10.0 * level,
    }
    for name, scale in units.items():
        scaled = own.mul(scale, axis=0) if isinstance(scale, pd.Series) else scale * own
        cases[f"with the constant, unit: {name}"] = deck_gain(scaled["planner"], scaled["ce"], gamma)
    rows = []
    for name, gain in cases.items():
        low, middle, high = 100 * gain.quantile([0.05, 0.5, 0.95]) if gain.notna().any() else [np.nan] * 3
        rows.append({"Utility": name, "N": int(gain.count()), "p5": low, "Median": middle, "p95": high})
    return pd.DataFrame(rows)


def write(inputs: ModelInputs) -> None:
    """Write the table."""
    found = values(inputs)
    gamma = inputs.config.scenario_parameters(inputs.baseline).gamma
    table = normalization_table(found, gamma) if len(found) else pd.DataFrame({"Utility": [f"{inputs.baseline}: no planner"]})
    notes = (
        "Lambda = (V_SP/V_CE)^(1/(1-gamma)) - 1, percent. Without the constant, Lambda is the ratio of "
        "certainty-equivalent consumptions and does not depend on units. With the -1 of u = (c^(1-gamma) - 1)/(1-gamma) in V, "
        "it depends on the unit of consumption and has no meaning. N: zones in which both values have the same sign. "
        f"{inputs.counts(inputs.baseline)}"
    )
    inputs.writer.table(
        name=inputs.making.table,
        body=table,
        caption="Welfare gains by normalization of utility, percent",
        notes=notes,
        float_format="%.2f",
    )
