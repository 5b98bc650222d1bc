"""The report of a small finished run: complete, valid, self-contained, honest on synthetic data."""

import base64
import html
import io
import json
import re
import shutil
from html.parser import HTMLParser

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from results_run import make_config, make_run
from run_folder import layout_at
from shapely.geometry import Polygon, box

from regspec.config.config import Config
from regspec.exhibits import figures
from regspec.exhibits.registry import FACTS, county_exhibits, model_exhibits, on_request, sweep_exhibit
from regspec.exhibits.writer import ExhibitWriter
from regspec.report.explorer import paths
from regspec.report.gallery import OTHER, section_of
from regspec.report.outline import WIDTH, drawing
from regspec.report.run import run
from regspec.results.collect import collect
from regspec.results.run import run as results

STAMP = {"config_hash": "hash", "code_version": "1+x"}
VOID = {"meta", "link", "img", "input", "br", "hr", "line", "rect"}


class Page(HTMLParser):
    """Elements with attributes, ids, text of scripts by id; fails on elements that do not nest."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.scripts = [], [], {}
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open and self.open.pop()[0] == tag, f"</{tag}> at {self.getpos()}"

    def handle_data(self, data):
        if self.open and self.open[-1][0] == "script":
            self.scripts[self.open[-1][1].get("id")] = data


def page_of(config, root):
    """Text of the page that the step writes for the run in ``root``."""
    run(config, layout_at(root), "hash")
    return (root / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """(config, folder, text of the page) of a run with a failed solve and one exhibit that was made on request."""
    root = tmp_path_factory.mktemp("report")
    config, files = make_run(root, n=12, failed={("baseline", 300)})
    collect(files, root / "model/paths.parquet", root / "model/solutions.parquet", "warn", "hash")
    results(config, layout_at(root), "hash")
    writer, body = ExhibitWriter(root, STAMP, None), pd.DataFrame({"a": [1.0]})
    with writer.figure(name="theory/theory") as (_, ax):
        ax.plot([0, 1])
        ax.set_xlabel("made later, N = 2")
    writer.table(name="theory/theory", body=body, caption="Later <table>", notes="Note & all")
    return config, root, page_of(config, root)


def test_every_exhibit_that_was_produced_is_on_the_page(finished):
    _, root, text = finished
    pictures, sheets = (sorted(root.rglob(f"*.{suffix}")) for suffix in ("png", "html"))
    assert len(pictures) > 8
    shown = [Image.open(io.BytesIO(base64.b64decode(data))) for data in re.findall(r"image/png;base64,([^\"]+)", text)]
    assert len(shown) == len(pictures)
    for path in pictures:
        own = np.asarray(Image.open(path).convert("RGB"), dtype=float)
        same_size = [np.asarray(s.convert("RGB")) for s in shown if s.size == own.shape[1::-1]]
        assert min(np.abs(own - other).mean() for other in same_size) < 0.5, path
    for path in sheets:
        if path.name not in ("exhibits.html", "report.html"):
            rows = re.search(r"<tbody>.*</tbody>", path.read_text(encoding="utf-8"), re.S).group()
            assert rows in text, path
    assert "made later, N = 2" in text and "Note &amp; all" in text and "Later &lt;table&gt;" in text


def test_what_was_not_produced_has_its_reason(finished):
    text = html.unescape(finished[2])
    assert "made on request: snakemake ... -- planner" in text
    assert "made on request: snakemake ... -- theory" not in text
    assert "no equilibrium: theta = 0.35" in text and "Failed solves" in text


def test_the_page_is_valid_and_accessible(finished):
    page = Page(finished[2])
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [a["href"][1:] for tag, a in page.elements if tag == "a" and a["href"].startswith("#")]
    assert set(targets) <= set(ids)
    assert all(attributes["alt"].strip() for tag, attributes in page.elements if tag == "img")
    assert all(attributes.get("scope") for tag, attributes in page.elements if tag == "th")


def test_the_page_loads_nothing_from_elsewhere(finished):
    page = Page(finished[2])
    for tag, attributes in page.elements:
        assert "srcset" not in attributes and tag not in ("iframe", "object", "embed", "base")
        if "src" in attributes:
            assert attributes["src"].startswith("data:")
        if tag == "link":
            assert attributes["href"].startswith("data:")
    own = re.sub(r"base64,[^\"]+", "", finished[2])
    assert not re.search(r"@import|url\((?!#)|fetch\(|XMLHttpRequest|import\(", own)


def test_the_explorer_has_every_zone_and_its_path(finished):
    config, root, text = finished
    content = json.loads(Page(text).scripts["zone-data"])
    run_zones = json.loads((root / "calibration/zones.json").read_text(encoding="utf-8"))["zones"]
    assert sorted(map(int, content["zones"])) == run_zones == sorted(map(int, content["map"]["zones"]))
    assert "300" not in content["paths"]["baseline"]["ce"] and "300" in content["paths"]["no_collateral"]["ce"]
    table = pd.read_parquet(root / "model/paths.parquet")
    for allocation in ("ce", "planner"):
        one = table[(table["zone"] == 500) & (table["scenario"] == "baseline") & (table["allocation"] == allocation)]
        own = content["paths"]["baseline"][allocation]["500"]
        for name, scale in (("Y", 1000), ("q", 200), ("k_services", 5000)):
            np.testing.assert_allclose(np.cumsum(own[name]) / scale, one.sort_values("year")[name], atol=0.51 / scale)
    assert content["solutions"]["baseline"]["300"]["status"] == "failed"
    gain = next(layer for layer in content["layers"] if layer["label"].startswith("Welfare"))
    assert set(gain["zones"]) == {str(zone) for zone in run_zones if zone != 300}
    assert len(gain["names"]) == len(gain["colours"])


def test_synthetic_data_are_announced_and_only_they(finished, tmp_path):
    config, root, text = finished
    assert '<p class="banner" role="note"><b>Synthetic data.' in text
    meta = root / "data/meta.json"
    kept = meta.read_text(encoding="utf-8")
    try:
        meta.write_text(
            json.dumps({"synthetic": False, "source": "A panel </script><b>", "stand_in_zones": False}), encoding="utf-8"
        )
        other = page_of(config, root)
    finally:
        meta.write_text(kept, encoding="utf-8")
    assert '<p class="banner"' not in other and "</script><b>" not in other
    assert "A panel &lt;/script&gt;" in other
    Page(other)
    assert page_of(config, root) == text


def test_a_run_without_a_model_has_a_page_too(finished, tmp_path):
    config, root, _ = finished
    for folder in ("data", "empirics"):
        shutil.copytree(root / folder, tmp_path / folder)
    text = page_of(config, tmp_path)
    page = Page(text)
    assert "The model was not solved" in text and 'id="zones"' in text and 'id="diagnostics"' not in text
    content = json.loads(page.scripts["zone-data"])
    assert len(content["zones"]) == 12 and len(content["layers"]) == 1 and "paths" not in content


def test_every_registered_exhibit_has_a_section():
    sections = make_config().model_dump()
    sections["data"]["counties"] |= {"cbp": {"files": {1990: "a.csv"}}, "income": {"file": "b.csv", "windows": [[1990, 2000]]}}
    config = Config.model_validate(sections)
    every = [*FACTS, *county_exhibits(config), *model_exhibits(config), *on_request(config).values(), sweep_exhibit("s")]
    assert not [exhibit.title for exhibit in every if section_of(exhibit.program) == OTHER]
    assert section_of("src/regspec/results/tradeoff.py") == "model" and section_of("results.new") == OTHER


def test_long_runs_keep_fewer_years(monkeypatch):
    monkeypatch.setattr("regspec.report.explorer._POINTS", 30)
    rows = [(zone, "s", "ce", year, 2.0, 1.0, -0.1, 5.0, 0.0, 1.0, 0.0) for zone in (1, 2) for year in range(1950, 1960)]
    columns = ["zone", "scenario", "allocation", "year", "Y", "c", "b", "q", "tau_b", "k_x", "tau_k_x"]
    content = paths(pd.DataFrame(rows, columns=columns), ["x"])
    assert content["years"] == [1950, 1954, 1958]
    assert content["paths"]["s"]["ce"][2]["Y"] == [2000, 0, 0]


def test_the_drawing_keeps_areas_and_common_borders():
    wavy = [(1e5, 2e4 * n) for n in range(11)]
    left, right = Polygon([(0, 0), *wavy, (0, 2e5)]), Polygon([(3e5, 0), *wavy, (3e5, 2e5)])
    zones = gpd.GeoDataFrame(geometry=[left, right], index=[7, 9], crs="EPSG:5070")
    drawn = drawing(zones, gpd.GeoDataFrame(geometry=[box(0, 0, 3e5, 2e5)], crs="EPSG:5070"))
    assert (drawn["width"], drawn["height"]) == (WIDTH, 1000)
    shapes = {zone: Polygon(points(path)) for zone, path in drawn["zones"].items()}
    assert shapes[7].area == 500 * 1000 and shapes[9].area == 1000 * 1000
    assert shapes[7].intersection(shapes[9]).length == 1000


def points(path):
    start, moves = re.fullmatch(r"M(.*)l(.*)z", path).groups()
    steps = [np.array(list(map(int, re.findall(r"-?\d+", text)))).reshape(-1, 2) for text in (start, moves)]
    return np.cumsum(np.vstack(steps), axis=0)


def test_a_figure_describes_itself():
    figure, (one, two) = figures.new("double", ncols=2)
    one.plot([0, 1], label="market $\\tau$")
    one.set_title("N = 3 zones", loc="left")
    one.set_xlabel("year")
    one.set_ylabel("output\n(percent)")
    one.legend()
    two.set_axis_off()
    assert figures.description(figure) == ("N = 3 zones; horizontal: year; vertical: output (percent); legend: market tau.")
