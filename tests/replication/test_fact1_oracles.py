"""Facts of the real census panel (8 industries, wages for income): its own values, never the deck's signs.

Measured independently of the package; the folder of the tables comes from REGSPEC_DATA (docs/data.md).
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from regspec.config.config import Config
from regspec.config.data import Data
from regspec.config.empirics import Empirics
from regspec.data.panel import read_crosswalk, read_panel
from regspec.empirics.exhibits import by_industry, horizons, national_shares, robustness, tradeoff
from regspec.empirics.fact1 import fact1
from regspec.empirics.inputs import DataInputs
from regspec.empirics.specialization import specialization
from regspec.empirics.summary import summarize
from regspec.exhibits.registry import FACTS
from regspec.exhibits.writer import ExhibitWriter

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
def inputs(panel, measured):
    exhibit = next(exhibit for exhibit in FACTS if exhibit.program == "empirics.exhibits.robustness")
    frames = panel.industry, panel.controls, panel.national
    return DataInputs(CONFIG, ExhibitWriter(Path("unused"), {}, False, "panel"), *frames, measured, exhibit=exhibit)


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
    assert (facts.level.n, facts.level.dropped) == (721, 1) and (facts.growth.n, facts.growth.dropped) == (721, 1)


def test_the_sign_of_the_level_rests_on_predicted_growth(inputs):
    """Most specialized zones were farm zones, poor, of low predicted growth: without ghat it is negative."""
    table = robustness.grid(inputs).set_index(["classification", "measure", "outcome", "right_hand_side"])
    own = table.loc[("data", "gini", "level"), "estimate"]
    assert own["controls"] == pytest.approx(-0.72, abs=5e-3)
    assert own["controls_ghat"] == pytest.approx(0.69, abs=5e-3)


def test_ghat_rows_are_the_shift_share(panel, facts):
    """One zone by hand: 1950 employment shares times the nation's log growth of employment."""
    zone = 100
    base = panel.industry[(panel.industry["zone"] == zone) & (panel.industry["year"] == 1950)]
    growth = panel.national[panel.national["year"] == 1950].set_index("industry")["growth"]
    by_hand = sum(row.share * growth[row.industry] for row in base.itertuples())
    assert facts.design.at[zone, "ghat"] == pytest.approx(by_hand, rel=1e-12)
    assert isinstance(facts.design, pd.DataFrame) and len(facts.design) == 722


# --------------------------------------------------------------------- E1 to E4 again, from the files alone


@pytest.fixture(scope="module")
def raw():
    """The files' own columns by zone and year: shares, controls, log wage, three Ginis (pairwise differences)."""
    shares = pd.read_csv(Path(FOLDER) / "cz_industry.csv").pivot(index=["cz", "year"], columns="industry")["employment_share"]
    shares = shares.div(shares.sum(axis=1), axis=0)
    frame = pd.read_csv(Path(FOLDER) / "cz_controls.csv").set_index(["cz", "year"]).join(shares)
    tradable = ["Agriculture", "Manufacturing", "Other services"]
    groups = {"whole": list(shares), "tradable": tradable, "other": [name for name in shares if name not in tradable]}
    for name, columns in groups.items():
        x = shares[columns].to_numpy()
        pairs = np.abs(x[:, :, None] - x[:, None, :]).mean(axis=(1, 2))
        frame = frame.join(pd.Series(pairs / (2 * x.mean(axis=1)), shares.index, name=name))
    frame["old"] = 100 * frame["share_65up"] / (1 - frame["share_65up"])
    frame["people"] = frame["population"] / 1e9
    frame["state"] = frame.groupby(level="cz")["state_fips"].transform(lambda s: s.ffill().bfill())
    sizes = shares.mul(frame["population"], axis=0).groupby(level="year").sum()
    return frame.reset_index(), np.log(sizes), list(shares)


def windows(raw, start, end):
    """Zones of one window: growth of the wage and predicted growth from the nation's sizes."""
    frame, sizes, industries = raw
    rows = frame[frame["year"] == start].set_index("cz")
    ghat = rows[industries] @ (sizes.loc[end] - sizes.loc[start])[industries]
    growth = frame[frame["year"] == end].set_index("cz")["log_hourly_wage"] - rows["log_hourly_wage"]
    return rows.assign(ghat=ghat, growth=growth).reset_index()


