"""County files join the plan when the configuration names them, and only their own step runs again with them."""

import numpy as np
import pandas as pd
import pytest
import yaml
from small_panel import FILES, write_config, write_panel

from regspec.data.synthetic.raw_income import text

RESULTS = ("data/county_income.parquet", "data/counties.json", "empirics/county_tables.csv", "empirics/county_income.tex")


@pytest.fixture(scope="module")
def panel(workflow):
    """A panel with states as zones, personal income of their counties, and a configuration that names it."""
    folder = workflow.folder / "tables"
    write_panel(folder)
    zone_of = pd.read_csv(folder / FILES["crosswalk"]).set_index("County FIPS Code")["CZ90"]
    counties, rng = zone_of.index[~zone_of.index.isin([12025, 46113])], np.random.default_rng(1)
    areas = pd.MultiIndex.from_product([counties, [1990, 2019]], names=["fips", "year"]).to_frame(index=False)
    areas["population"] = rng.integers(1_000, 100_000, len(areas)).astype(float)
    areas["income"] = np.round(areas["population"] * rng.uniform(20, 60, len(areas)))
    (folder / "CAINC1.csv").write_text(text(areas, zone_of), encoding="utf-8")
    config = write_config(workflow.folder / "c.yaml", folder)
    content = yaml.safe_load(config.read_text(encoding="utf-8"))
    content["data"]["counties"] = {"income": {"file": "CAINC1.csv", "windows": [[1990, 2019]]}}
    return content, workflow.folder / "c.yaml", folder, areas, zone_of


def write(path, content):
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def test_without_county_files_there_is_no_such_step(workflow, panel):
    content, path, *_ = panel
    bare = {**content, "data": {key: value for key, value in content["data"].items() if key != "counties"}}
    assert "counties" not in workflow(write(path, bare), "-n").plan()


def test_tables_of_zones_are_made_and_made_again_when_their_files_change(workflow, panel):
    content, path, folder, areas, zone_of = panel
    first = workflow(write(path, content), "--", "empirics", "counties")
    assert first.code == 0, first.text
    assert first.jobs("counties") == 1 and first.jobs("data") == 1
    root = workflow.folder / "results" / "panel"
    assert all((root / name).is_file() for name in RESULTS)
    table = pd.read_parquet(root / "data" / "county_income.parquet").set_index(["zone", "year"])
    sums = areas.assign(zone=areas["fips"].map(zone_of)).groupby(["zone", "year"])[["income", "population"]].sum()
    assert table["income"].to_numpy() == pytest.approx(1000 * sums["income"].to_numpy())
    content["data"]["counties"]["dollars"] = 2000
    again = workflow(write(path, content), "-n", "--", "empirics", "counties").plan()
    assert again.get("counties") == 1 and not {"data", "empirics", "calibrate"} & set(again)
    (folder / "CAINC1.csv").write_text(
        (folder / "CAINC1.csv").read_text(encoding="utf-8").replace("LineCode", "Lines"), encoding="utf-8"
    )
    before = workflow.snapshot()
    broken = workflow(path, "--", "empirics", "counties")
    assert broken.code != 0 and "CAINC1.csv: has no column 'linecode'" in broken.text
    assert len(broken.errors()) <= 5 and workflow.snapshot() == before
