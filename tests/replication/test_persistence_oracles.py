"""Rank-RCA elasticities of the real panel (E7) against values measured independently on the same data."""

import os
from pathlib import Path

import pandas as pd
import pytest

from regspec.empirics.exhibits.persistence import advantage, elasticity, log_rank

FOLDER = os.environ.get("REGSPEC_DATA")
pytestmark = pytest.mark.skipif(not FOLDER, reason="REGSPEC_DATA does not name the folder of the real tables")
#: Independent estimates, "about" in their source: how ranks were taken is not recorded there.
ABOUT = {10: 0.89, 20: 0.78, 30: 0.76, 40: 0.71, 50: 0.58, 70: 0.49}


def test_elasticities_by_horizon():
    rows = pd.read_csv(Path(FOLDER) / "cz_industry.csv")
    people = pd.read_csv(Path(FOLDER) / "cz_controls.csv").set_index(["cz", "year"])["population"]
    ranks = {}
    for year, own in rows.groupby("year"):
        wide = own.pivot(index="cz", columns="industry", values="employment_share")
        weight = people.xs(year, level="year").loc[wide.index]
        ranks[year] = log_rank(advantage(wide, wide.mul(weight, axis=0).sum() / weight.sum()))
    found = {horizon: elasticity(ranks, horizon) for horizon in ABOUT}
    for horizon, value in ABOUT.items():
        assert found[horizon].estimate == pytest.approx(value, abs=0.06)
    falling = [found[horizon].estimate for horizon in ABOUT]
    assert falling == sorted(falling, reverse=True)
