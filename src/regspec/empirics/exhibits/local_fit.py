"""Fact 2 (E5): specialization at every level of income, by locally weighted regression."""

from __future__ import annotations

import numpy as np
import pandas as pd

from regspec.econometrics.local_linear import local_linear
from regspec.econometrics.rounding import NO_VARIANCE
from regspec.empirics import labels
from regspec.empirics.exhibits.regression_table import pair
from regspec.empirics.inputs import DataInputs, NotComputable
from regspec.empirics.relative import relative
from regspec.exhibits import figures

#: Percentiles of income between which the fit is evaluated: beyond them a few zones carry it.
ENDS = (1, 99)
#: Percentiles of the rows of the printed table.
PRINTED = (5, 25, 50, 75, 95)


def fit(inputs: DataInputs, panel: pd.DataFrame) -> pd.DataFrame:
    """The local fit of ``panel`` (:func:`regspec.empirics.relative.relative`) at ``empirics.local_points`` incomes.

    Raises NotComputable with fewer than three observations in the span.
    """
    empirics = inputs.config.empirics
    low, high = np.percentile(panel["income"], ENDS)
    at = np.linspace(low, high, empirics.local_points)
    curve = _fit(inputs, panel, at)
    _report(inputs, curve)
    return curve


def _report(inputs: DataInputs, curve: pd.DataFrame) -> None:
    """Report the points of the curve without fit, slope or errors; figures and table leave them out."""
    one = "the neighbours with a weight all have one income; raise empirics.local_span"
    for name in ("fit", "slope"):
        lost = curve[name].isna()
        if lost.any():
            inputs.miss(f"{name} at {lost.sum()} of {len(curve)} points", one)
        unknown = curve[f"{name}_se"].isna() & ~lost
        if unknown.any():
            inputs.miss(f"error of the {name} at {unknown.sum()} of {len(curve)} points", NO_VARIANCE)


def _fit(inputs: DataInputs, panel: pd.DataFrame, at: np.ndarray) -> pd.DataFrame:
    x, y, zone = (panel[name].to_numpy() for name in ("income", "specialization", "zone"))
    try:
        return local_linear(x, y, at, inputs.config.empirics.local_span, zone, inputs.config.results.confidence)
    except ValueError as error:
        raise NotComputable(str(error)) from None


def write(inputs: DataInputs) -> None:
    """Write table and figure ``local_fit``."""
    inputs.require_income()
    panel = relative(inputs)
    curve = fit(inputs, panel)
    printed = _fit(inputs, panel, np.percentile(panel["income"], PRINTED))
    body = pd.DataFrame(
        {
            "Percentile of income": PRINTED,
            "Relative income": printed["x"].map("{:.2f}".format),
            "Relative specialization": [_pair(row.fit, row.fit_se) for row in printed.itertuples()],
            "Local slope": [_pair(row.slope, row.slope_se) for row in printed.itertuples()],
        }
    )
    empirics, years = inputs.config.empirics, panel["year"].nunique()
    notes = (
        f"Locally weighted regression of specialization ({labels.MEASURES[empirics.measure]} of "
        f"{labels.variable(empirics.variable)} shares) on {labels.income(inputs.config)}, each over the mean of zones in its "
        f"year; {len(panel)} zone-years, {panel['zone'].nunique()} zones, {years} years. Tricube weights, span "
        f"{empirics.local_span:g}; standard errors clustered by zone."
    )
    inputs.writer.table(
        name=inputs.making.table, body=body, caption="Specialization by level of income", notes=notes, data=curve
    )
    _draw(inputs, panel, curve)


def _pair(estimate: float, se: float) -> str:
    return pair(estimate, se) or "not estimated"


def _draw(inputs: DataInputs, panel: pd.DataFrame, curve: pd.DataFrame) -> None:
    with inputs.writer.figure(name=inputs.making.figure, width="double", height=2.6, ncols=2) as (figure, (left, right)):
        left.plot(panel["income"], panel["specialization"], ".", color="#BBBBBB", markersize=1, rasterized=True, zorder=0)
        for ax, name in ((left, "fit"), (right, "slope")):
            ax.fill_between(
                curve["x"], curve[f"{name}_low"], curve[f"{name}_high"], color=figures.PALETTE[0], alpha=0.25, linewidth=0
            )
            ax.plot(curve["x"], curve[name], color=figures.PALETTE[0])
            ax.set_xlabel(f"{labels.income(inputs.config)}, mean of the year = 1".capitalize())
        left.set_xlim(curve["x"].iloc[0], curve["x"].iloc[-1])
        left.set_ylim(*np.percentile(panel["specialization"], (0.5, 99.5)))
        right.axhline(0, color=figures.GREY, linewidth=0.5, zorder=0)
        measure = labels.MEASURES[inputs.config.empirics.measure]
        left.set_ylabel(f"{measure}, mean of the year = 1")
        right.set_ylabel("Local slope")
        level = inputs.config.results.confidence
        shown = panel["income"].between(*left.get_xlim()) & panel["specialization"].between(*left.get_ylim())
        left.set_title(f"Local linear fit; N = {len(panel)} zone-years, {len(panel) - shown.sum()} not shown", loc="left")
        right.set_title(f"Its slope; bands: {level:.0%}, clustered by zone", loc="left")
