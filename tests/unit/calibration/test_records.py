"""The calibration's files: what is read is what was written, with a short error for a damaged one."""

import json
from dataclasses import fields

import numpy as np
import pytest
from one_zone import YEARS, national, zone
from run_folder import layout_at

from regspec.calibration.records import NationalProcesses, ZoneCalibration, read_ginis, read_national, read_zone
from regspec.errors import DataError


@pytest.fixture
def run(tmp_path):
    """The folder of a run with the calibration of one zone."""
    folder = tmp_path / "calibration"
    (folder / "zones").mkdir(parents=True)
    for path, content in {
        "national.json": {**national().record(), "notes": {"a": 1}, "provenance": {}},
        "zones.json": {"zones": [7, 300], "gini": [0.4, 0.5]},
        "zones/7.json": {**zone().record(), "provenance": {}},
    }.items():
        (folder / path).write_text(json.dumps(content), encoding="utf-8")
    return layout_at(tmp_path)


def same(one, other):
    for field in fields(one):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name), err_msg=field.name)


def test_records_are_read_from_the_folder_of_a_run(run):
    same(read_national(run), national())
    same(read_zone(run, 7), zone())
    assert read_ginis(run) == {7: 0.4, 300: 0.5}


def test_arrays_have_a_row_for_each_year_and_files_a_list_for_each_industry():
    nation = national()
    assert nation.trend.shape == nation.u.shape == (YEARS + 1, 2)
    assert list(nation.years) == [1950, 1951, 1952, 1953, 1954] and nation.last_year == 1954
    record = nation.record()
    assert record["u"][1] == nation.u[:, 1].tolist() and record["last_year"] == 1954
    same(NationalProcesses.from_record(json.loads(json.dumps(record))), nation)
    same(ZoneCalibration.from_record(json.loads(json.dumps(zone().record()))), zone())


@pytest.mark.parametrize("text", ['{"first', "[]", '{"first_year": 1950}'])
def test_a_file_that_is_damaged_or_not_there_is_named(run, text):
    with pytest.raises(DataError, match=r"100\.json: not a readable calibration file(.|\n)*regspec calibrate"):
        read_zone(run, 100)
    run.national.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"national\.json: not a readable"):
        read_national(run)
