"""A Slurm cluster of two virtual nodes on loopback, without systemd or accounting, for tests (needs root).

Both nodes are this machine under two names, on two ports. Everything lies in one folder, except the link
/etc/slurm/slurm.conf: Snakemake's job steps strip SLURM_* from the environment, so that SLURM_CONF would not reach them.
Only daemons started here are stopped, by their process ids. The first line of the configuration says whose it is: the cluster
of a session that was killed is cleared away by the next one.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "sinfo")
LINK = Path("/etc/slurm/slurm.conf")
NODES = ("n1", "n2")
CPUS, MEMORY = 2, 6000

OWNER = "# Cluster of regspec's tests, started by process "  # process id and start follow

_CONF = """{owner}
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/slurmd.%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=2
JobAcctGatherParams=OverMemoryKill
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
MpiDefault=none
ReturnToService=2
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
MinJobAge=3600
KillWait=30
SlurmdTimeout=30
AccountingStorageType=accounting_storage/none
{nodes}
PartitionName=main Nodes={names} Default=YES MaxTime=1-00:00:00 State=UP
"""


def obstacle() -> str:
    """Why there can be no cluster here; empty when there can."""
    if os.geteuid() != 0:
        return "Slurm's daemons need root"
    lost = [name for name in PROGRAMS if shutil.which(name, path=_path()) is None]
    if lost:
        return f"{lost[0]} is not installed (Debian: slurmctld slurmd slurm-client munge)"
    return occupied()


def occupied(link: Path = LINK) -> str:
    """Why ``link`` cannot be made: a configuration that is not the tests' own, or that of a session that still runs. Empty when
    it can; what a killed session has left counts as nothing, :func:`clear_leftover` removes it.
    """
    if not os.path.lexists(link) or (link.is_symlink() and not link.exists()):
        return ""
    owner = _owner(link)
    if not owner:
        return f"{link} exists: this machine may belong to a cluster"
    pid, start = owner
    return f"{link} is of other tests, process {pid}, which still runs" if start and _start_time(pid) == start else ""


def clear_leftover(link: Path = LINK) -> None:
    """End the daemons and jobs of a cluster whose session was killed, and remove its ``link``; where `occupied` is empty."""
    if link.is_symlink() and link.exists():
        folder = link.resolve().parent
        if link == LINK:
            _end_jobs(Cluster(folder))
        files = [path for path in sorted((folder / "run").glob("*.pid")) if _is_daemon(path)]
        _stop(files)
    link.unlink(missing_ok=True)


def _owner(link: Path) -> tuple[int, str] | None:
    """Process and its start that a configuration of the tests names in its first line; None for any other file."""
    try:
        first = link.read_text(encoding="utf-8").partition("\n")[0]
    except (OSError, UnicodeDecodeError):
        return None
    words = first.removeprefix(OWNER).split()
    return (int(words[0]), words[1]) if first.startswith(OWNER) and len(words) == 2 and words[0].isdigit() else None


def _start_time(pid: int) -> str:
    """When a process began, in ticks since the machine did; empty where there is none. An id can come again, this cannot."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _is_daemon(path: Path) -> bool:
    """Whether the process of a pid file is still the daemon that the file is named after."""
    try:
        name = Path(f"/proc/{int(path.read_text(encoding='utf-8'))}/comm").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return False
    return name == path.name.partition(".")[0]


def _path() -> str:
    return os.environ.get("PATH", "") + os.pathsep + "/usr/sbin" + os.pathsep + "/sbin"


