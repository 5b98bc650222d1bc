"""Tables and figure of the step ``planner``."""

from __future__ import annotations

import numpy as np
import pandas as pd

from regspec.config.config import Config
from regspec.exhibits import figures
from regspec.exhibits.writer import ExhibitWriter
from regspec.studies.planner.solve import SUBSIDY

#: Columns of the table of externalities and their heads.
GAINS = {
    "gain_full": "Plan",
    "gain_no_pecuniary": "Agglomeration alone",
    "gain_pecuniary_only": "Prices alone",
    "gain_debt_only": "Debt alone",
    "part_agglomeration": "Part: agglomeration",
    "part_pecuniary": "Part: prices",
}
RULE_LABELS = {
    "both": "Capital and debt taxes of the zone",
    "capital": "Capital taxes of the zone",
    "debt": "Debt tax of the zone",
    "national": "Capital and debt taxes, same relative rates in all zones",
    "subsidy": f"Subsidy of {100 * SUBSIDY:g} percent of all capital income",
}
_MOMENTS = {"Mean": "mean", "Min": "min", "Median": "median", "Max": "max"}


def write_externalities(writer: ExhibitWriter, name: str, table: pd.DataFrame, config: Config) -> None:
    """Welfare gains of the plan and of its variants by zone and their moments; the CSV has all numbers of the step."""
    own = table[["zone", "gini", *GAINS]].sort_values("gini", kind="stable")
    rows = own.rename(columns={"zone": "Zone", "gini": "Gini", **GAINS}).astype({"Zone": str})
    moments = pd.DataFrame([{"Zone": head, **own[list(GAINS)].agg(how).rename(GAINS)} for head, how in _MOMENTS.items()])
    tolerance = 100 * config.model.solver.tolerance
    notes = (
        f"Welfare gain over the market in the baseline, percent of consumption in every year. N = {len(own)} zones, evenly "
        "spaced in base-year specialization. Agglomeration alone: the planner takes prices as given. Prices alone: the planner "
        "takes productivity as given. Debt alone: the planner chooses debt, households choose the untaxed portfolio. Parts: "
        "mean of the gains from internalizing an externality first and last; they sum to the planner's gain. Parts may be "
        "negative, because a planner who cannot bind its successors need not gain. Values are solved up to "
        f"{tolerance:.1g} percent; smaller gains are not distinguishable from zero. Largest mean Euler error on any path: "
        f"10^{table['worst_error_log10'].max():.1f}."
    )
    form = {"Gini": "%.3f"} | dict.fromkeys(GAINS.values(), "%.4f")
    writer.table(
        name=name,
        body=pd.concat([rows, moments], ignore_index=True),
        caption="Externalities behind the planner's welfare gain, percent",
        notes=notes,
        float_format=form,
        rules=[len(rows)],
        data=table,
    )


def rules_table(table: pd.DataFrame) -> pd.DataFrame:
    """A row for each rule: mean welfare gain in percent, share of the plan's gain (median, lowest, highest zone)."""
    rows = []
    for name, label in RULE_LABELS.items():
        share = table[f"share_{name}"]
        rows.append(
            {
                "Constant taxes": label,
                "Gain": table[f"rule_{name}"].mean(),
                "Share, median": share.median(),
                "Min": share.min(),
                "Max": share.max(),
            }
        )
    plan = {"Constant taxes": "Plan (state-contingent taxes)", "Gain": table["gain_full"].mean()}
    return pd.DataFrame([*rows, plan | {"Share, median": 1.0, "Min": 1.0, "Max": 1.0}])


def write_rules(writer: ExhibitWriter, name: str, table: pd.DataFrame, industries: list[str]) -> None:
    """Welfare under constant taxes; the CSV has the table's numbers, unrounded."""
    common = ", ".join(f"{industry} {100 * table[f'tau_k_{industry}'].mean():.1f}" for industry in industries)
    notes = (
        "Market with constant taxes from the first year on: capital income of industry i is subsidized at rate tau_k,i (taxed "
        "where negative), repayment of debt is taxed at tau_b, and the revenue is rebated as a lump sum. Rates are means of "
        "the planner's taxes in the long run (tau_b: over years in which the limit is slack). Capital taxes are scaled so that "
        "they raise no discounted revenue over the planner's path: a net subsidy (last row) would raise the price of capital "
        "and relax the borrowing limit, an instrument the planner does not have. "
        f"Means over zones before scaling, percent: {common}, debt "
        f"{100 * table['tau_b'].mean():.2f}. Gain: percent of consumption in every year, mean of N = {len(table)} zones. "
        "Share: of the planner's gain. It may exceed one, because constant taxes are a commitment, which the planner lacks."
    )
    rules = rules_table(table)
    form = {"Gain": "%.3f"} | dict.fromkeys(("Share, median", "Min", "Max"), "%.3f")
    writer.table(
        name=name,
        body=rules,
        caption="Simple rules: welfare under constant taxes",
        notes=notes,
        float_format=form,
        rules=[len(rules) - 1],
    )


def taxes_table(table: pd.DataFrame, industries: list[str]) -> pd.DataFrame:
    """Long-run taxes in percent: a row for the debt tax and for each industry; mean, extremes over zones, and by state."""
    rows = []
    for name in industries:
        own = 100 * table[f"tau_k_{name}"]
        states = {head: 100 * table[f"tau_k_{name}_{key}"].mean() for head, key in (("Slack", "slack"), ("Binding", "binding"))}
        rows.append(
            {"Tax": f"subsidy of capital income, {name}", "Mean": own.mean(), "Min": own.min(), "Max": own.max(), **states}
        )
    own = 100 * table["tau_b"]
    debt = {
        "Tax": "tax on debt",
        "Mean": own.mean(),
        "Min": own.min(),
        "Max": own.max(),
        "Slack": own.mean(),
        "Binding": np.nan,
    }
    return pd.DataFrame([*rows, debt])


