"""The results step on a whole run directory (regspec.results.run)."""

import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from results_run import make_run
from run_folder import layout_at

import regspec
from regspec.config.scenarios import Scenario
from regspec.errors import ConfigError, DataError, ModelFailure
from regspec.exhibits import registry
from regspec.exhibits.listing import read_missing
from regspec.exhibits.tables import read_csv
from regspec.exhibits.writer import ExhibitWriter
from regspec.results import tradeoff
from regspec.results.claims import claims
from regspec.results.collect import collect
from regspec.results.inputs import load
from regspec.results.run import run

PACKAGE = Path(regspec.__file__).parent
EXPECTED = {
    "tables": {
        "claims",
        "mobility",
        "tradeoff",
        "friction_no_collateral",
        "welfare",
        "efficient_specialization",
        "efficient_industries",
        "accuracy",
        "welfare_normalization",
        "taxes",
        "transition",
    },
    "figures": {
        "mobility",
        "tradeoff",
        "friction_no_collateral",
        "welfare",
        "welfare_map",
        "efficient_specialization",
        "efficient_specialization_map",
        "efficient_industries",
        "taxes",
        "transition",
    },
}


def complete(root, **options):
    config, files = make_run(root, **options)
    collect(files, root / "model/paths.parquet", root / "model/solutions.parquet", "drop", "hash")
    run(config, layout_at(root), "hash")
    return config


def written(root):
    """Files of the results step, relative to the run's folder."""
    files = [path for folder in EXPECTED for path in (root / folder).iterdir()]
    return sorted(str(path.relative_to(root)) for path in [root / "summary.json", *files])


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    root = tmp_path_factory.mktemp("run")
    config = complete(root, n=40, failed={("baseline", 300), ("no_collateral", 500)})
    return root, config


def test_every_exhibit_in_every_format(finished):
    root, config = finished
    assert written(root) == sorted(registry.results(config))
    for folder, stems in EXPECTED.items():
        suffixes = ("csv", "tex", "html") if folder == "tables" else ("pdf", "png")
        expected = {f"{stem}.{suffix}" for stem in stems for suffix in suffixes}
        assert {p.name for p in (root / folder).iterdir()} == expected


def test_the_list_names_every_exhibit_its_program_and_what_is_missing(finished):
    """This run has no figures of the empirics; with results from 38 zones everything else is there."""
    root, config = finished
    listed = read_csv(root / "exhibits.csv").fillna("")
    asked_for = len(registry.on_request(config)) + len(config.sweeps)
    assert len(listed) == len(registry.FACTS) + len(registry.model_exhibits(config)) + asked_for
    assert all((PACKAGE / program.removeprefix("src/regspec/")).is_file() for program in listed["program"])
    rows = listed.set_index("title")
    assert rows.at["Specialization of every zone and year", "produced"] == "yes"
    assert rows.at["Growth by horizon", "produced"] == "no" and "no file horizons.csv" in rows.at["Growth by horizon", "reason"]
    assert "multiplicity" in rows.at["Several equilibria of a year", "reason"]
    model = [exhibit.title for exhibit in registry.model_exhibits(config)]
    assert set(rows.loc[model, "produced"]) == {"yes"}
    for exhibit in registry.model_exhibits(config):
        assert all((root / name).is_file() for name in rows.at[exhibit.title, "files"].split())
    assert "| Q1 | " in (root / "exhibits.md").read_text(encoding="utf-8")
    assert json.loads((root / "summary.json").read_text(encoding="utf-8"))["not_computed"] == []


def test_slopes_without_an_estimate_are_listed(tmp_path, unrendered):
    complete(tmp_path, n=8)
    lost = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))["not_computed"]
    assert any(text.startswith("Q1 ") and "too few" in text for text in lost)
    rows = read_csv(tmp_path / "exhibits.csv").set_index("exhibit")
    assert rows.at["Q1", "produced"] == "in part" and "too few" in rows.at["Q1", "reason"]
    (tmp_path / "empirics/not_computed.csv").unlink()
    with pytest.raises(DataError, match="not_computed.csv: missing"):
        read_missing(tmp_path / "empirics")


