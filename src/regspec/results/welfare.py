"""Welfare gains of constrained-efficient specialization (deck M9, Q6, C5)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from regspec.empirics import labels
from regspec.empirics.fact1 import SPECIALIZATION
from regspec.exhibits import figures, tables
from regspec.exhibits.registry import has_planner
from regspec.results.inputs import Inputs
from regspec.results.maps import Scale, zone_map

QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
#: Classes of the map, percent of consumption: losses (a planner who cannot bind its successors need not gain), steps of a
#: tenth where nine in ten gains of the 722 zones lie (.45-.85, docs/results.md), and from 1.2 on the deck's range (C5).
GAIN = Scale(
    label="Welfare gain (percent of consumption in every year)",
    breaks=(0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 1.2),
    colours=figures.SEQUENTIAL,
    form="%.1f",
)


def welfare_gains(inputs: Inputs) -> pd.DataFrame:
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


def write(inputs: Inputs, gains: pd.DataFrame, layers) -> list[Path]:
    """Write table, figure and map ``welfare`` and return the files; nothing when no planner was asked for.

    Where no planner was solved the exhibits say so.
    """
    if not has_planner(inputs.config):
        return []
    notes = (
        "Welfare gain of the constrained-efficient plan over the market equilibrium at the zone's initial state, percent of "
        f"consumption in every year. Unweighted distribution over zones. {inputs.counts(*gains.columns)}"
    )
    written = tables.write(
        quantile_table(gains),
        inputs.run_dir / "tables/welfare",
        "Welfare gains, percent",
        notes,
        inputs.provenance,
        inputs.synthetic,
        data=gains.reset_index(),
    )
    shown = [name for name in gains if gains[name].notna().any()] or list(gains)
    scenario = inputs.baseline if inputs.baseline in shown else shown[0]
    written += _write_figure(inputs, gains[scenario].dropna(), scenario)
    return written + zone_map(
        gains[scenario].dropna(),
        set(inputs.zones("failed", scenario)),
        layers,
        GAIN,
        inputs.run_dir / "figures/welfare_map",
        inputs.provenance,
        inputs.meta,
    )


def _write_figure(inputs: Inputs, gain: pd.Series, scenario: str) -> list[Path]:
    fig, (left, right) = figures.new("double", 2.8, ncols=2)
    if gain.empty:
        for ax in (left, right):
            ax.text(0.5, 0.5, f"{scenario}: no planner solved", transform=ax.transAxes, ha="center")
        return figures.save(fig, inputs.run_dir / "figures/welfare", inputs.provenance, inputs.synthetic)
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
    return figures.save(fig, inputs.run_dir / "figures/welfare", inputs.provenance, inputs.synthetic)
