"""Specialization over time (E6): mean, coefficient of variation and p90/p10 across zones."""

from __future__ import annotations

from typing import get_args

import pandas as pd

from regspec.config.empirics import Variable

#: Statistics of E6, in the order of its columns.
STATISTICS = ("mean", "cv", "p90_p10")


def summarize(specialization: pd.DataFrame) -> pd.DataFrame:
    """Table E6 in long form: ``measure, year, variable, mean, cv, p90_p10, zones``, sorted by the first
    three.

    ``specialization`` holds ``zone, year, variable, measure, value``. Across zones, unweighted: ``cv`` is the
    standard deviation (n - 1) over the mean, ``p90_p10`` the ratio of the 90th to the 10th percentile (linear
    interpolation between order statistics); all are pure numbers. ``zones`` counts values that are not
    missing.
    """
    values = specialization.groupby(["measure", "year", "variable"], sort=True)["value"]
    mean = values.mean()
    table = pd.DataFrame(
        {
            "mean": mean,
            "cv": values.std(ddof=1) / mean,
            "p90_p10": values.quantile(0.9) / values.quantile(0.1),
            "zones": values.count(),
        }
    )
    return table.reset_index()


def e6_layout(summary: pd.DataFrame, measures: dict[str, str]) -> tuple[pd.DataFrame, list[int]]:
    """E6 as printed: a row for each measure and year, columns by variable and statistic; and rule positions.

    ``measures`` maps measures to their printed names, in the order of the rows.
    """
    heads = {"mean": "Mean", "cv": "CV", "p90_p10": "p90/p10"}
    variables = [v for v in get_args(Variable) if v in set(summary["variable"])]
    wide = summary.pivot(index=["measure", "year"], columns="variable", values=list(STATISTICS))
    wide = wide.reindex(list(measures), level="measure")
    columns = [(s, v) for v in variables for s in STATISTICS]
    body = wide[columns]
    body.columns = pd.MultiIndex.from_tuples([(f"{v.replace('_', ' ').capitalize()} shares", heads[s]) for s, v in columns])
    index = wide.index.to_frame(index=False)
    first = ~index["measure"].duplicated()
    left = pd.DataFrame({("", "Measure"): index["measure"].map(measures).where(first, ""), ("", "Year"): index["year"]})
    return pd.concat([left, body.reset_index(drop=True)], axis=1), [i for i in index.index[first] if i]