CONTROLS = "high_skill_share + old + female_employment_share + people"


def test_tradable_columns(inputs, raw):
    fits, rows = tradeoff.columns(inputs, "gini"), windows(raw, 1950, 2020)
    for outcome, left, initial in (("growth", "growth", "log_hourly_wage + "), ("level", "log_hourly_wage", "")):
        expected = smf.ols(f"{left} ~ tradable + other + ghat + {initial}{CONTROLS}", rows).fit(cov_type="HC1")
        fit = fits[f"{outcome}_tradable"]
        assert fit.n == expected.nobs == 721
        for term, name in (("tradable", "tradable"), ("nontradable", "other"), ("ghat", "ghat")):
            assert fit.estimate(term) == pytest.approx(expected.params[name], rel=1e-6)
            assert fit.se(term) == pytest.approx(expected.bse[name], rel=1e-6)


def test_horizons(inputs, raw):
    """All windows of the census years but that of 2010, which has no old-age dependency and no female share."""
    table = horizons.by_horizon(inputs).set_index(["regressor", "horizon"])
    years = sorted(set(raw[0]["year"]))
    for horizon in (20, 50, 70):
        pairs = [(a, a + horizon) for a in years if a + horizon in years]
        rows = pd.concat([windows(raw, *pair) for pair in pairs], ignore_index=True)
        formula = f"growth ~ tradable + other + ghat + log_hourly_wage + {CONTROLS}" + " + C(year)" * (len(pairs) > 1)
        model = smf.ols(formula, rows)
        used = rows.loc[model.data.row_labels]
        own = table.loc[("tradable", horizon)]
        for cluster, groups in (("zone", used["cz"]), ("state", used["state"])):
            expected = model.fit(cov_type="cluster", cov_kwds={"groups": groups.to_numpy()})
            assert own["estimate"] == pytest.approx(expected.params["tradable"], rel=1e-6)
            assert own[f"se_{cluster}"] == pytest.approx(expected.bse["tradable"], rel=1e-6)
        assert own["observations"] == len(used)
    assert {item.part for item in inputs.missing if "begin" in item.part} == {"windows that begin in 2010"}
    # The longest window is Fact 1 itself.
    fits = tradeoff.columns(inputs, "gini")
    assert table.at[("specialization", 70), "estimate"] == pytest.approx(fits["growth"].estimate("specialization"), rel=1e-9)
    assert table.at[("tradable", 70), "estimate"] == pytest.approx(fits["growth_tradable"].estimate("tradable"), rel=1e-9)


def test_industries(inputs, raw):
    members = by_industry.groups(inputs)
    assert list(members) == ["Manufacturing", "Services", "Agriculture", "Retail"]
    found = by_industry.fits(inputs, members)
    rows = windows(raw, 1950, 2020)
    rows["Services"] = rows["Personal services"] + rows["Professional services"]
    expected = smf.ols(f"growth ~ {' + '.join(members)} + ghat + log_hourly_wage + {CONTROLS}", rows).fit(cov_type="HC1")
    for name in members:
        assert found["growth", "joint"].estimate(name) == pytest.approx(expected.params[name], rel=1e-6)
        assert found["growth", "joint"].se(name) == pytest.approx(expected.bse[name], rel=1e-6)


def test_hhi(inputs, raw):
    rows = windows(raw, 1950, 2020)
    rows["hhi"] = (rows[raw[2]] ** 2).sum(axis=1)
    expected = smf.ols(f"log_hourly_wage ~ hhi + ghat + {CONTROLS}", rows).fit(cov_type="HC1")
    fit = tradeoff.estimate(inputs, "level", tradeoff.design(inputs, "hhi"), ("specialization",))
    assert fit.estimate("specialization") == pytest.approx(expected.params["hhi"], rel=1e-6)
    assert fit.se("specialization") == pytest.approx(expected.bse["hhi"], rel=1e-6)


def test_national_shares(inputs, raw):
    table = national_shares.national_shares(inputs).set_index(["industry", "year"])
    sizes = np.exp(raw[1].loc[1950])
    for name in raw[2]:
        assert table.at[(name, 1950), "share"] == pytest.approx(100 * sizes[name] / sizes.sum(), rel=1e-9)
