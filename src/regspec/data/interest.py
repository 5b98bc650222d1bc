"""The real interest rate of the US, from the data that statsmodels ships (1959-2009)."""

from __future__ import annotations

import pandas as pd
from statsmodels.datasets import macrodata


def us_real_rate() -> pd.DataFrame:
    """Annual real rate on 90-day Treasury bills: columns ``year``, ``rate`` (fraction a year).

    The quarterly series ``realint`` of ``statsmodels.datasets.macrodata`` (percent a year) averaged over the
    quarters of a year. Source: Federal Reserve Bank of St. Louis through statsmodels; deck P (90-day T-bill).
    """
    quarterly = macrodata.load_pandas().data
    annual = quarterly.groupby(quarterly["year"].astype(int))["realint"].mean() / 100
    return annual.rename("rate").rename_axis("year").reset_index()
