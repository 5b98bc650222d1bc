"""Robustness of Fact 1 (D5, E2, E8): the coefficient by measure, variable, classification and right-hand side."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from regspec.econometrics.regression import NotEstimable, regress
from regspec.empirics import labels
from regspec.empirics.exhibits import robustness_figure
from regspec.empirics.exhibits.regression_table import NOTE, pair
from regspec.empirics.exhibits.tradeoff import OUTCOMES, base_shares, tradables
from regspec.empirics.fact1 import GHAT, INITIAL, SPECIALIZATION, fact1_design, fact1_outcomes
from regspec.empirics.inputs import DataInputs, NotComputable
from regspec.empirics.specialization import MEASURES
from regspec.errors import ConfigError, DataError
from regspec.exhibits.tables import breaks

#: Classifications over which specialization is measured, and right-hand sides, with their printed names.
CLASSIFICATIONS = {"data": "Data industries", "model": "Model industries", "tradable": "Tradable industries"}
RIGHT_HAND_SIDES = {
    "none": "None",
    "ghat": "ĝ",
    "controls": "Controls",
    "controls_ghat": "Controls, ĝ",
    "controls_ghat_states": "Controls, ĝ, states",
}


def classified(inputs: DataInputs, shares: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Base-year shares (zones x industries) in each classification; those that the data do not allow are reported."""
    yield "data", shares
    members = {name: group.members for name, group in inputs.config.calibration.industries.items()}
    if {name for own in members.values() for name in own} == set(shares.columns):
        yield "model", pd.DataFrame({name: shares[sorted(own)].sum(axis=1) for name, own in members.items()})
    else:
        inputs.miss("model industries", "calibration.industries does not hold each data industry once")
    try:
        chosen = tradables(inputs)
    except NotComputable as reason:
        inputs.miss("tradable industries", str(reason))
        return
    if len(chosen) < 2:
        inputs.miss("tradable industries", "one industry is tradable: nothing to be specialized in")
    else:
        yield "tradable", shares[chosen]


def right_hand_side(inputs: DataInputs, design: pd.DataFrame, name: str, outcome: str) -> pd.DataFrame:
    """Columns beside specialization: nothing, predicted growth, controls (initial income with growth), state effects."""
    empirics, parts = inputs.config.empirics, name.split("_")
    columns = [GHAT] if GHAT in parts else []
    if "controls" in parts:
        columns += [INITIAL] * (outcome == "growth") + list(empirics.controls)
    chosen = design[columns]
    if "states" in parts:
        rows = inputs.controls[inputs.controls["year"] == empirics.base_year].set_index("zone")["state"]
        effects = pd.get_dummies(rows.reindex(design.index), prefix="state", dtype=float).sort_index(axis=1)
        chosen = chosen.join(effects.iloc[:, 1:])
    return chosen


def variable_grid(inputs: DataInputs, variable: str) -> list[dict]:
    """Rows of :func:`grid` for one variable."""
    empirics = inputs.config.empirics.model_copy(update={"variable": variable})
    try:
        shares = base_shares(inputs, variable)
        tables = inputs.industry, inputs.specialization, inputs.controls, inputs.national
        design = fact1_design(*tables, empirics).drop(columns=SPECIALIZATION)
    except (ConfigError, DataError) as error:
        inputs.miss(f"{variable} shares", str(error).splitlines()[0])
        return []
    outcomes = fact1_outcomes(inputs.controls, empirics).reindex(design.index)
    table = []
    for classification, grouped in classified(inputs, shares):
        for measure, function in MEASURES.items():
            active = grouped.sum(axis=1) > 0
            value = pd.Series(np.nan, shares.index)
            value[active] = function(grouped[active].to_numpy())
            for outcome in OUTCOMES:
                for name in RIGHT_HAND_SIDES:
                    if GHAT in name.split("_") and not empirics.shift_share:
                        continue
                    x = right_hand_side(inputs, design, name, outcome)
                    x.insert(0, SPECIALIZATION, value)
                    key = {"outcome": outcome, "variable": variable, "classification": classification, "measure": measure}
                    table.append({**key, "right_hand_side": name, **_cell(inputs, outcomes[outcome], x, key)})
    return table


