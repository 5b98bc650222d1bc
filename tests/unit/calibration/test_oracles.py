"""Processes of the real industry accounts, against figures measured independently on the same files."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from regspec.calibration.processes import interest_process, productivity
from regspec.config.calibration import Interest, Tfp

FOLDER = os.environ.get("REGSPEC_DATA")
needs_data = pytest.mark.skipif(
    not FOLDER or not Path(FOLDER, "us_industry_accounts_1947_2023.csv").exists(),
    reason="REGSPEC_DATA does not name the folder of the real tables",
)


def processes(measure, weight):
    """AR(1) of the 17 groups of D6, from the 44 industries of the accounts."""
    accounts = pd.read_csv(Path(FOLDER, "us_industry_accounts_1947_2023.csv"))
    accounts = accounts.merge(pd.read_csv(Path(FOLDER, "industry_map.csv")), on="industry_id")
    groups = {name: sorted(rows["industry_id"].unique()) for name, rows in accounts.groupby("group17")}
    frame = pd.DataFrame(
        dict(year=accounts["year"], industry=accounts["industry_id"], tfp=accounts[measure], weight=accounts[weight])
    )
    return productivity(frame, groups, Tfp(), 1950, 2020).ar1


@needs_data
def test_gross_output_tfp_fits_the_decks_ranges():
    """rho .65 to 1.01, sigma .007 to .044 with mean .021 (the deck, P: .71 to .9 and .013 to .027)."""
    ar1 = processes("TFPGO", "GO")
    rho, sigma = np.array([a.rho_raw for a in ar1]), np.array([a.sigma for a in ar1])
    assert len(ar1) == 17
    np.testing.assert_allclose([rho.min(), rho.max()], [0.65, 1.01], atol=0.006)
    np.testing.assert_allclose([sigma.min(), sigma.max(), sigma.mean()], [0.007, 0.044, 0.021], atol=6e-4)


@needs_data
def test_value_added_tfp_is_too_volatile():
    sigma = [a.sigma for a in processes("TFPVA", "VA")]
    np.testing.assert_allclose(np.mean(sigma), 0.038, atol=6e-4)


def test_treasury_bill_against_the_decks_process():
    """Mean 1.3%, rho .70, innovation sd 1.6%: the deck's rho_R = 0.01 is not in the data (P)."""
    from statsmodels.datasets import macrodata

    quarters = macrodata.load_pandas().data
    annual = (quarters.groupby("year")["realint"].mean() / 100).rename("rate").reset_index()
    annual["year"] = annual["year"].astype(int)
    found = interest_process(annual, Interest())["estimated"]
    np.testing.assert_allclose([found["mean"], found["rho"], found["sigma"]], [0.0132, 0.70, 0.0158], rtol=0.03)
