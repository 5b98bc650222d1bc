"""Data versus model: level and growth slopes on base-year specialization (deck Q1, C4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from regspec.econometrics.critical import critical_value
from regspec.econometrics.fieller import RatioSet
from regspec.econometrics.regression import residualize
from regspec.empirics import labels
from regspec.empirics.fact1 import SPECIALIZATION
from regspec.exhibits import figures
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

SOURCES = {"data_all": "Data, all zones", "data": "Data, same zones", "ce": "Model, market", "planner": "Model, planner"}
OUTCOMES = ("level", "growth")


@dataclass(frozen=True)
class Tradeoff:
    """Slopes by ``(outcome, rhs, source)``, ratios model (market) to data by ``(outcome, rhs)``, and the
    outcomes by zone, ``outcomes[outcome][source]``, on the zones that the model solved.
    """

    slopes: dict[tuple[str, str, str], Slope]
    captured: dict[tuple[str, str], RatioSet | None]
    outcomes: dict[str, dict[str, pd.Series]]


@once
def tradeoff(inputs: ModelInputs) -> Tradeoff:
    """Regress data and model outcomes of the baseline on the same right-hand sides, on the same zones (Q1).

    Level: log income (data), log output (model) of the base year; growth: its change to the end year, log
    points.
    """
    outcomes = {outcome: _outcomes(inputs, outcome) for outcome in OUTCOMES}
    confidence = inputs.config.results.confidence
    slopes: dict[tuple[str, str, str], Slope] = {}
    captured: dict[tuple[str, str], RatioSet | None] = {}
    for outcome, series in outcomes.items():
        for rhs in RIGHT_HAND_SIDES:
            design = inputs.design[columns(inputs.config.empirics, rhs, growth=outcome == "growth")]
            own = {source: slope(y.rename(source), design, confidence) for source, y in series.items()}
            slopes |= {(outcome, rhs, source): value for source, value in own.items()}
            captured[outcome, rhs] = ratio(own["ce"], own["data"], confidence)
    return Tradeoff(slopes, captured, outcomes)


def _outcomes(inputs: ModelInputs, outcome: str) -> dict[str, pd.Series]:
    empirics, baseline = inputs.config.empirics, inputs.baseline
    data = inputs.outcomes[outcome].loc[inputs.design.index]
    # The data lack a wage here and there: such zones leave the model's regressions, too.
    complete = inputs.outcomes.dropna().index.intersection(inputs.design.dropna().index)
    zones = complete.intersection(inputs.zones("solved", baseline)).sort_values()
    series = {"data_all": data, "data": data.loc[zones]}
    for allocation in ("ce", "planner"):
        if inputs.path(baseline, allocation, "Y").empty:
            continue
        if outcome == "level":
            model = inputs.level(baseline, allocation, empirics.base_year)
        else:
            model = inputs.growth(baseline, allocation, empirics.base_year, empirics.end_year)
        series[allocation] = model.loc[zones]
    return series


def write(inputs: ModelInputs) -> None:
    """Write table and figure."""
    result = tradeoff(inputs)
    _write_table(inputs, result)
    _write_figure(inputs, result)


def long_table(result: Tradeoff) -> pd.DataFrame:
    """One row for each ``outcome, right_hand_side, source``: slope, se, interval, zones, adjusted R2, reason."""
    rows = []
    for (outcome, rhs, source), item in result.slopes.items():
        rows.append(
            dict(
                outcome=outcome,
                right_hand_side=rhs,
                source=source,
                slope=item.estimate,
                se=item.se,
                low=item.low,
                high=item.high,
                zones=item.n,
                r2_adjusted=item.fit.r2_adjusted if item.fit else np.nan,
                reason=item.reason,
            )
        )
    return pd.DataFrame(rows)


def _write_table(inputs: ModelInputs, result: Tradeoff) -> None:
    present = [s for s in SOURCES if ("level", "short", s) in result.slopes]
    names = {"level": labels.level(inputs.config), "growth": labels.growth(inputs.config)}
    rows = []
    for outcome in OUTCOMES:
        for rhs in RIGHT_HAND_SIDES:
            own = {SOURCES[s]: result.slopes[outcome, rhs, s] for s in present}
            captured = result.captured[outcome, rhs]
            rows.append(
                {
                    "Outcome": names[outcome] if rhs == RIGHT_HAND_SIDES[0] else "",
                    "Given": given(inputs.config.empirics, rhs),
                    **{name: estimate_text(item) for name, item in own.items()},
                    "Model/data": number(captured.ratio, "%.2f") if captured else "",
                    f"{inputs.config.results.confidence:.0%} set": set_text(captured),
                }
            )
    reasons = sorted({item.reason for item in result.slopes.values() if item.reason})
    everywhere, same = (result.slopes["level", "short", s].n for s in ("data_all", "data"))
    notes = (
        f"Slope on the {labels.specialization(inputs.config)}; HC1 standard errors in parentheses. N = {everywhere} (all "
        f"zones), {same} (same zones). Solves: {inputs.counts(inputs.baseline)} Model outcomes are log output of the base "
        "year and its change to the end year under realized national productivity. Model/data: ratio of the market's slope to "
        "the data's on the same zones with Fieller's confidence set from their joint HC1 covariance; unbounded when the "
        "data's slope is not distinguishable from zero."
    )
    if reasons:
        notes += f" Not estimated: {'; '.join(reasons)}."
    inputs.writer.table(
        name=inputs.making.table,
        body=pd.DataFrame(rows),
        caption="Data versus model: the specialization trade-off",
        notes=notes,
        rules=[len(RIGHT_HAND_SIDES)],
        data=long_table(result),
    )


def _write_figure(inputs: ModelInputs, result: Tradeoff) -> None:
    with inputs.writer.figure(name=inputs.making.figure, width="double", height=3.4, ncols=2) as (_, axes):
        names = {
            "level": f"Level: {_lower(labels.level(inputs.config))} (data), log output (model)",
            "growth": f"{labels.growth(inputs.config)} (data), of output (model)",
        }
        styles: dict[str, tuple] = {
            "data": ("Data", figures.PALETTE[0], "o", "-"),
            "ce": ("Model, market", figures.PALETTE[1], "s", "-"),
        }
        if ("level", "short", "planner") in result.slopes:
            styles["planner"] = ("Model, planner", figures.PALETTE[2], "^", (0, (4, 2)))
        for ax, outcome in zip(axes, OUTCOMES, strict=True):
            rhs = _drawn_rhs(result, outcome)
            for source, style in styles.items():
                _draw_series(ax, inputs, result, outcome, rhs, source, style)
            ax.axhline(0, color=figures.GREY, linewidth=0.4, zorder=0)
            bins = inputs.config.empirics.bins
            points = f"{bins} bin means" if result.slopes[outcome, rhs, "ce"].n >= 5 * bins else "zones"
            estimated = result.slopes[outcome, rhs, "ce"].fit is not None
            controls = f"given {given(inputs.config.empirics, rhs)}" if estimated else "no controls"
            ax.set_xlabel(f"{labels.specialization(inputs.config)}\n({controls})")
            ax.set_ylabel("log points from the mean")
            ax.legend(
                title=f"{names[outcome]}\nSlope (HC1 standard error); points: {points}",
                alignment="left",
                loc="lower left",
                bbox_to_anchor=(-0.02, 1.0),
                handlelength=2.2,
                borderpad=0,
            )


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def _drawn_rhs(result: Tradeoff, outcome: str) -> str:
    """Fact 1's right-hand side where it can be estimated, otherwise the short one."""
    return first_estimated(lambda rhs: result.slopes[outcome, rhs, "ce"].fit is not None)


