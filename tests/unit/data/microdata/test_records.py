"""Records of an extract: blanks of other years, households, codes of nines; nothing that is empty becomes a number."""

import gzip
import shutil

import microdata_extract
import numpy as np
import pandas as pd
import pytest
from microdata_extract import AT, economy, lines, put, rewrite

from regspec.data.deflator import price_factors
from regspec.data.microdata.census import check, read_census
from regspec.data.microdata.extract import chunks, codebook
from regspec.data.microdata.missing import income_codes, labels, missing_codes, says_missing
from regspec.data.microdata.records import numbers
from regspec.data.synthetic.raw_census import codebook as write
from regspec.data.synthetic.raw_census import write_census_files
from regspec.errors import DataError

FORMATS = [{"csv": True}, {"hierarchical": True}, {"hierarchical": True, "csv": True}]


@pytest.fixture(autouse=True)
def no_folder(monkeypatch):
    monkeypatch.delenv("REGSPEC_DATA", raising=False)


@pytest.fixture(scope="module")
def extract(tmp_path_factory):
    folder = tmp_path_factory.mktemp("extract")
    write_census_files(economy(40), folder, 9000)
    return folder


@pytest.fixture
def broken(extract, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(extract, folder)
    return folder


def config(folder, **changes):
    """Too few persons for Pareto tails of states."""
    return microdata_extract.config(folder, **{"topcodes": {}} | changes)


def refused(folder, text, **changes):
    with pytest.raises(DataError, match=text) as caught:
        read_census(config(folder, **changes), folder, None)
    assert len(str(caught.value).splitlines()) <= 5


def row_of(rows, year, start=0):
    return next(k for k, r in enumerate(rows) if k >= start and r[:4] == str(year) and r[AT["EMPSTAT"]] == "1")


# Formats


def same(found, expected):
    for name in ("industry", "controls", "report", "left_out", "answers"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(expected, name))


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_gives_the_same_tables(extract, tmp_path, form):
    """The households' records carry the units, those of persons the weights; pieces may end between the two."""
    write_census_files(economy(40), tmp_path, 9000, **form)
    expected = read_census(config(extract), extract, None)
    for rows in (250_000, 1001):
        found = read_census(config(tmp_path, rows=rows), tmp_path, None)
        assert found.rows == expected.rows == 9000
        if rows == 250_000:
            same(found, expected)
        else:
            pd.testing.assert_frame_equal(found.controls, expected.controls, rtol=1e-12)
    assert check(config(tmp_path), tmp_path, None) == [1950, 1980, 2020]


def test_a_file_that_is_not_packed(broken):
    (broken / "usa.dat").write_bytes(gzip.decompress((broken / "usa.dat.gz").read_bytes()))
    same(read_census(config(broken, extract="usa.dat"), broken, None), read_census(config(broken), broken, None))


def hierarchical(tmp_path):
    write_census_files(economy(40), tmp_path, 3000, hierarchical=True)
    return lines(tmp_path)


def test_persons_that_do_not_follow_their_household(tmp_path):
    rows = hierarchical(tmp_path)
    rewrite(tmp_path, [*rows[:10], *rows[11:]])
    refused(tmp_path, "row 11: the person of SERIAL 6, YEAR 1950 does not follow its household")
    rewrite(tmp_path, rows[1:])
    refused(tmp_path, "row 1: a person comes before any household")
    rewrite(tmp_path, [*rows[:4], "X" + rows[4][1:], *rows[5:]])
    refused(tmp_path, "row 5: RECTYPE = 'X' is not among P, H")
    rewrite(tmp_path, [*rows[:5], rows[5][:-1], *rows[6:]])
    refused(tmp_path, "row 6: the line has .* characters, the codebook describes")


def test_a_household_without_persons_counts_nobody(tmp_path):
    rows = hierarchical(tmp_path)
    before = read_census(config(tmp_path), tmp_path, None)
    rewrite(tmp_path, [rows[0].replace("00000001", "99999999", 1), *rows, rows[-2].replace("000", "999", 1)])
    same(read_census(config(tmp_path), tmp_path, None), before)


def test_records_of_another_structure_are_refused(broken):
    text = (broken / "usa.xml").read_text(encoding="utf-8")
    (broken / "usa.xml").write_text(text.replace('type="rectangular"', 'type="household-only"'), encoding="utf-8")
    refused(broken, "structure is household-only.\n.*\nRemedy: order a rectangular extract")


# Blanks


@pytest.mark.parametrize(("year", "name"), [(1950, "SEA"), (1980, "CNTYGP98"), (2020, "PUMA"), (1950, "SLWT"), (2020, "PERWT")])
@pytest.mark.parametrize("text", ["", "."])
def test_a_blank_in_a_year_that_uses_the_variable(broken, year, name, text):
    rows = lines(broken)
    at = row_of(rows, year)
    rewrite(broken, [*rows[:at], put(rows[at], name, text), *rows[at + 1 :]])
    refused(broken, rf"row {at + 1}: {name} is empty or no number in {year}, a year that uses it \(1 such rows")


def test_a_blank_in_a_csv(tmp_path):
    write_census_files(economy(40), tmp_path, 3000, csv=True)
    table = pd.read_csv(tmp_path / "usa.csv.gz", dtype=str)
    assert table.loc[table["YEAR"] == "2020", ["SEA", "CNTYGP97", "CNTYGP98", "SLWT"]].isna().all(axis=None)
    for name, year in (("PUMA", 2020), ("INCWAGE", 1980)):
        own = table.copy()
        at = own.index[own["YEAR"] == str(year)][4]
        own.loc[at, name] = None
        own.to_csv(tmp_path / "usa.csv.gz", index=False)
        refused(tmp_path, rf"usa.csv.gz: row {at + 1}: {name} is empty or no number in {year}, a year that uses it")


def test_the_year_itself_is_needed(broken):
    rows = lines(broken)
    rewrite(broken, [*rows[:7], put(rows[7], "YEAR", ""), *rows[8:]])
    refused(broken, "row 8: YEAR is empty or no number")


def small(folder, rows, name="usa.dat"):
    layout = [("YEAR", 4, 0), ("PERWT", 10, 2), ("AGE", 3, 0)]
    (folder / "usa.xml").write_text(write(name, layout), encoding="utf-8")
    (folder / name).write_bytes(rows)
    return next(chunks(folder / name, codebook(folder / "usa.xml"), ["YEAR", "PERWT", "AGE"], 10))


def test_decimals_of_the_codebook(tmp_path):
    rows = b"\xef\xbb\xbf20100002009333043\r\n2010   2009300 11\r\n2010        -5 60"
    assert small(tmp_path, rows)["PERWT"].tolist() == [20093.33, 20093.0, -0.05]


@pytest.mark.parametrize(
    "weight", ["          ", "00X2009333", "  20093.33", "2009333   ", "1 00200933", "00000-2000", "       1e5"]
)
def test_weights_that_are_no_whole_numbers(tmp_path, weight):
    """The reading library makes 0 of the blank one, and 200.93 of the one with a point."""
    with pytest.raises(DataError, match="usa.dat: row 2: PERWT is empty or no number"):
        small(tmp_path, f"20100002009333043\n2010{weight}011\n".encode())


def test_numbers_of_fixed_width():
    texts = [b"  12", b"  -5", b"+007", b"    ", b"   .", b"-  5", b". 5 ", b"12  ", b" 1-2", b"--12", b"   -"]
    values, bad = numbers(np.frombuffer(b"".join(texts), "uint8").reshape(-1, 4))
    np.testing.assert_array_equal(values[:3], [12, -5, 7])
    assert np.isnan(values[3:]).all() and bad.tolist() == [False] * 5 + [True] * 6


def test_marks_and_ends_of_csv_files(tmp_path):
    whole = b"\xef\xbb\xbfYEAR,PERWT,AGE\n2010,20093.33,43\n2010,5,11\n"
    assert small(tmp_path, whole, "usa.csv")["YEAR"].tolist() == [2010, 2010]
    for rows, text in (
        (b"YEAR,PERWT,AGE\n2010,20093.33,43\n2010,5,11,7\n", "row 2 has more fields than the heading"),
        (b"YEAR,PERWT,AGE\n2010,20093.33,43\n2010,5,7043\n", r"row 2: AGE = 7043 has more digits than .* gives it, 3 \(1 such"),
        (b"YEAR,PERWT,AGE\n2010,20093.33,43\n2010,5,one\n", "row 2: AGE is empty or no number: 'one'"),
        (b"YEAR,PERWT,AGE\n2010,20093.33,43\n2010,,11\n", "row 2: PERWT is empty or no number"),
    ):
        with pytest.raises(DataError, match=text):
            small(tmp_path, rows, "usa.csv")


def test_a_whole_extract_with_a_mark_and_one_that_was_cut(tmp_path):
    write_census_files(economy(40), tmp_path, 3000, csv=True)
    text = gzip.decompress((tmp_path / "usa.csv.gz").read_bytes())
    before = read_census(config(tmp_path), tmp_path, None)
    (tmp_path / "usa.csv").write_bytes(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))
    for name in ("units.csv", "units_state.csv"):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + (tmp_path / name).read_bytes())
    same(read_census(config(tmp_path, extract="usa.csv"), tmp_path, None), before)
    (tmp_path / "usa.csv").write_bytes(text[:-3])
    refused(tmp_path, "usa.csv: the last line has no end: the file was cut short", extract="usa.csv")
    (tmp_path / "usa.csv").write_bytes(text.decode().encode("utf-16"))
    refused(tmp_path, "usa.csv: the text is in UTF-16", extract="usa.csv")


