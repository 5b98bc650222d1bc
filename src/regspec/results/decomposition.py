"""What the slopes on specialization owe to each part of the model, at base, on the way and at the end (deck Q1, Q2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from regspec.econometrics.fieller import RatioSet
from regspec.empirics import labels
from regspec.exhibits import figures
from regspec.exhibits.model_parts import NAMES, Channel, channels
from regspec.exhibits.registry import friction_horizons
from regspec.results.bootstrap import bootstrap_slopes, percentile_interval
from regspec.results.inputs import ModelInputs, once
from regspec.results.slopes import (
    RIGHT_HAND_SIDES,
    Slope,
    columns,
    estimate_text,
    first_estimated,
    given,
    number,
    ratio,
    set_text,
    slope,
)

#: Variable of the paths -> what it is called.
VARIABLES = {"Y": "output", "c": "consumption"}
#: Outcome -> what it is called; level and average are in logs, growth is in log points since the base year.
OUTCOMES = {"level": "level in the base year", "growth": "growth", "average": "average over the years"}


@dataclass(frozen=True)
class Effect:
    """Effect of one part on one slope: ``difference`` = slope with it minus slope without it.

    ``share`` of the slope with it (Fieller's set; None when not estimated), ``bootstrap``: percentile interval of the
    difference. ``horizon``: years since the base year (0 for the level).
    """

    channel: Channel
    variable: str
    outcome: str
    rhs: str
    horizon: int
    present: Slope
    absent: Slope
    difference: Slope
    share: RatioSet | None
    bootstrap: tuple[float, float]


@once
def decomposition(inputs: ModelInputs) -> list[Effect]:
    """Every part's effect on every outcome: level, and growth and average at each of ``results.friction_horizons``.

    Both scenarios of a part are compared on the zones that have both; markets (competitive equilibria). The average is
    the log of mean output (consumption) from the base year to the horizon, both included. Empty when no two scenarios
    differ by one part (:func:`regspec.exhibits.model_parts.channels`).
    """
    if not friction_horizons(inputs.config):
        return []
    found: list[Effect] = []
    paths: dict[tuple[str, str], pd.DataFrame] = {}
    for channel in channels(inputs.config):
        for variable in VARIABLES:
            for scenario in (channel.present, channel.absent):
                if (scenario, variable) not in paths:
                    paths[scenario, variable] = inputs.path(scenario, "ce", variable)
            pair = [paths[name, variable] for name in (channel.present, channel.absent)]
            for outcome, horizon in _cells(inputs):
                both = [measure(path, outcome, inputs.config.empirics.base_year, horizon) for path in pair]
                found += [_effect(inputs, channel, variable, outcome, horizon, rhs, both) for rhs in RIGHT_HAND_SIDES]
    return found


def _cells(inputs: ModelInputs) -> list[tuple[str, int]]:
    horizons = friction_horizons(inputs.config)
    return [("level", 0), *(("growth", h) for h in horizons), *(("average", h) for h in horizons)]


def measure(path: pd.DataFrame, outcome: str, base: int, horizon: int) -> pd.Series:
    """An outcome of ``OUTCOMES`` by zone from ``path`` (zones x years)."""
    if path.empty:
        return pd.Series(dtype=float)
    if outcome == "level":
        return np.log(path[base])
    if outcome == "growth":
        return np.log(path[base + horizon] / path[base])
    return np.log(path.loc[:, base : base + horizon].mean(axis=1))


def _effect(
    inputs: ModelInputs, channel: Channel, variable: str, outcome: str, horizon: int, rhs: str, pair: list[pd.Series]
) -> Effect:
    config = inputs.config
    design = inputs.design[columns(config.empirics, rhs, growth=outcome == "growth")]
    both = pd.concat(pair, axis=1, keys=["present", "absent"], join="inner").dropna()
    both = both[design.reindex(both.index).notna().all(axis=1)]
    # The slopes are nearly perfectly correlated: their difference is estimated as the slope of the difference.
    both["difference"] = both["present"] - both["absent"]
    fits = {name: slope(both[name], design, config.results.confidence) for name in both}
    share, interval = None, (np.nan, np.nan)
    if fits["difference"].fit is not None:
        share = ratio(fits["difference"], fits["present"], config.results.confidence)
        draws = bootstrap_slopes(both[["difference"]], design, config.results.bootstrap, config.run.seed)
        interval = percentile_interval(draws[:, 0], config.results.confidence)
    return Effect(
        channel, variable, outcome, rhs, horizon, fits["present"], fits["absent"], fits["difference"], share, interval
    )


def long_table(effects: list[Effect]) -> pd.DataFrame:
    """One row for each part, variable, outcome, right-hand side and horizon, with every number."""
    rows = [
        dict(
            part=e.channel.part,
            present=e.channel.present,
            absent=e.channel.absent,
            variable=e.variable,
            outcome=e.outcome,
            right_hand_side=e.rhs,
            horizon=e.horizon,
            zones=e.present.n,
            slope_present=e.present.estimate,
            slope_absent=e.absent.estimate,
            difference=e.difference.estimate,
            difference_se=e.difference.se,
            difference_low=e.difference.low,
            difference_high=e.difference.high,
            bootstrap_low=e.bootstrap[0],
            bootstrap_high=e.bootstrap[1],
            share=e.share.ratio if e.share else np.nan,
            set_kind=e.share.kind if e.share else "",
            set_low=e.share.low if e.share else np.nan,
            set_high=e.share.high if e.share else np.nan,
            note=e.difference.reason,
        )
        for e in effects
    ]
    return pd.DataFrame(rows)


def write(inputs: ModelInputs) -> None:
    """Write table and figure."""
    effects = decomposition(inputs)
    _write_table(inputs, effects)
    _write_figure(inputs, effects)


def shown_rhs(effects: list[Effect]) -> str:
    """Right-hand side of the printed exhibits: all controls where these can be estimated, else the short one."""
    return first_estimated(lambda rhs: any(e.rhs == rhs and e.difference.fit is not None for e in effects))


def _write_table(inputs: ModelInputs, effects: list[Effect]) -> None:
    config, last = inputs.config, max(friction_horizons(inputs.config))
    rhs = shown_rhs(effects)
    rows: list[dict] = []
    rules: list[int] = []
    for variable in VARIABLES:
        for outcome in OUTCOMES:
            own = [e for e in effects if (e.variable, e.outcome, e.rhs) == (variable, outcome, rhs)]
            own = [e for e in own if e.horizon == (0 if outcome == "level" else last)]
            rules.append(len(rows))
            rows += [_row(e, variable, outcome, first=e is own[0], confidence=config.results.confidence) for e in own]
    scenarios = dict.fromkeys(name for e in effects for name in (e.channel.present, e.channel.absent))
    notes = (
        f"Slopes of log output and log consumption of the market on the {labels.specialization(config)} of "
        f"{config.empirics.base_year}, given {given(config.empirics, rhs)}; HC1 standard errors in parentheses. Growth and "
        f"average: {config.empirics.base_year} to {config.empirics.base_year + last}. Effect: slope with the part minus "
        f"slope without it. Bootstrap: percentiles of {config.results.bootstrap} draws of zones. Share: effect over the slope "
        "with the part, with Fieller's set; the set is unbounded where that slope is not distinguishable from zero. The "
        f"effects do not sum to the total, except for the two components of the collateral constraint. "
        f"{inputs.counts(*scenarios)}"
    )
    inputs.writer.table(
        name=inputs.making.table,
        body=pd.DataFrame(rows),
        caption="Slopes on specialization by part of the model",
        notes=notes,
        rules=rules,
        data=long_table(effects),
    )


def _row(effect: Effect, variable: str, outcome: str, first: bool, confidence: float) -> dict:
    low, high = (number(v) for v in effect.bootstrap)
    return {
        ("", "Slope of"): f"{VARIABLES[variable]}, {OUTCOMES[outcome]}" if first else "",
        ("", "Part"): NAMES[effect.channel.part],
        ("Slope", "with it"): estimate_text(effect.present),
        ("Slope", "without it"): estimate_text(effect.absent),
        ("Effect", "estimate"): estimate_text(effect.difference),
        ("Effect", "bootstrap"): f"[{low}, {high}]" if low else "",
        ("Share of slope", "estimate"): number(effect.share.ratio, "%.2f") if effect.share else "",
        ("Share of slope", f"{confidence:.0%} set"): set_text(effect.share),
    }


def _write_figure(inputs: ModelInputs, effects: list[Effect]) -> None:
    rhs, base = shown_rhs(effects), inputs.config.empirics.base_year
    drawn = [e for e in effects if e.rhs == rhs and e.difference.fit is not None]
    with inputs.writer.figure(name=inputs.making.figure, width="double", height=4.9, nrows=2, ncols=2, sharex=True) as (
        fig,
        grid,
    ):
        for row, variable in enumerate(VARIABLES):
            for column, outcome in enumerate(("growth", "average")):
                own = [e for e in drawn if (e.variable, e.outcome) == (variable, outcome)]
                ax = grid[row][column]
                _draw(ax, own)
                over = "growth since" if outcome == "growth" else "average since"
                n = max((e.present.n for e in own), default=0)  # growth needs the zones' initial income as well
                ax.set_title(f"{VARIABLES[variable].capitalize()}, {over} {base} (N = {n})", loc="left")
                if row == 1:
                    ax.set_xlabel(f"years since {base}")
                if column == 0:
                    ax.set_ylabel("effect on the slope, log points")
        handles, names = grid[0][0].get_legend_handles_labels()
        if handles:
            fig.legend(handles, names, loc="outside lower center", ncols=len(names), fontsize=7)
        title = f"Effect of each part of the model on the slope on specialization, given {given(inputs.config.empirics, rhs)}"
        fig.suptitle(title if drawn else "no estimate: too few zones", fontsize=8, x=0.01, ha="left")


def _draw(ax, effects: list[Effect]) -> None:
    """A line with its interval for each part; intervals of neighbours are moved apart."""
    present = [part for part in NAMES if any(e.channel.part == part for e in effects)]
    for number_, part in enumerate(present):
        own = sorted((e for e in effects if e.channel.part == part), key=lambda e: e.horizon)
        x = np.array([e.horizon for e in own], float) + 0.7 * (number_ - (len(present) - 1) / 2)
        y = np.array([e.difference.estimate for e in own])
        error = np.array([[e.difference.low, e.difference.high] for e in own]).T
        ax.errorbar(
            x,
            y,
            yerr=np.abs(error - y),
            color=figures.PALETTE[number_],
            marker="osDv^"[number_],
            markersize=3,
            linewidth=0.8,
            elinewidth=0.6,
            label=NAMES[part],
        )
    ax.axhline(0, color=figures.GREY, linewidth=0.4, zorder=0)
