"""Census microdata: from an extract like IPUMS's to amounts of zones; what was drawn comes back, what is broken is refused."""

import gzip
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml
from microdata_extract import AT, ENDS, config, economy, lines, put, rewrite

from regspec.config.microdata import Geography, Microdata
from regspec.data import geography
from regspec.data.build import build
from regspec.data.counties.zones import county_zones
from regspec.data.microdata.census import check, read_census
from regspec.data.microdata.codes import allocation, industry_codes, match
from regspec.data.microdata.topcodes import alpha, tails
from regspec.data.synthetic.economy import synthetic_economy
from regspec.data.synthetic.raw_census import ALPHA, ON_LINE, UNITS, write_census_files
from regspec.errors import DataError
from regspec.workflow.checks import check_inputs

ZONES, YEARS, PERSONS = 400, [1950, 1980, 2020], 240_000
BASE = economy(ZONES, YEARS)


@pytest.fixture(scope="module")
def extract(tmp_path_factory):
    folder = tmp_path_factory.mktemp("census")
    write_census_files(BASE, folder, PERSONS)
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    write_census_files(BASE, folder, 30_000)
    return folder


@pytest.fixture
def broken(small, tmp_path):
    """A copy of a small extract that a test may damage."""
    folder = tmp_path / "copy"
    shutil.copytree(small, folder)
    return folder


@pytest.fixture(autouse=True)
def no_folder(monkeypatch):
    monkeypatch.delenv("REGSPEC_DATA", raising=False)


@pytest.fixture(scope="module")
def census(extract):
    return read_census(config(extract), extract, None)


@pytest.fixture(scope="module")
def truth():
    counties = geography.load_counties()
    zone_of, _ = county_zones(BASE)
    return synthetic_economy(BASE, geography.zone_states(counties, zone_of.loc[counties["fips"]].to_numpy()))


def test_national_shares_and_income_come_back(census, truth):
    """Sums over zones average the sampling error of persons out; straddling units only move amounts between neighbours."""
    total = census.industry.groupby(["year", "industry"])[["income", "employment"]].sum().reset_index()
    people = truth.controls.set_index(["zone", "year"])
    amount = people["population"] * np.exp(people["log_income"])
    for variable, weight, tolerance in (("income", amount, 0.015), ("employment", people["population"], 0.008)):
        own = total.assign(share=total[variable] / total.groupby("year")[variable].transform("sum"))
        rows = truth.industry[truth.industry["variable"] == variable].set_index(["zone", "year"])
        size = weight.loc[rows.index].to_numpy()
        expected = (rows["share"] * size).groupby([rows["industry"], rows.index.get_level_values("year")]).sum()
        expected = expected / expected.groupby("year").transform("sum")
        found = own.set_index(["industry", "year"])["share"]
        assert (found - expected.loc[found.index].to_numpy()).abs().max() < tolerance
    income = census.industry.groupby("year")["income"].sum() / census.controls.groupby("year")["population"].sum()
    expected = amount.groupby("year").sum() / people["population"].groupby("year").sum()
    # The top tenth of a Pareto law with alpha 2.5 has a standard error of a percent or two here.
    np.testing.assert_allclose(income, expected, rtol=0.03)


def test_zones_come_back_within_sampling_error(census, truth):
    own = census.controls.merge(truth.controls.rename(columns={"zone": "cz"}), on=["cz", "year"], suffixes=("", "_true"))
    assert len(own) == ZONES * len(YEARS)
    large = own[own["population_true"] > own["population_true"].median()]
    np.testing.assert_allclose(large["population"].sum() / 1e9, large["population_true"].sum(), rtol=0.02)
    for name, tolerance in (("female_labor_share", 0.05), ("high_skill_share", 0.04), ("old_age_dependency", 3.0)):
        assert (large[name] - large[f"{name}_true"]).abs().median() < tolerance
        assert abs((large[name] - large[f"{name}_true"]).mean()) < tolerance / 3


def test_alpha_comes_back_and_small_states_take_the_nations(census):
    report = census.report
    assert set(report["year"]) == {1950, 1980} and set(report["topcode"]) == {10000, 75000}
    assert (report["alpha"] - ALPHA).abs().max() < 0.7
    pooled = report[report["pooled"]]
    assert len(pooled) and (pooled.groupby("year")["alpha"].nunique() == 1).all()
    assert (pooled["alpha"] - ALPHA).abs().max() < 0.2
    assert (report.loc[~report["pooled"], "persons"] >= 100).all()


def test_without_imputation_income_is_too_low(extract, census):
    """Taking top codes at their value loses income where they bind: the imputation is what brings it back."""
    plain = read_census(config(extract, topcodes={}), extract, None)
    lost = plain.industry.groupby("year")["income"].sum() / census.industry.groupby("year")["income"].sum()
    assert lost[1950] < 0.985 and lost[1980] < 0.985 and lost[2020] == pytest.approx(1, rel=1e-12)
    assert plain.report.empty


