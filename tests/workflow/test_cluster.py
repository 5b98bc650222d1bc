"""The Slurm profile on a real Slurm of two virtual nodes: the same bits as locally, and faults that are survived.

Tests build on each other. Skipped where Slurm is not installed or the user is not root.
"""

import os
import re
import shutil
import signal
import subprocess

import pytest
import slurm_cluster
from cluster_run import (
    ZONES,
    clear,
    contents,
    differences,
    finish,
    forget_solutions,
    freeze,
    log,
    ranks_used,
    solver_processes,
    start,
    status,
    wait_for_end,
    wait_for_solvers,
)
from small_panel import write_config, write_panel

from regspec.solves.solution_file import stored

OBSTACLE = slurm_cluster.obstacle()
pytestmark = pytest.mark.skipif(bool(OBSTACLE), reason=OBSTACLE)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with slurm_cluster.cluster(tmp_path_factory.mktemp("slurm") / "cluster") as running:
        yield running


@pytest.fixture(autouse=True)
def cleared(workflow):
    yield
    clear(workflow)


@pytest.fixture(scope="module")
def config(workflow):
    write_panel(workflow.folder / "tables")
    return write_config(workflow.folder / "run.yaml", workflow.folder / "tables", zones=ZONES, per_job=3)


@pytest.fixture(scope="module")
def local(workflow, config):
    """What the solutions are on one machine with one rank."""
    done = workflow(config, "--", "model")
    assert done.code == 0, done.text
    assert ranks_used(workflow) == 1
    return contents(workflow)


def test_four_ranks_on_two_nodes_give_the_same_bits(cluster, workflow, config, local):
    forget_solutions(workflow)
    process = start(workflow, config, ranks=4)
    job = cluster.wait_for("solve")
    done = finish(process)
    assert done.code == 0, done.text
    assert job["nodes"] == "n[1-2]"
    assert ranks_used(workflow) == 4
    assert differences(contents(workflow), local) == set()


def test_a_killed_rank_ends_its_job_which_is_done_again(cluster, workflow, config, local):
    forget_solutions(workflow)
    process = start(workflow, config, ranks=2)
    cluster.wait_for("solve")
    ranks = wait_for_solvers(workflow.folder, 2)
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


