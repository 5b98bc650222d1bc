"""Fact 1 by industry (E4): growth and level on an industry's own share of the zone."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from regspec.econometrics.regression import NotEstimable, Regression
from regspec.empirics import labels
from regspec.empirics.exhibits.regression_table import NOTE, pair
from regspec.empirics.exhibits.tradeoff import OUTCOMES, base_shares, design, estimate
from regspec.empirics.fact1 import SPECIALIZATION, terms
from regspec.empirics.inputs import DataInputs, NotComputable
from regspec.errors import ConfigError
from regspec.io.messages import unknown_industry

#: The deck's six industries: their members among the 17 groups of D6, and among the 8 of the panel.
DECK = {
    "Manufacturing": (("Durable manufacturing", "Nondurable manufacturing"), ("Manufacturing",)),
    "Services": (
        ("Business services", "Personal services", "Entertainment", "Routine prof. services", "Non-routine prof. services"),
        ("Personal services", "Professional services"),
    ),
    "Agriculture": (("Agriculture",), ("Agriculture",)),
    "Transportation": (("Transportation",), ()),
    "Wholesale": (("Wholesale",), ()),
    "Retail": (("Retail",), ("Retail",)),
}


def groups(inputs: DataInputs) -> dict[str, list[str]]:
    """Industries of E4 and their data industries: ``empirics.industry_groups``, or the deck's six as far as the data
    have them; those that are not separate in the data are reported.

    Raises ConfigError for a name that the data do not have, NotComputable when none is left.
    """
    known = sorted(inputs.industry["industry"].unique())
    chosen = inputs.config.empirics.industry_groups
    if chosen is not None:
        _check(chosen, known)
        return chosen
    found = {}
    for name, forms in DECK.items():
        members = next((list(form) for form in forms if form and set(form) <= set(known)), None)
        if members is None:
            inputs.miss(name, f"not an industry of its own among the {len(known)} of the data")
        else:
            found[name] = members
    if not found:
        raise NotComputable("none of the deck's industries is in the data: set empirics.industry_groups")
    return found


def _check(chosen: dict[str, list[str]], known: Collection[str]) -> None:
    owner: dict[str, str] = {}
    for group, members in chosen.items():
        for name in members:
            if name not in known:
                raise unknown_industry(f"empirics.industry_groups.{group}", name, known, "the data")
            if name in owner:
                raise ConfigError(f"empirics.industry_groups: {name!r} is in both {owner[name]!r} and {group!r}.")
            owner[name] = group


def fits(inputs: DataInputs, members: dict[str, list[str]]) -> dict[tuple[str, str], Regression]:
    """Regressions by outcome and form: ``joint`` has all shares at once, ``<industry>`` one of them."""
    shares = base_shares(inputs)
    own = pd.DataFrame({name: shares[sorted(industries)].sum(axis=1) for name, industries in members.items()})
    x = design(inputs, inputs.config.empirics.measure).drop(columns=SPECIALIZATION).join(own)
    found = {}
    for outcome in OUTCOMES:
        for form, heads in {"joint": tuple(members), **{name: (name,) for name in members}}.items():
            try:
                found[outcome, form] = estimate(inputs, outcome, x, heads)
            except NotEstimable as error:
                inputs.miss(f"{outcome}, {form}", str(error).splitlines()[0])
    if not found:
        raise NotComputable("no regression has enough zones with income and controls")
    return found


def numbers(found: dict[tuple[str, str], Regression], members: Collection[str]) -> pd.DataFrame:
    """``outcome, regression`` (joint, single), ``industry, estimate, se, zones, r2_adjusted``."""
    rows = [
        {
            "outcome": outcome,
            "regression": "joint" if form == "joint" else "single",
            "industry": name,
            "estimate": fit.estimate(name),
            "se": fit.se(name),
            "zones": fit.n,
            "r2_adjusted": fit.r2_adjusted,
        }
        for (outcome, form), fit in found.items()
        for name in (members if form == "joint" else [form])
    ]
    return pd.DataFrame(rows)


def write(inputs: DataInputs) -> None:
    """Write the table ``fact1_industries``."""
    inputs.require_income()
    members = groups(inputs)
    data = numbers(fits(inputs, members), members)
    text = [pair(b, s) for b, s in zip(data["estimate"], data["se"], strict=True)]
    cells = data.assign(text=text).pivot(index="industry", columns=["outcome", "regression"], values="text")
    order = [(o, r) for o in OUTCOMES for r in ("joint", "single") if (o, r) in cells.columns]
    body = cells.reindex(index=list(members), columns=order).fillna("")
    joint = data[data["regression"] == "joint"].drop_duplicates("outcome").set_index("outcome")
    for label, column, form in (("Zones", "zones", "{:d}"), ("Adjusted R²", "r2_adjusted", "{:.3f}")):
        body.loc[label] = [form.format(joint.at[o, column]) if r == "joint" and o in joint.index else "" for o, r in order]
    config = inputs.config
    heads = {"growth": labels.growth(config), "level": labels.level(config)}
    kinds = {"joint": "Together", "single": "Alone"}
    body.columns = pd.MultiIndex.from_tuples([(heads[o], kinds[r]) for o, r in order])
    body = body.rename_axis("Industry")
    controls = ", ".join(labels.term(name) for name in terms(config.empirics, True, ()))
    shares = f"{config.empirics.base_year} {labels.variable(config.empirics.variable)}"
    notes = (
        f"Coefficient of an industry's share of {shares} (fraction). Together: one regression on all industries of the table; "
        f"other industries are left out. Alone: one regression for each. {NOTE} All regressions include: {controls} (initial "
        f"income only with growth). Members: {_members(members)}."
    )
    inputs.writer.table(
        name=inputs.making.table, body=body, caption="The trade-off by industry", notes=notes, rules=[len(members)], data=data
    )


def _members(members: dict[str, list[str]]) -> str:
    return "; ".join(f"{name}: {', '.join(own)}" for name, own in members.items() if own != [name]) or "as named"
