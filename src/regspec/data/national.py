"""National industry shares and growth from the zones (D6; E1: g_i^US)."""

from __future__ import annotations

import numpy as np
import pandas as pd


def national_table(industry: pd.DataFrame, controls: pd.DataFrame, base_year: int, end_year: int) -> pd.DataFrame:
    """Table ``national``: ``year, industry, variable, share, growth``.

    ``share``: population-weighted mean of the zones' shares. ``growth``: ln change, base to end year, of the
    industry's national size: the sum over zones of share times population (employment), times income per
    capita as well (income).
    """
    weights = controls[["zone", "year", "population", "log_income"]]
    frame = industry.merge(weights, on=["zone", "year"], validate="many_to_one")
    by_income = frame["variable"] == "income"
    frame["part"] = frame["share"] * frame["population"]
    frame["size"] = frame["part"] * np.exp(frame["log_income"].where(by_income, 0.0))
    total = frame.groupby(["year", "industry", "variable"])[["part", "size"]].sum().reset_index()
    total["share"] = total["part"] / total.groupby(["year", "variable"])["part"].transform("sum")
    size = total.pivot(index=["industry", "variable"], columns="year", values="size")
    growth = np.log(size[end_year] / size[base_year]).rename("growth").reset_index()
    return total[["year", "industry", "variable", "share"]].merge(growth, on=["industry", "variable"])
