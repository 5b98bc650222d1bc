"""Fact 1 by measure of specialization (E2): HHI and maximum share, all coefficients."""

from __future__ import annotations

import pandas as pd

from regspec.empirics import labels
from regspec.empirics.exhibits.regression_table import NOTE, regression_table, tidy
from regspec.empirics.exhibits.tradeoff import OUTCOMES, design, estimate
from regspec.empirics.fact1 import SPECIALIZATION
from regspec.empirics.inputs import DataInputs
from regspec.empirics.specialization import MEASURES


def write(inputs: DataInputs) -> None:
    """Write the table ``fact1_measures``: E1's columns 1 and 3 for the measures other than the headline's (E2)."""
    inputs.require_income()
    config = inputs.config
    fits = {
        (outcome, measure): estimate(inputs, outcome, design(inputs, measure), (SPECIALIZATION,))
        for outcome in OUTCOMES
        for measure in MEASURES
        if measure != config.empirics.measure
    }
    heads = {"growth": labels.growth(config), "level": labels.level(config)}
    body, rules = regression_table({f"{outcome} {measure}": fit for (outcome, measure), fit in fits.items()})
    pairs = [(heads[outcome], labels.MEASURES[measure]) for outcome, measure in fits]
    body.columns = pd.MultiIndex.from_tuples([("", ""), *pairs])
    shares = f"{config.empirics.base_year} {labels.variable(config.empirics.variable)} shares"
    notes = f"{NOTE} Specialization: the measure named above each column, of {shares}. Outcomes in logs."
    data = tidy({f"{outcome}_{measure}": fit for (outcome, measure), fit in fits.items()})
    inputs.writer.table(
        name=inputs.making.table,
        body=body,
        caption="The trade-off by measure of specialization",
        notes=notes,
        rules=rules,
        data=data,
    )