def test_summary_repeats_an_independent_regression(finished):
    root, config = finished
    summary = json.loads((root / "summary.json").read_text(encoding="utf-8"))
    inputs = load(config, layout_at(root), "hash")
    paths = inputs.paths[(inputs.paths.scenario == "baseline") & (inputs.paths.allocation == "ce")]
    output = paths.pivot(index="zone", columns="year", values="Y")
    assert len(output) == 39
    growth = np.log(output[2020] / output[1950])
    x = sm.add_constant(inputs.design.loc[growth.index])
    fit = sm.OLS(growth, x).fit(cov_type="HC1")
    found = summary["tradeoff"]["growth"]["all controls"]["ce"]
    np.testing.assert_allclose(found["slope"], fit.params["specialization"], rtol=1e-9)
    np.testing.assert_allclose(found["se"], fit.bse["specialization"], rtol=1e-9)
    assert found["zones"] == summary["tradeoff"]["growth"]["all controls"]["data"]["zones"] == 39
    short = sm.OLS(np.log(output[1950]), x[["const", "specialization", "ghat"]]).fit()
    np.testing.assert_allclose(summary["tradeoff"]["level"]["short"]["ce"]["slope"], short.params["specialization"], rtol=1e-9)
    data = summary["tradeoff"]["level"]["all controls"]["data_all"]
    y, z = inputs.outcomes["level"], sm.add_constant(inputs.design.drop(columns="log_income"))
    np.testing.assert_allclose(data["slope"], sm.OLS(y, z).fit().params["specialization"], rtol=1e-9)


def test_summary_counts_shares_and_stamps(finished):
    root, _ = finished
    summary = json.loads((root / "summary.json").read_text(encoding="utf-8"))
    assert summary["zones"] == {
        "baseline": {"solved": 39, "failed": 1, "failed_zones": [300]},
        "no_collateral": {"solved": 39, "failed": 1, "failed_zones": [500]},
    }
    friction = summary["friction"]["no_collateral"]["short"]
    assert sorted(friction, key=int) == ["1", "10", "70"]
    # Growth was tilted by -.3 and -.15 times the Gini on top of one common mechanism; common zones only.
    last = friction["70"]
    assert last["baseline"]["zones"] == 38
    difference = last["baseline"]["slope"] - last["alternative"]["slope"]
    np.testing.assert_allclose(difference, -0.15, atol=1e-9)
    np.testing.assert_allclose(last["share"]["ratio"], difference / last["baseline"]["slope"], rtol=1e-9)
    gain = pd.read_parquet(root / "model/solutions.parquet").query("allocation == 'planner'")["welfare_gain"]
    welfare = summary["welfare_percent"]["baseline"]
    assert welfare["n"] == 39 and 100 * gain.min() <= welfare["p5"] <= welfare["p50"] <= 100 * gain.max()
    assert summary["accuracy"]["baseline"]["ce"]["euler_bonds_max_log10"] == -2.9
    seconds = pd.read_parquet(root / "model/solutions.parquet").query("allocation == 'ce'")["seconds"]
    np.testing.assert_allclose(summary["seconds"]["total"], seconds.sum(), rtol=1e-12)
    assert summary["provenance"]["config_hash"] == "hash" and summary["synthetic"] is True
    assert summary["specialization"]["income"]["1950"]["zones"] == 40


def test_claims_repeat_the_exhibits_numbers(finished):
    root, _ = finished
    summary = json.loads((root / "summary.json").read_text(encoding="utf-8"))
    table = read_csv(root / "tables/claims.csv").set_index("number")
    assert sorted(set(table["claim"])) == ["C1", "C2", "C3", "C4", "C5"] and len(summary["claims"]) == len(table)
    friction = table[table["deck"] == "0.56"].iloc[0]  # this run's no_collateral overrides nothing
    assert np.isnan(friction["here"]) and friction["note"] == "no scenario without it"
    level = table[table["deck"] == "0.844 (0.084)"].iloc[0]
    assert level["here"] == pytest.approx(summary["tradeoff"]["level"]["all controls"]["data_all"]["slope"], rel=1e-9)
    gain, welfare = table[table["deck"] == "1.2 to 2.2"].iloc[0], summary["welfare_percent"]["baseline"]
    assert gain["here"] == pytest.approx(welfare["p50"]) and gain["high"] == pytest.approx(welfare["p95"])
    assert gain["difference"] == pytest.approx(min(welfare["p50"] - 1.2, 0.0) + max(welfare["p50"] - 2.2, 0.0))
    assert "not_computed.csv" in table.loc["persistence of comparative advantage", "note"]  # this run has no empirics


