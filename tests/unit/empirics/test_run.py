"""The empirics step on files: every output, stamped, the same bytes for the same data."""

import json

import pandas as pd
import pyarrow.parquet as pq
import pytest
from empirics_economy import economy
from run_folder import layout_at

from regspec.config.config import Config
from regspec.config.empirics import Empirics
from regspec.empirics.fact1 import fact1
from regspec.empirics.run import run
from regspec.errors import ConfigError, DataError
from regspec.exhibits import tables
from regspec.exhibits.registry import EMPIRICS
from regspec.io.run_tables import write_table

CONFIG = Config(empirics=Empirics(controls=["high_skill_share", "female_labor_share"], bins=10))
STAMP = {"config_hash": "c0ffee", "code_version": "test"}


def write_data(folder, synthetic=True, zones=80, shuffle=None):
    industry, controls, national = economy(zones)
    for kind, frame in (("industry", industry), ("controls", controls), ("national", national)):
        frame = frame if shuffle is None else frame.sample(frac=1, random_state=shuffle)
        write_table(frame, kind, folder / f"{kind}.parquet", STAMP)
    tfp = pd.DataFrame({"year": [1950], "industry": ["Farms"], "tfp": [1.0], "weight": [1.0]})
    write_table(tfp, "tfp", folder / "tfp.parquet", STAMP)
    (folder / "meta.json").write_text(json.dumps({"synthetic": synthetic, "source": "A small economy."}), encoding="utf-8")
    return industry, controls, national


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("empirics")
    economy_tables = write_data(folder / "data")
    run(CONFIG, layout_at(folder), "c0ffee")
    return folder, economy_tables


def test_writes_exactly_the_declared_files(done):
    folder, _ = done
    assert sorted(p.name for p in (folder / "empirics").iterdir()) == sorted(EMPIRICS)


def test_every_file_carries_the_config_hash(done):
    out = done[0] / "empirics"
    metadata = pq.read_schema(out / "specialization.parquet").metadata
    assert metadata[b"config_hash"] == b"c0ffee" and metadata[b"code_version"]
    for name in EMPIRICS:
        if not name.endswith("parquet"):
            assert b"c0ffee" in (out / name).read_bytes(), name


def test_same_data_in_another_order_give_the_same_bytes(done, tmp_path):
    write_data(tmp_path / "data", shuffle=8)
    run(CONFIG, layout_at(tmp_path), "c0ffee")
    for name in EMPIRICS:
        assert (tmp_path / "empirics" / name).read_bytes() == (done[0] / "empirics" / name).read_bytes(), name


def test_csv_holds_the_estimates_and_tex_shows_them(done):
    folder, (industry, controls, national) = done
    measured = pd.read_parquet(folder / "empirics" / "specialization.parquet")
    assert list(measured.columns) == ["zone", "year", "variable", "measure", "value"]
    facts = fact1(industry, measured, controls, national, CONFIG.empirics)
    table = tables.read_csv(folder / "empirics" / "fact1.csv").set_index(["regression", "term"])
    assert table.at[("growth", "specialization"), "estimate"] == pytest.approx(
        facts.growth.estimate("specialization"), rel=1e-12
    )
    text = (folder / "empirics" / "fact1.tex").read_text(encoding="utf-8")
    assert f"({facts.level.se('specialization'):.4f})" in text and "Zones & 80 & 80" in text
    assert "Growth of income p.c., 1950--2020" in text and "synthetic data" in text


def test_scatter_csv_is_the_figure(done):
    points = tables.read_csv(done[0] / "empirics" / "fact1_level.csv")
    assert len(points) == 10 and points["zones"].sum() == 80


def test_real_data_are_not_marked(tmp_path, done):
    write_data(tmp_path / "data", synthetic=False)
    run(CONFIG, layout_at(tmp_path), "c0ffee")
    assert "synthetic" not in (tmp_path / "empirics" / "fact1.html").read_text(encoding="utf-8")
    assert (tmp_path / "empirics" / "fact1_level.png").read_bytes() != (done[0] / "empirics" / "fact1_level.png").read_bytes()


def test_an_absent_variable_says_which_key_to_set(tmp_path):
    write_data(tmp_path / "data")
    config = Config(empirics=Empirics(variable="employment"))
    with pytest.raises(ConfigError, match="empirics.variable") as caught:
        run(config, layout_at(tmp_path), "h")
    assert "income" in str(caught.value)
    assert not (tmp_path / "empirics").exists()


@pytest.mark.parametrize("name", ["industry.parquet", "controls.parquet", "national.parquet", "meta.json"])
def test_a_missing_input_is_named(tmp_path, name):
    write_data(tmp_path / "data")
    (tmp_path / "data" / name).unlink()
    with pytest.raises(DataError, match=name.replace(".", r"\.")):
        run(CONFIG, layout_at(tmp_path), "h")