def test_the_size_of_pieces_and_the_format_change_nothing(extract, census, tmp_path):
    again = read_census(config(extract, rows=7919), extract, None)
    pd.testing.assert_frame_equal(again.industry, census.industry, rtol=1e-12)
    write_census_files(BASE, tmp_path, PERSONS, csv=True)
    other = read_census(config(tmp_path), tmp_path, None)
    pd.testing.assert_frame_equal(other.industry, census.industry)
    pd.testing.assert_frame_equal(other.controls, census.controls)


def test_a_run_reads_the_extract(extract, tmp_path):
    own = config(extract)
    check_inputs(own.model_copy(update={"model": own.model.model_copy(update={"zones": "all"})}))
    build(own, tmp_path / "data", "hash")
    industry = pd.read_parquet(tmp_path / "data/industry.parquet")
    assert industry["zone"].nunique() == ZONES and industry["industry"].nunique() == 17
    report = (tmp_path / "data/topcodes.csv").read_text(encoding="utf-8")
    assert "# config_hash: hash" in report and "# persons read: " in report


# Pareto tails


def test_alpha_of_exact_quantiles():
    """Incomes at the quantiles of a Pareto law, all of them or cut at a top code: the slope is alpha."""
    u = (np.arange(100_000) + 0.5) / 100_000
    income = np.sort((1 - u) ** (-1 / 1.8))
    found = alpha(income, np.ones(income.size), 0.0, 0.9)
    assert found == pytest.approx(1.8, abs=0.01)
    below = income[income < 10]
    assert alpha(below, np.ones(below.size), float((income >= 10).sum()), 0.9) == pytest.approx(1.8, abs=0.01)


def test_infinite_means_are_refused():
    u = (np.arange(5000) + 0.5) / 5000
    income = np.sort(100 * (1 - u) ** (-1 / 0.9))
    rows = pd.DataFrame({"year": 1950, "state": 6, "income": income, "weight": 1.0, "persons": 1.0})
    tops = pd.Series(rows.loc[rows["income"] >= 10000, "weight"].sum(), pd.MultiIndex.from_tuples([(1950, 6)]))
    with pytest.raises(DataError, match=r"1950, state 6.*alpha = 0\.(89|9).*on \d+ persons; with alpha <= 1"):
        tails(rows[rows["income"] < 10000], tops, Microdata())


# Codes


def test_codes_find_their_ranges():
    table = industry_codes("config/ipums_industries.csv", "IND1990")
    names = table["industry"].to_numpy()[match(np.array([10, 60, 392, 412, 841, 950]), table)]
    assert list(names) == ["Agriculture", "Construction", "Durable manufacturing", "Public", "Non-routine prof. services", ""]
    np.testing.assert_array_equal(match(np.array([0, 33, 99, 999]), table), [-1, -1, -1, -1])
    earlier = industry_codes("config/ipums_industries.csv", "IND1950")
    assert set(earlier["industry"]) == set(table["industry"]) - {""}


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ("1,10,0.6\n1,20,0.3\n", r"unit 1 sum to 0.9000 \(1 such units\)"),
        ("1,10,1.2\n1,20,-0.2\n", "negative weight"),
        ("1,10,1\n2,20,1\n2,20,1\n", r"unit 2 sum to 2.0000 \(1 such units; 1 rows repeat a unit and zone"),
        ("1,99,1\n", "zone 99 is not in the crosswalk"),
        ("1,10,\n", "row 1 has a cell that is empty"),
        ("1,10,one\n", "row 1 has a cell that is empty or no number"),
        ("", "a.csv: no rows"),
    ],
)
def test_allocations_are_checked(tmp_path, rows, text):
    (tmp_path / "a.csv").write_text("unit,czone,afactor\n" + rows, encoding="utf-8")
    with pytest.raises(DataError, match=text):
        allocation(tmp_path, 1990, Geography(columns={"PUMA": 1}, file="a.csv", unit="unit"), {10, 20})


def test_rows_of_the_same_part_are_added(tmp_path):
    """Tables that have a row for each county repeat unit and zone."""
    (tmp_path / "a.csv").write_text("unit,czone,afactor\n1,10,0.5\n1,20,0.2\n1,10,0.3\n", encoding="utf-8")
    found = allocation(tmp_path, 2020, Geography(columns={"PUMA": 1}, file="a.csv", unit="unit"), {10, 20})
    assert found.to_numpy().tolist() == [[1, 10, 0.8], [1, 20, 0.2]]


@pytest.fixture(scope="module")
def small_census(small):
    return read_census(config(small), small, None)


