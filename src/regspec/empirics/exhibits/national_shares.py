"""National industry shares by year and which industries are tradable (D6)."""

from __future__ import annotations

import pandas as pd

from regspec.empirics import labels
from regspec.empirics.exhibits.tradeoff import tradables
from regspec.empirics.inputs import DataInputs, NotComputable


def national_shares(inputs: DataInputs) -> pd.DataFrame:
    """Long table ``variable, industry, tradable, year, share`` (percent); ``tradable`` is empty when not classified."""
    try:
        chosen = set(tradables(inputs))
        known = {name: "yes" if name in chosen else "no" for name in inputs.national["industry"]}
    except NotComputable as reason:
        inputs.miss("tradable", str(reason))
        known = {}
    table = inputs.national[["variable", "industry", "year", "share"]].copy()
    table["share"] *= 100
    table.insert(2, "tradable", [known.get(name, "") for name in table["industry"]])
    return table.sort_values(["variable", "industry", "year"], ignore_index=True)


def write(inputs: DataInputs) -> None:
    """Write the table ``industry_shares``: the configuration's variable is printed, the CSV has all."""
    table, variable = national_shares(inputs), inputs.config.empirics.variable
    inputs.miss_variables("income")
    own = table[table["variable"] == variable]
    body = own.pivot(index=["industry", "tradable"], columns="year", values="share").reset_index()
    years = [str(year) for year in body.columns[2:]]
    body.columns = ["Industry", "Tradable", *years]
    total = {"Industry": "Tradable, sum", "Tradable": "", **body.loc[body["Tradable"] == "yes", years].sum()}
    rules = []
    if (body["Tradable"] == "yes").any():
        rules = [len(body)]
        body = pd.concat([body, pd.DataFrame([total])], ignore_index=True)
    notes = f"National shares of {labels.variable(variable)}, percent."
    inputs.writer.table(
        name=inputs.making.table,
        body=body,
        caption="Industry shares",
        notes=notes,
        float_format="%.2f",
        rules=rules,
        data=table,
    )