def _cell(inputs: DataInputs, outcome: pd.Series, x: pd.DataFrame, key: dict) -> dict:
    try:
        fit = regress(outcome, x)
    except NotEstimable as error:
        inputs.miss(", ".join(key.values()), str(error).splitlines()[0])
        return {"estimate": np.nan, "se": np.nan, "sd": np.nan, "zones": 0, "r2_adjusted": np.nan}
    if fit.note:
        inputs.miss(f"{', '.join(key.values())}: standard error", fit.note)
    sd = float(x.loc[fit.influence.index, SPECIALIZATION].std(ddof=1))
    own = {"estimate": fit.estimate(SPECIALIZATION), "se": fit.se(SPECIALIZATION)}
    return {**own, "sd": sd, "zones": fit.n, "r2_adjusted": fit.r2_adjusted}


def grid(inputs: DataInputs) -> pd.DataFrame:
    """The coefficient of specialization in every combination, a row each.

    ``outcome, variable, classification, measure, right_hand_side, estimate, se`` (HC1), ``sd`` (standard deviation of the
    measure over the zones of the regression), ``zones, r2_adjusted``.
    """
    rows = [row for variable in inputs.variables for row in variable_grid(inputs, variable)]
    table = pd.DataFrame(rows)
    if table.empty or table["estimate"].isna().all():
        raise NotComputable("no regression has enough zones with income and controls")
    return table


def write(inputs: DataInputs) -> None:
    """Write table and figure ``fact1_grid``."""
    inputs.require_income()
    table = grid(inputs)
    cells = [pair(b, s) for b, s in zip(table["estimate"], table["se"], strict=True)]
    keys = ["variable", "classification", "measure"]
    wide = table.assign(cell=cells).pivot(index=["outcome", *keys], columns="right_hand_side", values="cell")
    index = table[["outcome", *keys]].drop_duplicates()
    order = [(o, *row) for o in OUTCOMES for row in index.loc[index["outcome"] == o, keys].itertuples(index=False, name=None)]
    wide = wide.loc[order, [name for name in RIGHT_HAND_SIDES if name in wide]].rename(columns=RIGHT_HAND_SIDES)
    left = wide.index.to_frame(index=False)
    names = pd.DataFrame(
        {
            "Outcome": left["outcome"].str.capitalize(),
            "Shares": left["variable"].map(labels.variable).str.capitalize(),
            "Classification": left["classification"].map(CLASSIFICATIONS),
            "Measure": left["measure"].map(labels.MEASURES),
        }
    )
    body = pd.concat([names, wide.reset_index(drop=True)], axis=1)
    rules = breaks(left, keys[:2])
    notes = grid_notes(inputs, table)
    inputs.writer.table(
        name=inputs.making.table,
        body=body,
        caption="Robustness of Fact 1: coefficient of specialization",
        notes=notes,
        rules=rules,
        data=table,
    )
    robustness_figure.draw(inputs, table, CLASSIFICATIONS, RIGHT_HAND_SIDES)


def grid_notes(inputs: DataInputs, table: pd.DataFrame) -> str:
    """Notes of the table: what is in each column, how many zones."""
    config = inputs.config
    zones = sorted(set(table.loc[table["zones"] > 0, "zones"]))
    count = f"{zones[0]}" if len(zones) == 1 else f"{zones[0]} to {zones[-1]}"
    controls = ", ".join(labels.term(name) for name in config.empirics.controls)
    return (
        f"Each cell is the coefficient of specialization in a regression of {count} zones. Columns: the other regressors. "
        f"{NOTE} Growth: {labels.growth(config)}; level: {labels.level(config)}; logs. Controls: {controls}; growth "
        "regressions also include initial log income. ĝ: shift-share predicted growth over the data industries. States: "
        "effects of the zone's state."
    )