# Codes of no answer


@pytest.mark.parametrize(
    ("label", "missing"),
    [
        ("N/A", True),
        ("NIU (Not in universe)", True),
        ("Missing", True),
        ("Unknown or illegible", True),
        ("Not reported", True),
        ("N/A or no schooling", False),
        ("None", False),
        ("$1 or break even", False),
        ("Net loss", False),
        ("China", False),
    ],
)
def test_labels_that_say_so(label, missing):
    assert says_missing(label) == missing


def test_codes_of_each_variable_of_income(extract):
    book, named = codebook(extract / "usa.xml"), labels(extract / "usa.xml")
    assert missing_codes(book, named, "INCWAGE") == {999_998, 999_999}
    assert missing_codes(book, named, "INCTOT") == {9_999_998, 9_999_999}
    # Without labels: by the width alone.
    assert missing_codes(book, {}, "INCEARN") == {9_999_998, 9_999_999} and missing_codes(book, {}, "INCWAGE") == {
        999_998,
        999_999,
    }
    assert missing_codes(book, named, "EDUC") == {98, 99} and missing_codes(book, named, "EMPSTAT") == set()


def test_codes_in_the_text_of_the_codebook(broken):
    """Two codes of one label, one of them among categories; amounts in the text are none."""
    text = (broken / "usa.xml").read_text(encoding="utf-8")
    new = "<codInstr>CodesINCEARN is 7-digit. -000001 = Net loss (1950)\n0000000 = None\n8888888 = Missing</codInstr>"
    new += "<catgry><catValu>8888887</catValu><labl>Missing</labl></catgry>"
    (broken / "usa.xml").write_text(text.replace("<txt>INCEARN</txt>", f"<txt>INCEARN</txt>{new}"), encoding="utf-8")
    book, named = codebook(broken / "usa.xml"), labels(broken / "usa.xml")
    assert missing_codes(book, named, "INCEARN") == {8_888_887, 8_888_888, 9_999_998, 9_999_999}


