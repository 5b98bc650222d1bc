"""Productivity of groups of industries (Tornqvist's index)."""

from __future__ import annotations

import numpy as np
import pandas as pd


def tornqvist(tfp: pd.DataFrame, nominal: pd.DataFrame, group: np.ndarray) -> pd.DataFrame:
    """Log TFP of groups, years x groups, 0 in the first year; ``tfp`` and ``nominal`` output: years x industries.

    Growth of a group is the mean of its members' log growth, weighted by the average of their shares in the group's nominal
    output in both years. Weights add to one within a group: deliveries between members are not netted out (no Domar weights).
    """
    share = nominal / nominal.T.groupby(group).transform("sum").T
    weight = (share + share.shift()) / 2
    return (weight * np.log(tfp).diff()).T.groupby(group).sum().T.cumsum()
