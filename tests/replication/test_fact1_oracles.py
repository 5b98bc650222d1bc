"""Facts of the real census panel (8 industries, wages for income): its own values, never the deck's signs.

Measured independently of the package; the folder of the tables comes from REGSPEC_DATA (docs/data.md).
"""

import os
from pathlib import Path

import pandas as pd
import pytest

from regspec.config import Config, Data, Empirics
from regspec.data.panel import read_crosswalk, read_panel
from regspec.empirics.fact1 import fact1, sensitivity
from regspec.empirics.specialization import specialization
from regspec.empirics.summary import summarize

FOLDER = os.environ.get("REGSPEC_DATA")
pytestmark = pytest.mark.skipif(
    not FOLDER or not (Path(FOLDER) / "cz_industry.csv").is_file(),
    reason="REGSPEC_DATA is unset or has no cz_industry.csv (the real panel)",
)
CONFIG = Config(data=Data(source="panel", crosswalk="county_cz1990.csv"), empirics=Empirics(variable="employment"))


@pytest.fixture(scope="module")
def panel():
    return read_panel(CONFIG, set(read_crosswalk(CONFIG)["CZ90"]))


@pytest.fixture(scope="module")
def measured(panel):
    return specialization(panel.industry)


@pytest.fixture(scope="module")
def facts(panel, measured):
    return fact1(panel.industry, measured, panel.controls, panel.national, CONFIG.empirics)


@pytest.mark.parametrize(("year", "mean"), [(1950, 0.371), (1970, 0.310), (1990, 0.339), (2010, 0.356), (2020, 0.364)])
def test_mean_gini(measured, year, mean):
    summary = summarize(measured).set_index(["measure", "year"])
    assert summary.at[("gini", year), "mean"] == pytest.approx(mean, abs=5e-4)
    assert summary.at[("gini", year), "zones"] == 722


def test_dispersion_of_the_gini_falls(measured):
    cv = summarize(measured).set_index(["measure", "year"]).loc["gini", "cv"]
    assert cv[1950] == pytest.approx(0.24, abs=5e-3) and cv[2020] == pytest.approx(0.11, abs=5e-3)


def test_level(facts):
    assert facts.level.estimate("specialization") == pytest.approx(0.69, abs=5e-3)
    assert facts.level.se("specialization") == pytest.approx(0.11, abs=5e-3)


def test_growth(facts):
    assert facts.growth.estimate("specialization") == pytest.approx(0.16, abs=5e-3)
    assert facts.growth.se("specialization") == pytest.approx(0.06, abs=5e-3)
    assert facts.growth.estimate("log_income") == pytest.approx(-0.84, abs=5e-3)


def test_one_zone_has_no_wage(facts):
    assert (facts.level.n, facts.level.dropped) == (721, 1) and (facts.growth.n, facts.growth.dropped) == (
        721,
        1,
    )


def test_the_sign_of_the_level_rests_on_predicted_growth(panel, measured):
    """Most specialized zones were farm zones, poor, of low predicted growth: without ghat it is negative."""
    table = sensitivity(panel.industry, measured, panel.controls, panel.national, CONFIG.empirics)
    rows = table[(table["measure"] == "gini") & table["controls"]].set_index("ghat")
    assert rows.at[False, "level"] == pytest.approx(-0.72, abs=5e-3)
    assert rows.at[True, "level"] == pytest.approx(0.69, abs=5e-3)


def test_ghat_rows_are_the_shift_share(panel, facts):
    """One zone by hand: 1950 employment shares times the nation's log growth of employment."""
    zone = 100
    base = panel.industry[(panel.industry["zone"] == zone) & (panel.industry["year"] == 1950)]
    growth = panel.national[panel.national["year"] == 1950].set_index("industry")["growth"]
    by_hand = sum(row.share * growth[row.industry] for row in base.itertuples())
    assert facts.design.at[zone, "ghat"] == pytest.approx(by_hand, rel=1e-12)
    assert isinstance(facts.design, pd.DataFrame) and len(facts.design) == 722