def residual_points(inputs: ModelInputs, result: Tradeoff, outcome: str, rhs: str, source: str, bins: int) -> pd.DataFrame:
    """Points ``x, y`` of a panel, x increasing: specialization and demeaned outcome after controls.

    Frisch and Waugh: the least-squares line through the zones' points has the slope of the full regression.
    Means of ``bins`` quantile bins where each holds at least five zones, the zones themselves otherwise.
    """
    fit = result.slopes[outcome, rhs, source].fit
    if fit is None:
        raise ValueError(f"residual_points: no slope of {outcome}, {rhs}, {source}")
    used = fit.influence.index
    design = inputs.design.loc[used, columns(inputs.config.empirics, rhs, outcome == "growth")].astype(float)
    others = design.drop(columns=SPECIALIZATION)
    y = result.outcomes[outcome][source].loc[used]
    points = pd.DataFrame({"x": residualize(design[SPECIALIZATION], others), "y": residualize(y, others)})
    points["y"] -= y.mean()
    points = points.sort_values("x", kind="stable")
    if len(points) < 5 * bins:
        return points
    return points.groupby(np.arange(len(points)) * bins // len(points)).mean()


def _draw_series(ax, inputs: ModelInputs, result: Tradeoff, outcome: str, rhs: str, source: str, style) -> None:
    """Bin means after controls (zones when there are few), the regression line and the band of its slope;
    the raw zones when nothing was estimated.
    """
    name, colour, marker, line = style
    item = result.slopes[outcome, rhs, source]
    if item.fit is None:
        y = result.outcomes[outcome][source]
        x = inputs.design[SPECIALIZATION].reindex(y.index)
        ax.plot(x, y - y.mean(), marker, color=colour, label=f"{name}: not estimated (N = {item.n})")
        return
    points = residual_points(inputs, result, outcome, rhs, source, inputs.config.empirics.bins)
    binned = len(points) < item.n
    center = inputs.design.loc[item.fit.influence.index, SPECIALIZATION].mean()
    x = np.linspace(points["x"].min(), points["x"].max(), 50)
    margin = critical_value(inputs.config.results.confidence, item.fit.n - len(item.fit.coefficients)) * item.se
    ax.fill_between(
        x,
        (item.estimate - margin) * (x - center),
        (item.estimate + margin) * (x - center),
        color=colour,
        alpha=0.15,
        linewidth=0,
    )
    if source != "planner":  # on top of the market's points, the planner's would hide them
        size = 3.5 if binned else 2.5
        ax.plot(points["x"], points["y"], marker, color=colour, markersize=size, alpha=0.75, markeredgewidth=0)
    label = f"{name}: {number(item.estimate, '%.2f')} ({number(item.se, '%.2f')}), N = {item.n}"
    ax.plot(x, item.estimate * (x - center), color=colour, linestyle=line, marker=marker, markevery=[-1], label=label)
