"""Which industries the planner makes larger and which smaller than the market (deck Q5)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from regspec.exhibits import figures
from regspec.results.efficient import Efficient, efficient
from regspec.results.inputs import ModelInputs
from regspec.results.transition import paths


def changes(result: Efficient) -> pd.DataFrame:
    """Efficient long-run less market share of capital, zones x industries, in points."""
    efficient = result.long_run[[f"k_{name}" for name in result.market]].set_axis(result.market.columns, axis=1)
    return 100 * (efficient - result.market)


def industry_table(shares: pd.DataFrame, change: pd.DataFrame, ends: dict[str, pd.Series]) -> pd.DataFrame:
    """A row for each industry: mean market and efficient share (percent), change, fraction of zones where it gains, and of
    those where it is the largest; ``ends``: change on the simulated paths' last year by industry (empty without a planner).
    """
    largest = shares.loc[change.index].idxmax(axis=1)
    rows = []
    for name in change:
        own, first, last = change[name], 100 * shares.loc[change.index, name].mean(), ends.get(name, pd.Series(dtype=float))
        rows.append(
            {
                "Industry": name,
                "Market": first,
                "Efficient": first + own.mean(),
                "Change": own.mean(),
                "p10": own.quantile(0.1),
                "p90": own.quantile(0.9),
                "Gains": (own > 0).mean(),
                "Gains where largest": (own[largest == name] > 0).mean(),
                "Paths: change": last.mean(),
                "Paths: gains": (last > 0).mean() if len(last) else np.nan,
            }
        )
    return pd.DataFrame(rows)


def write(inputs: ModelInputs) -> None:
    """Write table and figure."""
    result = efficient(inputs)
    shares, change = result.market, changes(result)
    ends = {}
    for name in shares:
        own = paths(inputs, f"k_{name}")
        if result.year in own["planner"].columns and len(own["planner"]):
            ends[name] = 100 * (own["planner"][result.year] - own["ce"][result.year])
    notes = (
        "Shares of capital in percent. Changes are efficient less market, in points, at base-year productivity with a slack "
        f"limit (no solve needed); N = {len(change)} zones. Gains: fraction of zones in which the industry is larger than in "
        "the market. Gains where largest: the same among zones in which it is the largest industry of the market. Paths: "
        f"planner less market in {result.year}. "
        f"{inputs.counts(inputs.baseline)}"
    )
    form = dict.fromkeys(("Market", "Efficient", "Change", "p10", "p90", "Paths: change"), "%.1f")
    form |= dict.fromkeys(("Gains", "Gains where largest", "Paths: gains"), "%.2f")
    inputs.writer.table(
        name=inputs.making.table,
        body=industry_table(shares, change, ends),
        caption="Industries that gain and lose under the planner",
        notes=notes,
        float_format=form,
        data=change.add_prefix("change_").reset_index(),
    )
    _draw(inputs, change, shares)


def _draw(inputs: ModelInputs, change: pd.DataFrame, shares: pd.DataFrame) -> None:
    with inputs.writer.figure(name=inputs.making.figure, width="double", height=2.9, ncols=2) as (_, (left, right)):
        left.axvline(0, color=figures.GREY, linewidth=0.5)
        left.boxplot(
            [change[name] for name in change],
            orientation="horizontal",
            whis=(10, 90),
            showfliers=False,
            widths=0.5,
            medianprops={"color": figures.PALETTE[1]},
        )
        left.set_yticks(range(1, change.shape[1] + 1), list(change))
        left.invert_yaxis()
        left.set_xlabel("efficient less market share of capital (points)")
        left.set_title(f"Quartiles, 10% and 90% of N = {len(change)} zones", loc="left")
        right.axhline(0, color=figures.GREY, linewidth=0.5)
        size = 3 if len(change) < 100 else 1.8
        for number, name in enumerate(change):
            right.plot(
                100 * shares.loc[change.index, name],
                change[name],
                "os^Dv"[number % 5],
                color=figures.PALETTE[number],
                markersize=size,
                alpha=0.6,
                markeredgewidth=0,
                label=name,
            )
        right.set_xlabel("market share of capital (percent)")
        right.set_ylabel("efficient less market (points)")
        right.set_title("Against the market share", loc="left")
        right.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=5, markerscale=1.8, columnspacing=1.2)
