"""The state of every solve, as text and as a page, from the files of a run."""

import json
import os
import re
import time

import geopandas
import h5py
import pytest
from one_zone import config, national, zone
from shapely.geometry import box

from regspec.config.config import Config
from regspec.config.reading import load_config
from regspec.errors import ModelFailure
from regspec.io.provenance import write_json
from regspec.layout import Layout
from regspec.solves.key import solution_key
from regspec.solves.settings import solve_settings
from regspec.workflow.status import Solve, failure_of, failures_text, solves, status_text
from regspec.workflow.status_page import page, write_page

ZONES = (1, 2, 3, 4, 5, 6)


@pytest.fixture
def run(tmp_path):
    """Zone 1 done, 2 failed, 3 running, 4 waiting, 5 without convergence, 6 solved with another theta; 9 is not in the run."""
    settings = config(run__directory=str(tmp_path), scenarios={"baseline": {"planner": False}})
    layout = Layout(settings)
    write_json(layout.zone_list, {"zones": list(ZONES), "gini": [0.4] * len(ZONES)})
    write_json(layout.national, national().record())
    layout.data.mkdir(parents=True)
    shapes = {z: box(1000.0 * z, 0, 1000.0 * (z + 1), 1000) for z in (*ZONES, 9)}
    frame = geopandas.GeoDataFrame({"zone": list(shapes)}, geometry=list(shapes.values()), crs=5070)
    frame.to_file(layout.data / "zones.gpkg", layer="zones")
    other = Config.model_validate({**settings.model_dump(), "model": {"parameters": {"theta": 0.2}}})
    for number in ZONES:
        write_json(layout.zone_json(number), zone(zone=number).record())
    for number, made, seconds in ((1, settings, 4.5), (6, other, 7.5)):
        key = solution_key(zone(zone=number), national(), solve_settings(made, "baseline"))
        layout.solution("baseline", number).parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(layout.solution("baseline", number), "w") as file:
            file.attrs.update(status="solved", message="", seconds=seconds, key=key)
    write_json(layout.failure("baseline", 2), failure(2, "no equilibrium at b = -0.3 <&>, in cycles", "no_equilibrium"))
    write_json(layout.failure("baseline", 5), failure(5, "sweep 9 of the stationary tail does not converge", "not_converged"))
    now = time.time()
    sweep = {"allocation": "ce", "stage": "tail", "rate": 0.5}
    lines = [sweep | {"time": now - 20, "sweep": 1, "distance": 0.1}, sweep | {"time": now - 10, "sweep": 11, "distance": 1e-3}]
    layout.progress("baseline", 3).write_text("\n".join(map(json.dumps, lines)) + '\n{"cut', encoding="utf-8")
    return settings, layout


def failure(number, text, kind):
    """Content of a marker."""
    return ModelFailure(f"zone {number}, scenario baseline, competitive equilibrium: {text}", kind).record()


def states(run):
    return {solve.zone: solve.state for solve in solves(*run)}


def test_states_of_solves(run):
    expected = {1: "done", 2: "failed", 3: "running", 4: "waiting", 5: "unconverged", 6: "outdated"}
    assert states(run) == expected


def test_a_solve_that_begins_again_is_running_and_one_that_stops_writing_is_silent(run):
    settings, layout = run
    for number in (1, 2):
        layout.progress("baseline", number).write_text("", encoding="utf-8")
        later = time.time() + 5
        os.utime(layout.progress("baseline", number), (later, later))
    past = time.time() - 5000
    os.utime(layout.progress("baseline", 3), (past, past))
    assert {z: s for z, s in states(run).items() if z < 4} == {1: "running", 2: "running", 3: "silent"}
    assert "zone 3 silent for 8" in status_text(settings, layout)


def test_a_failure_by_hand_beside_a_present_solution_is_none_of_the_run(run):
    """Its settings were others, or it would have kept the file; beside an outdated solution it is the latest word."""
    _, layout = run
    for number in (1, 6):
        write_json(layout.failure("baseline", number), failure(number, "no equilibrium at theta = 0.9", "no_equilibrium"))
        later = time.time() + 5
        os.utime(layout.failure("baseline", number), (later, later))
    assert {z: s for z, s in states(run).items() if z in (1, 6)} == {1: "done", 6: "failed"}


def test_remaining_time_follows_from_pace_distance_and_years(run):
    """One iteration a second; the distance halves with every iteration; then the years of the path."""
    settings, layout = run
    running = next(solve for solve in solves(settings, layout) if solve.state == "running")
    years = settings.calibration.last_year - settings.calibration.first_year
    sweeps = next(n for n in range(99) if 1e-3 * 0.5**n <= settings.model.solver.tolerance)
    assert running.left == pytest.approx(sweeps + years, abs=3)
    assert running.progress().startswith("market iteration 11, distance 1.0e-03, about ")
    path = running.__class__("baseline", 3, "running", event={"allocation": "planner", "stage": "path", "year": 7})
    assert path.progress() == "planner path, year index 7 (counts down to 0)"


