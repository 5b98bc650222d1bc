"""Reading the calibration's files: by what they hold, with a short error for a damaged one."""

import json

import pytest
from run_folder import layout_at

from regspec.calibration.records import read_ginis, read_national, read_zone
from regspec.errors import DataError


def test_records_are_read_from_the_folder_of_a_run(tmp_path):
    folder = tmp_path / "calibration"
    (folder / "zones").mkdir(parents=True)
    (folder / "national.json").write_text(json.dumps({"first_year": 1950}), encoding="utf-8")
    (folder / "zones.json").write_text(json.dumps({"zones": [100, 300], "gini": [0.4, 0.5]}), encoding="utf-8")
    (folder / "zones" / "300.json").write_text(json.dumps({"zone": 300}), encoding="utf-8")
    assert read_national(layout_at(tmp_path)) == {"first_year": 1950}
    assert read_ginis(layout_at(tmp_path)) == {100: 0.4, 300: 0.5}
    assert read_zone(layout_at(tmp_path), 300) == {"zone": 300}
    with pytest.raises(DataError, match=r"100\.json: not a readable calibration file(.|\n)*regspec calibrate"):
        read_zone(layout_at(tmp_path), 100)
    (folder / "national.json").write_text('{"first', encoding="utf-8")
    with pytest.raises(DataError, match=r"national\.json: not a readable"):
        read_national(layout_at(tmp_path))
