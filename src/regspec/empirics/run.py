"""The empirics step: everything under ``empirics/`` of a run (docs/empirics.md)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from regspec import tables
from regspec.config import Config
from regspec.data.files import read_table, write_table
from regspec.empirics import labels
from regspec.empirics.binscatter import binned_scatter, draw
from regspec.empirics.fact1 import SPECIALIZATION, Fact1, fact1, sensitivity, terms
from regspec.empirics.layout import NOTE, regression_table, tidy
from regspec.empirics.meta import read_meta
from regspec.empirics.specialization import specialization
from regspec.empirics.summary import e6_layout, summarize
from regspec.provenance import stamp


def run(config: Config, data_dir: Path, out: Path, config_hash: str) -> None:
    """Measure specialization, estimate Fact 1, and write tables and figures under ``out``.

    Reads ``industry, controls, national`` (parquet) and ``meta.json`` of ``data_dir``; writes the files of
    :data:`regspec.exhibits.EMPIRICS`. Raises ConfigError when the configuration asks for a variable, year or
    control that the data do not have, DataError for unusable tables.
    """
    data_dir, out = Path(data_dir), Path(out)
    industry = read_table(data_dir / "industry.parquet", "industry")
    controls = read_table(data_dir / "controls.parquet", "controls")
    national = read_table(data_dir / "national.parquet", "national")
    synthetic, source = read_meta(data_dir / "meta.json")
    provenance = stamp(config_hash)
    measured = specialization(industry)
    facts = fact1(industry, measured, controls, national, config.empirics)
    alternatives = sensitivity(industry, measured, controls, national, config.empirics)
    write_table(measured, "specialization", out / "specialization.parquet", provenance)
    _over_time(measured, out, source, provenance, synthetic)
    _fact1_table(facts, config, out, source, provenance, synthetic)
    _sensitivity_table(alternatives, config, out, source, provenance, synthetic)
    _scatters(facts, config, out, provenance, synthetic)


def _over_time(measured: pd.DataFrame, out: Path, source: str, provenance: dict, synthetic: bool) -> None:
    summary = summarize(measured)
    body, rules = e6_layout(summary, labels.MEASURES)
    notes = (
        f"Specialization across industries in {summary['zones'].max()} zones, unweighted. CV: "
        f"standard deviation over mean; p90/p10: ratio of the 90th to the 10th percentile of zones. "
        f"Source: {source}."
    )
    formats = {c: "%.2f" if c[1] in ("Mean", "p90/p10") else "%.3f" for c in body.columns}
    tables.write(
        body, out / "specialization_over_time", "Specialization over time", notes, provenance, synthetic,
        float_format=formats, rules=rules, data=summary,
    )  # fmt: skip


def _fact1_table(facts: Fact1, config: Config, out: Path, source: str, provenance: dict, synthetic: bool) -> None:
    fits = {labels.growth(config): facts.growth, labels.level(config): facts.level}
    body, rules = regression_table(fits)
    notes = f"{NOTE} Specialization: {labels.specialization(config)}. Outcomes in logs. Source: {source}."
    tables.write(
        body, out / "fact1", "The trade-off: growth and level", notes, provenance, synthetic,
        rules=rules, data=tidy({"growth": facts.growth, "level": facts.level}),
    )  # fmt: skip


def _sensitivity_table(
    alternatives: pd.DataFrame, config: Config, out: Path, source: str, provenance: dict, synthetic: bool
) -> None:
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
        f"{', '.join(labels.term(c) for c in config.empirics.controls)}; with growth also initial log "
        f"income. ĝ: shift-share predicted growth. {config.empirics.variable.capitalize()} shares. "
        f"Source: {source}."
    )
    tables.write(
        body, out / "fact1_sensitivity", "Fact 1 by measure and right-hand side", notes, provenance,
        synthetic, rules=[i for i in body.index[first] if i], data=alternatives,
    )  # fmt: skip


def _scatters(facts: Fact1, config: Config, out: Path, provenance: dict, synthetic: bool) -> None:
    for name, label in (("level", labels.level(config)), ("growth", labels.growth(config))):
        columns = terms(config.empirics, growth=name == "growth")
        scatter = binned_scatter(facts.outcomes[name], facts.design[columns], SPECIALIZATION, config.empirics.bins)
        after = ", after controls" if len(columns) > 1 else ""
        stem = out / f"fact1_{name}"
        xlabel, ylabel = f"{labels.specialization(config)}{after}", f"{label}\n(log points{after})"
        draw(scatter, xlabel, ylabel, stem, provenance, synthetic)
        tables.write_csv(scatter.points, stem, provenance, synthetic)
