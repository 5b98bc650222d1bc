"""What a killed session of the cluster's tests leaves: told from a real cluster's configuration, and cleared away."""

import os
import shutil
import subprocess
import sys

import pytest
import slurm_cluster
from slurm_cluster import OWNER, _start_time, clear_leftover, occupied


@pytest.fixture
def left(tmp_path):
    """A function that makes a link to a configuration with a first line, in the folder of a cluster."""
    folder = tmp_path / "cluster"
    (folder / "run").mkdir(parents=True)

    def left(first):
        (folder / "slurm.conf").write_text(f"{first}\nClusterName=test\n", encoding="utf-8")
        link = tmp_path / "slurm.conf"
        link.symlink_to(folder / "slurm.conf")
        return link

    return left


def test_nothing_is_in_the_way_where_there_is_no_link_or_a_broken_one(tmp_path):
    link = tmp_path / "slurm.conf"
    assert occupied(link) == ""
    link.symlink_to(tmp_path / "gone")
    assert occupied(link) == ""
    clear_leftover(link)
    assert not os.path.lexists(link)


def test_the_configuration_of_a_real_cluster_is_left_alone(left, tmp_path):
    assert "may belong to a cluster" in occupied(left("# slurm.conf of our site"))
    assert "may belong to a cluster" in occupied(tmp_path / "cluster" / "slurm.conf")


def test_a_session_that_runs_keeps_its_cluster(left):
    link = left(f"{OWNER}{os.getpid()} {_start_time(os.getpid())}")
    assert f"process {os.getpid()}, which still runs" in occupied(link)


@pytest.mark.parametrize("start", ["1", ""])
def test_what_a_killed_session_has_left_is_cleared_away(left, tmp_path, start):
    """Its process is gone, or another one has its id; of the pid files only those of its daemons are ended."""
    program = shutil.copy(shutil.which("sleep"), tmp_path / "slurmctld")
    daemon, other = subprocess.Popen([program, "600"]), subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        link = left(f"{OWNER}{os.getpid()} 1" if start else f"{OWNER}{gone.pid} 12345")
        (tmp_path / "cluster/run/slurmctld.pid").write_text(f"{daemon.pid}\n", encoding="utf-8")
        (tmp_path / "cluster/run/slurmd.n1.pid").write_text(f"{other.pid}\n", encoding="utf-8")
        assert occupied(link) == ""
        clear_leftover(link)
        assert daemon.wait(timeout=60) and other.poll() is None and not os.path.lexists(link)
    finally:
        for process in (daemon, other):
            process.kill()
            process.wait()


def test_a_configuration_names_its_session(tmp_path):
    slurm_cluster._write_conf(tmp_path / "own")
    link = tmp_path / "slurm.conf"
    link.symlink_to(tmp_path / "own" / "slurm.conf")
    assert f"process {os.getpid()}" in occupied(link)
