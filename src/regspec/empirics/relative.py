"""Zones relative to the nation of their year: the panel behind Fact 2 (deck E5, C2)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from regspec.empirics.inputs import DataInputs, NotComputable


def relative(inputs: DataInputs) -> pd.DataFrame:
    """``zone, year, log_income, value, income, specialization``: a row for each zone and year that has both.

    ``value`` is the headline measure of the headline variable; ``income`` and ``specialization`` are income (not its log) and
    ``value`` over their means across the zones of the year, so that years can be pooled. Years or zones without income are
    listed. Raises NotComputable when no year has it.
    """
    empirics = inputs.config.empirics
    rows = inputs.specialization
    rows = rows[(rows["variable"] == empirics.variable) & (rows["measure"] == empirics.measure)]
    both = rows[["zone", "year", "value"]].merge(
        inputs.controls[["zone", "year", "log_income"]], on=["zone", "year"], how="left"
    )
    found = both.dropna().sort_values(["zone", "year"]).reset_index(drop=True)
    if found.empty:
        raise NotComputable("no year has both specialization and income")
    lost = sorted(set(both["year"]) - set(found["year"]))
    if lost:
        inputs.miss(f"years {', '.join(map(str, lost))}", "no income in any zone")
    found["income"] = np.exp(found["log_income"])
    by_year = found.groupby("year")
    found["income"] /= by_year["income"].transform("mean")
    found["specialization"] = found["value"] / by_year["value"].transform("mean")
    return found
