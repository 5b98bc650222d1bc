"""Housing and personal income of counties, and the whole step: the synthetic truth, broken files, exhibits."""

import json
import re
import shutil

import county_economy
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from run_folder import layout_at

from regspec.config.config import Config
from regspec.data.counties.build import build
from regspec.data.counties.zones import COMBINED, unmapped
from regspec.data.deflator import price_factors
from regspec.data.synthetic.economy import synthetic_economy
from regspec.data.synthetic.raw_counties import as_nhgis, as_spreadsheet
from regspec.empirics.counties import run
from regspec.empirics.exhibits.counties import coverage
from regspec.errors import ConfigError, DataError
from regspec.exhibits import registry
from regspec.io.provenance import stamp, write_json
from regspec.io.run_tables import read_table, write_table
from regspec.workflow.checks import check_inputs, county_files

HOUSES = {"owner": "OWNER", "renter": "RENTER", "value": "MEDVAL"}


pytestmark = pytest.mark.usefixtures("own_folder")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return county_economy.write(tmp_path_factory.mktemp("files"), suppress=True)


@pytest.fixture
def copy(files, tmp_path):
    for name in ("housing_1970_county.csv", "CAINC1.csv", "cz.csv"):
        shutil.copy(files / name, tmp_path)
    return tmp_path


def housing(folder, **spec):
    return county_economy.config(folder, housing={"files": {1970: {"file": "housing_1970_county.csv", **HOUSES, **spec}}})


def income(folder, **section):
    return county_economy.config(folder, income={"file": "CAINC1.csv", **section})


def failure(config):
    with pytest.raises((DataError, ConfigError)) as error:
        build(config)
    assert str(error.value).count("\n") <= 4
    return str(error.value)


def test_housing_of_zones(files):
    table = build(housing(files)).tables["housing"].set_index("zone")
    truth = (
        county_economy.economy().housing.query("year == 1970").assign(zone=lambda f: f["fips"].map(county_economy.zone_of()))
    )
    factor = price_factors(Config(), [1970])[1970]
    for zone, rows in truth.groupby("zone"):
        found = table.loc[zone]
        assert found["units"] == rows["owner"].sum() + rows["renter"].sum()
        assert found["owner_share"] == pytest.approx(rows["owner"].sum() / found["units"])
        mean = np.average(rows["value"], weights=rows["owner"])
        assert found["median_value"] == pytest.approx(mean) and found["median_value_real"] == pytest.approx(mean * factor)


def test_a_county_without_a_value_leaves_the_mean_to_the_others(copy):
    path = copy / "housing_1970_county.csv"
    frame = pd.read_csv(path, dtype=str)
    here = (frame["STATEA"] == "51") & (frame["COUNTYA"] == "003")
    frame.loc[here, "MEDVAL"] = ""
    frame.to_csv(path, index=False)
    table = build(housing(copy)).tables["housing"].set_index("zone")
    other = county_economy.economy().housing.query("year == 1970 and fips == 51540")["value"].iloc[0]
    assert table.loc[1, "median_value"] == other


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("OWNER,", "OWNED,", "has no column 'owner'"),
        (",003,", ",540,", "repeats an earlier row"),
        (",003,", ",xyz,", "column 'COUNTYA', row 6: 'xyz' is not a number"),
    ],
)
def test_broken_housing_files_are_named(copy, old, new, expected):
    path = copy / "housing_1970_county.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    assert expected.lower() in failure(housing(copy)).lower()


def test_a_housing_file_cut_short_is_named(copy):
    path = copy / "housing_1970_county.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(lines[:30]) + "\n", encoding="utf-8")
    assert "no county of " in failure(housing(copy))
    path.write_text("\n".join([*lines[:30], lines[31][:24]]), encoding="utf-8")
    assert "cut short?" in failure(housing(copy))
    path.write_text(lines[0] + "\n", encoding="utf-8")
    assert "no rows" in failure(housing(copy))