@pytest.mark.parametrize(
    ("name", "given", "text"),
    [
        ("INCTOT", [999_998, 999_999], "INCTOT has 7 digits.* 9999998, 9999999.\n.*income_missing lacks 9999998"),
        ("INCTOT", [9_999_999], "lacks 9999998, which would count as dollars"),
        ("INCTOT", [0, 9_999_998, 9_999_999], "names 0, which is none: the codebook calls it 'None'"),
        ("INCEARN", [999_999, 9_999_998, 9_999_999], "names 999999, which is none: an amount"),
        ("INCWAGE", [999_998, 999_999, 9_999_999], "names 9999999, which is none: too long for it"),
    ],
)
def test_codes_of_the_configuration_that_contradict_the_variable(extract, name, given, text):
    with pytest.raises(DataError, match=text) as caught:
        check(config(extract, income=name, income_missing=given), extract, None)
    assert len(str(caught.value).splitlines()) <= 5


def test_further_codes_of_the_configuration_are_taken(extract):
    book = codebook(extract / "usa.xml")
    assert income_codes(book, labels(extract / "usa.xml"), "INCEARN", [1, 9_999_998, 9_999_999], "x") == {
        1,
        9_999_998,
        9_999_999,
    }


def numbers_of(rows, name):
    return np.array([float(r[AT[name]]) if r[AT[name]].strip() else np.nan for r in rows])


