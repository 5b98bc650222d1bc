"""Table and figures of the responses: one figure for each industry that is hit, a column for each zone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from regspec.config.config import Config
from regspec.exhibits import figures, tables
from regspec.exhibits.writer import ExhibitWriter

#: Rows of a figure: variable (``k``: capital in the industry that is hit), label.
ROWS = (
    ("Y", "output\n(percent)"),
    ("c", "consumption\n(percent)"),
    ("q", "price of capital\n(percent)"),
    ("b", "bonds (percent\nof output)"),
    ("eta", "multiplier (percent\nof marginal utility)"),
    ("k", "capital, industry\nhit (percent)"),
)
_DASHES = {"market": "-", "planner": (0, (4, 2))}


def summary_table(table: pd.DataFrame) -> pd.DataFrame:
    """One row for each zone, scenario, allocation and industry hit: impact of Y, c, q and eta, extremes over the horizon.

    ``Trough``: lowest response; ``Debt, year 1``: rise of debt at the end of the first year, percent of output; ``Sum c``: sum
    of the responses of consumption.
    """
    rows = []
    for key, own in table.groupby(["zone", "scenario", "allocation", "industry"], sort=False):
        wide = own.pivot(index="horizon", columns="variable", values="response")
        hit = wide[f"k_{key[3]}"]
        rows.append(
            dict(zip(("Zone", "Scenario", "Allocation", "Industry hit"), key, strict=True))
            | {
                "Y": wide["Y"].iloc[0],
                "c": wide["c"].iloc[0],
                "q": wide["q"].iloc[0],
                "eta": wide["eta"].iloc[0],
                "Debt, year 1": -wide["b"].iloc[1],
                "Trough c": wide["c"].min(),
                "Trough q": wide["q"].min(),
                "Trough k": hit.min(),
                "Sum c": wide["c"].sum(),
            }
        )
    return pd.DataFrame(rows)


def write_table(writer: ExhibitWriter, name: str, table: pd.DataFrame, zones: dict[int, str], notes: str) -> None:
    """Write the summary as a table, with all responses in long form as its CSV."""
    short = summary_table(table)
    short["Zone"] = short["Zone"].map(zones)
    rules = tables.breaks(short, list(short.columns[:3]))
    writer.table(
        name=name,
        body=short,
        caption="Responses to an adverse shock to one industry",
        notes=notes,
        float_format="%.2f",
        rules=rules,
        data=table,
    )


def draw(writer: ExhibitWriter, name: str, table: pd.DataFrame, industry: str, zones: dict[int, str], config: Config) -> None:
    """Responses to a shock to ``industry``: a row for each variable of ``ROWS``, a column for each zone."""
    shape: dict[str, Any] = {"nrows": len(ROWS), "ncols": len(zones), "sharex": True, "sharey": "row", "squeeze": False}
    with writer.figure(name=name, width="double", height=8.6, **shape) as (fig, grid):
        _draw(fig, grid, table[table["industry"] == industry], industry, zones, config)


def _draw(fig, grid, own: pd.DataFrame, industry: str, zones: dict[int, str], config: Config) -> None:
    scenarios = list(dict.fromkeys(own["scenario"]))
    for column, zone in enumerate(zones):
        here = own[own["zone"] == zone]
        for ax, (variable, label) in zip(grid[:, column], ROWS, strict=True):
            _panel(ax, here[here["variable"] == (f"k_{industry}" if variable == "k" else variable)], scenarios)
            if column == 0:
                ax.set_ylabel(label)
        grid[0, column].set_title(zones[zone], loc="left")
        grid[-1, column].set_xlabel("years after the shock")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=min(len(labels), 4))
    fig.suptitle(
        f"Adverse shock of {config.responses.size:g} standard deviations to {industry}: difference from paths without it"
        + (f" (mean of {config.responses.draws} draws)" if config.responses.draws else ""),
        fontsize=9,
        x=0.01,
        ha="left",
    )


def _panel(ax, rows: pd.DataFrame, scenarios: list[str]) -> None:
    ax.axhline(0, color=figures.GREY, linewidth=0.4, zorder=0)
    for number, scenario in enumerate(scenarios):
        for allocation, dashes in _DASHES.items():
            line = rows[(rows["scenario"] == scenario) & (rows["allocation"] == allocation)]
            if line.empty:
                continue
            ax.plot(
                line["horizon"],
                line["response"],
                color=figures.PALETTE[number % len(figures.PALETTE)],
                linestyle=dashes,
                linewidth=1.0,
                label=f"{scenario}, {allocation}",
            )
    ax.set_xlim(0, rows["horizon"].max())
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.yaxis.set_major_locator(MaxNLocator(4))
    largest = np.abs(rows["response"]).max()
    if not largest > 0:  # a slack limit has no multiplier: an empty range would blow up rounding
        ax.set_ylim(-1, 1)
