"""Constant dollars."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from regspec.config.config import Config
from regspec.errors import DataError
from regspec.io.raw_tables import config_table, read_csv


def price_factors(config: Config, years: Collection[int]) -> pd.Series:
    """Dollars of ``data.counties.dollars`` for one dollar of each year, indexed by year. Raises DataError."""
    section = config.data.counties
    index = read_csv(config_table(section.price_index), "price_index").set_index("year")["index"]
    absent = sorted({section.dollars, *map(int, years)} - set(index.index))
    if absent:
        raise DataError(
            f"{section.price_index}: no year {absent[0]}.\n"
            f"Remedy: add it (the table has {index.index.min()}-{index.index.max()}), or change data.counties.dollars."
        )
    return (index[section.dollars] / index).rename("factor")