def test_income_of_zones_is_the_truth_in_every_year(files):
    made = build(income(files))
    table = made.tables["county_income"].set_index(["zone", "year"])
    truth = county_economy.economy().areas.assign(zone=lambda f: f["fips"].map(county_economy.zone_of()))
    sums = truth.groupby(["zone", "year"])[["income", "population"]].sum()
    assert table["population"].to_numpy() == pytest.approx(sums["population"].to_numpy(), rel=1e-12)
    assert table["income"].to_numpy() == pytest.approx(1000 * sums["income"].to_numpy(), rel=1e-12)
    factor = price_factors(Config(), [1990])[1990]
    one = table.xs(1990, level="year")
    assert (one["income_real"] / one["income"]).to_numpy() == pytest.approx(factor)
    text = (files / "CAINC1.csv").read_text(encoding="utf-8")
    assert '"""51901"""' in text and '"""51003"""' not in text and "(NA)" in text  # as the real file is
    assert made.report["county_income"]["1990"]["unmapped_counties"] == []
    assert set(COMBINED) < set(county_economy.zone_of().index) | set(COMBINED)


def test_years_can_be_chosen(files):
    years = build(income(files, years=[1990, 2010])).tables["county_income"]["year"].unique()
    assert sorted(years) == [1990, 2010]
    assert "no column of year 1955" in failure(income(files, years=[1955]))


def replace_line(start, change):
    """Change the lines of CAINC1 that begin with ``start``."""

    def edit(text):
        return "\n".join(change(line) if line.startswith(start) else line for line in text.splitlines()) + "\n"

    return edit


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda t: t.replace("LineCode", "Line"), "has no column 'linecode'"),
        (lambda t: t[: int(len(t) * 0.7)], "cut short?"),
        (lambda t: "\n".join(t.splitlines()[:-41]), "of its income in"),
        (replace_line('"""08013""",Area 08013, ,CAINC1,1', lambda x: x + "\n" + x), "repeats an earlier row"),
        (replace_line('"""51907""",Area 51907, ,CAINC1,2', lambda x: x[: x.rindex(",")] + ",-4"), "'-4' is not a number"),
        (
            replace_line('"""51907""",Area 51907, ,CAINC1,3', lambda x: x[: x.rindex(",")] + ",4"),
            "is not income over population",
        ),
        (replace_line('"""51907""",Area 51907, ,CAINC1,3', lambda x: x[: x.rindex(",")] + ",(NA)"), "not all"),
        (lambda t: t.splitlines()[0] + "\n", "no rows"),
    ],
)
def test_broken_income_files_are_named(copy, change, expected):
    path = copy / "CAINC1.csv"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    assert expected in failure(income(copy))


def test_an_area_without_a_zone_is_counted_and_named(copy):
    path = copy / "CAINC1.csv"
    path.write_text(path.read_text(encoding="utf-8").replace('"""51907"""', '"""51977"""'), encoding="utf-8")
    config = county_economy.config(copy, income={"file": "CAINC1.csv"}, unmapped_share=0.0)
    text = failure(config)
    assert "1 counties with" in text and "have no zone in cz.csv (largest: 51977)" in text


def test_a_zone_that_loses_its_people_does_not_pass_a_national_limit(copy):
    """51540 is about half of zone 1 (Charlottesville) and a few percent of all: refused for its zone, not for the nation."""
    path = copy / "housing_1970_county.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("51,540,", "51,541,"), encoding="utf-8")
    text = failure(county_economy.config(copy, housing={"files": {1970: {"file": path.name, **HOUSES}}}, unmapped_share=0.5))
    assert "housing_1970_county.csv, 1970: 1 counties" in text and "(largest: 51541)" in text
    assert "would lack" in text and "unmapped_zone_share (0.05)" in text


def test_zones_of_the_same_state_are_those_that_may_lack_a_county():
    """By hand: state 1 has zones of 100 and 300, state 2 of 10; the county without a zone, of 25, is in state 1."""
    zones = pd.Series({1001: 1, 1003: 2, 2001: 3}, name="zone").rename_axis("fips")
    amount = pd.Series({1001: 100.0, 1003: 300.0, 2001: 10.0, 1999: 25.0}).rename_axis("fips")
    found = unmapped(amount, zones)
    assert (found.zone, found.zone_share, found.share) == (1, 25 / 125, 25 / 435) and list(found.amount.index) == [1999]
    assert unmapped(amount.rename({1999: 99001}), zones).zone == 3  # of no known state: any zone
    assert unmapped(amount.drop(1999), zones).zone_share == 0


