"""Binned scatters of Fact 1 (E1): level and growth on specialization after controls."""

from __future__ import annotations

from regspec.empirics import labels
from regspec.empirics.exhibits.binscatter import binned_scatter, draw
from regspec.empirics.fact1 import SPECIALIZATION, fact1, terms
from regspec.empirics.inputs import DataInputs


def write(inputs: DataInputs) -> None:
    """Write figures and points ``fact1_level`` and ``fact1_growth``."""
    inputs.require_income()
    config, tables_of = inputs.config, (inputs.industry, inputs.specialization, inputs.controls, inputs.national)
    facts = fact1(*tables_of, config.empirics)
    outcomes = (("level", labels.level(config)), ("growth", labels.growth(config)))
    for (name, label), stem in zip(outcomes, inputs.making.figures, strict=True):
        columns = terms(config.empirics, growth=name == "growth")
        scatter = binned_scatter(facts.outcomes[name], facts.design[columns], SPECIALIZATION, config.empirics.bins)
        if len(scatter.points) < config.empirics.bins:
            reason = "zones with the same specialization stay in one bin"
            inputs.miss(f"{name}: {len(scatter.points)} bins instead of {config.empirics.bins}", reason)
        after = ", after controls" if len(columns) > 1 else ""
        xlabel, ylabel = f"{labels.specialization(config)}{after}", f"{label}\n(log points{after})"
        draw(inputs.writer, stem, scatter, xlabel, ylabel)
        inputs.writer.csv(name=stem, frame=scatter.points)
