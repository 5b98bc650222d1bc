"""Fact 1 (E1, E2): growth and level on specialization, and on tradable and non-tradable specialization."""

from __future__ import annotations

import pandas as pd

from regspec.econometrics.regression import Regression, regress
from regspec.empirics import labels
from regspec.empirics.exhibits.regression_table import NOTE, regression_table, tidy
from regspec.empirics.fact1 import SPECIALIZATION, fact1_design, fact1_outcomes, terms
from regspec.empirics.inputs import DataInputs, NotComputable
from regspec.empirics.specialization import wide_shares
from regspec.empirics.tradable import NONTRADABLE, TRADABLE, names, split, tradable_industries

OUTCOMES = ("growth", "level")


def base_shares(inputs: DataInputs, variable: str | None = None) -> pd.DataFrame:
    """Base-year shares, zones x data industries, of a variable (default: the configuration's)."""
    empirics = inputs.config.empirics
    rows = inputs.industry[inputs.industry["year"] == empirics.base_year]
    return wide_shares(rows, variable or empirics.variable).droplevel("year")


def tradables(inputs: DataInputs) -> list[str]:
    """Tradable industries of the data. Raises NotComputable as :func:`regspec.empirics.tradable.tradable_industries`."""
    return tradable_industries(inputs.industry["industry"].unique(), inputs.config.empirics)


def design(inputs: DataInputs, measure: str, definition: str | None = None) -> pd.DataFrame:
    """Right-hand side of Fact 1 for a measure; with ``definition`` also ``tradable`` and ``nontradable``."""
    tables = inputs.industry, inputs.specialization, inputs.controls, inputs.national
    whole = fact1_design(*tables, inputs.config.empirics, measure)
    if definition is None:
        return whole
    return whole.join(split(base_shares(inputs), tradables(inputs), measure, definition))


def estimate(inputs: DataInputs, outcome: str, x: pd.DataFrame, heads: tuple[str, ...]) -> Regression:
    """Fact 1 of ``outcome`` (growth or level) on ``heads`` and the controls of the configuration."""
    y = fact1_outcomes(inputs.controls, inputs.config.empirics)[outcome]
    fit = regress(y.loc[x.index], x[terms(inputs.config.empirics, outcome == "growth", heads)])
    if fit.note:
        inputs.miss(f"{outcome} on {', '.join(heads)}: standard errors", fit.note)
    return fit


def columns(inputs: DataInputs, measure: str) -> dict[str, Regression]:
    """The columns of E1 for a measure: ``growth, growth_tradable, level, level_tradable``.

    Without a classification the two of tradable specialization are left out, and reported.
    """
    fits = {outcome: estimate(inputs, outcome, design(inputs, measure), (SPECIALIZATION,)) for outcome in OUTCOMES}
    try:
        x = design(inputs, measure, inputs.config.empirics.tradable_split)
    except NotComputable as reason:
        inputs.miss("columns 2 and 4 (tradable, non-tradable)", str(reason))
        return fits
    both = (TRADABLE, NONTRADABLE)
    fits |= {f"{outcome}_tradable": estimate(inputs, outcome, x, both) for outcome in OUTCOMES}
    return {name: fits[name] for outcome in OUTCOMES for name in (outcome, f"{outcome}_tradable")}


def split_note(inputs: DataInputs) -> str:
    """Which industries are tradable, and what tradable specialization is; empty without a classification."""
    try:
        chosen = tradables(inputs)
    except NotComputable:
        return ""
    definition = names(inputs.config.empirics.tradable_split)
    return f" Tradable and non-tradable: {definition}; tradable industries: {', '.join(chosen)}."


def write(inputs: DataInputs) -> None:
    """Write the table ``fact1``: columns 1 to 4 of E1."""
    inputs.require_income()
    config = inputs.config
    fits = columns(inputs, config.empirics.measure)
    heads = {"growth": labels.growth(config), "level": labels.level(config)}
    body, rules = regression_table(fits, (SPECIALIZATION, TRADABLE, NONTRADABLE))
    upper = ["", *(heads[name.partition("_")[0]] for name in fits)]
    number = {"growth": "(1)", "growth_tradable": "(2)", "level": "(3)", "level_tradable": "(4)"}
    body.columns = pd.MultiIndex.from_tuples(zip(upper, ["", *(number[name] for name in fits)], strict=True))
    notes = f"{NOTE} Specialization: {labels.specialization(config)}.{split_note(inputs)} Outcomes in logs."
    inputs.writer.table(
        name=inputs.making.table,
        body=body,
        caption="The trade-off: growth and level",
        notes=notes,
        rules=rules,
        data=tidy(fits),
    )
