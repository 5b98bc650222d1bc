"""Welfare gains of constrained-efficient specialization (deck M9, Q6, C5)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from regspec.empirics import labels
from regspec.empirics.fact1 import SPECIALIZATION
from regspec.exhibits import figures
from regspec.results.inputs import ModelInputs, once

QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


@once
def welfare_gains(inputs: ModelInputs) -> pd.DataFrame:
    """Welfare gains Lambda in percent, zones x scenarios (those with a planner), zones sorted (M9)."""
    rows = inputs.solutions[(inputs.solutions["allocation"] == "planner") & (inputs.solutions["status"] == "solved")]
    gains = 100 * rows.pivot(index="zone", columns="scenario", values="welfare_gain").sort_index()
    return gains.reindex(columns=[name for name, s in inputs.config.scenarios.items() if s.planner])


def quantile_table(gains: pd.DataFrame) -> pd.DataFrame:
    """``N, Mean, SD, Min, p5 .. p95, Max`` of the gains (percent), a row for each scenario."""
    table = pd.DataFrame(
        {
            "N": gains.count(),
            "Mean": gains.mean(),
            "SD": gains.std(),
            "Min": gains.min(),
            **{f"p{100 * q:g}": gains.quantile(q) for q in QUANTILES},
            "Max": gains.max(),
        }
    )
    return table.rename_axis("Scenario").reset_index()


def shown_scenario(inputs: ModelInputs, gains: pd.DataFrame) -> str:
    """The scenario of figure and map: the baseline, or the first in which a planner was solved."""
    solved = [name for name in gains if gains[name].notna().any()] or list(gains)
    return inputs.baseline if inputs.baseline in solved else solved[0]


def write(inputs: ModelInputs) -> None:
    """Write table and figure; where no planner was solved they say so."""
    gains = welfare_gains(inputs)
    notes = (
        "Welfare gain of the planner over the market at the zone's initial state, percent of "
        f"consumption in every year. Unweighted distribution over zones. {inputs.counts(*gains.columns)}"
    )
    inputs.writer.table(
        name=inputs.making.table,
        body=quantile_table(gains),
        caption="Welfare gains, percent",
        notes=notes,
        data=gains.reset_index(),
    )
    scenario = shown_scenario(inputs, gains)
    _write_figure(inputs, gains[scenario].dropna(), scenario)


def _write_figure(inputs: ModelInputs, gain: pd.Series, scenario: str) -> None:
    with inputs.writer.figure(name=inputs.making.figure, width="double", height=2.8, ncols=2) as (fig, (left, right)):
        if gain.empty:
            for ax in (left, right):
                ax.text(0.5, 0.5, f"{scenario}: no planner solved", transform=ax.transAxes, ha="center")
            return
        failed = len(inputs.zones("failed", scenario))
        note = f"N = {len(gain)}" + (f" ({failed} failed)" if failed else "")
        # Freedman and Diaconis, but never fewer than five bars.
        edges = np.histogram_bin_edges(gain, bins="fd")
        edges = edges if edges.size > 5 else np.linspace(edges[0], edges[-1], 6)
        left.hist(gain, bins=edges, color=figures.PALETTE[0], edgecolor="white", linewidth=0.5)
        left.axvline(gain.median(), color=figures.PALETTE[1])
        left.set_xlabel("welfare gain (percent of consumption)")
        left.set_ylabel("zones")
        left.set_title(f"{scenario}: {note}; line: median, {gain.median():.2f} percent", loc="left")
        left.yaxis.set_major_locator(MaxNLocator(integer=True))
        x = inputs.design[SPECIALIZATION].reindex(gain.index)
        size = 3 if len(gain) < 100 else 1.8
        right.plot(x, gain, "o", color=figures.PALETTE[0], markersize=size, alpha=0.6, markeredgewidth=0)
        right.set_xlabel(labels.specialization(inputs.config))
        right.set_ylabel("welfare gain (percent of consumption)")
        right.set_title("Against base-year specialization", loc="left")
        if len(gain) > 2:
            correlation = np.corrcoef(x.rank(), gain.rank())[0, 1]
            text = f"rank correlation {correlation:.2f}".replace("-", "\N{MINUS SIGN}")
            right.text(0.03, 0.97, text, transform=right.transAxes, va="top", fontsize=7.5)
