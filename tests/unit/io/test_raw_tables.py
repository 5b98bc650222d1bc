"""Input tables as spreadsheets save them: the same table, or a message that says what is wrong."""

import pandas as pd
import pytest

from regspec.errors import DataError
from regspec.io.raw_tables import read_csv, read_raw

CROSSWALK = "County FIPS Code,CZ90\n01001,11101\n56001,35100\n"
CONTROLS = "cz,year,population,income_per_capita\n100,1950,1000.5,2000\n100,2010,2000,3000.25\n"


def read(tmp_path, text, kind, raw=False):
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode("utf-8"))
    return (read_raw if raw else read_csv)(path, kind)


def spreadsheet(text):
    """A mark, CRLF, an empty column and empty rows at the end, blanks around names."""
    lines = text.splitlines()
    head = ",".join(f" {name} " for name in lines[0].split(",")) + ","
    empty = "," * head.count(",")
    return "\ufeff" + "\r\n".join([head, *(line + "," for line in lines[1:]), empty, empty, ""]) + "\r\n"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (CROSSWALK, "panel_crosswalk"),
        (CONTROLS, "tidy_controls"),
        ("year,index\n1950,24.1\n2010,218.1\n", "price_index"),
        ("system,code,parent,first_year,last_year,industry,note\nsic,07--,----,,,Agriculture,\n", "industry_codes"),
        ("cz,year,industry,employment\n100,1950,Retail,12\n100,2010,Retail,10\n", "tidy_industry"),
    ],
)
def test_a_table_saved_by_a_spreadsheet_is_the_same(tmp_path, text, kind):
    plain, saved = read(tmp_path, text, kind, raw=True), read(tmp_path, spreadsheet(text), kind, raw=True)
    pd.testing.assert_frame_equal(saved, plain, check_exact=True)
    assert list(saved.columns) == text.splitlines()[0].split(",")  # the empty column is no further control


def test_codes_without_leading_zeros_quoted_or_with_a_decimal_point(tmp_path):
    expected = read(tmp_path, CROSSWALK, "panel_crosswalk")
    for code in ("1001", '"01001"', "1001.0"):
        found = read(tmp_path, CROSSWALK.replace("01001", code), "panel_crosswalk")
        pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (",", ";", "divided by ';'"),
        ("1000.5", '"1000,5"', "must be a number"),
        ("100,2010", "100.5,2010", "must be a whole number"),
        ("100,2010", ",2010", "a value is missing"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path, old, new, expected):
    with pytest.raises(DataError, match=expected) as error:
        read(tmp_path, CONTROLS.replace(old, new), "tidy_controls")
    assert "table.csv" in str(error.value) and str(error.value).count("\n") <= 4
