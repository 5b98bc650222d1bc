"""The exhibits of a sweep: its table, and heat maps or points (docs/workflow.md)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from regspec.config.config import Config
from regspec.empirics import labels
from regspec.exhibits.registry import sweep_exhibit
from regspec.layout import Layout
from regspec.results.inputs import ModelInputs, load
from regspec.results.slopes import given, number
from regspec.studies.sweeps import draw
from regspec.studies.sweeps.cells import cell_table


def run(config: Config, layout: Layout, config_hash: str, sweep: str) -> None:
    """Write table and figure of a sweep from the tables gathered in its folder.

    Raises DataError for tables that are missing or damaged.
    """
    inputs = replace(load(config, layout, config_hash, sweep), exhibit=sweep_exhibit(sweep))
    table = cell_table(inputs, sweep)
    _write_table(inputs, sweep, table)
    _write_figure(inputs, sweep, table)


def _write_table(inputs: ModelInputs, sweep: str, table: pd.DataFrame) -> None:
    rhs, own = draw.estimated_rows(table)
    body = pd.DataFrame({"Cell": own["cell"], "Zones": own["solved"], "Failed": own["failed"]})
    for column, (head, _, form) in draw.panels(table).items():
        body[head.replace("\n", " ")] = [_cell(row, column, form) for _, row in own.iterrows()]
    empirics = inputs.config.empirics
    notes = (
        f"Each cell overrides model.parameters; first scenario: {inputs.config.sweep_scenarios(sweep)[0]}. Slopes on the "
        f"{labels.specialization(inputs.config)}, given {given(empirics, rhs)}; growth {empirics.base_year} to "
        f"{empirics.end_year}, log points; {inputs.config.results.confidence:.0%} intervals (HC1; Fieller's sets of shares, "
        "'not bounded' where the slope itself is not distinguishable from zero and its share is not informative)."
    )
    inputs.writer.table(
        name=inputs.making.table, body=body.reset_index(drop=True), caption=f"Sweep {sweep}", notes=notes, data=table
    )


def _cell(row: pd.Series, column: str, form: str) -> str:
    value = row[column]
    if not np.isfinite(value):
        return "not estimated"
    text = number(value, form)
    if f"{column}_low" not in row:
        return text
    ends = [row[f"{column}_low"], row[f"{column}_high"]]
    return f"{text} [{number(ends[0], form)}, {number(ends[1], form)}]" if np.isfinite(ends).all() else f"{text} (not bounded)"


def _write_figure(inputs: ModelInputs, sweep: str, table: pd.DataFrame) -> None:
    rhs, own = draw.estimated_rows(table)
    spec = inputs.config.sweeps[sweep]
    most, failed = int(own["solved"].max()), int(own["failed"].sum())
    title = f"N = {most} zones a cell" + (f" ({failed} failed solves left out)" if failed else "")
    title += f"; slopes given {given(inputs.config.empirics, rhs)}; scenario {inputs.config.sweep_scenarios(sweep)[0]}"
    if len(spec.axes) == 2:
        title += "; ?: interval holds zero or is unbounded"
        draw.heat_maps(inputs.writer, inputs.making.figure, own, list(spec.axes), title)
        return
    label = "cell"
    if len(spec.axes) == 1:
        label = next(iter(spec.axes))
    draw.points(inputs.writer, inputs.making.figure, own, label, title)
