"""Fact 1 by measure and right-hand side (E2, D5)."""

from __future__ import annotations

import pandas as pd

from regspec.empirics import labels
from regspec.empirics.fact1 import sensitivity
from regspec.empirics.inputs import Inputs
from regspec.empirics.layout import NOTE


def write(inputs: Inputs) -> None:
    """Write the table ``fact1_sensitivity``."""
    inputs.require_income()
    config, empirics = inputs.config, inputs.config.empirics
    alternatives = sensitivity(inputs.industry, inputs.specialization, inputs.controls, inputs.national, empirics)
    names = alternatives["measure"].map(labels.MEASURES)
    first = ~names.duplicated()
    yes = {True: "yes", False: "no"}
    body = pd.DataFrame({"Measure": names.where(first, ""), "Controls": alternatives["controls"].map(yes),
                         "ĝ": alternatives["ghat"].map(yes)})  # fmt: skip
    for outcome, head in (("growth", labels.growth(config)), ("level", labels.level(config))):
        pairs = zip(alternatives[outcome], alternatives[f"{outcome}_se"], strict=True)
        body[head] = [f"{b:.3f} ({s:.3f})" for b, s in pairs]
    notes = (
        f"Each cell is the coefficient of specialization in its own regression. {NOTE} Controls: "
        f"{', '.join(labels.term(c) for c in empirics.controls)}; with growth also initial log "
        f"income. ĝ: shift-share predicted growth. {empirics.variable.capitalize()} shares."
    )
    rules = [i for i in body.index[first] if i]
    inputs.table("fact1_sensitivity", body, "Fact 1 by measure and right-hand side", notes, rules=rules, data=alternatives)
