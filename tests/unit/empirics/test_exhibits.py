"""E1 to E4, D6 and the grid on an economy with known coefficients, each recomputed with pandas and statsmodels."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from regspec.config.config import Config
from regspec.data.synthetic import targets
from regspec.data.synthetic.economy import synthetic_economy
from regspec.empirics.exhibits import by_industry, definitions, horizons, measures, national_shares, robustness, tradeoff
from regspec.empirics.fact1 import SPECIALIZATION
from regspec.empirics.inputs import DataInputs
from regspec.empirics.specialization import specialization
from regspec.exhibits import tables
from regspec.exhibits.registry import FACTS
from regspec.exhibits.writer import ExhibitWriter

CONFIG = Config()
CONTROLS = "high_skill_share + old_age_dependency + female_labor_share + population"
DECK_TRADABLE = [
    "Agriculture",
    "Business services",
    "Durable manufacturing",
    "Mining",
    "Nondurable manufacturing",
    "Non-routine prof. services",
    "Transportation",
    "Wholesale",
]


def prepared(folder, config=CONFIG, zones=300, program="empirics.exhibits.robustness"):
    made = synthetic_economy(config, pd.Series(np.arange(zones) % 20 + 1, np.arange(1, zones + 1)))
    measured = specialization(made.industry)
    stamp = {"config_hash": "hash", "code_version": "test"}
    frames = made.industry, made.controls, made.national
    return DataInputs(config, ExhibitWriter(folder, stamp, True, "synthetic"), *frames, measured, exhibit=row(program))


def row(program):
    """The exhibit that the module ``program`` makes."""
    return next(exhibit for exhibit in FACTS if exhibit.program == program)


def write(module, inputs):
    """Write the files of a module's exhibit."""
    module.write(replace(inputs, exhibit=row(module.__name__.removeprefix("regspec."))))


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("exhibits"))


@pytest.fixture(scope="module")
def raw(inputs):
    """One row for each zone and year from the canonical tables with pandas alone: Ginis, shares, controls."""
    wide = inputs.industry[inputs.industry["variable"] == "income"].pivot(
        index=["zone", "year"], columns="industry", values="share"
    )
    frame = inputs.controls.set_index(["zone", "year"]).join(wide)
    inside = [name for name in wide if name in DECK_TRADABLE]
    outside = [name for name in wide if name not in DECK_TRADABLE]
    for name, columns in (("whole", list(wide)), ("tradable", inside), ("nontradable", outside)):
        x = wide[columns].to_numpy()
        # Half the mean absolute difference over the mean: another formula of the same Gini.
        values = np.abs(x[:, :, None] - x[:, None, :]).mean(axis=(1, 2)) / (2 * x.mean(axis=1))
        frame = frame.join(pd.Series(values, wide.index, name=name))
    return frame.reset_index()


def windows(inputs, raw, horizon):
    """Stacked rows of a horizon with growth and predicted growth, by merging on zone and year."""
    end = raw[["zone", "year", "log_income"]].assign(year=lambda d: d["year"] - horizon)
    rows = raw.merge(end, on=["zone", "year"], suffixes=("", "_end"))
    nation = inputs.national[inputs.national["variable"] == "income"].set_index(["year", "industry"])["share"]
    industries = sorted(inputs.national["industry"].unique())
    change = {year: np.log(nation[year + horizon] / nation[year])[industries] for year in rows["year"].unique()}
    ghat = [row[industries].astype(float) @ change[row["year"]] for _, row in rows.iterrows()]
    return rows.assign(growth=rows["log_income_end"] - rows["log_income"], ghat=ghat)


def test_columns_of_e1_are_ordinary_least_squares(inputs, raw):
    fits = tradeoff.columns(inputs, "gini")
    base = raw[raw["year"] == 1950].set_index("zone")
    base["growth"] = raw[raw["year"] == 2020].set_index("zone")["log_income"] - base["log_income"]
    base["ghat"] = tradeoff.design(inputs, "gini")["ghat"]
    for name, head in (
        ("growth", "whole"),
        ("growth_tradable", "tradable + nontradable"),
        ("level_tradable", "tradable + nontradable"),
    ):
        outcome = "growth" if name.startswith("growth") else "log_income"
        initial = "log_income + " if name.startswith("growth") else ""
        formula = f"{outcome} ~ {head} + ghat + {initial}{CONTROLS}"
        expected = smf.ols(formula, base).fit(cov_type="HC1")
        term = SPECIALIZATION if head == "whole" else "tradable"
        key = "whole" if head == "whole" else "tradable"
        assert fits[name].estimate(term) == pytest.approx(expected.params[key], rel=1e-7)
        assert fits[name].se(term) == pytest.approx(expected.bse[key], rel=1e-7)
    assert list(fits) == ["growth", "growth_tradable", "level", "level_tradable"]