def test_a_county_left_out_is_told_and_counted(copy, capsys):
    zones = pd.read_csv(copy / "cz.csv")
    assert 51977 not in set(zones["County FIPS Code"])
    path = copy / "housing_1970_county.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    cells = lines[2].split(",")
    cells[2:6] = ["51", "977", "10", "5"]
    path.write_text("\n".join([*lines, ",".join(cells)]) + "\n", encoding="utf-8")
    made = build(housing(copy))
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "counties: housing_1970_county.csv, 1970: left out 51977 (15) units of counties without a zone" in said
    facts = made.report["housing"]["1970"]
    assert facts["unmapped_counties"] == [51977] and facts["unmapped_amounts"] == {"51977": 15.0}
    assert 0 < facts["unmapped_share"] < facts["unmapped_zone_share"] < 0.05
    row = coverage(made.tables, made.report, None).iloc[0]
    assert row["unmapped_counties"] == 1 and row["unmapped_zone_share"] == facts["unmapped_zone_share"]
    assert build(income(copy)).report["county_income"]["1990"]["unmapped_share"] == 0 and capsys.readouterr().err == ""


def test_planning_regions_of_connecticut_are_named_whatever_the_limits(copy):
    path = copy / "housing_1970_county.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    for code in ("110", "190"):
        cells = lines[2].split(",")
        cells[2:6] = ["09", code, "1", "1"]
        lines.append(",".join(cells))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    files = {"files": {1970: {"file": path.name, **HOUSES}}}
    text = failure(county_economy.config(copy, housing=files, unmapped_share=0.9, unmapped_zone_share=0.9))
    assert "2 planning regions of Connecticut (09110 Capitol, 09190 Western Connecticut)" in text and "eight counties" in text
    zones = pd.read_csv(copy / "cz.csv")
    regions = pd.DataFrame({"County FIPS Code": [9110, 9190], "CZ90": 1})
    pd.concat([zones, regions]).to_csv(copy / "cz.csv", index=False)
    assert build(housing(copy)).report["housing"]["1970"]["unmapped_counties"] == []


def spreadsheet_income(text):
    """CAINC1 as a spreadsheet saves it: no quotes, no leading zeros, LineCode 1.0, CRLF, rows of delimiters only."""
    lines = (
        re.sub(r'^"""0*(\d+)"""', r"\1", text.removeprefix("\ufeff"), flags=re.M)
        .replace(",CAINC1,1,", ",CAINC1,1.0,")
        .splitlines()
    )
    return "\ufeff" + "\r\n".join([*lines, "," * lines[0].count(",")]) + "\r\n"


def test_income_saved_by_a_spreadsheet_is_the_same(files, copy):
    path = copy / "CAINC1.csv"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    path.write_bytes(spreadsheet_income(path.read_text(encoding="utf-8")).encode())
    assert "\n8013,Area" in path.read_text(encoding="utf-8") and '"""' not in path.read_text(encoding="utf-8")
    same(build(income(copy)), build(income(files)), "county_income")
    path.write_text(path.read_text(encoding="utf-8").replace("\n8013,", "\nx8013,", 1), encoding="utf-8")
    assert "GeoFIPS 'x8013' is no area code" in failure(income(copy))
    path.write_text(path.read_text(encoding="utf-8").replace(",", ";"), encoding="utf-8")
    assert "divided by ';'" in failure(income(copy))


def same(one, other, name):
    pd.testing.assert_frame_equal(one.tables[name], other.tables[name], check_exact=True)


@pytest.mark.parametrize("change", [as_nhgis, as_spreadsheet, lambda text: as_spreadsheet(as_nhgis(text))])
def test_housing_files_from_other_hands_are_the_same(files, copy, change):
    path = copy / "housing_1970_county.csv"
    changed = change(path.read_text(encoding="utf-8"))
    assert changed != path.read_text(encoding="utf-8")
    path.write_bytes(changed.encode("latin-1"))
    same(build(housing(copy)), build(housing(files)), "housing")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("510,5400,", "510,5405,", "'5405' has another extra digit than 0"),
        ("51,540,", "51,540.5,", "'540.5' is no FIPS code (a whole number up to 999)"),
    ],
)
def test_codes_that_are_no_counties_are_refused(copy, old, new, expected):
    path = copy / "housing_1970_county.csv"
    text = as_nhgis(path.read_text(encoding="utf-8")) if "5400" in old else path.read_text(encoding="utf-8")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert expected in failure(housing(copy))