def test_claims_of_the_facts_come_from_the_empirics(finished, tmp_path):
    root, config = finished
    rows = pd.DataFrame({"horizon": [10, 40, 70], "estimate": [0.8, 0.6, 0.5], "low": 0.4, "high": 0.9, "zones": 40})
    writer = ExhibitWriter(tmp_path / "empirics", {}, True)
    writer.csv(name="persistence", frame=rows)
    writer.csv(name="within_zone", frame=pd.DataFrame({"not computed": ["no income"]}))
    inputs = replace(load(config, layout_at(root), "hash"), layout=layout_at(tmp_path))
    found = [c for c in claims(inputs) if c.claim in ("C2", "C3")]
    assert [(c.claim, c.estimate) for c in found[:2]] == [("C3", 0.8), ("C3", 0.5)]
    assert [c.note != "" for c in found] == [False, False, True]


def test_tables_carry_numbers_counts_and_the_synthetic_mark(finished):
    root, _ = finished
    table = read_csv(root / "tables/friction_no_collateral.csv")
    summary = json.loads((root / "summary.json").read_text(encoding="utf-8"))
    row = table[(table["right_hand_side"] == "short") & (table["horizon"] == 70)].iloc[0]
    share = summary["friction"]["no_collateral"]["short"]["70"]["share"]["ratio"]
    np.testing.assert_allclose(row["share"], share, rtol=1e-12)
    for name in EXPECTED["tables"]:
        text = (root / f"tables/{name}.html").read_text(encoding="utf-8")
        assert "synthetic data" in text and "39 zones solved, 1 failed" in text


def test_the_same_inputs_give_the_same_bytes(finished):
    root, config = finished
    outputs = [p for folder in EXPECTED for p in (root / folder).iterdir()] + [root / "summary.json"]
    before = {p: p.read_bytes() for p in outputs}
    run(config, layout_at(root), "hash")
    assert {p for p, held in before.items() if p.read_bytes() != held} == set()


def test_exhibits_of_other_scenarios_are_removed(tmp_path, unrendered):
    complete(tmp_path, n=12, scenarios=("baseline", "fixed_limit"))
    assert (tmp_path / "tables/friction_fixed_limit.csv").exists()
    old = tmp_path / "figures/friction_no_collateral.pdf"
    old.write_bytes(b"from a run with another list of scenarios")
    config = make_run_config(tmp_path)
    run(config, layout_at(tmp_path), "hash")
    assert not old.exists() and (tmp_path / "figures/friction_fixed_limit.pdf").exists()


def make_run_config(root):
    from results_run import make_config

    return make_config(scenarios={"baseline": {}, "fixed_limit": {}})


def test_two_zones_are_enough_to_run(tmp_path):
    """Trial runs: nothing can be estimated, and every exhibit says so instead of failing."""
    config, files = make_run(tmp_path, n=12, model={"zones": {"sample": 2}})
    collect(files, tmp_path / "model/paths.parquet", tmp_path / "model/solutions.parquet", "error", "hash")
    run(config, layout_at(tmp_path), "hash")
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    found = summary["tradeoff"]["growth"]["short"]["ce"]
    assert found["slope"] is None and found["reason"] == "2 zones are too few for 3 coefficients"
    assert "too few" in (tmp_path / "tables/friction_no_collateral.html").read_text(encoding="utf-8")
    assert summary["efficient_specialization"]["difference"]["n"] == 12