class Cluster:
    """A running cluster in ``folder``."""

    def __init__(self, folder: Path):
        self.folder = folder

    def run(self, *command: str) -> str:
        """Standard output of a Slurm command."""
        return subprocess.run(
            command, check=True, capture_output=True, encoding="utf-8", env=os.environ | {"PATH": _path()}
        ).stdout

    def jobs(self) -> list[dict[str, str]]:
        """Jobs that run now: ``id``, ``comment`` (Snakemake's rule and wildcards), ``nodes``."""
        lines = self.run("squeue", "-h", "-t", "R", "-o", "%i|%k|%N").splitlines()
        return [dict(zip(("id", "comment", "nodes"), line.split("|"), strict=True)) for line in lines]

    def wait_for(self, text: str, seconds: float = 120) -> dict[str, str]:
        """The first running job whose comment holds ``text``. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = [job for job in self.jobs() if text in job["comment"]]
            if found:
                return found[0]
            time.sleep(0.3)
        raise TimeoutError(f"no job {text!r} ran within {seconds:g} s")

    def states(self) -> dict[str, dict[str, str]]:
        """All jobs that the controller remembers by id: ``state``, ``limit`` of time, ``memory``, ``comment``."""
        lines = self.run("squeue", "-h", "-t", "all", "-o", "%i|%T|%l|%m|%k").splitlines()
        names = ("state", "limit", "memory", "comment")
        return {job: dict(zip(names, rest, strict=True)) for job, *rest in (line.split("|") for line in lines)}

    def lose(self, node: str) -> None:
        """A node dies: its daemon is killed, the controller told so, as SlurmdTimeout would do later."""
        _signal(int((self.folder / "run" / f"slurmd.{node}.pid").read_text(encoding="utf-8")), signal.SIGKILL)
        self.run("scontrol", "update", f"nodename={node}", "state=down", "reason=lost")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _write_conf(folder: Path) -> None:
    for name in ("state", "run", "log", *(f"spool/{node}" for node in NODES)):
        (folder / name).mkdir(parents=True)
    nodes = "\n".join(
        f"NodeName={node} NodeHostname={node} NodeAddr=127.0.0.1 Port={_free_port()} CPUs={CPUS} Boards=1 SocketsPerBoard=1"
        f" CoresPerSocket={CPUS} ThreadsPerCore=1 RealMemory={MEMORY} State=UNKNOWN"
        for node in NODES
    )
    host = socket.gethostname().partition(".")[0]
    owner = f"{OWNER}{os.getpid()} {_start_time(os.getpid())}"
    text = _CONF.format(owner=owner, host=host, port=_free_port(), folder=folder, nodes=nodes, names=",".join(NODES))
    (folder / "slurm.conf").write_text(text, encoding="utf-8")


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Start the daemons, wait until both nodes are idle, stop them in the end. Raises RuntimeError with the logs."""
    folder.mkdir(parents=True)
    _write_conf(folder)
    LINK.parent.mkdir(parents=True, exist_ok=True)
    clear_leftover()
    LINK.symlink_to(folder / "slurm.conf")
    own = Cluster(folder)
    pids = [folder / "run" / f"slurmd.{node}.pid" for node in NODES] + [folder / "run" / "slurmctld.pid"]
    try:
        munge = _start_munge(folder)
        if munge is not None:
            pids.append(munge)
        own.run("slurmctld")
        time.sleep(1)
        for node in NODES:
            own.run("slurmd", "-N", node)
        _wait_idle(own)
        yield own
    finally:
        _end_jobs(own)
        _stop(pids)
        LINK.unlink(missing_ok=True)
        _forget_segments()


def _start_munge(folder: Path) -> Path | None:
    """Start munged with a key of its own unless one answers; its file of the process id."""
    if subprocess.run(["munge", "-n"], capture_output=True).returncode == 0:
        return None
    key, pid = folder / "munge.key", folder / "run" / "munged.pid"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    Path("/run/munge").mkdir(mode=0o755, parents=True, exist_ok=True)
    command = [
        "munged",
        "--force",
        f"--key-file={key}",
        f"--pid-file={pid}",
        f"--log-file={folder}/log/munged.log",
        f"--seed-file={folder}/munge.seed",
    ]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PATH": _path()})
    return pid


def _wait_idle(own: Cluster) -> None:
    for _ in range(120):
        try:
            if own.run("sinfo", "-h", "-t", "idle", "-o", "%D").split() == [str(len(NODES))]:
                return
        except subprocess.CalledProcessError:
            pass  # the controller does not answer yet
        time.sleep(0.5)
    logs = "\n".join(
        path.read_text(encoding="utf-8", errors="replace")[-1500:] for path in sorted((own.folder / "log").glob("*.log"))
    )
    raise RuntimeError(f"the nodes did not come up\n{logs}")


def _end_jobs(own: Cluster) -> None:
    """Cancel what still runs, as after a failed test: a job's step would outlive the daemons."""
    try:
        own.run("scancel", "-u", "root")
        for _ in range(50):
            if not own.run("squeue", "-h", "-t", "R,CG").strip():
                return
            time.sleep(0.2)
    except subprocess.CalledProcessError:
        return  # no controller, no jobs


def _stop(files: list[Path]) -> None:
    held = [path.read_text(encoding="utf-8") for path in files if path.is_file()]
    pids = [int(text) for text in held if text.strip()]
    for pid in pids:
        _signal(pid, signal.SIGTERM)
    end = time.monotonic() + 15
    while time.monotonic() < end and any(_runs(pid) for pid in pids):
        time.sleep(0.1)
    for pid in pids:
        _signal(pid, signal.SIGKILL)


def _runs(pid: int) -> bool:
    """Whether a process has not ended; one that nobody has waited for has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _signal(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def hide_segments(pids: list[int]) -> None:
    """Take the names of the shared memory that these processes have mapped, as if they were on a host of their own: ranks of
    another job on the other node, which is the same machine, would find it under the same name. They keep the memory itself.
    """
    mapped = "".join(Path(f"/proc/{pid}/maps").read_text(encoding="utf-8") for pid in pids)
    for path in Path("/dev/shm").glob("mpich_shm_*"):
        if str(path) in mapped:
            path.unlink(missing_ok=True)


def _forget_segments() -> None:
    """Remove shared memory of killed MPI ranks that nobody maps: job numbers begin anew, and would meet it."""
    mapped = ""
    for path in Path("/proc").glob("[0-9]*/maps"):
        try:
            mapped += path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
    for path in Path("/dev/shm").glob("mpich_shm_*"):
        if str(path) not in mapped:
            path.unlink(missing_ok=True)