def test_text_names_counts_reasons_and_the_slowest(run):
    text = status_text(*run)
    assert "baseline: 1 done, 1 running, 1 failed, 1 unconverged, 1 outdated, 1 waiting" in text
    assert "zone 2 failed: zone 2, scenario baseline, competitive equilibrium: no equilibrium at b = -0.3" in text
    assert "slowest: zone 6 baseline 8 s, zone 1 baseline 4 s" in text


def test_page_shows_every_state_on_the_map_and_says_why(run, tmp_path):
    settings, layout = run
    found = write_page(settings, layout, tmp_path / "status.html", refresh=30)
    text = (tmp_path / "status.html").read_text(encoding="utf-8")
    assert [solve.zone for solve in found] == list(ZONES)
    fills = dict(re.findall(r'<use href="#z(\d)" fill="([^"]+)"', text))
    assert fills == {
        "1": "#0072b2",
        "2": "url(#p-failed)",
        "3": "url(#p-running)",
        "4": "#fff",
        "5": "url(#p-unconverged)",
        "6": "url(#p-outdated)",
    }
    for used in set(re.findall(r"url\(#([\w-]+)\)", text)):
        assert f'id="{used}"' in text
    assert 'id="z9"' in text and "not part of the run" in text
    assert "3 of 6 solves have ended." in text and re.search(r"</svg> 1 failed: .*</svg> 1 waiting", text)
    assert "no equilibrium at b = -0.3 &lt;&amp;&gt;" in text and "<&>" not in text
    assert "market iteration 11, distance 1.0e-03" in text
    assert re.search(r"Slowest solves.*>6<.*7\.5 s.*>1<.*4\.5 s", text, re.DOTALL)
    assert '<meta http-equiv="refresh" content="30">' in text and "viewport" in text
    assert not re.search(r"""(src|href)=["'](?!#)|url\((?!#)|https?:|<script|@import""", text)


def test_page_without_outlines_or_refresh(run):
    settings, layout = run
    (layout.data / "zones.gpkg").unlink()
    text = page(settings, layout, solves(settings, layout))
    assert "<h2>By scenario" in text and "<h2>Zones</h2>" not in text and "http-equiv" not in text


def test_alike_failures_are_one_row_of_the_page(run):
    failures = [
        Solve("baseline", z, "failed", f"zone {z}, scenario baseline, planner: no root, J = {z}.5e-2") for z in (1, 2, 3)
    ]
    text = page(*run, failures)
    assert text.count("planner: no root") == 1 + 3  # the row, and the tips of the map
    assert ">1, 2, 3</td>" in text


def test_status_tells_waiting_started_and_failed_solves(run_folder):
    settings = load_config("my.yaml")
    failure = ModelFailure("zone 7: no equilibrium\n  J = 3.1 at theta = 0.35\n", "no_equilibrium")
    write_json(run_folder.failure("other", 7), failure.record())
    run_folder.progress("other", 7).write_text("", encoding="utf-8")
    run_folder.progress("other", 3).write_text(
        '{"sweep": 10, "distance": 0.1}\n{"sweep": 20, "distance": 0.01}\n', encoding="utf-8"
    )
    text = status_text(settings, run_folder)
    assert "baseline: 2 waiting" in text
    assert "other: 1 running, 1 failed" in text
    assert "zone 7 failed: zone 7: no equilibrium J = 3.1 at theta = 0.35" in text
    assert "zone 3 running: iteration 20, distance 1.0e-02" in text
    assert "zone 7, scenario other" in failures_text(settings, run_folder)
    assert failure_of(run_folder, "baseline", 3) == ("no message", "other")
    run_folder.failure("other", 7).write_text("{", encoding="utf-8")
    assert "7.failure.json is damaged" in failure_of(run_folder, "other", 7)[0]


def test_status_repeats_the_failure_that_a_solution_file_records(run_folder):
    settings = load_config("my.yaml")
    for number, content in ((3, b"cut off"), (7, None)):
        path = run_folder.solution("other", number)
        path.parent.mkdir(parents=True, exist_ok=True)
        if content:
            path.write_bytes(content)
            continue
        with h5py.File(path, "w") as file:
            file.attrs.update(status="failed", message="no equilibrium\n  J = 3.1")
    text = status_text(settings, run_folder)
    assert "zone 3 failed: results/r/solutions/other/3.h5 is damaged" in text
    assert "zone 7 failed: no equilibrium J = 3.1" in text