@pytest.mark.parametrize("horizon", [10, 40])
def test_horizons_are_stacked_least_squares_with_clusters(inputs, raw, horizon):
    table = horizons.by_horizon(inputs).set_index(["regressor", "horizon"])
    rows = windows(inputs, raw, horizon)
    for regressor, head in (("tradable", "tradable + nontradable"), ("specialization", "whole")):
        formula = f"growth ~ {head} + ghat + log_income + {CONTROLS} + C(year)"
        own, term = table.loc[(regressor, horizon)], head.split()[0]
        for cluster in ("zone", "state"):
            expected = smf.ols(formula, rows).fit(cov_type="cluster", cov_kwds={"groups": rows[cluster]})
            assert own["estimate"] == pytest.approx(expected.params[term], rel=1e-6)
            assert own[f"se_{cluster}"] == pytest.approx(expected.bse[term], rel=1e-6)
        assert own["observations"] == len(rows) == 300 * (8 - horizon // 10) and own["zones"] == 300
        assert own["r2_adjusted"] == pytest.approx(expected.rsquared_adj, rel=1e-9)


def test_the_longest_horizon_finds_the_truth_of_growth(inputs):
    """From 1950 to 2020 growth is E1's with its true coefficient; shorter windows end in the middle of a bridge."""
    row = horizons.by_horizon(inputs).set_index(["regressor", "horizon"]).loc[("specialization", 70)]
    assert abs(row["estimate"] - targets.GROWTH["specialization"]) < 3 * row["se_zone"]
    assert row["starts"] == "1950" and row["observations"] == 300


def test_the_grid_holds_fact_1_and_the_truth(inputs):
    table = robustness.grid(inputs).set_index(["outcome", "variable", "classification", "measure", "right_hand_side"])
    assert len(table) == 2 * 2 * 3 * 3 * 5 and table["estimate"].notna().all()
    fits = tradeoff.columns(inputs, "gini")
    for outcome, truth in (("growth", targets.GROWTH), ("level", targets.LEVEL)):
        cell = table.loc[(outcome, "income", "data", "gini", "controls_ghat")]
        assert cell["estimate"] == fits[outcome].estimate(SPECIALIZATION) and cell["se"] == fits[outcome].se(SPECIALIZATION)
        assert abs(cell["estimate"] - truth["specialization"]) < 3 * cell["se"]
        assert cell["zones"] == 300 and cell["sd"] == pytest.approx(
            tradeoff.design(inputs, "gini")[SPECIALIZATION].std(), rel=1e-12
        )


def test_state_effects_and_model_industries_in_the_grid(inputs, raw):
    table = robustness.grid(inputs).set_index(["outcome", "variable", "classification", "measure", "right_hand_side"])
    base = raw[raw["year"] == 1950].set_index("zone")
    base["ghat"] = tradeoff.design(inputs, "gini")["ghat"]
    members = {name: group.members for name, group in CONFIG.calibration.industries.items()}
    groups = pd.DataFrame({name: base[list(own)].sum(axis=1) for name, own in members.items()})
    base["concentration"] = (groups**2).sum(axis=1)
    expected = smf.ols(f"log_income ~ concentration + ghat + {CONTROLS} + C(state)", base).fit(cov_type="HC1")
    cell = table.loc[("level", "income", "model", "hhi", "controls_ghat_states")]
    assert cell["estimate"] == pytest.approx(expected.params["concentration"], rel=1e-7)
    assert cell["se"] == pytest.approx(expected.bse["concentration"], rel=1e-7)


def test_industries_together_and_alone(inputs, raw):
    write(by_industry, inputs)
    table = tables.read_csv(inputs.writer.folder / "fact1_industries.csv").set_index(["outcome", "regression", "industry"])
    base = raw[raw["year"] == 1950].set_index("zone")
    base["ghat"] = tradeoff.design(inputs, "gini")["ghat"]
    base["Manufacturing"] = base["Durable manufacturing"] + base["Nondurable manufacturing"]
    base["Services"] = base[
        ["Business services", "Personal services", "Entertainment", "Routine prof. services", "Non-routine prof. services"]
    ].sum(axis=1)
    names = ["Manufacturing", "Services", "Agriculture", "Transportation", "Wholesale", "Retail"]
    joint = smf.ols(f"log_income ~ {' + '.join(names)} + ghat + {CONTROLS}", base).fit(cov_type="HC1")
    for name in names:
        assert table.at[("level", "joint", name), "estimate"] == pytest.approx(joint.params[name], rel=1e-6)
        assert table.at[("level", "joint", name), "se"] == pytest.approx(joint.bse[name], rel=1e-6)
        alone = smf.ols(f"log_income ~ {name} + ghat + {CONTROLS}", base).fit(cov_type="HC1")
        assert table.at[("level", "single", name), "estimate"] == pytest.approx(alone.params[name], rel=1e-6)
    assert not inputs.missing


def test_national_shares_and_the_tradable_flag(inputs):
    write(national_shares, inputs)
    table = tables.read_csv(inputs.writer.folder / "industry_shares.csv")
    assert set(table.loc[table["tradable"] == "yes", "industry"]) == set(DECK_TRADABLE)
    np.testing.assert_allclose(table.groupby(["variable", "year"])["share"].sum(), 100, rtol=1e-12)
    rows = inputs.industry.merge(inputs.controls[["zone", "year", "population"]], on=["zone", "year"])
    mining = rows[(rows["industry"] == "Mining") & (rows["year"] == 1990) & (rows["variable"] == "income")]
    value = table.set_index(["variable", "industry", "year"]).at[("income", "Mining", 1990), "share"]
    assert value == pytest.approx(100 * np.average(mining["share"], weights=mining["population"]), rel=1e-12)
    assert "Tradable, sum" in (inputs.writer.folder / "industry_shares.tex").read_text(encoding="utf-8")


def test_tables_of_measures_and_definitions(inputs):
    write(measures, inputs)
    data = tables.read_csv(inputs.writer.folder / "fact1_measures.csv").set_index(["regression", "term"])
    x = tradeoff.design(inputs, "hhi")
    fit = tradeoff.estimate(inputs, "level", x, (SPECIALIZATION,))
    assert data.at[("level_hhi", "ghat"), "estimate"] == pytest.approx(fit.estimate("ghat"), rel=1e-12)
    assert set(data.index.get_level_values(0)) == {"growth_hhi", "growth_max_share", "level_hhi", "level_max_share"}
    write(definitions, inputs)
    rows = tables.read_csv(inputs.writer.folder / "fact1_tradable.csv").set_index(["definition", "measure"])
    own = tradeoff.columns(inputs, "gini")["growth_tradable"]
    assert rows.at[("within", "gini"), "growth_nontradable"] == pytest.approx(own.estimate("nontradable"), rel=1e-12)
    assert len(rows) == 6


def test_years_that_are_missing_are_reported(tmp_path):
    config = Config.model_validate({"empirics": {"horizons": [20, 25]}})
    inputs = prepared(tmp_path, config, zones=80, program="empirics.exhibits.horizons")
    inputs.controls.loc[inputs.controls["year"] == 1990, "female_labor_share"] = np.nan
    table = horizons.by_horizon(inputs)
    assert set(table["horizon"]) == {20} and "1990" not in table["starts"].iloc[0].split()
    reasons = {item.part: item.reason for item in inputs.missing}
    assert reasons["horizon 25"] == "no two years of the data are 25 years apart"
    assert reasons["windows that begin in 1990"] == "no zone has female_labor_share in 1990"


def test_a_classification_of_ones_own(tmp_path):
    own = {
        "tradable": ["Mining", "Agriculture"],
        "tradable_split": "parts",
        "industry_groups": {"Soil": ["Mining", "Agriculture"]},
    }
    inputs = prepared(tmp_path, Config.model_validate({"empirics": own}), zones=80)
    shares = tradeoff.base_shares(inputs)
    ranks = shares.rank(axis=1)
    x = tradeoff.design(inputs, "gini", "parts")
    expected = ((2 * ranks - 18) * shares)[["Agriculture", "Mining"]].sum(axis=1) / 17
    np.testing.assert_allclose(x["tradable"], expected, rtol=1e-12)
    assert by_industry.groups(inputs) == {"Soil": ["Mining", "Agriculture"]}