def test_zones_off_the_map_are_left_out(small, small_census):
    """Alaska and Hawaii: the other zones keep exactly their persons, the part lost is reported."""
    census, off = small_census, set(sorted(small_census.industry["cz"].unique())[:40])
    rest = set(census.industry["cz"]) - off
    found = read_census(config(small), small, rest, off)
    pd.testing.assert_frame_equal(found.industry, census.industry[~census.industry["cz"].isin(off)].reset_index(drop=True))
    assert set(found.controls["cz"]) == rest
    by_year = census.industry.assign(off=census.industry["cz"].isin(off)).groupby(["year", "off"])["employment"].sum().unstack()
    expected = by_year[True] / by_year.sum(axis=1)
    assert found.elsewhere == pytest.approx(expected.to_dict()) and 0 < found.elsewhere[1950] < 1


def test_only_part_of_all_persons_is_asked_education_in_1950(small, small_census):
    """With the weights of all persons the highly skilled of 1950 are too few; the other years stay the same."""
    plain = read_census(config(small, asked={}, zone_income_unknown_share=1), small, None).controls.set_index(["year", "cz"])
    own = small_census.controls.set_index(["year", "cz"])
    pd.testing.assert_series_equal(plain["population"], own["population"])
    pd.testing.assert_frame_equal(plain.loc[[1980, 2020]], own.loc[[1980, 2020]])
    skill = [t.loc[1950, "high_skill_share"].mean() for t in (plain, own)]
    assert skill[0] == pytest.approx(ON_LINE * skill[1], rel=0.2)


def test_unknown_incomes_take_the_mean_of_unit_and_industry(broken, small_census):
    """Answers of some employed persons are taken away at random: sums stay, within the error of the draw."""
    rows, whole = lines(broken), small_census
    rng = np.random.default_rng(3)
    working = [r[AT["EMPSTAT"]] == "1" and r[:4] == "1980" for r in rows]
    lost = rng.uniform(size=len(rows)) < 0.3
    rewrite(broken, [put(r, "INCWAGE", "999998") if w and x else r for r, w, x in zip(rows, working, lost, strict=True)])
    found = read_census(config(broken, zone_income_unknown_share=0.9), broken, None)
    total, before = (t.industry.groupby("year")[["income", "employment"]].sum() for t in (found, whole))
    assert total.loc[1980, "income"] == pytest.approx(before.loc[1980, "income"], rel=0.05)
    pd.testing.assert_frame_equal(total.drop(1980), before.drop(1980))
    assert total.loc[1980, "employment"] == before.loc[1980, "employment"]


def test_units_are_divided_by_their_weights(extract, census):
    """The population of a zone is the weighted sum over its units, computed here from the raw lines."""
    rows = lines(extract)
    year = np.array([int(r[:4]) for r in rows])
    weight = np.array([int(r[16:26]) for r in rows]) / 100
    for when in YEARS:
        own = [r for r, y in zip(rows, year, strict=True) if y == when]
        column, within = UNITS.get(when, "PUMA"), 1_000_000 if when >= 1980 else 0
        unit = [int(r[AT[column]]) + within * int(r[AT["STATEFIP"]]) for r in own]
        assert all(not r[AT[name]].strip() for r in own for name in ("SEA", "CNTYGP98", "PUMA") if name != column)
        shares = pd.read_csv(extract / ("units_state.csv" if within else "units.csv"))
        people = pd.Series(weight[year == when]).groupby(unit).sum()
        by_zone = (shares["unit"].map(people).fillna(0) * shares["weight"]).groupby(shares["zone"]).sum()
        found = census.controls[census.controls["year"] == when].set_index("cz")["population"]
        np.testing.assert_allclose(found, by_zone.loc[found.index], rtol=1e-10)


# Broken files


def refuse(folder, text, **changes):
    with pytest.raises(DataError, match=text) as caught:
        read_census(config(folder, **changes), folder, None)
    assert len(str(caught.value).splitlines()) <= 5


