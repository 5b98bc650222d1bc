"""The parts of the model that scenarios tell apart, and their effects on the slopes (regspec.results.decomposition)."""

import json

import numpy as np
import pytest
import statsmodels.api as sm
from results_run import make_config, make_run
from run_folder import layout_at

from regspec.config.scenarios import Scenario
from regspec.exhibits import registry
from regspec.exhibits.model_parts import Channel, channels
from regspec.exhibits.tables import read_csv
from regspec.results.collect import collect
from regspec.results.decomposition import decomposition, measure
from regspec.results.inputs import load
from regspec.results.run import run

OVERRIDES = {
    "baseline": {},
    "free": {"limit": "natural"},
    "constant": {"limit": "fixed"},
    "quick": {"phi_scale": 0.01},
    "flat": {"xi_scale": 0.0},
}


def scenarios(*names):
    return {name: Scenario(parameters=OVERRIDES[name], planner=False) for name in names}


def test_scenarios_count_by_their_overrides():
    config = make_config(scenarios=scenarios(*OVERRIDES))
    assert channels(config) == [
        Channel("agglomeration", "baseline", "flat"),
        Channel("adjustment", "baseline", "quick"),
        Channel("collateral", "baseline", "free"),
        Channel("borrowing", "constant", "free"),
        Channel("feedback", "baseline", "constant"),
    ]
    assert [c.part for c in channels(make_config(scenarios=scenarios("baseline", "constant")))] == ["feedback"]


