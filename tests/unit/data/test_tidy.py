"""A tidy panel: the same canonical tables as the economy it was written from, and every way in which files break."""

import json

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from run_folder import layout_at

from regspec.config.config import Config
from regspec.config.empirics import Empirics
from regspec.data import geography
from regspec.data.build import build
from regspec.data.synthetic.economy import synthetic_economy
from regspec.data.tidy import canonical, read_tidy
from regspec.empirics.run import run
from regspec.errors import ConfigError, DataError
from regspec.exhibits import tables
from regspec.io.run_tables import read_table
from regspec.io.schemas import TABLES, validate
from regspec.workflow.checks import check_inputs

CONFIG = Config()
STATES = pd.Series(np.arange(40) % 9 + 1, index=np.arange(1, 41))


@pytest.fixture(scope="module")
def economy():
    return synthetic_economy(CONFIG, STATES)


def tidy(economy, amounts=True):
    """The economy as tidy tables: shares, or incomes in dollars and employed persons (40% of the population)."""
    wide = economy.industry.pivot(index=["zone", "year", "industry"], columns="variable", values="share")
    industry = wide.reset_index().rename(columns={"zone": "cz"}).rename_axis(columns=None)
    controls = economy.controls.rename(columns={"zone": "cz"})
    controls["population"] *= 1e9
    controls["income_per_capita"] = np.exp(controls.pop("log_income"))
    if amounts:
        people = industry[["cz", "year"]].merge(controls, on=["cz", "year"])
        industry["income"] *= people["population"] * people["income_per_capita"]
        industry["employment"] *= 0.4 * people["population"]
    return industry, controls


def table(result, name):
    """A canonical table in the order of its key."""
    frame = validate(getattr(result, name), name, name)
    columns = [column for column in TABLES[name].columns if column in frame]
    return frame[columns].sort_values(list(TABLES[name].key), ignore_index=True)


def same(one, two, name, **options):
    assert_frame_equal(table(one, name), table(two, name), rtol=1e-12, atol=1e-14, **options)


def test_shares_give_the_tables_back(economy):
    result = canonical(*tidy(economy, amounts=False), CONFIG)
    for name in ("industry", "controls", "national"):
        same(result, economy, name)


def test_amounts_give_the_tables_back_and_weigh_the_nation(economy):
    industry, controls = tidy(economy)
    result = canonical(industry, controls.drop(columns="income_per_capita"), CONFIG)
    same(result, economy, "industry")
    same(result, economy, "controls")  # income per head is the sum over industries per person
    index = ["variable", "year", "industry"]
    nation = table(result, "national").set_index(index).sort_index()
    expected = table(economy, "national").set_index(index).sort_index()
    np.testing.assert_allclose(nation["growth"], expected["growth"], rtol=1e-11)
    by_hand = industry[industry["year"] == 1990].groupby("industry")["income"].sum()
    np.testing.assert_allclose(nation.loc[("income", 1990), "share"], by_hand / by_hand.sum(), rtol=1e-12)
    # Shares of employed persons, a constant part of the population, are the population-weighted mean of shares.
    np.testing.assert_allclose(nation.loc["employment", "share"], expected.loc["employment", "share"], rtol=1e-12)


def test_order_and_absent_rows_do_not_matter(economy):
    industry, controls = tidy(economy)
    one = canonical(industry, controls, CONFIG)
    shuffled = canonical(industry.sample(frac=1, random_state=1), controls.sample(frac=1, random_state=2), CONFIG)
    for name in ("industry", "controls", "national"):
        assert_frame_equal(table(one, name), table(shuffled, name), check_exact=True)
    at = (industry["cz"] == 3) & (industry["year"] == 1970) & (industry["industry"] == "Mining")
    zero = canonical(
        industry.assign(income=industry["income"].mask(at, 0), employment=industry["employment"].mask(at, 0)), controls, CONFIG
    )
    absent = canonical(industry[~at], controls, CONFIG)
    assert_frame_equal(table(zero, "industry"), table(absent, "industry"), check_exact=True)
    row = table(absent, "industry").set_index(["zone", "year", "industry", "variable"])
    assert row.at[(3, 1970, "Mining", "income"), "share"] == 0


def test_a_variable_without_a_year_has_no_growth(economy):
    industry, controls = tidy(economy)
    industry["value_added"] = industry["income"].where(industry["year"] >= 1980) * 1.5
    result = canonical(industry, controls, CONFIG)
    nation = table(result, "national").set_index("variable")
    assert nation.loc["value_added", "growth"].isna().all() and nation.loc["value_added", "year"].min() == 1980
    assert nation.loc[["income", "employment"], "growth"].notna().all()