@pytest.fixture(scope="module")
def slow(workflow, config):
    """The same zones on a grid that takes long enough for a fault to come in the middle."""
    path = workflow.folder / "slow.yaml"
    text = config.read_text(encoding="utf-8")
    assert "k_steps: 2, u_nodes: 2, b_below: 4, b_above: 6" in text
    path.write_text(
        text.replace("k_steps: 2, u_nodes: 2, b_below: 4, b_above: 6", "k_steps: 20, u_nodes: 5, b_below: 6, b_above: 10"),
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module")
def expected(workflow, slow):
    """What its solutions are on one machine with one rank, without faults."""
    forget_solutions(workflow)
    done = workflow(slow, "--", "model")
    assert done.code == 0, done.text
    return contents(workflow)


def went_on(workflow, expected):
    """The last attempt went on from a checkpoint, the solutions are what they are without a fault, and nothing is left."""
    assert "goes on" in log(workflow)
    assert differences(contents(workflow), expected) == set()
    assert list((workflow.folder / "results/store/checkpoints").iterdir()) == []


def solves(cluster, before):
    """The solve jobs that are not in ``before``, in the order of their ids."""
    found = [job for job in cluster.states().items() if "solve" in job[1]["comment"] and job[0] not in before]
    return sorted(found, key=lambda job: int(job[0]))


def test_a_cancelled_job_goes_on(cluster, workflow, slow, expected):
    """And `regspec status` shows it while it runs on the cluster."""
    forget_solutions(workflow)
    process = start(workflow, slow, ranks=1)
    job, page = freeze(workflow, cluster, 1), workflow.folder / "status.html"
    assert re.search(r"zone \d+ running: .*(sweep|year)", status(workflow, slow))
    status(workflow, slow, "--html", page)
    assert "running" in page.read_text(encoding="utf-8")
    cluster.run("scancel", job)
    done = finish(process)
    assert done.code == 0, done.text
    went_on(workflow, expected)


def test_a_drained_node_a_time_limit_and_a_lost_node(cluster, workflow, slow, expected):
    """Nothing starts on the drained node; each attempt asks for more; what runs on in the lost node does no harm."""
    forget_solutions(workflow)
    before = set(cluster.states())
    cluster.run("scontrol", "update", "nodename=n2", "state=drain", "reason=test")
    process = start(workflow, slow, ranks=2)
    first = freeze(workflow, cluster, 2)
    assert cluster.wait_for("solve")["nodes"] == "n1"
    cluster.run("scontrol", "update", "nodename=n2", "state=resume")
    cluster.run("scontrol", "update", f"jobid={first}", "endtime=now")
    second = freeze(workflow, cluster, 2, before=first)
    assert "goes on" in log(workflow)
    stopped, node = solver_processes(workflow.folder), cluster.wait_for("solve")["nodes"]
    slurm_cluster.hide_segments(stopped)
    cluster.lose(node)
    done = finish(process)
    assert done.code == 0, done.text
    went_on(workflow, expected)
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
    by_id = solves(cluster, before)
    assert [job[1]["state"] for job in by_id] == ["TIMEOUT", "NODE_FAIL", "COMPLETED"] and by_id[1][0] == second
    assert by_id[1][1]["limit"] == "1:00:00" and by_id[2][1]["limit"] == "1:30:00"
    memory = [float(job[1]["memory"].rstrip("MG")) * (1024 if "G" in job[1]["memory"] else 1) for job in by_id]
    assert memory == [pytest.approx(memory[0] * n, rel=0.02) for n in (1, 2, 3)]
    wait_for_end(stopped)
    assert differences(contents(workflow), expected) == set()


def test_too_little_memory_is_asked_for_again_with_more(cluster, workflow, slow, expected):
    """Slurm kills what takes more than was asked for; the next attempts ask for twice and three times as much."""
    forget_solutions(workflow)
    before = set(cluster.states())
    done = finish(start(workflow, slow, 1, "--set-resources", "solve:mem_mb=330*attempt"))
    assert done.code == 0, done.text
    states = [job[1]["state"] for job in solves(cluster, before)]
    assert 2 <= len(states) <= 3 and states[-1] == "COMPLETED" and "COMPLETED" not in states[:-1]
    assert differences(contents(workflow), expected) == set()


@pytest.fixture
def full(workflow):
    """The folder of the store on a file system without room for a solution."""
    forget_solutions(workflow)
    store = workflow.folder / "results/store"
    store.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", store], capture_output=True).returncode != 0:
        pytest.skip("file systems cannot be mounted here")
    yield store
    subprocess.run(["umount", "--lazy", store], check=True)


def test_a_full_disk_leaves_no_part_of_a_solution(cluster, workflow, config, local, full):
    done = finish(start(workflow, config, 1, "--retries", "0"))
    assert done.code != 0 and "No space left on device" in log(workflow)
    kept = list(full.rglob("*.h5"))
    assert len(kept) < len(ZONES) and all(stored(path, path.stem) for path in kept)
    subprocess.run(["mount", "-o", "remount,size=32m", full], check=True)
    done = finish(start(workflow, config, ranks=1))
    assert done.code == 0, done.text
    assert differences(contents(workflow), local) == set()


def test_snakemake_killed_and_called_again(cluster, workflow, slow, expected):
    """Its Slurm job lives on; a new call after `--unlock` may solve the same at the same time."""
    forget_solutions(workflow)
    process = start(workflow, slow, ranks=1)
    freeze(workflow, cluster, 1)
    stopped = solver_processes(workflow.folder)
    process.kill()
    process.communicate()
    done = finish(start(workflow, slow, ranks=1))
    assert done.code != 0 and "unlock" in done.text
    assert workflow(slow, "--unlock").code == 0
    process = start(workflow, slow, ranks=1)
    wait_for_solvers(workflow.folder, 2)
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
    done = finish(process)
    assert done.code == 0, done.text
    wait_for_end(stopped)
    assert differences(contents(workflow), expected) == set()


def test_two_calls_in_one_folder(cluster, workflow, slow, expected):
    """The second ends at once and says why; the first does not notice."""
    forget_solutions(workflow)
    process = start(workflow, slow, ranks=1)
    cluster.wait_for("solve")
    second = finish(start(workflow, slow, ranks=1))
    assert second.code != 0 and "cannot be locked" in second.text
    done = finish(process)
    assert done.code == 0, done.text
    assert differences(contents(workflow), expected) == set()


def test_two_folders_with_one_store(cluster, workflow, slow, expected, tmp_path):
    """Both solve the same at once, or one takes what the other has stored: the same bits."""
    forget_solutions(workflow)
    results, tables = workflow.folder / "results", workflow.folder / "tables"
    other = tmp_path / "other"
    other.mkdir()
    first = start(workflow, slow, ranks=1)
    settings = [f"run={{'name': 'other', 'directory': '{results}'}}", f"data={{'directory': '{tables}'}}"]
    second = start(workflow, slow, 1, folder=other, settings=settings)
    for done in (finish(first), finish(second)):
        assert done.code == 0, done.text
    assert differences(contents(workflow), expected) == set()
    assert differences(contents(workflow, "other"), expected) == set()