def test_truncated_gzip(broken):
    whole = (broken / "usa.dat.gz").read_bytes()
    (broken / "usa.dat.gz").write_bytes(whole[: len(whole) // 2])
    refuse(broken, "usa.dat.gz: damaged or cut short")
    (broken / "usa.dat.gz").write_bytes(b"")
    refuse(broken, "usa.dat.gz: no rows")
    (broken / "usa.dat.gz").write_bytes(gzip.decompress(whole))
    refuse(broken, "usa.dat.gz: damaged or cut short .Not a gzipped file")


def test_letters_in_a_field_of_numbers(broken):
    rows = lines(broken)
    with gzip.open(broken / "usa.dat.gz", "wt", encoding="latin-1") as handle:
        handle.write("\n".join([*rows[:500], put(rows[500], "AGE", "é" * 3), *rows[501:]]) + "\n")
    refuse(broken, "usa.dat.gz: row 501: AGE is empty or no number: 'ééé'")


def test_a_line_cut_short(broken):
    rows = lines(broken)
    for length in (AT["INCWAGE"].start, AT["INCWAGE"].stop - 2):  # a number that was cut is still a number
        rewrite(broken, [*rows[:100], rows[100][:length]])
        refuse(broken, f"row 101: the line has {length} characters, the codebook describes {ENDS[-1]}")


def test_the_codebook_of_another_extract(broken):
    text = (broken / "usa.xml").read_text(encoding="utf-8")
    (broken / "usa.xml").write_text(
        text.replace('name="INCWAGE"', 'name="INCOTHER"').replace('ID="INCWAGE"', 'ID="INCOTHER"'), encoding="utf-8"
    )
    refuse(broken, "usa.xml: has no variable 'INCWAGE'")
    (broken / "usa.xml").write_text(text.replace('EndPos="92" width="7"', 'EndPos="93" width="8"'), encoding="utf-8")
    refuse(broken, "lines have 92 characters, the codebook describes 93")
    (broken / "usa.xml").write_text("<codeBook>", encoding="utf-8")
    refuse(broken, "not a DDI codebook")


def test_a_codebook_that_is_shifted_ends_the_check_before_a_run(broken):
    """Same length of line, other columns: the first persons show it."""
    text = (broken / "usa.xml").read_text(encoding="utf-8")
    for old, new, message in (
        ('StartPos="63" EndPos="65"', 'StartPos="64" EndPos="66"', r"row \d+: AGE = \d+ is not between 0 and 135"),
        ('StartPos="70" EndPos="72"', 'StartPos="71" EndPos="73"', r"unknown industry codes hold .* of the first persons"),
    ):
        (broken / "usa.xml").write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(DataError, match=message):
            check(config(broken), broken, None)


def test_unknown_industries_are_counted(broken):
    rows = lines(broken)
    changed = [put(r, "IND1990", "997") if r[AT["EMPSTAT"]] == "1" and k % 50 == 0 else r for k, r in enumerate(rows)]
    rewrite(broken, changed)
    refuse(broken, r"1950: 1 unknown industry codes hold [12]\.\d\d% of the year's sample \(largest: 997\)")


def test_units_missing_from_the_allocation(broken):
    table = pd.read_csv(broken / "units.csv")
    table[table["unit"] > 20].to_csv(broken / "units.csv", index=False)
    refuse(broken, r"1950: \d+ unknown unit codes hold .* of the year's persons \(largest: \d+, ")


def test_negative_weights_and_incomes(broken):
    rows = lines(broken)
    rewrite(broken, [put(rows[0], "PERWT", "-000001000"), *rows[1:]])
    refuse(broken, "row 1: weight PERWT = -10 is negative")
    first = next(k for k, r in enumerate(rows) if r[AT["EMPSTAT"]] == "1")
    rewrite(broken, [*rows[:first], put(rows[first], "INCWAGE", "-00100"), *rows[first + 1 :]])
    refuse(broken, rf"row {first + 1}: INCWAGE = -100 is negative")


def test_persons_twice(broken):
    rows = lines(broken)
    rewrite(broken, rows + rows[:7])
    refuse(broken, r"YEAR 1950, SERIAL \d+, PERNUM 1 appears more than once \(7 repeated rows\)")


def test_years_without_geography(broken):
    years = yaml.safe_load((broken / "microdata.yaml").read_text(encoding="utf-8"))["data"]["microdata"]["geography"]
    refuse(
        broken,
        "year 1980 has no entry in data.microdata.geography",
        geography={k: v for k, v in years.items() if int(k) != 1980},
    )


def test_years_of_geography_without_persons(broken):
    years = yaml.safe_load((broken / "microdata.yaml").read_text(encoding="utf-8"))["data"]["microdata"]["geography"]
    refuse(broken, r"no person of 1970 in a known unit \(1 such years\)", geography=years | {1970: years[1980]})


def test_tables_of_codes_and_units_that_are_not_readable(broken):
    refuse(broken, "nowhere.csv: no such file", codes="nowhere.csv")
    whole = (broken / "units.csv").read_bytes()
    (broken / "units.csv").write_bytes(whole.decode().encode("utf-16"))
    refuse(broken, "Remedy: save the file as CSV in UTF-8")
    (broken / "units.csv").write_bytes(whole.replace(b",", b";"))
    refuse(broken, "Remedy: the heading is divided by ';'")


def test_what_the_check_before_a_run_finds(broken):
    assert check(config(broken), broken, None) == YEARS
    with pytest.raises(DataError, match="no variable 'INCBUS'"):
        check(config(broken, income="INCBUS"), broken, None)
    (broken / "units.csv").unlink()
    with pytest.raises(DataError, match="units.csv: no such file"):
        check(config(broken), broken, None)
