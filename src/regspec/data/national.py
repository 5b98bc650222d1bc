"""National industry shares and growth from the zones (D6; E1: g_i^US)."""

from __future__ import annotations

import numpy as np
import pandas as pd


def national_table(
    industry: pd.DataFrame, controls: pd.DataFrame, base_year: int, end_year: int, income: bool
) -> pd.DataFrame:
    """Table ``national``: ``year, industry, variable, share, growth``.

    ``share``: population-weighted mean of the zones' shares. ``growth``: ln change, base to end year, of the
    industry's national size, sum over zones of share times population for employment, share times population
    times income per capita for income (when ``income``: log_income is a log level of income per capita).
    """
    weights = controls[["zone", "year", "population", "log_income"]]
    frame = industry.merge(weights, on=["zone", "year"], validate="many_to_one")
    by_income = (frame["variable"] == "income") & income
    frame["part"] = frame["share"] * frame["population"]
    frame["size"] = frame["part"] * np.where(
        by_income, np.exp(frame["log_income"].where(by_income, 0.0)), 1.0
    )
    total = frame.groupby(["year", "industry", "variable"])[["part", "size"]].sum().reset_index()
    total["share"] = total["part"] / total.groupby(["year", "variable"])["part"].transform("sum")
    size = total.pivot(index=["industry", "variable"], columns="year", values="size")
    growth = np.log(size[end_year] / size[base_year]).rename("growth").reset_index()
    return total[["year", "industry", "variable", "share"]].merge(growth, on=["industry", "variable"])
