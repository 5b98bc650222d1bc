"""The Slurm profile on a real Slurm of two virtual nodes: the same bits as locally, and faults that are survived.

Tests build on each other. Skipped where Slurm is not installed or the user is not root.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import pytest
import slurm_cluster
from conftest import Run
from small_panel import ROOT, write_config, write_panel

OBSTACLE = slurm_cluster.obstacle()
pytestmark = pytest.mark.skipif(bool(OBSTACLE), reason=OBSTACLE)
ZONES = [1, 5, 56]
#: Attributes that say who solved, when and how fast, not what was found.
PASSING = {"seconds", "ranks", "attempt", "us_per_state_sweep"}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with slurm_cluster.cluster(tmp_path_factory.mktemp("slurm") / "cluster") as running:
        yield running


@pytest.fixture(scope="module")
def config(workflow):
    write_panel(workflow.folder / "tables")
    return write_config(workflow.folder / "run.yaml", workflow.folder / "tables", zones=ZONES, per_job=3)


def start(workflow, config, ranks, *options):
    """Snakemake with the Slurm profile, as a user calls it; only waiting times are shorter."""
    command = [
        sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--directory", workflow.folder,
        "--profile", ROOT / "profiles" / "slurm", "--slurm-init-seconds-before-status-checks", "3",
        "--seconds-between-status-checks", "2", *options,
        "--configfile", config, "--config", f"compute={{'ranks': {ranks}, 'zones_per_job': 3}}", "--", "model",
    ]  # fmt: skip
    environment = {k: v for k, v in os.environ.items() if k != "REGSPEC_DATA"}
    return subprocess.Popen(
        list(map(str, command)), env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def finish(process, seconds=300):
    text, _ = process.communicate(timeout=seconds)
    return Run(process.returncode, text)


def forget_solutions(workflow):
    """Every solution, the store and what was gathered from them, so that the next call solves again."""
    for name in ("store", "panel/solutions", "panel/model"):
        shutil.rmtree(workflow.folder / "results" / name, ignore_errors=True)


def contents(workflow):
    """Everything that the solutions say, by zone: datasets and attributes, bit for bit."""
    found = {}
    for zone in ZONES:
        with h5py.File(workflow.folder / "results/panel/solutions/baseline" / f"{zone}.h5") as handle:
            items = {f"@{k}": str(v) for k, v in handle.attrs.items() if k not in PASSING}
            handle.visititems(
                lambda name, item, items=items: items.update(
                    {f"{name}@{k}": str(v) for k, v in item.attrs.items() if k not in PASSING}
                    | ({name: item[()].tobytes()} if isinstance(item, h5py.Dataset) else {})
                )
            )
        found[zone] = items
    return found


def differences(found, expected):
    """Names of what differs, by zone: short enough to read in a report."""
    return {
        (zone, name)
        for zone in expected
        for name in {*expected[zone], *found[zone]}
        if expected[zone].get(name) != found[zone].get(name)
    }


def ranks_used(workflow):
    with h5py.File(workflow.folder / "results/panel/solutions/baseline/1.h5") as handle:
        return int(handle.attrs["ranks"])


@pytest.fixture(scope="module")
def local(workflow, config):
    """What the solutions are on one machine with one rank."""
    done = workflow(config, "--", "model")
    assert done.code == 0, done.text
    assert ranks_used(workflow) == 1
    return contents(workflow)


def solver_processes(workflow):
    """Process ids of this run's MPI ranks."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().split(b"\0")
            here = os.readlink(path / "cwd") == str(workflow.folder)
        except OSError:
            continue
        if here and b"regspec.cli" in words and b"mpi4py" in words and words[0].endswith(b"python"):
            found.append(int(path.name))
    return found


def test_four_ranks_on_two_nodes_give_the_same_bits(cluster, workflow, config, local):
    forget_solutions(workflow)
    process = start(workflow, config, ranks=4)
    job = cluster.wait_for("solve")
    done = finish(process)
    assert done.code == 0, done.text
    assert job["nodes"] == "n[1-2]"
    assert ranks_used(workflow) == 4
    assert differences(contents(workflow), local) == set()


def test_a_cancelled_job_is_done_again(cluster, workflow, config, local):
    forget_solutions(workflow)
    process = start(workflow, config, ranks=2)
    cluster.run("scancel", cluster.wait_for("solve")["id"])
    done = finish(process)
    assert done.code == 0, done.text
    assert ranks_used(workflow) == 2
    assert differences(contents(workflow), local) == set()


def test_a_killed_rank_ends_its_job_which_is_done_again(cluster, workflow, config, local):
    forget_solutions(workflow)
    process = start(workflow, config, ranks=2)
    cluster.wait_for("solve")
    end = time.monotonic() + 60
    ranks = []
    while len(ranks) < 2 and time.monotonic() < end:
        ranks = solver_processes(workflow)
        time.sleep(0.05)
    assert len(ranks) >= 2
    os.kill(max(ranks), signal.SIGKILL)
    done = finish(process)
    assert done.code == 0, done.text
    assert differences(contents(workflow), local) == set()


def test_a_truncated_solution_is_never_taken_for_one(cluster, workflow, config, local):
    """Cut in the run: the step that reads it names it. Cut in the store, too: it is solved again, not copied."""
    broken = workflow.folder / "results/panel/solutions/baseline/5.h5"
    for path in [broken, *(workflow.folder / "results/store").rglob("*.h5")]:
        path.write_bytes(path.read_bytes()[:4000])
    shutil.rmtree(workflow.folder / "results/panel/model")
    done = finish(start(workflow, config, 2, "--retries", "0"))
    assert done.code != 0 and "5.h5" in done.text
    assert not (workflow.folder / "results/panel/model/paths.parquet").exists()
    broken.unlink()
    done = finish(start(workflow, config, ranks=2))
    assert done.code == 0, done.text
    assert differences(contents(workflow), local) == set()
