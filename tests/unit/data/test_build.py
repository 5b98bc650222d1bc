"""The data step writes every file of the contract, stamped, and nothing when it fails."""

import json

import geopandas as gpd
import pyarrow.parquet as pq
import pytest

from regspec.config.config import Config
from regspec.data.build import TABLES, build
from regspec.errors import ConfigError, DataError
from regspec.io.run_tables import read_table

ZONES = 40


def config(**data):
    return Config.model_validate({"data": {"synthetic": {"zones": ZONES}, **data}})


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "data"
    build(config(), folder, "abc123")
    return folder


def test_every_file_of_the_contract_is_there(out):
    names = {f"{name}.parquet" for name in TABLES} | {"zones.gpkg", "meta.json"}
    assert {path.name for path in out.iterdir()} == names


def test_tables_are_valid_and_stamped(out):
    for name in TABLES:
        assert len(read_table(out / f"{name}.parquet", name))
        metadata = pq.read_schema(out / f"{name}.parquet").metadata
        assert metadata[b"config_hash"] == b"abc123" and b"code_version" in metadata


def test_zones_of_tables_and_map_are_the_same(out):
    zones = gpd.read_file(out / "zones.gpkg", layer="zones")["zone"].tolist()
    assert zones == list(range(1, ZONES + 1))
    for name in ("industry", "controls"):
        assert sorted(read_table(out / f"{name}.parquet", name)["zone"].unique()) == zones
    states = set(gpd.read_file(out / "zones.gpkg", layer="states")["state"])
    assert len(states) == 49 and set(read_table(out / "controls.parquet", "controls")["state"]) <= states


def test_meta_tells_what_the_data_are(out):
    meta = json.loads((out / "meta.json").read_text(encoding="utf-8"))
    assert meta["synthetic"] is True and meta["stand_in_zones"] is True and "ynthetic" in meta["source"]
    assert meta["truth"]["fact1"]["growth"]["specialization"] == -0.233
    assert meta["provenance"]["config_hash"] == "abc123"


def test_building_again_gives_the_same_bytes(out, tmp_path):
    build(config(), tmp_path, "abc123")
    for path in out.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_panel_without_its_folder_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("REGSPEC_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="county.csv"):
        build(config(source="panel", crosswalk="county.csv"), tmp_path / "data", "abc123")
    assert not (tmp_path / "data").exists()


def test_synthetic_zones_must_be_as_many_as_the_crosswalks(tmp_path, monkeypatch):
    from regspec.data.geography import RECODES, load_counties

    counties = load_counties()
    codes = counties["fips"].replace(RECODES)
    table = counties.assign(**{"County FIPS Code": codes, "CZ90": counties["state"]})
    table[["County FIPS Code", "CZ90"]].drop_duplicates().to_csv(tmp_path / "county.csv", index=False)
    monkeypatch.setenv("REGSPEC_DATA", str(tmp_path))
    with pytest.raises(ConfigError, match="data.synthetic.zones: 40, but the crosswalk has 49"):
        build(config(crosswalk="county.csv"), tmp_path / "data", "abc123")
    build(config(crosswalk="county.csv", synthetic={"zones": 49}), tmp_path / "data", "abc123")
    meta = json.loads((tmp_path / "data" / "meta.json").read_text(encoding="utf-8"))
    assert meta["stand_in_zones"] is False and meta["zones"] == 49


def test_a_table_that_breaks_its_schema_leaves_nothing_behind(tmp_path, monkeypatch):
    from regspec.data.synthetic import economy

    spoilt = economy.tfp_series(1).assign(tfp=-1.0)
    monkeypatch.setattr(economy, "tfp_series", lambda seed: spoilt)
    with pytest.raises(DataError, match="tfp.parquet: column 'tfp', row 1"):
        build(config(), tmp_path / "data", "abc123")
    assert not (tmp_path / "data").exists()
