"""The exhibits of a sweep: its table, and heat maps or points (docs/workflow.md)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from regspec.config.config import Config
from regspec.empirics import labels
from regspec.exhibits import tables
from regspec.results.inputs import Inputs, load
from regspec.results.slopes import given, number
from regspec.studies.sweeps import draw
from regspec.studies.sweeps.cells import cell_table


def run(config: Config, name: str, run_dir: Path, config_hash: str) -> list[Path]:
    """Write ``sweeps/<name>/<name>.{csv,tex,html,pdf,png}`` from the tables gathered there; return the files.

    Raises DataError for tables that are missing or damaged.
    """
    folder = Path(run_dir) / "sweeps" / name
    inputs = load(config, run_dir, config_hash, folder)
    table = cell_table(inputs, name)
    return [*_write_table(inputs, name, table, folder / name), *_write_figure(inputs, name, table, folder / name)]


def _write_table(inputs: Inputs, name: str, table: pd.DataFrame, stem: Path) -> list[Path]:
    rhs, own = draw.chosen(table)
    body = pd.DataFrame({"Cell": own["cell"], "Zones": own["solved"], "Failed": own["failed"]})
    for column, (head, _, form) in draw.panels(table).items():
        body[head.replace("\n", " ")] = [_cell(row, column, form) for _, row in own.iterrows()]
    empirics = inputs.config.empirics
    notes = (
        f"Each cell overrides model.parameters; first scenario: {inputs.config.sweep_scenarios(name)[0]}. Slopes on the "
        f"{labels.specialization(inputs.config)}, given {given(empirics, rhs)}; growth {empirics.base_year} to "
        f"{empirics.end_year}, log points; {inputs.config.results.confidence:.0%} intervals (HC1; Fieller's sets of shares, "
        "'not bounded' where the slope itself is not distinguishable from zero, so that its share means nothing)."
    )
    return tables.write(
        body.reset_index(drop=True), stem, f"Sweep {name}", notes, inputs.provenance, inputs.synthetic, data=table
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


def _write_figure(inputs: Inputs, name: str, table: pd.DataFrame, stem: Path) -> list[Path]:
    rhs, own = draw.chosen(table)
    spec = inputs.config.sweeps[name]
    most, failed = int(own["solved"].max()), int(own["failed"].sum())
    title = f"N = {most} zones a cell" + (f" ({failed} failed solves left out)" if failed else "")
    title += f"; slopes given {given(inputs.config.empirics, rhs)}; scenario {inputs.config.sweep_scenarios(name)[0]}"
    if len(spec.axes) == 2:
        title += "; ?: interval holds zero or is unbounded"
        return draw.heat_maps(own, list(spec.axes), stem, inputs.provenance, inputs.synthetic, title)
    label = "cell"
    if len(spec.axes) == 1:
        label = next(iter(spec.axes))
    return draw.points(own, label, stem, inputs.provenance, inputs.synthetic, title)
