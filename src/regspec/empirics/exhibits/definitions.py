"""Tradable and non-tradable specialization (E1, columns 2 and 4) by measure and by definition of the two parts."""

from __future__ import annotations

import pandas as pd

from regspec.empirics import labels
from regspec.empirics.exhibits.regression_table import NOTE, pair
from regspec.empirics.exhibits.tradeoff import OUTCOMES, design, estimate, tradables
from regspec.empirics.inputs import DataInputs
from regspec.empirics.specialization import MEASURES
from regspec.empirics.tradable import NONTRADABLE, SPLITS, TRADABLE, names


def write(inputs: DataInputs) -> None:
    """Write the table ``fact1_tradable``: E1's columns 2 and 4 by measure and by definition of the two parts."""
    inputs.require_income()
    tradables(inputs)
    rows, cells = [], []
    for definition in SPLITS:
        for measure in MEASURES:
            x = design(inputs, measure, definition)
            row: dict[str, str | float] = {"definition": definition, "measure": measure}
            cell = {("", "Definition"): definition, ("", "Measure"): labels.MEASURES[measure]}
            for outcome in OUTCOMES:
                fit = estimate(inputs, outcome, x, (TRADABLE, NONTRADABLE))
                for term in (TRADABLE, NONTRADABLE):
                    estimated, error = fit.estimate(term), fit.se(term)
                    row |= {f"{outcome}_{term}": estimated, f"{outcome}_{term}_se": error}
                    cell[outcome.capitalize(), labels.term(term)] = pair(estimated, error)
                row |= {f"{outcome}_zones": fit.n, f"{outcome}_r2_adjusted": fit.r2_adjusted}
                cell[outcome.capitalize(), "Adjusted R²"] = f"{fit.r2_adjusted:.3f}"
            rows.append(row)
            cells.append(cell)
    zones = " and ".join(f"{rows[0][f'{outcome}_zones']} ({outcome})" for outcome in OUTCOMES)
    notes = (
        f"{NOTE} Zones: {zones}. Controls as in columns 2 and 4 of the table of Fact 1. Within: {names('within')}. "
        f"Parts: {names('parts')} (maximum share: the group's largest). Tradable industries: {', '.join(tradables(inputs))}."
    )
    body = pd.DataFrame(cells)
    body.columns = pd.MultiIndex.from_tuples(body.columns)
    inputs.writer.table(
        name=inputs.making.table,
        body=body,
        caption=inputs.making.title,
        notes=notes,
        rules=[len(MEASURES)],
        data=pd.DataFrame(rows),
    )