def whole(folder):
    return county_economy.config(
        folder,
        cbp={"files": {1990: "cbp90co.txt", 2010: "cbp10co.txt"}},
        housing={"files": {1970: {"file": "housing_1970_county.csv", **HOUSES}}},
        income={"file": "CAINC1.csv", "windows": [[1990, 2015]]},
    )


@pytest.fixture(scope="module")
def made(files, tmp_path_factory):
    """The run's folder after the step."""
    root, config = tmp_path_factory.mktemp("run"), whole(files)
    states = pd.Series([51] * len(county_economy.ZONES), index=range(1, len(county_economy.ZONES) + 1))
    economy = synthetic_economy(config, states)
    for name in ("industry", "controls", "national"):
        write_table(getattr(economy, name), name, root / "data" / f"{name}.parquet", stamp("abc"))
    write_json(root / "data" / "meta.json", {"synthetic": True, "source": "Synthetic."})
    run(config, layout_at(root), "abc")
    return root


def test_the_step_writes_what_its_rule_declares(made, files):
    declared = registry.counties(whole(files))
    assert all((made / name).is_file() for name in declared)
    written = {p.relative_to(made).as_posix() for p in made.rglob("*") if p.is_file()}
    assert {name.split("/")[1] for name in written - set(declared)} == {
        "industry.parquet",
        "controls.parquet",
        "national.parquet",
        "meta.json",
    }
    assert pq.read_schema(made / "data" / "business.parquet").metadata[b"config_hash"] == b"abc"
    assert registry.counties(Config()) == []


def test_business_patterns_measure_the_specialization_of_the_census(made):
    table = pd.read_csv(made / "empirics" / "county_tables.csv", comment="#").set_index(["table", "year"])
    for year in (1990, 2010):
        row = table.loc[("business", year)]
        assert row["correlation"] > 0.98 and row["gini"] == pytest.approx(row["census_gini"], abs=0.01)
        business = read_table(made / "data" / "business.parquet", "business").query("year == @year")
        imputed = (business["employment"] * business["imputed_share"]).sum() / business["employment"].sum()
        assert 0 < row["imputed_share"] == pytest.approx(imputed) and row["imputed_median_zone"] <= row["imputed_largest_zone"]
    assert table.loc[("housing", 1970), "zones"] == len(county_economy.ZONES)


def test_income_growth_uses_the_windows_own_years(made, files):
    """The same regression by hand from the tables that the step wrote."""
    from regspec.empirics.specialization import select, specialization

    table = pd.read_csv(made / "empirics" / "county_income.csv", comment="#").set_index(["regression", "term"])
    industry = read_table(made / "data" / "industry.parquet", "industry")
    controls = read_table(made / "data" / "controls.parquet", "controls").query("year == 1990").set_index("zone")
    money = read_table(made / "data" / "county_income.parquet", "county_income").set_index(["zone", "year"])
    log = np.log(money["income_real"] / money["population"]).unstack()
    gini = select(specialization(industry), "income", "gini", 1990)
    shares = industry.query("year == 1990 and variable == 'income'").pivot(index="zone", columns="industry", values="share")
    people = read_table(made / "data" / "controls.parquet", "controls").set_index(["zone", "year"])
    size = {}
    for year in (1990, 2010):  # the census year nearest to 2015 is 2010 or 2020: the earlier one
        part = industry.query("year == @year and variable == 'income'").pivot(index="zone", columns="industry", values="share")
        now = people.xs(year, level="year")
        size[year] = part.mul(now["population"] * np.exp(now["log_income"]), axis=0).sum()
    ghat = shares @ np.log(size[2010] / size[1990])
    x = np.column_stack([np.ones(len(gini)), gini, ghat, log[1990], controls["population"]])
    beta = np.linalg.lstsq(x, log[2015] - log[1990], rcond=None)[0]
    terms = ["constant", "specialization", "ghat", "log_income", "population"]
    found = table.loc["growth 1990-2015"].loc[terms, "estimate"]
    assert found.to_numpy() == pytest.approx(beta, rel=1e-6)