def test_further_columns_states_and_absent_income(economy):
    industry, controls = tidy(economy)
    controls = controls.drop(columns=["income_per_capita", "female_labor_share"]).assign(rooms=2.5, name="text")
    controls["state"] = controls["state"].astype(float).where(controls["year"] == 1950)
    result = canonical(industry[["cz", "year", "industry", "employment"]], controls, CONFIG)
    clean = table(result, "controls")
    assert clean["log_income"].isna().all() and clean["female_labor_share"].isna().all()
    assert (result.controls["rooms"] == 2.5).all() and "name" not in result.controls
    assert clean.set_index("zone")["state"].groupby(level=0).agg(set).map(len).eq(1).all()
    mapped = canonical(industry, controls.drop(columns="state"), CONFIG, states=STATES)
    assert_frame_equal(table(mapped, "controls")[["zone", "state"]], table(economy, "controls")[["zone", "state"]])


def edit(frame, at, column, value):
    frame = frame.copy()
    frame.loc[at, column] = value
    return frame


BROKEN = {
    "has no column 'cz'": lambda i, c: (i.rename(columns={"cz": "zone"}), c),
    "has no column 'population'": lambda i, c: (i, c.rename(columns={"population": "people"})),
    "has no column with values": lambda i, c: (i.drop(columns=["income", "employment"]), c),
    "-3 must be at least 0": lambda i, c: (edit(i, 5, "income", -3.0), c),
    "row 8 .* repeats an earlier row": lambda i, c: (edit(i, 7, "industry", i.at[6, "industry"]), c),
    "zone 40 is not in None": lambda i, c: (i, c),
    "no year 1950": lambda i, c: (i[i["year"] > 1950], c[c["year"] > 1950]),
    "no row for zone 7, year 1970": lambda i, c: (i, c[(c["cz"] != 7) | (c["year"] != 1970)]),
    "industry.csv: no row for zone 7, year 1970": lambda i, c: (i[(i["cz"] != 7) | (i["year"] != 1970)], c),
    "has no income, other industries there have": lambda i, c: (edit(i, 5, "income", np.nan), c),
    "income sums to zero": lambda i, c: (edit(i, i.index[:17], "income", 0.0), c),
    "sums to 100": lambda i, c: (i.assign(income=100 * i["income"] / i.groupby(["cz", "year"])["income"].transform("sum")), c),
    "income shares sum to": lambda i, c: (i.assign(income=i["income"] / i["income"].max()), c),
    "'Mining' has no employment in any zone in 2020": lambda i, c: (
        edit(i, (i["industry"] == "Mining") & (i["year"] == 2020), "employment", 0.0),
        c,
    ),
    "'log_income' has a name that the program uses": lambda i, c: (i, c.assign(log_income=1.0)),
    "zone 1 has no state": lambda i, c: (i, c.drop(columns="state")),
    "must be greater than 0": lambda i, c: (i, edit(c, 3, "population", 0.0)),
}


@pytest.mark.parametrize("text", list(BROKEN))
def test_broken_tables_are_named(economy, text):
    industry, controls = BROKEN[text](*tidy(economy))
    zones = range(1, 40) if "is not in" in text else None
    with pytest.raises(DataError, match=text) as error:
        canonical(industry, controls, CONFIG, mapped_zones=zones, sources=("industry.csv", "controls.csv"))
    assert str(error.value).count("\n") <= 4


# ------------------------------------------------------------------------------------------------ files

YEARS = [1950, 1990, 2020]


def write_files(folder, industry, controls, suffix="csv"):
    for name, frame in (("industry", industry), ("controls", controls)):
        if suffix == "csv":
            frame.to_csv(folder / f"{name}.csv", index=False)
        else:
            frame.to_parquet(folder / f"{name}.parquet")


