"""Industry productivity: US industry accounts (44 industries, 1947 onwards) aggregated to data industries.

Source: Elbadri and Vizcaino (2025), doi 10.5281/zenodo.17600449. The growth of a group's TFP is the Tornqvist
index of its members': d ln A_g = sum_i w_i d ln A_i, with w_i the mean over both years of i's share of the
group's nominal gross output (TFPGO) or value added (TFPVA). Gross-output TFP with gross-output weights stays
in gross-output terms, as the deck's ranges of rho_i and sigma_i are (P); Domar weights (gross output over
value added) would turn it into value-added TFP and inflate sigma.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from regspec.data.tornqvist import tornqvist
from regspec.errors import DataError

_WEIGHT = {"TFPGO": "GO", "TFPVA": "VA"}


def group_tfp(accounts: pd.DataFrame, groups: pd.Series, measure: str, source: str) -> pd.DataFrame:
    """TFP index and nominal weight of each group: columns of the ``tfp`` table (docs/architecture.md).

    ``accounts``: table ``panel_accounts``; ``groups``: group of each ``industry_id``; ``measure``: ``TFPGO``
    or ``TFPVA``. The index is 1 in the first year; the weight is nominal GO or VA in million dollars. Raises
    DataError when an industry has no group or lacks a year.
    """
    unmapped = sorted(set(accounts["industry_id"]) - set(groups.index))
    if unmapped:
        raise DataError(f"{source}: industry_id {unmapped[0]} has no group.\nRemedy: add it to industry_map.csv.")
    tfp = accounts.pivot(index="year", columns="industry_id", values=measure)
    nominal = accounts.pivot(index="year", columns="industry_id", values=_WEIGHT[measure])
    absent = tfp.isna().stack()
    if absent.any() or np.any(np.diff(tfp.index) != 1):
        where = absent[absent].index[0] if absent.any() else (int(tfp.index[0]), "any")
        raise DataError(
            f"{source}: industry_id {where[1]} has no row for {where[0]}, or a year is left out.\n"
            "Remedy: every industry needs every year; was the file cut short?"
        )
    group = groups.loc[tfp.columns].to_numpy()
    total = nominal.T.groupby(group).sum().T
    index = np.exp(tornqvist(tfp, nominal, group))
    return pd.DataFrame(
        {
            "year": np.repeat(index.index.to_numpy(), index.shape[1]),
            "industry": np.tile(index.columns.to_numpy(), len(index)),
            "tfp": index.to_numpy().ravel(),
            "weight": total[index.columns].to_numpy().ravel(),
        }
    )