@pytest.mark.parametrize("name", ["INCWAGE", "INCEARN", "INCTOT"])
def test_incomes_come_back_from_the_raw_lines(extract, name):
    """Sums by year computed here: known incomes with their losses, times sample over those with a known income."""
    rows = lines(extract)
    found = read_census(config(extract, income=name, asked={"1950": "SLWT"}), extract, None)
    year, income = numbers_of(rows, "YEAR"), numbers_of(rows, name)
    weight = np.where(year == 1950, numbers_of(rows, "SLWT"), numbers_of(rows, "PERWT")) / 100
    prices = price_factors(economy(40), [1949, 1979, 2019])
    nowhere = np.array([any(r[AT[v]].endswith("77777") for v in ("SEA", "CNTYGP98", "PUMA")) for r in rows])
    sample = (numbers_of(rows, "EMPSTAT") == 1) & ~nowhere
    known = sample & (income < (999_998 if name == "INCWAGE" else 9_999_998))
    answers = found.answers.set_index("year")
    for when in (1950, 1980, 2020):
        own = year == when
        asked, with_income = weight[own & sample].sum(), weight[own & known].sum()
        assert answers.loc[when, "income_unknown_share"] == pytest.approx(1 - with_income / asked) and asked > with_income
        losing = weight[own & known & (income < 0)].sum()
        assert answers.loc[when, "loss_share"] == pytest.approx(losing / with_income)
        assert (losing > 0) == (name != "INCWAGE")
        total = (found.controls["income_per_capita"] * found.controls["population"])[found.controls["year"] == when].sum()
        mean = np.average(income[own & known], weights=weight[own & known])
        # The mean of the unit and industry instead of the nation's moves sums by little.
        assert total == pytest.approx(mean * asked * prices[when - 1], rel=0.01)


def test_a_zone_industry_whose_sum_is_a_loss_has_no_income(broken):
    """The loss stays in the zone's income per head; the shares of its industries are of the others."""
    rows = lines(broken)
    before = read_census(config(broken, income="INCTOT"), broken, None)
    own = before.industry[(before.industry["year"] == 2020) & (before.industry["income"] > 0)]
    unit = {int(r[AT["STATEFIP"]]) * 1_000_000 + int(r[AT["PUMA"]]): k for k, r in enumerate(rows) if r[:4] == "2020"}
    assert len(own) and len(unit)
    at = row_of(rows, 2020)
    rewrite(broken, [*rows[:at], put(rows[at], "INCTOT", "-999999"), *rows[at + 1 :]])
    after = read_census(config(broken, income="INCTOT"), broken, None)
    assert (after.industry["income"] >= 0).all()
    zeros = after.answers.set_index("year")["industries_at_zero"]
    assert zeros[2020] >= before.answers.set_index("year").loc[2020, "industries_at_zero"]
    key = ["cz", "year"]
    change = after.controls.set_index(key)["income_per_capita"] - before.controls.set_index(key)["income_per_capita"]
    assert (change.abs() > 1e-9).sum() in (1, 2) and change.min() < 0


def test_education_that_is_not_known_is_left_out_of_its_share(broken):
    """Code 99 is not above four years of college."""
    rows = lines(broken)
    rng = np.random.default_rng(1)
    lost = [r[:4] == "2020" and r[AT["EMPSTAT"]] == "1" and r[AT["EDUC"]] != "99" and rng.uniform() < 0.3 for r in rows]
    before = read_census(config(broken), broken, None)
    rewrite(broken, [put(r, "EDUC", "99") if x else r for r, x in zip(rows, lost, strict=True)])
    after = read_census(config(broken), broken, None)
    pair = [c.controls[c.controls["year"] == 2020] for c in (before, after)]
    means = [np.average(own["high_skill_share"], weights=own["population"]) for own in pair]
    assert means[1] == pytest.approx(means[0], abs=0.03)
    assert after.answers["education_unknown_share"].iloc[-1] > 0.25