def write_taxes(writer: ExhibitWriter, name: str, table: pd.DataFrame, industries: list[str], config: Config) -> None:
    """Taxes of the plan in the long run, by industry and by whether the limit binds."""
    notes = (
        f"Percent. N = {len(table)} zones, {config.planner.years} simulated years each at last-year productivity. Mean, min "
        "and max: of the zones' means. Slack and binding: means over zones of the means over years in which the limit is slack "
        f"or binds (it binds in {100 * table['binding'].mean():.0f} percent of years). Negative subsidies are taxes. Where the "
        "limit binds, only a convention separates the debt tax from the multiplier, so that no debt tax is shown."
    )
    writer.table(
        name=name,
        body=taxes_table(table, industries),
        caption="Taxes of the planner in the long run, percent",
        notes=notes,
        float_format="%.2f",
        rules=[len(industries)],
    )


def state_table(table: pd.DataFrame, industries: list[str]) -> pd.DataFrame:
    """Long-run taxes in percent, a row each as in `taxes_table`; means over zones by state: the limit, and productivity."""
    rows = []
    for label, column in [*((f"subsidy, {name}", f"tau_k_{name}") for name in industries), ("tax on debt", "tau_b")]:
        limit = [f"{column}_slack", f"{column}_binding"] if column != "tau_b" else ["tau_b", None]
        row: dict[tuple[str, str], str | float] = {("", "Tax"): label}
        row |= {("Limit", head): _percent(table, name) for head, name in zip(("slack", "binding"), limit, strict=True)}
        for other in industries:
            for state in ("low", "high"):
                row[f"Productivity, {other}", state] = _percent(table, f"{column}_{state}_{other}")
        rows.append(row)
    return pd.DataFrame(rows)


def _percent(table: pd.DataFrame, column: str | None) -> float:
    return np.nan if column is None else 100 * table[column].mean()


def write_states(writer: ExhibitWriter, name: str, table: pd.DataFrame, industries: list[str], config: Config) -> None:
    """Taxes of the plan in the long run by the state in which they are set."""
    notes = (
        f"Percent. Means over N = {len(table)} zones of means over simulated years ({config.planner.years} in each zone). "
        "Limit: years in which it is slack or binds. Productivity: years in which an industry's productivity is at its lowest "
        f"or highest node ({config.model.grid.u_nodes} nodes each). The tax on debt is that of years with a slack limit. "
        "Subsidies apply to the capital income of the following year."
    )
    writer.table(
        name=name,
        body=state_table(table, industries),
        caption="Taxes of the planner in the long run by state, percent",
        notes=notes,
        float_format="%.2f",
        rules=[len(industries)],
    )


def draw(writer: ExhibitWriter, name: str, table: pd.DataFrame) -> None:
    """Left: parts of the gain by zone, in the order of specialization; right: share of the gain under each rule."""
    own = table.sort_values("gini", kind="stable").reset_index(drop=True)
    with writer.figure(name=name, width="double", height=3.2, ncols=2, width_ratios=(1.1, 1)) as (_, (left, right)):
        _draw_parts(left, own)
        _draw_rules(right, own)


def _draw_parts(left, own: pd.DataFrame) -> None:
    at = np.arange(len(own))
    parts = {"part_agglomeration": ("agglomeration", figures.PALETTE[0]), "part_pecuniary": ("prices", figures.PALETTE[1])}
    for shift, (name, (label, colour)) in zip((-0.2, 0.2), parts.items(), strict=True):
        left.bar(at + shift, own[name], width=0.4, color=colour, label=label)
    left.plot(at, own["gain_full"], "D", color="black", markersize=4, linestyle="none", label="planner")
    left.axhline(0, color=figures.GREY, linewidth=0.5)
    step = max(1, -(-len(own) // 8))
    left.set_xticks(at[::step], [f"{gini:.2f}" for gini in own["gini"][::step]])
    left.set_xlabel("zones by base-year specialization (Gini)")
    left.set_ylabel("welfare gain (percent of consumption)")
    left.set_title(f"Parts of the gain by externality, N = {len(own)}", loc="left")
    left.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=3)


def _draw_rules(right, own: pd.DataFrame) -> None:
    short = {
        "both": "capital and debt,\nown rates",
        "capital": "capital,\nown rates",
        "debt": "debt,\nown rate",
        "national": "capital and debt, same\nrelative rates",
    }
    for row, name in enumerate(short):
        share = 100 * own[f"share_{name}"]
        right.plot(share, np.full(len(share), row), "o", color=figures.PALETTE[0], alpha=0.6, markeredgewidth=0)
        right.plot(share.median(), row, "|", color="black", markersize=16, markeredgewidth=1.5)
    right.axvline(100, color=figures.GREY, linewidth=0.5, linestyle="--")
    right.axvline(0, color=figures.GREY, linewidth=0.5)
    right.set_yticks(range(len(short)), list(short.values()))
    right.invert_yaxis()
    right.set_ylim(len(short) - 0.5, -0.5)
    right.set_xlabel("share of the planner's gain (percent)")
    right.set_title("Constant taxes; bar: median zone", loc="left")
