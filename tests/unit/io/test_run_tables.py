"""Reading and writing: broken files give short errors, written ones carry their provenance and come back."""

import pandas as pd
import pyarrow.parquet as pq
import pytest

from regspec.errors import DataError
from regspec.io.raw_tables import read_csv
from regspec.io.run_tables import cited, read_meta, read_table, write_table

ROWS = "cz,year,industry,employment_share,extra\n1,1950,Retail,0.4,x\n1,1950,Mining,0.6,y\n"


def write(tmp_path, content):
    path = tmp_path / "cz_industry.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_only_the_columns_of_the_schema_are_kept(tmp_path):
    frame = read_csv(write(tmp_path, ROWS), "panel_industry")
    assert list(frame) == ["cz", "year", "industry", "employment_share"] and len(frame) == 2


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "not readable as CSV"),
        ("cz,year,industry,employment_share\n", "no rows"),
        (b"\xff\xfe\x00\x01\x9c" * 9, "not readable as CSV"),
        (ROWS.encode("utf-16"), "Remedy: save the file as CSV in UTF-8"),
        (ROWS.replace("Retail", "Rétail").encode("latin-1"), "Remedy: save the file as CSV in UTF-8"),
        (b"PK\x03\x04" + bytes(range(256)) * 20, "Remedy: it seems to be an Excel or zip file"),
        (
            ROWS.replace(",", ";"),
            "no column 'cz'.\nExpected: cz, year, industry, employment_share.\nRemedy: the heading is divided by ';'",
        ),
        (ROWS.replace(",", "\t"), "the heading is divided by '\\t'"),
        (ROWS + "1,1960,Retail", "column 'employment_share', row 3 (cz 1, year 1960, industry Retail)"),
        (ROWS + "1,1960,Retail,0.2,a,b,c\n", "not readable as CSV"),
        (ROWS.replace("0.6", "0,6"), "not readable as CSV"),
        (ROWS.replace("employment_share", "share"), "no column 'employment_share'"),
    ],
)
def test_broken_files_are_named(tmp_path, content, expected):
    with pytest.raises(DataError) as error:
        read_csv(write(tmp_path, content), "panel_industry")
    text = str(error.value)
    assert "cz_industry.csv" in text and expected in text and text.count("\n") <= 4


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.csv: no such file"):
        read_csv(tmp_path / "nowhere.csv", "panel_industry")
    with pytest.raises(DataError, match=r"nowhere\.parquet: no such file"):
        read_table(tmp_path / "nowhere.parquet", "interest")


def test_round_trip_is_exact_sorted_and_stamped(tmp_path):
    path = tmp_path / "interest.parquet"
    frame = pd.DataFrame({"year": [1951, 1950], "rate": [0.1 + 0.2, -0.01]})
    write_table(frame, "interest", path, {"config_hash": "abc", "code_version": "1"})
    back = read_table(path, "interest")
    assert back["year"].tolist() == [1950, 1951] and back["rate"].tolist() == [-0.01, 0.1 + 0.2]
    assert pq.read_schema(path).metadata[b"config_hash"] == b"abc"


def test_row_order_does_not_change_the_file(tmp_path):
    frame = pd.DataFrame({"year": [1952, 1950, 1951], "rate": [0.01, 0.02, 0.03]})
    write_table(frame, "interest", tmp_path / "a.parquet", {})
    write_table(frame.iloc[::-1], "interest", tmp_path / "b.parquet", {})
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_an_invalid_table_is_not_written(tmp_path):
    with pytest.raises(DataError, match="rate"):
        write_table(pd.DataFrame({"year": [1950], "rate": [5.0]}), "interest", tmp_path / "i.parquet", {})
    assert list(tmp_path.iterdir()) == []


def test_a_truncated_parquet_file_is_named(tmp_path):
    path = tmp_path / "interest.parquet"
    write_table(pd.DataFrame({"year": [1950], "rate": [0.01]}), "interest", path, {})
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"interest\.parquet: not readable as parquet"):
        read_table(path, "interest")


def test_meta_is_read_or_says_what_to_do(tmp_path):
    (tmp_path / "meta.json").write_text('{"synthetic": false, "source": "A panel.", "stand_in_zones": true}', encoding="utf-8")
    meta = read_meta(tmp_path)
    assert meta == {"synthetic": False, "source": "A panel.", "stand_in_zones": True} and cited(meta) == "A panel"
    for text in ("{", '{"synthetic": true}', "[]"):
        (tmp_path / "meta.json").write_text(text, encoding="utf-8")
        with pytest.raises(DataError, match=r"meta\.json: missing or incomplete(.|\n)*rerun the data step"):
            read_meta(tmp_path)
