"""Fact 1 (E1): the table of growth and level."""

from __future__ import annotations

from regspec.empirics import labels
from regspec.empirics.fact1 import fact1
from regspec.empirics.inputs import Inputs
from regspec.empirics.layout import NOTE, regression_table, tidy


def write(inputs: Inputs) -> None:
    """Write the table ``fact1``."""
    inputs.require_income()
    config = inputs.config
    facts = fact1(inputs.industry, inputs.specialization, inputs.controls, inputs.national, config.empirics)
    body, rules = regression_table({labels.growth(config): facts.growth, labels.level(config): facts.level})
    notes = f"{NOTE} Specialization: {labels.specialization(config)}. Outcomes in logs."
    data = tidy({"growth": facts.growth, "level": facts.level})
    inputs.table("fact1", body, "The trade-off: growth and level", notes, rules=rules, data=data)
