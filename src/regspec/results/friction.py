"""The financial friction's share of the growth effect of specialization (deck Q2, C4; model.md section 4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from regspec.econometrics.fieller import RatioSet
from regspec.econometrics.rounding import NO_VARIANCE
from regspec.empirics import labels
from regspec.exhibits import figures
from regspec.exhibits.registry import alternatives, friction_horizons
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

INDISTINGUISHABLE = "baseline slope not distinguishable from zero"
_PRINTED = {INDISTINGUISHABLE: "baseline slope not distinct from 0"}
#: Shares beyond these limits are cut off in the figure; the table has them all.
SHOWN = (-1.0, 2.0)


@dataclass(frozen=True)
class Share:
    """Friction share at one horizon: ``1 - alternative/baseline`` = ``difference/baseline``.

    ``share``: point estimate with Fieller's set (None when not estimated), ``bootstrap``: percentile
    interval.
    """

    horizon: int
    baseline: Slope
    alternative: Slope
    difference: Slope
    share: RatioSet | None
    bootstrap: tuple[float, float]

    @property
    def note(self) -> str:
        """What stands in the way of reading the share, in words; empty when nothing does."""
        if self.share is None:
            return self.baseline.reason or self.difference.reason
        if self.share.kind == "none":
            return self.baseline.reason or self.difference.reason or NO_VARIANCE
        return "" if self.share.kind == "bounded" else INDISTINGUISHABLE


def friction_share(
    growth: dict[int, tuple[pd.Series, pd.Series]], design: pd.DataFrame, confidence: float, draws: int, seed: int
) -> list[Share]:
    """Friction shares by horizon from growth by zone under two scenarios.

    ``growth``: horizon (years) -> growth under (baseline, alternative), log points, by zone; zones that
    lack either are left out. ``design``: right-hand side by zone. The share is estimated as the slope of
    the *difference* in growth over the baseline's slope: the two scenarios' slopes are nearly perfectly
    correlated, and their small difference would be lost in the rounding of their joint covariance.
    """
    shares = []
    for horizon in sorted(growth):
        both = pd.concat(growth[horizon], axis=1, keys=["baseline", "alternative"], join="inner").dropna()
        both = both[design.loc[both.index].notna().all(axis=1)]
        both["difference"] = both["baseline"] - both["alternative"]
        fits = {name: slope(both[name], design, confidence) for name in both}
        share = ratio(fits["difference"], fits["baseline"], confidence)
        interval = (np.nan, np.nan)
        if share is not None:
            slopes = bootstrap_slopes(both[["difference", "baseline"]], design, draws, seed)
            interval = percentile_interval(slopes[:, 0] / slopes[:, 1], confidence)
        shares.append(Share(horizon, fits["baseline"], fits["alternative"], fits["difference"], share, interval))
    return shares


@once
def decompositions(inputs: ModelInputs) -> dict[tuple[str, str], list[Share]]:
    """Friction shares of every other scenario against the baseline, by ``(alternative, right-hand side)``;
    without estimates where no zone was solved under both.
    """
    config, baseline = inputs.config, inputs.baseline
    start = config.empirics.base_year
    result = {}
    for alternative in alternatives(config):
        growth = {
            h: tuple(inputs.growth(name, "ce", start, start + h) for name in (baseline, alternative))
            for h in friction_horizons(config)
        }
        for rhs in RIGHT_HAND_SIDES:
            design = inputs.design[columns(config.empirics, rhs, growth=True)]
            result[alternative, rhs] = friction_share(
                growth, design, config.results.confidence, config.results.bootstrap, config.run.seed
            )
    return result


def write(inputs: ModelInputs) -> None:
    """Write table and figure of the exhibit's scenario."""
    alternative = inputs.making.scenario
    shares = {rhs: decompositions(inputs)[alternative, rhs] for rhs in RIGHT_HAND_SIDES}
    _write_table(inputs, alternative, shares)
    _write_figure(inputs, alternative, shares)


def long_table(own: dict[str, list[Share]]) -> pd.DataFrame:
    """One row for each right-hand side and horizon, with every number."""
    rows = []
    for rhs, shares in own.items():
        for s in shares:
            rows.append(
                dict(
                    right_hand_side=rhs,
                    horizon=s.horizon,
                    zones=s.baseline.n,
                    baseline=s.baseline.estimate,
                    baseline_se=s.baseline.se,
                    alternative=s.alternative.estimate,
                    alternative_se=s.alternative.se,
                    difference=s.difference.estimate,
                    difference_se=s.difference.se,
                    share=s.share.ratio if s.share else np.nan,
                    set_kind=s.share.kind if s.share else "",
                    set_low=s.share.low if s.share else np.nan,
                    set_high=s.share.high if s.share else np.nan,
                    bootstrap_low=s.bootstrap[0],
                    bootstrap_high=s.bootstrap[1],
                    note=s.note,
                )
            )
    return pd.DataFrame(rows)


