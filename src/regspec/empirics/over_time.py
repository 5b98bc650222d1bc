"""Specialization over time (E6): the table."""

from __future__ import annotations

from regspec.empirics import labels
from regspec.empirics.inputs import Inputs
from regspec.empirics.summary import e6_layout, summarize


def write(inputs: Inputs) -> None:
    """Write ``specialization_over_time``; a variable that the data do not have is reported."""
    for name in ("income", "employment"):
        if name not in inputs.variables:
            inputs.miss(f"{name} shares", f"the data have {' and '.join(inputs.variables)} only")
    summary = summarize(inputs.specialization)
    body, rules = e6_layout(summary, labels.MEASURES)
    notes = (
        f"Specialization across industries in {summary['zones'].max()} zones, unweighted. CV: "
        "standard deviation over mean; p90/p10: ratio of the 90th to the 10th percentile of zones."
    )
    formats = {c: "%.2f" if c[1] in ("Mean", "p90/p10") else "%.3f" for c in body.columns}
    inputs.table(
        "specialization_over_time", body, "Specialization over time", notes, float_format=formats, rules=rules, data=summary
    )