def test_scenarios_with_two_changes_or_more_of_a_part_are_left_out():
    other = {
        "baseline": {},
        "both": {"limit": "natural", "xi_scale": 0.0},
        "more": {"phi_scale": 2.0},
        "half": {"xi_scale": 0.5},
    }
    config = make_config(scenarios={name: Scenario(parameters=value) for name, value in other.items()})
    assert channels(config) == []
    # A baseline without a collateral constraint has none to take away; a value equal to the model's is no change.
    free = make_config(scenarios={"baseline": Scenario(parameters={"limit": "fixed", "gamma": 5.0}), **scenarios("free")})
    assert channels(free) == []
    assert channels(
        make_config(scenarios={"baseline": Scenario(), "free": Scenario(parameters={"limit": "natural", "gamma": 5.0})})
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    root = tmp_path_factory.mktemp("run")
    config, files = make_run(root, scenarios=tuple(OVERRIDES), failed={("free", 500)})
    config = config.model_copy(update={"scenarios": scenarios(*OVERRIDES)})
    collect(files, root / "model/paths.parquet", root / "model/solutions.parquet", "drop", "hash")
    run(config, layout_at(root), "hash")
    return root, config


def test_files_are_the_declared_ones(finished):
    root, config = finished
    exhibit = next(e for e in registry.model_exhibits(config) if e.program == "results.decomposition")
    assert len(exhibit.files) == 5 and all((root / name).is_file() for name in exhibit.files)
    assert "free: 39 zones solved, 1 failed" in (root / "tables/decomposition.html").read_text(encoding="utf-8")
    summary = json.loads((root / "summary.json").read_text(encoding="utf-8"))
    assert set(summary["decomposition"]) == {"agglomeration", "adjustment", "collateral", "borrowing", "feedback"}


def test_effects_are_differences_of_independent_regressions(finished):
    root, config = finished
    inputs = load(config, layout_at(root), "hash")
    table = read_csv(root / "tables/decomposition.csv")
    row = table.query(
        "part == 'collateral' and variable == 'c' and outcome == 'average' and right_hand_side == 'short' and horizon == 10"
    ).iloc[0]
    slopes = {}
    for scenario in ("baseline", "free"):
        rows = inputs.paths.query("scenario == @scenario and allocation == 'ce' and 1950 <= year <= 1960 and zone != 500")
        average = np.log(rows.groupby("zone")["c"].mean())
        x = sm.add_constant(inputs.design.loc[average.index, ["specialization", "ghat"]])
        slopes[scenario] = sm.OLS(average, x).fit().params["specialization"]
    np.testing.assert_allclose(row["slope_present"], slopes["baseline"], rtol=1e-9)
    np.testing.assert_allclose(row["slope_absent"], slopes["free"], rtol=1e-9)
    np.testing.assert_allclose(row["difference"], slopes["baseline"] - slopes["free"], atol=1e-10)
    np.testing.assert_allclose(row["share"], 1 - slopes["free"] / slopes["baseline"], rtol=1e-6)
    assert row["zones"] == 39
    assert summary_value(root, "collateral", "c", "average", "short", 10) == row["difference"]


def summary_value(root, part, variable, outcome, rhs, horizon):
    summary = json.loads((root / "summary.json").read_text(encoding="utf-8"))
    return summary["decomposition"][part][variable][outcome][rhs][str(horizon)]["difference"]["slope"]


def test_the_two_parts_of_the_constraint_add_up(finished):
    """On the same zones their effects sum to the whole, for every outcome and horizon."""
    root, config = finished
    inputs = load(config, layout_at(root), "hash")
    rows = inputs.solutions[inputs.solutions["zone"] != 500]
    paths = inputs.paths[inputs.paths["zone"] != 500]
    inputs = type(inputs)(**{**{f: getattr(inputs, f) for f in inputs.__dataclass_fields__}, "paths": paths, "solutions": rows})
    found = {}
    for e in decomposition(inputs):
        found.setdefault((e.variable, e.outcome, e.rhs, e.horizon), {})[e.channel.part] = e.difference.estimate
    assert len(found) == 2 * (1 + 2 * 3) * 2
    for parts in found.values():
        np.testing.assert_allclose(parts["borrowing"] + parts["feedback"], parts["collateral"], atol=1e-9)


def test_known_tilt_is_found(finished):
    """Growth differs by a known multiple of the Gini between baseline and the first alternative."""
    root, config = finished
    table = read_csv(root / "tables/decomposition.csv")
    row = table.query("part == 'collateral' and variable == 'Y' and outcome == 'growth' and right_hand_side == 'short'")
    last = row[row["horizon"] == 70].iloc[0]
    np.testing.assert_allclose(last["difference"], -0.15, atol=1e-9)
    assert last["bootstrap_low"] <= -0.15 + 1e-9 and last["bootstrap_high"] >= -0.15 - 1e-9


def test_measure_by_hand():
    import pandas as pd

    path = pd.DataFrame([[1.0, 2.0, 3.0], [2.0, 2.0, 2.0]], [7, 8], [1950, 1951, 1952])
    np.testing.assert_allclose(measure(path, "level", 1950, 0), np.log([1, 2]))
    np.testing.assert_allclose(measure(path, "growth", 1950, 2), [np.log(3), 0])
    np.testing.assert_allclose(measure(path, "average", 1950, 1), np.log([1.5, 2]))
    assert measure(path.iloc[:0], "growth", 1950, 1).empty


def test_claims_show_the_shares_of_the_constraint(finished):
    root, _ = finished
    claims, table = read_csv(root / "tables/claims.csv"), read_csv(root / "tables/decomposition.csv")
    rows = table.query("outcome == 'growth' and right_hand_side == 'all controls' and horizon == 70 and part == 'collateral'")
    share = rows.set_index("variable").loc["Y"]
    friction = claims[claims["deck"] == "0.56"].iloc[0]
    assert friction["here"] == pytest.approx(share["share"]) and friction["low"] == pytest.approx(share["set_low"])
    assert friction["difference"] == pytest.approx(share["share"] - 0.56)
    names = claims.loc[claims["claim"] == "C4", "number"]
    assert names.str.contains("price feedback").sum() == 2 and names.str.contains("consumption growth over 70 years").sum() == 2