def _write_table(inputs: ModelInputs, alternative: str, own: dict[str, list[Share]]) -> None:
    baseline, confidence = inputs.baseline, inputs.config.results.confidence
    rows: list[dict] = []
    rules: list[int] = []
    for rhs, shares in own.items():
        rules.append(len(rows))
        for s in shares:
            low, high = (number(v, "%.2f") for v in s.bootstrap)
            rows.append(
                {
                    ("", "Given"): given(inputs.config.empirics, rhs) if s is shares[0] else "",
                    ("", "Years"): s.horizon,
                    ("Slope", baseline): estimate_text(s.baseline),
                    ("Slope", alternative): estimate_text(s.alternative),
                    ("Share removed", "Estimate"): number(s.share.ratio, "%.3f") if s.share else "",
                    ("Share removed", f"{confidence:.0%} set"): set_text(s.share),
                    ("Share removed", "Bootstrap"): f"[{low}, {high}]" if low else "",
                    ("", "Note"): _PRINTED.get(s.note, s.note),
                }
            )
    notes = (
        f"Growth of output from {inputs.config.empirics.base_year} on the {labels.specialization(inputs.config)}; HC1 "
        f"standard errors in parentheses. Share: 1 {chr(0x2212)} slope({alternative})/slope({baseline}). Set: Fieller's "
        f"{confidence:.0%} confidence set from the joint HC1 covariance. The set is unbounded where the baseline slope is "
        "not distinguishable from zero; the share is then not informative. Bootstrap: percentiles of "
        f"{inputs.config.results.bootstrap} draws of zones. {inputs.counts(baseline, alternative)}"
    )
    inputs.writer.table(
        name=inputs.making.table,
        body=pd.DataFrame(rows),
        caption=f"Share of the growth effect of specialization removed by scenario {alternative}",
        notes=notes,
        rules=rules,
        data=long_table(own),
    )


def _write_figure(inputs: ModelInputs, alternative: str, own: dict[str, list[Share]]) -> None:
    with inputs.writer.figure(name=inputs.making.figure, width="double", height=2.9, ncols=2) as (_, (left, right)):
        rhs = first_estimated(lambda rhs: any(s.share is not None for s in own[rhs]))
        shares = [s for s in own[rhs] if s.baseline.fit is not None]
        if not shares and own[rhs]:
            left.text(0.5, 0.5, f"no estimate:\n{own[rhs][0].note}", transform=left.transAxes, ha="center")
        _draw_slopes(left, shares, inputs.baseline, alternative)
        _draw_shares(right, {s.horizon: s.share for s in shares if s.share is not None})
        for ax in (left, right):
            ax.axhline(0, color=figures.GREY, linewidth=0.4, zorder=0)
            ax.set_xlabel(f"years since {inputs.config.empirics.base_year}")
        n = f"N = {shares[0].baseline.n}; " if shares else ""
        _legend(left, f"Slope of growth on specialization\n({n}given {given(inputs.config.empirics, rhs)})")
        confidence = inputs.config.results.confidence
        _legend(right, f"Share removed by {alternative}\n(Fieller's {confidence:.0%} set)")
        left.set_ylabel("growth per unit of Gini, log points" if inputs.config.empirics.measure == "gini" else "slope")
        right.set_ylabel("share of the baseline slope")


def _draw_slopes(ax, shares: list[Share], baseline: str, alternative: str) -> None:
    for offset, name, label, colour, marker in (
        (-0.6, "baseline", baseline, figures.PALETTE[0], "o"),
        (0.6, "alternative", alternative, figures.PALETTE[1], "s"),
    ):
        items = [getattr(s, name) for s in shares]
        x = [s.horizon + offset for s in shares]
        y = np.array([i.estimate for i in items])
        error = [y - [i.low for i in items], [i.high for i in items] - y]
        ax.errorbar(x, y, yerr=error if items else None, fmt=marker, color=colour, label=label, linewidth=1)


def _legend(ax, title: str) -> None:
    """Legend between the title and the axes, where it hides no point; only the title when nothing is drawn."""
    if not ax.get_legend_handles_labels()[0]:
        ax.set_title(title, loc="left")
        return
    ax.legend(title=title, alignment="left", loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, borderpad=0)


def _draw_shares(ax, shares: dict[int, RatioSet]) -> None:
    """Shares by horizon. Bounded sets as bars, unbounded ones as pale full-height bands around a hollow point."""
    bounded = {horizon: share for horizon, share in shares.items() if share.kind == "bounded"}
    others = {horizon: share for horizon, share in shares.items() if share.kind not in ("bounded", "none")}
    low, high = _limits(list(bounded.values()))
    ax.set_ylim(low, high)
    for horizon in others:
        ax.axvspan(horizon - 1.6, horizon + 1.6, color=figures.GREY, alpha=0.15, linewidth=0)
    if bounded:
        y = np.clip([share.ratio for share in bounded.values()], low, high)
        ends = np.clip([[share.low for share in bounded.values()], [share.high for share in bounded.values()]], low, high)
        x, error = list(bounded), np.abs(ends - y)
        ax.errorbar(x, y, yerr=error, fmt="o", color=figures.PALETTE[0], linewidth=1, label="bounded set")
    style = dict(color=figures.GREY, markerfacecolor="white", linestyle="none")
    for marker, label, inside in (
        ("o", "unbounded set", lambda r: low <= r <= high),
        ("^", "unbounded, above the axis", lambda r: r > high),
        ("v", "unbounded, below the axis", lambda r: r < low),
    ):
        own = {horizon: share.ratio for horizon, share in others.items() if inside(share.ratio)}
        if own:
            y = np.clip(list(own.values()), low, high)
            ax.plot(list(own), y, marker=marker, label=label, clip_on=False, **style)
    if not shares:
        ax.text(0.5, 0.5, "no estimate", transform=ax.transAxes, ha="center")


def _limits(bounded: list[RatioSet]) -> tuple[float, float]:
    """Axis limits that hold zero and every one of the bounded sets, within ``SHOWN``.

    At least 0.15 long, so that a share of nothing looks like nothing.
    """
    values = [v for share in bounded for v in (share.low, share.high)] or [0.0, 1.0]
    low, high = np.clip([min(values + [-0.05]), max(values + [0.1])], *SHOWN)
    pad = 0.08 * (high - low)
    return low - pad, high + pad
