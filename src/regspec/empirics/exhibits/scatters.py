"""Binned scatters of Fact 1 (E1): level and growth on specialization after controls."""

from __future__ import annotations

from regspec.empirics import labels
from regspec.empirics.exhibits.binscatter import binned_scatter, draw
from regspec.empirics.fact1 import SPECIALIZATION, fact1, terms
from regspec.empirics.inputs import Inputs
from regspec.exhibits import tables


def write(inputs: Inputs) -> None:
    """Write figures and points ``fact1_level`` and ``fact1_growth``."""
    inputs.require_income()
    config, tables_of = inputs.config, (inputs.industry, inputs.specialization, inputs.controls, inputs.national)
    facts = fact1(*tables_of, config.empirics)
    for name, label in (("level", labels.level(config)), ("growth", labels.growth(config))):
        columns = terms(config.empirics, growth=name == "growth")
        scatter = binned_scatter(facts.outcomes[name], facts.design[columns], SPECIALIZATION, config.empirics.bins)
        if len(scatter.points) < config.empirics.bins:
            reason = "zones with the same specialization stay in one bin"
            inputs.miss(f"{name}: {len(scatter.points)} bins instead of {config.empirics.bins}", reason)
        after = ", after controls" if len(columns) > 1 else ""
        stem = inputs.out / f"fact1_{name}"
        xlabel, ylabel = f"{labels.specialization(config)}{after}", f"{label}\n(log points{after})"
        draw(scatter, xlabel, ylabel, stem, inputs.provenance, inputs.synthetic)
        tables.write_csv(scatter.points, stem, inputs.provenance, inputs.synthetic)
