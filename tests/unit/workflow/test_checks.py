"""Raw tables of a configuration: the inputs of the data rule."""

from pathlib import Path

import pytest

from regspec.config.config import Config
from regspec.errors import DataError
from regspec.workflow.checks import check_inputs, raw_files

TABLES = {"cz_industry.csv", "cz_controls.csv", "industry_map.csv", "us_industry_accounts_1947_2023.csv"}


@pytest.fixture
def configuration(tmp_path, monkeypatch):
    monkeypatch.delenv("REGSPEC_DATA", raising=False)
    return lambda **data: Config.model_validate({"data": {"directory": str(tmp_path), **data}})


def test_synthetic_economy_reads_the_crosswalk_alone_if_any(configuration, tmp_path):
    assert raw_files(configuration()) == []
    assert raw_files(configuration(crosswalk="cz.csv")) == [tmp_path / "cz.csv"]


def test_panel_reads_its_tables_and_the_crosswalk(configuration, tmp_path):
    files = raw_files(configuration(source="panel", crosswalk="cz.csv"))
    assert {path.name for path in files} == {*TABLES, "cz.csv"}
    assert {path.parent for path in files} == {tmp_path}


def test_environment_variable_overrides_the_folder(configuration, monkeypatch):
    monkeypatch.setenv("REGSPEC_DATA", "elsewhere")
    assert raw_files(configuration(crosswalk="cz.csv")) == [Path("elsewhere/cz.csv")]


@pytest.mark.parametrize("source", ["synthetic", "panel"])
def test_missing_crosswalk_is_named_with_a_remedy(configuration, source):
    with pytest.raises(DataError, match=r"cz\.csv") as error:
        check_inputs(configuration(source=source, crosswalk="cz.csv"))
    assert "Remedy" in str(error.value) and len(str(error.value).splitlines()) <= 5