def config(folder, suffix="csv", variable="employment", **options):
    own = {"industry": f"industry.{suffix}", "controls": f"controls.{suffix}", **options}
    return Config.model_validate(
        {
            "data": {"source": "tidy", "directory": str(folder), "crosswalk": "crosswalk.csv", "tidy": own},
            "empirics": {"variable": variable, "horizons": [30, 70]},
        }
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An economy whose zones are the contiguous states, as files, with a crosswalk of counties to states."""
    monkeypatch.delenv("REGSPEC_DATA", raising=False)
    counties = geography.load_counties()
    codes = counties["fips"].replace(geography.RECODES)
    pd.DataFrame({"County FIPS Code": codes, "CZ90": counties["state"]}).drop_duplicates().to_csv(
        tmp_path / "crosswalk.csv", index=False
    )
    zones = sorted(set(counties["state"]))
    made = synthetic_economy(Config.model_validate({"data": {"synthetic": {"years": YEARS}}}), pd.Series(zones, zones))
    industry, controls = tidy(made)
    write_files(tmp_path, industry, controls)
    write_files(tmp_path, industry, controls, "parquet")
    made.tfp.to_csv(tmp_path / "tfp.csv", index=False)
    made.interest.to_csv(tmp_path / "interest.csv", index=False)
    return tmp_path, made, zones


def test_files_in_both_forms_give_the_economy_back(folder):
    path, made, zones = folder
    for suffix in ("csv", "parquet"):
        result = read_tidy(config(path, suffix, tfp="tfp.csv", interest="interest.csv"), zones)
        for name in ("industry", "controls", "tfp", "interest"):
            same(result, made, name)
    with pytest.raises(DataError, match="productivity in tfp.csv: unknown industry 'Mining'"):
        kept = made.tfp[made.tfp["industry"] != "Mining"]
        kept.to_csv(path / "tfp.csv", index=False)
        read_tidy(config(path, tfp="tfp.csv"), zones)


def test_the_accounts_give_productivity_through_a_map(folder):
    path, made, zones = folder
    names = sorted(made.tfp["industry"].unique())
    years = np.arange(1947, 1952)
    growth = 1.01 ** (years - 1947)
    pd.DataFrame(
        {
            "industry_id": np.repeat(np.arange(len(names)), len(years)),
            "year": np.tile(years, len(names)),
            **{name: np.tile(growth, len(names)) for name in ("GO", "VA", "TFPGO", "TFPVA")},
        }
    ).to_csv(path / "us_industry_accounts_1947_2023.csv", index=False)
    pd.DataFrame({"industry_id": np.arange(len(names)), "group": names}).to_csv(path / "map.csv", index=False)
    tfp = read_tidy(config(path, industry_map="map.csv"), zones).tfp
    assert sorted(tfp["industry"].unique()) == names
    np.testing.assert_allclose(tfp.groupby("year")["tfp"].mean(), growth, rtol=1e-12)


def test_a_panel_without_income_and_productivity_says_what_is_missing(folder):
    """Data and empirics run; each exhibit that cannot be made has its files with the reason, and is listed."""
    path, _, _ = folder
    industry = pd.read_csv(path / "industry.csv")[["cz", "year", "industry", "employment"]]
    industry["industry"] = industry["industry"].map(lambda name: f"Own {name}")
    write_files(path, industry, pd.read_csv(path / "controls.csv").drop(columns="income_per_capita"))
    own = config(path)
    check_inputs(own)
    build(own, path / "data", "hash")
    assert (
        json.loads((path / "data/meta.json").read_text(encoding="utf-8"))["source"] == "Own panel (industry.csv, controls.csv)"
    )
    assert read_table(path / "data/tfp.parquet", "tfp").empty
    run(own, layout_at(path), "hash")
    lost = tables.read_csv(path / "empirics/not_computed.csv").fillna("")
    whole = set(lost[lost["part"] == ""]["exhibit"])
    assert {"E1", "E2", "E3", "E4", "D5, E8", "P"} <= whole
    assert "no income per capita" in (path / "empirics/fact1.html").read_text(encoding="utf-8")
    assert (path / "empirics/horizons.png").stat().st_size > 2000
    listed = tables.read_csv(path / "empirics/exhibits.csv").set_index("title")
    assert listed.at["The trade-off: growth and level", "produced"] == "no"
    assert listed.at["Specialization over time", "produced"] == "in part"
    assert listed.at["Calibration, model and results", "produced"] == "no"
    assert "no industry is classified" in listed.at["Industry shares", "reason"]


def test_the_configuration_is_checked_against_the_files(folder):
    path, _, _ = folder
    check_inputs(config(path, tfp="tfp.csv"))
    (path / "controls.csv").unlink()
    with pytest.raises(DataError, match="controls.csv: no such file"):
        check_inputs(config(path))
    bad = config(path, "parquet", tfp="tfp.csv")
    with pytest.raises(ConfigError, match="empirics.variable = value_added"):
        check_inputs(bad.model_copy(update={"empirics": Empirics(variable="value_added")}))
    with pytest.raises(
        ConfigError, match="empirics.controls: 'high_skill' is not in the data. Did you mean 'high_skill_share'"
    ):
        check_inputs(bad.model_copy(update={"empirics": Empirics(variable="income", controls=["high_skill"])}))
    with pytest.raises(ConfigError, match="'Minning' is not an industry of industry.parquet. Did you mean 'Mining'"):
        check_inputs(bad.model_copy(update={"empirics": Empirics(variable="income", tradable=["Minning"])}))
    with pytest.raises(ConfigError, match="empirics.industry_groups.Goods: 'Minning'"):
        check_inputs(bad.model_copy(update={"empirics": Empirics(industry_groups={"Goods": ["Minning"]})}))
    with pytest.raises(ValueError, match="data.source: tidy needs data.crosswalk"):
        Config.model_validate({"data": {"source": "tidy"}})
