"""Business patterns: the synthetic truth comes back, withheld cells within their bounds; broken files are named."""

import gzip
import shutil
import zipfile

import county_economy
import numpy as np
import pandas as pd
import pytest

from regspec.config.counties import Cbp
from regspec.data.counties.build import build
from regspec.data.counties.business import county_industries
from regspec.data.counties.cbp_file import read_cbp
from regspec.errors import DataError

FILES = {1990: "cbp90co.txt", 2000: "cbp00co.txt", 2010: "cbp10co.txt", 2020: "cbp20co.txt"}


pytestmark = pytest.mark.usefixtures("own_folder")


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    return county_economy.write(tmp_path_factory.mktemp("complete"), suppress=False)


@pytest.fixture(scope="module")
def withheld(tmp_path_factory):
    return county_economy.write(tmp_path_factory.mktemp("withheld"), suppress=True)


@pytest.fixture
def copy(withheld, tmp_path):
    for name in ("cbp90co.txt", "cbp10co.txt", "cz.csv"):
        shutil.copy(withheld / name, tmp_path)
    return tmp_path


def tables(folder, files=None):
    return build(county_economy.config(folder, cbp={"files": files or FILES}))


def test_without_withholding_the_truth_comes_back_exactly(complete):
    business = tables(complete).tables["business"].set_index(["zone", "industry"])
    for year in FILES:
        one, truth = business[business["year"] == year], county_economy.business(year)
        for column in truth:
            found = one[column].reindex(truth.index)
            assert found.to_numpy() == pytest.approx(truth[column].to_numpy(), rel=1e-12), (year, column)
            assert one[column].sum() == pytest.approx(truth[column].sum(), rel=1e-12)
        assert one["imputed_share"].max() == 0


def test_withheld_cells_keep_the_totals_and_come_near_the_truth(withheld):
    made = tables(withheld)
    business = made.tables["business"].set_index(["zone", "industry"])
    for year in FILES:
        one, truth = business[business["year"] == year], county_economy.business(year)
        assert one["employment"].groupby("zone").sum().to_numpy() == pytest.approx(
            truth["employment"].groupby("zone").sum().to_numpy(), rel=1e-9
        )
        assert one["payroll"].sum() == pytest.approx(truth["payroll"].sum(), rel=1e-9)
        error = (one["employment"].reindex(truth.index) - truth["employment"]).abs()
        imputed = (one["employment"] * one["imputed_share"]).sum()
        # The errors are those of the imputed part alone, and a fraction of it.
        assert 0 < error.sum() < 0.35 * imputed, year
        exact = one["imputed_share"].reindex(truth.index) == 0
        assert exact.any() and error[exact].max() < 1e-6
        assert made.report["business"][str(year)]["conflicts"] == 0
    assert made.report["business"]["1990"]["withheld_cells"] > 100


def test_withheld_cells_lie_within_their_flags_and_size_classes(withheld):
    file = read_cbp(withheld / FILES[2010], 2010, Cbp())
    cells = county_economy.economy().cells[2010].set_index(["fips", "code"])["emp"]
    rows = file.rows[file.rows["emp_hidden"]]
    assert len(rows) > 100
    from regspec.data.counties.sizes import CLASSES, size_bounds

    low, high = size_bounds(rows[list(CLASSES)].to_numpy(), rows["est"].to_numpy(), rows["flag"])
    truth = cells.reindex(pd.MultiIndex.from_frame(rows[["fips", "code"]])).to_numpy()
    leaf = ~np.isnan(truth)
    assert leaf.sum() > 100 and np.all((low <= truth)[leaf] & (truth <= high)[leaf])
    counties, _ = county_industries(file, 0.0, "file")
    assert np.all(counties[["employment", "payroll", "establishments"]].to_numpy() >= 0)


def test_every_layout_of_a_file_gives_the_same_table(copy):
    before = tables(copy, {1990: "cbp90co.txt"}).tables["business"]
    text = (copy / "cbp90co.txt").read_text(encoding="utf-8")
    with zipfile.ZipFile(copy / "a.zip", "w") as archive:
        archive.writestr("cbp90co.txt", text)
    (copy / "a.gz").write_bytes(gzip.compress(text.replace(",20--,", ",19--,").upper().encode()))
    for name in ("a.zip", "a.gz"):
        pd.testing.assert_frame_equal(tables(copy, {1990: name}).tables["business"], before)
    renamed = copy / "renamed.csv"
    renamed.write_text(text.replace("fipstate,", "state,", 1).replace(",emp,", ",jobs,", 1), encoding="utf-8")
    config = county_economy.config(copy, cbp={"files": {1990: renamed.name}, "columns": {"fipstate": "state", "emp": "jobs"}})
    pd.testing.assert_frame_equal(build(config).tables["business"], before)


