"""Exhibit ``efficient_portfolio``: where market and plan rest at first-year productivity, beside the closed form (deck Q5)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from regspec.config.config import Config
from regspec.exhibits import figures
from regspec.exhibits.writer import ExhibitWriter

_ROWS = {"Mean": "mean", "Min": "min", "Max": "max"}


def shares(table: pd.DataFrame, which: str, industries: list[str]) -> pd.DataFrame:
    """Shares of capital, zones x industries, in percent; ``which`` as in `portfolio_row`."""
    return 100 * table[[f"rest_k_{which}_{name}" for name in industries]].set_axis(industries, axis=1)


def differences(table: pd.DataFrame, industries: list[str]) -> dict[str, pd.DataFrame]:
    """Zones x industries, in points: plan less market, the closed form's error of it, and the pecuniary wedge's effect."""
    market, plan = (shares(table, name, industries) for name in ("ce", "full"))
    closed = shares(table, "closed", industries) - shares(table, "given", industries)
    wedge = plan - shares(table, "no_pecuniary", industries)
    return {"change": plan - market, "closed": closed, "error": closed - (plan - market), "wedge": wedge}


def portfolio_table(table: pd.DataFrame, industries: list[str]) -> pd.DataFrame:
    """A row for each zone by specialization, then mean and extremes; columns under spanning heads."""
    own = table.sort_values("gini", kind="stable").reset_index(drop=True)
    found = differences(own, industries)
    columns = {
        ("Gini of portfolio", "market"): own["rest_gini_ce"],
        ("Gini of portfolio", "plan"): own["rest_gini_full"],
        ("Gini of portfolio", "closed form"): own["rest_gini_closed"],
    }
    for key, head in (("change", "Plan less market"), ("error", "Closed form's error"), ("wedge", "Pecuniary wedge")):
        columns |= {(head, name): found[key][name] for name in industries}
    body = pd.DataFrame(columns)
    moments = pd.DataFrame({label: body.agg(how) for label, how in _ROWS.items()}).T
    body.insert(0, ("", "Zone"), own["zone"].astype(str))
    moments.insert(0, ("", "Zone"), moments.index)
    return pd.concat([body, moments], ignore_index=True)


def write_portfolios(writer: ExhibitWriter, name: str, table: pd.DataFrame, industries: list[str], config: Config) -> None:
    """Write table and figure."""
    body = portfolio_table(table, industries)
    year = config.calibration.first_year
    notes = (
        f"Economies whose mean productivity stays at that of {year}; N = {len(table)} zones. Portfolios are means of "
        f"{config.planner.years} simulated years with the same draws. Closed form: without shocks and with a slack limit, the "
        f"planner equalizes social marginal products and the market keeps its shares of {year}. Shares of capital are in "
        "points: plan less market, error of the closed form (its change less the solved one), and pecuniary wedge (what the "
        "planner adds by not taking prices as given)."
    )
    form = {column: "%.3f" if column[0].startswith("Gini") else "%.2f" for column in body}
    caption = f"Efficient long-run portfolio at the productivity of {year}, solved"
    data = table[["zone", "gini", *(column for column in table if column.startswith("rest_"))]]
    writer.table(name=name, body=body, caption=caption, notes=notes, float_format=form, rules=[len(table)], data=data)
    with writer.figure(name=name, width="double", height=3.2, ncols=2) as (_, (left, right)):
        _draw_ginis(left, table)
        _draw_changes(right, table, industries)


def _draw_ginis(left, table: pd.DataFrame) -> None:
    """Specialization of plan and closed form against the market's."""
    market = table["rest_gini_ce"]
    left.plot(market, table["rest_gini_full"], "o", color=figures.PALETTE[0], label="plan, solved")
    left.plot(
        market,
        table["rest_gini_closed"],
        "s",
        color=figures.PALETTE[1],
        markerfacecolor="none",
        markersize=6,
        label="closed form",
    )
    _diagonal(left, np.concatenate([market, table["rest_gini_full"], table["rest_gini_closed"]]))
    left.set_xlabel("market portfolio (Gini)")
    left.set_ylabel("efficient portfolio (Gini)")
    left.set_title(f"Specialization, N = {len(table)} zones", loc="left")
    left.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)


def _draw_changes(right, table: pd.DataFrame, industries: list[str]) -> None:
    """Changes of the shares of capital: solved, against the closed form."""
    found = differences(table, industries)
    for number, name in enumerate(industries):
        right.plot(
            found["closed"][name],
            found["change"][name],
            "os^Dv"[number % 5],
            color=figures.PALETTE[number],
            alpha=0.8,
            markeredgewidth=0,
            markersize=4,
            label=name,
        )
    _diagonal(right, np.concatenate([found["closed"], found["change"]]).ravel())
    right.set_xlabel("closed form (points)")
    right.set_ylabel("solved (points)")
    right.set_title("Efficient less market share of capital", loc="left")
    right.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=5, columnspacing=1.2)


def _diagonal(ax, values: np.ndarray) -> None:
    ends = [np.min(values), np.max(values)]
    ax.plot(ends, ends, color=figures.GREY, linewidth=0.6, zorder=0)
    ax.set_aspect("equal")