def test_the_report_names_each_file(made):
    report = json.loads((made / "data" / "counties.json").read_text(encoding="utf-8"))
    assert report["business"]["1990"]["file"] == "cbp90co.txt" and report["business"]["1990"]["system"] == "sic"
    assert report["crosswalk"] == "cz.csv" and report["provenance"]["config_hash"] == "abc"


def test_a_run_with_a_broken_file_writes_nothing(files, tmp_path):
    for path in files.iterdir():
        shutil.copy(path, tmp_path / path.name)
    text = (tmp_path / "cbp10co.txt").read_text(encoding="utf-8")
    (tmp_path / "cbp10co.txt").write_text(text[: int(len(text) * 0.9)], encoding="utf-8")
    with pytest.raises(DataError, match="cbp10co.txt"):
        run(whole(tmp_path), layout_at(tmp_path), "abc")
    assert not (tmp_path / "data").exists()


def test_inputs_of_the_rule_are_the_files_and_the_tables_beside_them(files):
    names = {path.name for path in county_files(whole(files))}
    assert names == {
        "cbp90co.txt",
        "cbp10co.txt",
        "housing_1970_county.csv",
        "CAINC1.csv",
        "cz.csv",
        "industry_codes.csv",
        "price_index.csv",
    }
    assert county_files(Config()) == []


def synthetic(folder, **counties):
    return Config.model_validate({"data": {"directory": str(folder), "counties": counties}})


@pytest.mark.parametrize(
    ("name", "old", "new", "section", "expected"),
    [
        ("cbp90co.txt", ",emp,", ",jobs,", {"cbp": {"files": {1990: "cbp90co.txt"}}}, "has no column 'emp'"),
        ("CAINC1.csv", "LineCode", "Line", {"income": {"file": "CAINC1.csv"}}, "has no column 'linecode'"),
        ("CAINC1.csv", "x", "x", {"income": {"file": "CAINC1.csv", "windows": [[1985, 2010]]}}, "1985 is not a year of"),
        ("CAINC1.csv", "x", "x", {"income": {"file": "none.csv"}}, "no such file"),
        ("CAINC1.csv", "x", "x", {"income": {"file": "CAINC1.csv"}, "dollars": 1900}, "no year 1900"),
        ("CAINC1.csv", "x", "x", {"income": {"file": "CAINC1.csv"}, "price_index": "no.csv"}, "no.csv: no such file"),
    ],
)
def test_broken_files_end_a_run_before_its_first_job(files, tmp_path, name, old, new, section, expected):
    (tmp_path / name).write_text((files / name).read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises((DataError, ConfigError)) as error:
        check_inputs(synthetic(tmp_path, **section))
    assert expected in str(error.value) and str(error.value).count("\n") <= 4


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda text: text.replace(",", ";").encode(), "Remedy: the heading is divided by ';'"),
        (lambda text: text.replace(",", "\t").encode(), r"Remedy: the heading is divided by '\t'"),
        (lambda text: text.encode("utf-16"), "Remedy: save the file as CSV in UTF-8"),
        (lambda text: b"PK\x03\x04" + text.encode(), "Remedy: it seems to be an Excel or zip file"),
        (lambda text: b"", "no rows"),
    ],
)
@pytest.mark.parametrize("name", ["cbp90co.txt", "CAINC1.csv"])
def test_other_delimiters_and_encodings_are_named(files, tmp_path, name, change, expected):
    head = "\n".join((files / name).read_text(encoding="utf-8").splitlines()[:3])
    (tmp_path / name).write_bytes(change(head))
    section = {"cbp": {"files": {1990: name}}} if name.startswith("cbp") else {"income": {"file": name}}
    with pytest.raises(DataError) as error:
        check_inputs(synthetic(tmp_path, **section))
    assert name in str(error.value) and expected in str(error.value) and str(error.value).count("\n") <= 4