def test_without_planner_and_alternative(tmp_path):
    config, files = make_run(tmp_path, n=12, scenarios=("only",))
    config = config.model_copy(update={"scenarios": {"only": Scenario(planner=False)}})
    for path in files:
        with h5py.File(path, "a") as handle:
            del handle["planner"]
            handle.attrs["welfare_gain"] = np.nan
    collect(files, tmp_path / "model/paths.parquet", tmp_path / "model/solutions.parquet", "error", "hash")
    run(config, layout_at(tmp_path), "hash")
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert summary["baseline"] == "only"
    assert summary["friction"] == summary["welfare_percent"] == {}
    assert "paths" not in summary["efficient_specialization"]
    assert written(tmp_path) == sorted(registry.results(config))
    assert not any("welfare" in name or "friction" in name for name in written(tmp_path))


@pytest.mark.parametrize("scenario", ["no_collateral", "baseline"])
def test_a_scenario_without_any_solution(tmp_path, scenario):
    """The other one is shown with a note; without the baseline nothing can be."""
    names = [100 * (j + 1) for j in range(12)]
    config, files = make_run(tmp_path, n=12, failed={(scenario, zone) for zone in names})
    collect(files, tmp_path / "model/paths.parquet", tmp_path / "model/solutions.parquet", "drop", "hash")
    if scenario == "baseline":
        with pytest.raises(ModelFailure, match="baseline: no zone was solved"):
            run(config, layout_at(tmp_path), "hash")
        return
    run(config, layout_at(tmp_path), "hash")
    assert written(tmp_path) == sorted(registry.results(config))
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    last = summary["friction"]["no_collateral"]["short"]["70"]
    assert last["baseline"]["zones"] == 0 and "share" not in last and "too few" in last["note"]
    assert summary["welfare_percent"]["baseline"]["n"] == 12
    assert summary["welfare_percent"]["no_collateral"] == {**dict.fromkeys(summary["welfare_percent"]["baseline"]), "n": 0}


def test_planners_that_were_asked_for_but_not_solved(tmp_path):
    config, files = make_run(tmp_path, n=12, failed={("no_collateral", 100 * (j + 1)) for j in range(12)})
    scenarios = {"baseline": Scenario(planner=False), "no_collateral": Scenario()}
    config = config.model_copy(update={"scenarios": scenarios})
    for path in (path for path in files if path.parent.name == "baseline"):
        with h5py.File(path, "a") as handle:
            del handle["planner"]
    collect(files, tmp_path / "model/paths.parquet", tmp_path / "model/solutions.parquet", "drop", "hash")
    run(config, layout_at(tmp_path), "hash")
    assert written(tmp_path) == sorted(registry.results(config))
    assert "0 zones solved, 12 failed" in (tmp_path / "tables/welfare.html").read_text(encoding="utf-8")


def test_errors_name_file_or_key(finished, tmp_path):
    root, config = finished
    with pytest.raises(DataError, match="meta.json: missing"):
        run(config, layout_at(tmp_path), "hash")
    late = config.model_copy(
        update={
            "results": config.results.model_copy(update={"friction_horizons": [1]}),
            "empirics": config.empirics.model_copy(update={"end_year": 2030}),
        }
    )
    with pytest.raises(ConfigError, match="no controls in 2030|year 2030 is outside"):
        run(late, layout_at(root), "hash")


def test_points_of_the_figure_are_bin_means_on_the_regression_line(finished):
    """Binned or not, the least-squares line through the drawn residuals is the full regression's."""
    root, config = finished
    inputs = load(config, layout_at(root), "hash")
    result = tradeoff.tradeoff(inputs)
    item = result.slopes["growth", "all controls", "ce"]
    zones = tradeoff.residual_points(inputs, result, "growth", "all controls", "ce", bins=100)
    assert len(zones) == item.n == 39
    np.testing.assert_allclose(np.polyfit(zones["x"], zones["y"], 1)[0], item.estimate, rtol=1e-9)
    binned = tradeoff.residual_points(inputs, result, "growth", "all controls", "ce", bins=5)
    assert len(binned) == 5
    np.testing.assert_allclose(binned["y"].iloc[0], zones["y"].iloc[:8].mean(), rtol=1e-12)
    weights = [8, 8, 8, 8, 7]
    np.testing.assert_allclose(np.average(binned["y"], weights=weights), zones["y"].mean(), atol=1e-12)
