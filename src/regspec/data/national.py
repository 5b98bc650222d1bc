"""National industry shares and growth from the zones (D6; E1: g_i^US)."""

from __future__ import annotations

import numpy as np
import pandas as pd


def national_table(
    industry: pd.DataFrame, controls: pd.DataFrame, base_year: int, end_year: int, amounts: pd.Series | None = None
) -> pd.DataFrame:
    """Table ``national``: ``year, industry, variable, share, growth``.

    ``share``: population-weighted mean of the zones' shares. ``growth``: ln change, base to end year, of the
    industry's national size: the sum over zones of share times population (employment), times income per
    capita as well (income, value added); missing for a variable without one of the two years. Where ``amounts`` (a value
    for each row of ``industry``, in persons or dollars) is known, it is the size, and the national share is the
    industry's part of the sum.
    """
    weights = controls[["zone", "year", "population", "log_income"]]
    known = np.nan if amounts is None else amounts.to_numpy()
    frame = industry.assign(amount=known).merge(weights, on=["zone", "year"], how="left", validate="many_to_one")
    per_person = np.exp(frame["log_income"].where(frame["variable"] != "employment", 0.0))
    part = frame["share"] * frame["population"]
    frame["part"] = frame["amount"].fillna(part)
    frame["size"] = frame["amount"].fillna(part * per_person)
    total = frame.groupby(["year", "industry", "variable"])[["part", "size"]].sum(min_count=1).reset_index()
    total["share"] = total["part"] / total.groupby(["year", "variable"])["part"].transform("sum")
    size = total.pivot(index=["industry", "variable"], columns="year", values="size")
    size = size.reindex(columns=sorted({*size.columns, base_year, end_year}))
    growth = np.log(size[end_year] / size[base_year]).rename("growth").reset_index()
    return total[["year", "industry", "variable", "share"]].merge(growth, on=["industry", "variable"])