def test_auxiliaries_are_spread_over_their_division_and_unclassified_over_all(complete, tmp_path):
    base = tables(complete, {1990: "cbp90co.txt"}).tables["business"].set_index(["zone", "industry"])["employment"]
    frame = read(complete / "cbp90co.txt")
    # Dade: a zone of one county.
    here = (frame["fipstate"] == "12") & (frame["fipscty"] == "086")
    sizes = [name for name in frame if name.startswith("n")]
    blank = frame[here].iloc[[0]].assign(ap=0, qp1=0, empflag="", est=1, **dict.fromkeys(sizes, 0))
    blank = blank.assign(n1000=1, n1000_1=1)
    for code, jobs, places in (("20--", 1000, 1), ("----", 1500, 2)):
        frame.loc[here & (frame["sic"] == code), "emp"] += jobs
        frame.loc[here & (frame["sic"] == code), ["est", "n1000", "n1000_1"]] += places
    frame = pd.concat([frame, blank.assign(sic="399/", emp=1000), blank.assign(sic="99--", emp=500)])
    frame.to_csv(tmp_path / "cbp90co.txt", index=False)
    shutil.copy(complete / "cz.csv", tmp_path)
    after = tables(tmp_path, {1990: "cbp90co.txt"}).tables["business"].set_index(["zone", "industry"])["employment"]
    zone = county_economy.zone_of()[12086]
    old, new = base[zone], after[zone]
    goods = ["Durable manufacturing", "Nondurable manufacturing"]
    expected = old.copy()
    expected[goods] *= 1 + 1000 / old[goods].sum()
    expected *= 1 + 500 / expected.sum()
    assert new.to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-9)
    others = after.index.get_level_values("zone") != zone
    assert after[others].to_numpy() == pytest.approx(base[others].to_numpy(), rel=1e-12)


def test_cells_that_the_file_leaves_out_are_filled_from_their_parent(withheld):
    made = tables(withheld, {2020: "cbp20co.txt"})
    assert 0 < (made.tables["business"]["imputed_share"] > 0).mean() < 0.5
    assert made.report["business"]["2020"]["withheld_cells"] == 0


def read(path):
    return pd.read_csv(path, dtype={"fipstate": str, "fipscty": str, "sic": str, "naics": str}, keep_default_na=False)


def failure(folder, year=1990, **cbp):
    with pytest.raises(DataError) as error:
        build(county_economy.config(folder, cbp={"files": {year: FILES[year]}, **cbp}))
    text = str(error.value)
    assert text.count("\n") <= 4
    return text


def edit(folder, change, year=1990):
    path = folder / FILES[year]
    frame = read(path)
    changed = change(frame)
    (frame if changed is None else changed).to_csv(path, index=False)


def put(row, column, value):
    def change(frame):
        frame[column] = frame[column].astype(object)
        frame.loc[row - 1, column] = value

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda f: f.drop(columns="emp"), "cbp90co.txt: has no column 'emp'"),
        (lambda f: f.drop(columns="sic"), "has no column 'sic or naics'"),
        (lambda f: f.drop(columns="n20_49"), "has no column 'n20_49'"),
        (put(3, "emp", -5), "column 'emp', row 3: '-5' is not a number of at least 0"),
        (put(4, "ap", "12x"), "column 'ap', row 4: '12x' is not a number"),
        (put(5, "empflag", "D"), "column 'empflag', row 5: 'D' is no flag of withheld employment"),
        (lambda f: pd.concat([f, f[f["sic"] == "----"].iloc[[1, 3]]]), "repeats an earlier row"),
        (lambda f: f.assign(sic=f["sic"].replace("2500", "1900")), "have unknown sic codes (1900)"),
        (lambda f: f.assign(est=f["est"] + (f["sic"] == "2500")), "establishments (and "),
        (lambda f: f[f["sic"] != "----"], "counties have no row of their total '----' (such as "),
        (lambda f: f.iloc[:400], "no county of "),
        (lambda f: f.iloc[:0], "cut short"),
        (lambda f: f.assign(emp=f["emp"].where(f["sic"] != "20--", 1)), "are smaller than the sum of their parts"),
    ],
)
def test_broken_rows_are_named(copy, change, expected):
    edit(copy, change)
    assert expected in failure(copy)


def test_an_unknown_noise_flag_is_named(copy):
    edit(copy, put(2, "emp_nf", "Q"), 2010)
    assert "column 'emp_nf', row 2: 'Q' is no noise flag" in failure(copy, 2010)


def test_a_file_cut_in_a_line_or_in_its_compression_is_named(copy):
    path = copy / FILES[1990]
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: len(text) // 2 - 7], encoding="utf-8")
    assert "was the file cut short?" in failure(copy)
    packed = gzip.compress(text.encode())
    (copy / "a.gz").write_bytes(packed[: len(packed) // 2])
    with zipfile.ZipFile(copy / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.txt", text)
    (copy / "a.zip").write_bytes((copy / "a.zip").read_bytes()[:-200])
    for name in ("a.gz", "a.zip"):
        with pytest.raises(DataError, match=f"{name}: damaged or cut short"):
            tables(copy, {1990: name})
    with pytest.raises(DataError, match="none.txt: no such file"):
        tables(copy, {1990: "none.txt"})


def test_a_county_without_a_zone_is_counted_and_named(copy):
    def lost(frame):
        largest = frame[frame["sic"] == "----"].sort_values("emp").iloc[-1]
        return frame.assign(fipscty=frame["fipscty"].where(frame["fipscty"] != largest["fipscty"], "997"))

    edit(copy, lost)
    text = failure(copy)
    assert "1 counties with" in text and "have no zone in cz.csv (largest: 51997)" in text
    config = county_economy.config(copy, cbp={"files": {1990: FILES[1990]}}, unmapped_share=0.9, unmapped_zone_share=0.999)
    assert build(config).report["business"]["1990"]["unmapped_counties"] == [51997]


def test_statewide_rows_and_other_states_are_left_out(copy):
    before = tables(copy, {1990: FILES[1990]})

    def more(frame):
        top = frame[frame["sic"] == "----"].head(2)
        return pd.concat([frame, top.head(1).assign(fipscty="999"), top.tail(1).assign(fipstate="02", fipscty="020")])

    edit(copy, more)
    after = tables(copy, {1990: FILES[1990]})
    pd.testing.assert_frame_equal(after.tables["business"], before.tables["business"])
    assert after.report["business"]["1990"]["statewide"] > 0
