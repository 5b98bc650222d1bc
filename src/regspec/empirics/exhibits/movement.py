"""How zones move in the distribution, and whether zones that grow specialize (deck E5, C2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from regspec.econometrics.critical import critical_value
from regspec.econometrics.rounding import NO_VARIANCE, floors, precision, vanishes
from regspec.empirics import labels
from regspec.empirics.exhibits.persistence import demeaned
from regspec.empirics.exhibits.regression_table import error, fixed
from regspec.empirics.inputs import DataInputs, NotComputable
from regspec.empirics.relative import relative
from regspec.exhibits import figures

#: Groups of equal size into which zones are sorted.
GROUPS = 5


@dataclass(frozen=True)
class Within:
    """Slope of specialization on log income: ``estimate, se``, observations ``n``, ``zones``, degrees of freedom."""

    estimate: float
    se: float
    n: int
    zones: int
    freedom: int


def ranked(values: pd.Series) -> pd.Series:
    """Group 1 (lowest) to ``GROUPS`` by rank; groups differ by one zone at most, ties go by zone."""
    order = values.sort_index().rank(method="first")
    return np.ceil(order * GROUPS / len(order)).astype(int).clip(1, GROUPS)


def transitions(first: pd.Series, last: pd.Series) -> pd.DataFrame:
    """Shares of the zones of each group of ``first`` (rows) that are in each group of ``last`` (columns); rows sum to one."""
    both = pd.concat([first, last], axis=1, keys=["first", "last"], join="inner").dropna()
    counts = pd.crosstab(ranked(both["first"]), ranked(both["last"]))
    counts = counts.reindex(index=range(1, GROUPS + 1), columns=range(1, GROUPS + 1), fill_value=0)
    return counts.div(counts.sum(axis=1), axis=0)


def within(panel: pd.DataFrame) -> Within | None:
    """Specialization on log income with effects of zone and year, clustered by zone; zones that have every year.

    ``panel``: rows of zone and year with ``value`` and ``log_income``. The factor of the variance is
    G/(G-1) (n-1)/(n-k), k the slope and the year effects (zone effects are nested in the clusters). None with fewer than three
    zones or without any variation.
    """
    x, y = (panel.pivot(index="zone", columns="year", values=name) for name in ("log_income", "value"))
    whole = x.notna().all(axis=1) & y.notna().all(axis=1)
    raw = y[whole].to_numpy()
    x, y = (demeaned(frame[whole].to_numpy()) for frame in (x, y))
    groups, years = x.shape
    xx = float((x * x).sum())
    if groups < 3 or years < 2 or xx <= 0:
        return None
    beta = float((x * y).sum()) / xx
    residual = y - beta * x
    score = (x * residual).sum(axis=1)
    n, k = x.size, 1 + years
    bound = (np.abs(x) * floors(residual, precision(np.abs(raw).ravel(), np.abs(beta * x).ravel()))).sum(axis=1)
    if n <= k or vanishes(float(score @ score), bound):
        return Within(beta, np.nan, n, groups, groups - 1)
    factor = groups / (groups - 1) * (n - 1) / (n - k)
    return Within(beta, float(np.sqrt(factor * (score**2).sum())) / xx, n, groups, groups - 1)


def write(inputs: DataInputs) -> None:
    """Write tables ``movement`` and ``within_zone`` and figure ``movement``."""
    inputs.require_income()
    panel = relative(inputs)
    empirics = inputs.config.empirics
    first, last = (panel[panel["year"] == year].set_index("zone") for year in (empirics.base_year, empirics.end_year))
    zones = first.index.intersection(last.index).sort_values()
    if len(zones) < GROUPS:
        raise NotComputable(f"{len(zones)} zones have both years; groups need {GROUPS}")
    matrix = transitions(first.loc[zones, "value"], last.loc[zones, "value"])
    _write_transitions(inputs, matrix, first.loc[zones, "value"], last.loc[zones, "value"])
    _write_within(inputs, panel)
    _draw(inputs, panel[panel["zone"].isin(zones)], first.loc[zones], matrix)


def _write_transitions(inputs: DataInputs, matrix: pd.DataFrame, first: pd.Series, last: pd.Series) -> None:
    empirics = inputs.config.empirics
    data = matrix.rename_axis(index="first", columns="last").stack().rename("share").reset_index()
    data["rank_correlation"] = float(spearmanr(first, last).statistic)
    body = matrix.map("{:.2f}".format).rename(columns=str)
    body.insert(0, f"Group in {empirics.base_year}", [f"{g}{_end(g)}" for g in matrix.index])
    notes = (
        f"Zones by fifths of specialization ({labels.MEASURES[empirics.measure]} of {labels.variable(empirics.variable)} "
        f"shares), {empirics.base_year} (rows) and {empirics.end_year} (columns); rows sum to one. {len(first)} zones; rank "
        f"correlation {data['rank_correlation'].iloc[0]:.2f}."
    )
    inputs.writer.table(
        name=inputs.making.tables[0],
        body=body.reset_index(drop=True),
        caption="Movement of zones by specialization",
        notes=notes,
        data=data,
    )


def _end(group: int) -> str:
    return {1: " (lowest)", GROUPS: " (highest)"}.get(group, "")


def _write_within(inputs: DataInputs, panel: pd.DataFrame) -> None:
    empirics = inputs.config.empirics
    ends = panel[panel["year"].isin([empirics.base_year, empirics.end_year])]
    cases = {"all years, effects of zone and year": panel, f"{empirics.base_year} and {empirics.end_year} only": ends}
    later = panel[panel["year"] > empirics.base_year]
    if later["year"].nunique() > 1:
        cases[f"without {empirics.base_year}"] = later
    rows = []
    for name, own in cases.items():
        found = within(own)
        if found is None:
            inputs.miss(f"within zones, {name}", "fewer than three zones have every year")
            continue
        if not np.isfinite(found.se):
            inputs.miss(f"within zones, {name}: standard error", NO_VARIANCE)
        half = critical_value(inputs.config.results.confidence, found.freedom) * found.se
        rows.append(
            {
                "sample": name,
                "estimate": found.estimate,
                "se": found.se,
                "low": found.estimate - half,
                "high": found.estimate + half,
                "observations": found.n,
                "zones": found.zones,
            }
        )
    if not rows:
        raise NotComputable("no zone has income and specialization in every year")
    table = pd.DataFrame(rows)
    body = pd.DataFrame(
        {
            "Sample": table["sample"],
            "Coefficient": table["estimate"].map(lambda value: fixed(value, 4)),
            "s.e., zone": [error(se, 4) for se in table["se"]],
            "N": table["observations"],
            "Zones": table["zones"],
        }
    )
    notes = (
        f"{labels.MEASURES[empirics.measure]} of {labels.variable(empirics.variable)} shares on log "
        f"{labels.income(inputs.config)}, effects of zone and year; zones that have every year of the sample; errors clustered "
        "by zone. Positive: zones become more specialized, relative to others, as they grow."
    )
    inputs.writer.table(
        name=inputs.making.tables[1], body=body, caption="Growth and specialization within zones", notes=notes, data=table
    )


def _draw(inputs: DataInputs, panel: pd.DataFrame, first: pd.DataFrame, matrix: pd.DataFrame) -> None:
    with inputs.writer.figure(name=inputs.making.figure, width="double", height=2.9, ncols=2) as (figure, (left, right)):
        group = ranked(first["income"])
        means = panel.assign(group=panel["zone"].map(group)).groupby(["group", "year"])[["income", "specialization"]].mean()
        for number in range(1, GROUPS + 1):
            own, colour = means.loc[number], figures.PALETTE[number - 1]
            x, y = own["income"].to_numpy(), own["specialization"].to_numpy()
            left.plot(x, y, "-", color=colour, linewidth=0.9, label=f"{number}{_end(number)}")
            left.plot(x[:1], y[:1], "o", color=colour, markerfacecolor="white")
            left.plot(x[-1:], y[-1:], "o", color=colour)
        empirics = inputs.config.empirics
        measure = labels.MEASURES[empirics.measure]
        left.set_xlabel(f"{labels.income(inputs.config)}, mean of the year = 1".capitalize())
        left.set_ylabel(f"{measure}, mean of the year = 1")
        left.legend(title=f"Fifths by {labels.income(inputs.config)}, {empirics.base_year}", fontsize=6.5, title_fontsize=7)
        left.set_title(f"Means of {len(first)} zones by year; hollow: {empirics.base_year}", loc="left")
        values = matrix.to_numpy()
        right.imshow(values, origin="lower", cmap="Blues", vmin=0, vmax=max(0.6, values.max()))
        for (row, column), value in np.ndenumerate(values):
            ink = "white" if value > 0.45 else "black"
            right.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=7, color=ink)
        right.set_xticks(range(GROUPS), range(1, GROUPS + 1))
        right.set_yticks(range(GROUPS), range(1, GROUPS + 1))
        right.tick_params(length=0)
        right.spines[:].set_visible(False)
        right.set_xlabel(f"Fifth in {empirics.end_year}")
        right.set_ylabel(f"Fifth in {empirics.base_year}")
        right.set_title(f"{measure}: shares of a row's zones", loc="left")
