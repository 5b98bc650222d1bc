"""Collection of solution files (regspec.results.collect)."""

import json
import logging
import shutil

import h5py
import numpy as np
import pandas as pd
import pytest
from results_run import make_run

from regspec.errors import DataError, ModelFailure
from regspec.results.collect import collect


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A run of five zones and two scenarios, one solve failed."""
    root = tmp_path_factory.mktemp("collect")
    make_run(root, n=5, failed={("no_collateral", 300)})
    return root


@pytest.fixture
def solutions(original, tmp_path):
    shutil.copytree(original / "solutions", tmp_path / "solutions")
    return tmp_path


def files(root):
    return sorted((root / "solutions").rglob("*.h5"))


def run(root, chosen=None, policy="drop"):
    out = root / "paths.parquet", root / "solutions.parquet"
    counts = collect(chosen or files(root), *out, policy, "hash")
    return counts, *(pd.read_parquet(path) for path in out)


def test_tables_hold_what_the_files_hold(solutions):
    counts, paths, table = run(solutions)
    assert counts == {"solved": 9, "failed": 1}
    own = paths[(paths.zone == 200) & (paths.scenario == "baseline") & (paths.allocation == "planner")]
    with h5py.File(solutions / "solutions/baseline/200.h5") as handle:
        level, group = handle.attrs["level"], handle["planner"]
        for name in ("Y", "c", "b", "q"):
            np.testing.assert_allclose(own[name], level * group[name][:], rtol=1e-14)
        for name in ("year", "eta", "mu", "tau_b"):
            np.testing.assert_array_equal(own[name], group[name][:])
        np.testing.assert_array_equal(own["k_manufacturing"], group["k"][:, 1])
        x = np.sort(group["k"][10])
        gini = (x * [-2, 0, 2]).sum() / (3 * x.sum())
        gain, industries = handle.attrs["welfare_gain"], json.loads(handle.attrs["industries"])
    assert industries == ["primary", "manufacturing", "services"]
    np.testing.assert_allclose(own["gini_k"].iloc[10], gini, rtol=1e-12)
    row = table[(table.zone == 200) & (table.scenario == "baseline") & (table.allocation == "planner")]
    assert row["welfare_gain"].item() == gain
    assert row["euler_bonds_max_log10"].item() == -2.9
    assert row["lattice_hits"].isna().all()


def test_failed_zones_keep_a_row_and_have_no_path(solutions):
    _, paths, table = run(solutions)
    failed = table[table.status == "failed"]
    assert failed[["zone", "scenario", "allocation"]].to_numpy().tolist() == [[300, "no_collateral", "ce"]]
    assert "no equilibrium: theta = 0.35" in failed["message"].item()
    assert not ((paths.zone == 300) & (paths.scenario == "no_collateral")).any()
    assert ((paths.zone == 300) & (paths.scenario == "baseline")).any()


def test_policies(solutions, caplog):
    with pytest.raises(ModelFailure, match="1 of 10 solves are missing or failed.\n  no_collateral/300: no eq"):
        run(solutions, policy="error")
    assert not (solutions / "paths.parquet").exists()
    with caplog.at_level(logging.WARNING):
        run(solutions, policy="drop")
        assert not caplog.records
        run(solutions, policy="warn")
    assert "1 of 10 solves are missing or failed" in caplog.text
    with pytest.raises(ValueError, match="allowed: error, warn, drop"):
        run(solutions, policy="ignore")


def test_a_file_that_does_not_exist_is_a_missing_zone(solutions):
    chosen = files(solutions)
    (solutions / "solutions/baseline/100.h5").unlink()
    counts, _, table = run(solutions, chosen)
    assert counts == {"solved": 8, "failed": 2}
    row = table[(table.zone == 100) & (table.scenario == "baseline")]
    assert row[["status", "message"]].to_numpy().tolist() == [["failed", "no solution file"]]


def test_nothing_solved_is_an_error(solutions):
    chosen = [solutions / "solutions/no_collateral/300.h5"]
    with pytest.raises(ModelFailure, match="None of 1 solves succeeded"):
        run(solutions, chosen)


def test_the_order_of_files_does_not_matter(solutions):
    run(solutions)
    first = [(solutions / name).read_bytes() for name in ("paths.parquet", "solutions.parquet")]
    run(solutions, files(solutions)[::-1])
    assert [(solutions / name).read_bytes() for name in ("paths.parquet", "solutions.parquet")] == first


def test_corrupted_files_are_named(solutions):
    path = solutions / "solutions/baseline/200.h5"
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"not HDF5 at all", b""):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="baseline/200.h5: corrupted, truncated or incomplete"):
            run(solutions)
    path.write_bytes(whole)
    run(solutions)


def edit(path, change):
    with h5py.File(path, "a") as handle:
        change(handle)


@pytest.mark.parametrize(
    "change, text",
    [
        (lambda f: f["ce"].__delitem__("q"), "200.h5: .*q"),
        (lambda f: f.__delitem__("ce"), "200.h5: .*group 'ce' is missing"),
        (lambda f: f.attrs.__delitem__("level"), "200.h5: .*level"),
        (lambda f: f.attrs.__setitem__("status", "fine"), "200.h5: .*status is 'fine'"),
        (lambda f: f["ce/Y"].__setitem__(3, np.nan), "200.h5: .*ce/Y has values that are not positive"),
    ],
)
def test_incomplete_files_are_named(solutions, change, text):
    edit(solutions / "solutions/baseline/200.h5", change)
    with pytest.raises(DataError, match=text):
        run(solutions)


def test_wrong_shapes_and_other_industries(solutions):
    path = solutions / "solutions/no_collateral/200.h5"

    def shorten(handle):
        k = handle["ce/k"][:, :2]
        del handle["ce/k"]
        handle["ce/k"] = k

    whole = path.read_bytes()
    edit(path, shorten)
    with pytest.raises(DataError, match=r"ce/k has shape \(71, 2\), expected \(71, 3\)"):
        run(solutions)
    path.write_bytes(whole)
    edit(path, lambda f: f.attrs.__setitem__("industries", '["a", "b", "c"]'))
    with pytest.raises(DataError, match="no_collateral/200.h5: industries .'a', 'b', 'c'., other files have"):
        run(solutions)


def test_solutions_of_other_settings_are_refused(solutions):
    """As `regspec solve --set` by hand leaves them: the run's own key decides, also for a failed solve."""
    keys = {}
    for path in files(solutions):
        with h5py.File(path) as handle:
            keys[path.parent.name, int(path.stem)] = str(handle.attrs["key"])
    out = solutions / "paths.parquet", solutions / "solutions.parquet"
    collect(files(solutions), *out, "drop", "hash", None, keys)
    for changed in (("baseline", 200), ("no_collateral", 300)):
        with pytest.raises(DataError, match=f"1 of 10 solutions are of other settings.*{changed[0]}/{changed[1]}.h5"):
            collect(files(solutions), *out, "drop", "hash", None, keys | {changed: "another"})
