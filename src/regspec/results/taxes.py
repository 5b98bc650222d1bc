"""Taxes that decentralize the plan, along the realized path: by industry, by year and by whether the limit binds (deck M8)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from regspec.calibration.records import read_national
from regspec.exhibits import figures
from regspec.layout import Layout
from regspec.results.inputs import ModelInputs

QUARTILES = (0.25, 0.5, 0.75)


def planner_paths(inputs: ModelInputs) -> pd.DataFrame:
    """Planner's paths of the baseline, one row for each zone and year, with ``binding`` (mu > 0); empty without a planner."""
    rows = inputs.paths[(inputs.paths["scenario"] == inputs.baseline) & (inputs.paths["allocation"] == "planner")]
    return rows.assign(binding=rows["mu"] > 0).sort_values(["zone", "year"])


def fan(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Quartiles over zones (columns ``QUARTILES``) by year, in percent."""
    return 100 * rows.groupby("year")[column].quantile(list(QUARTILES)).unstack()


def productivity(layout: Layout) -> pd.DataFrame:
    """Realized log productivity u, years x industries, and ``tau_b``: their mean with the nation's shares, for the debt tax."""
    national = read_national(layout)
    u = pd.DataFrame(national.u, index=national.years, columns=list(national.industries))
    return u.assign(tau_b=u.to_numpy() @ national.national_share)


def taxes_table(rows: pd.DataFrame, industries: list[str], u: pd.DataFrame) -> pd.DataFrame:
    """``Tax``, medians over zones of first and last year; mean, quartiles and means by state over all zone-years; percent.

    States: the limit slack or binding; years in the lowest and in the highest third of the industry's productivity ``u``
    (`productivity`). The debt tax is that of the zone-years in which the limit is slack: elsewhere it is a convention (3.1).
    """
    thirds = u.quantile([1 / 3, 2 / 3])
    ends = [rows["year"].min(), rows["year"].max()]
    names = {f"subsidy of capital income, {name}": f"tau_k_{name}" for name in industries} | {"tax on debt": "tau_b"}
    table = []
    for label, column in names.items():
        level = rows["year"].map(u[column.removeprefix("tau_k_")])
        bounds = thirds[column.removeprefix("tau_k_")]
        used = rows if column != "tau_b" else rows[~rows["binding"]]
        medians = 100 * used[used["year"].isin(ends)].groupby("year")[column].median()
        own = 100 * used[column]
        low, middle, high = own.quantile(list(QUARTILES))
        table.append(
            {
                "Tax": label,
                "First year": medians.get(ends[0], np.nan),
                "Last year": medians.get(ends[1], np.nan),
                "Mean": own.mean(),
                "p25": low,
                "Median": middle,
                "p75": high,
                "Slack": own[~used["binding"]].mean(),
                "Binding": own[used["binding"]].mean(),
                "Low u": own[level.loc[used.index] <= bounds.iloc[0]].mean(),
                "High u": own[level.loc[used.index] >= bounds.iloc[1]].mean(),
            }
        )
    return pd.DataFrame(table)


def write(inputs: ModelInputs) -> None:
    """Write table and figure."""
    industries, rows = list(inputs.config.calibration.industries), planner_paths(inputs)
    with inputs.writer.figure(name=inputs.making.figure, width="double", height=2.9, ncols=3) as (_, axes):
        if rows.empty:
            for ax in axes:
                ax.text(0.5, 0.5, "no planner solved", transform=ax.transAxes, ha="center")
        else:
            _draw(axes, rows, industries)
    if rows.empty:
        frame = pd.DataFrame({"Tax": [f"{inputs.baseline}: no planner solved"]})
        _write_table(inputs, frame, frame, 0.0)
        return
    fans = {
        **{f"tau_k_{name}": fan(rows, f"tau_k_{name}") for name in industries},
        "tau_b": fan(rows[~rows["binding"]], "tau_b"),
    }
    data = pd.concat(fans, names=["tax"]).rename(columns={q: f"p{100 * q:g}" for q in QUARTILES}).reset_index()
    share = 100 * rows["binding"].mean()
    _write_table(inputs, taxes_table(rows, industries, productivity(inputs.layout)), data, share)


def _write_table(inputs: ModelInputs, table: pd.DataFrame, data: pd.DataFrame, share: float) -> None:
    notes = (
        "Percent. These taxes make households choose the planner's allocation along the realized path. Negative subsidies are "
        "taxes. Weighted by the values of the industries' capital, the subsidies of a year sum to zero. First and last year: "
        "medians over zones. Mean to p75: all zones and years. Slack and binding: means over zone-years in which the limit is "
        f"slack or binds. It binds in {share:.0f} percent of zone-years, where the debt tax is set by convention. Low u and "
        "high u: means over years in the lowest and highest third of the industry's realized productivity u (debt: of its mean "
        "with the nation's shares). The CSV has quartiles by year. "
        f"{inputs.counts(inputs.baseline)}"
    )
    inputs.writer.table(
        name=inputs.making.table,
        body=table,
        caption="Taxes that decentralize the planner's allocation, percent",
        notes=notes,
        float_format="%.2f",
        data=data,
    )


def _draw(axes, rows: pd.DataFrame, industries: list[str]) -> None:
    left, middle, right = axes
    for ax in axes:
        ax.set_xlabel("year")
    for number, name in enumerate(industries):
        draw_fan(left, fan(rows, f"tau_k_{name}"), figures.PALETTE[number % len(figures.PALETTE)], name)
    left.axhline(0, color=figures.GREY, linewidth=0.5)
    left.set_ylabel("subsidy of capital income (percent)")
    left.set_title("Industries: median, quartiles", loc="left")
    left.figure.legend(*left.get_legend_handles_labels(), loc="outside lower left", ncols=len(industries))
    debt = fan(rows[~rows["binding"]], "tau_b").reindex(sorted(rows["year"].unique()))  # a gap where it binds in every zone
    draw_fan(middle, debt, figures.PALETTE[0], "", marker=".")
    middle.set_ylabel("tax on debt (percent)")
    middle.set_title("Debt, where the limit is slack", loc="left")
    share = 100 * rows.groupby("year")["binding"].mean()
    right.plot(share, marker=".", markersize=3, linewidth=0.5, color=figures.PALETTE[0])
    right.set_ylim(-2, 102)
    right.set_ylabel("zones (percent)")
    right.set_title(f"Limit binds, N = {rows['zone'].nunique()}", loc="left")


def draw_fan(ax, quartiles: pd.DataFrame, colour: str, label: str, line="-", marker: str = "") -> None:
    """Median over zones and the band between the quartiles (frame of `fan`)."""
    low, middle, high = (quartiles[q] for q in QUARTILES)
    ax.fill_between(quartiles.index, low, high, color=colour, alpha=0.2, linewidth=0)
    ax.plot(middle, color=colour, linestyle=line, marker=marker, markersize=3, label=label)
