"""Checkpoints: a solve that is ended anywhere goes on with the same bits; what cannot be used is ignored (docs/hpc.md)."""

import itertools
import json
import os
import signal

import h5py
import numpy as np
import pytest
from one_zone import config, national, write, zone

from regspec.errors import Interrupted, ModelFailure
from regspec.solves import checkpoint as checkpoint_module
from regspec.solves.checkpoint import Checkpoint, checkpoint_folder, termination
from regspec.solves.key import solution_key
from regspec.solves.settings import solve_settings
from regspec.solves.step import run_zone

KEY = solution_key(zone(), national(), solve_settings(config(), "baseline"))
PASSING = {"seconds", "us_per_state_sweep", "ranks"}


def solve(folder, ended=lambda: False, settings=None, scenario="baseline"):
    """One process's part of a solve in ``folder``; what it prints says where it began."""
    paths = write(folder)
    return run_zone(*paths, settings or config(), scenario, folder / "7.h5", folder / "store", "abc", ended=ended)[0]


def contents(path):
    """Everything that a solution says, with types, bit for bit."""
    with h5py.File(path) as file:
        found = {f"{name}/{d}": (file[name][d].dtype, file[name][d][()].tobytes()) for name in file for d in file[name]}
        for name in ("/", *file):
            found |= {f"{name}@{k}": (type(v), str(v)) for k, v in file[name].attrs.items() if k not in PASSING}
    return found


class Counter:
    """Says at its ``last``-th call, and from then on, that the process is to end."""

    def __init__(self, last):
        self.last, self.calls = last, 0

    def __call__(self):
        self.calls += 1
        return self.calls >= self.last


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The solution of a process that nobody ended, and the number of places where it could have been."""
    folder = tmp_path_factory.mktemp("whole")
    counter = Counter(np.inf)
    assert solve(folder, counter) == "solved"
    return contents(folder / "7.h5"), counter.calls


def test_a_solve_that_is_ended_again_and_again_has_the_same_bits(tmp_path, whole, capsys):
    """Every process gets five steps further: through tail and path of market and planner."""
    processes, status = 0, None
    while status is None:
        processes += 1
        try:
            status = solve(tmp_path, Counter(5))
        except Interrupted as end:
            assert end.exit_code == 75 and "the same command goes on from there" in str(end)
            assert checkpoint_folder(tmp_path / "store", KEY).is_dir()
    assert status == "solved" and whole[1] // 5 <= processes <= whole[1] // 5 + 1
    assert contents(tmp_path / "7.h5") == whole[0]
    assert list((tmp_path / "store" / "checkpoints").iterdir()) == []
    said = capsys.readouterr().out
    assert "competitive equilibrium: goes on after sweep 5 of the tail" in said and "planner: goes on after sweep" in said


def end_at(folder, place):
    with pytest.raises(Interrupted):
        solve(folder, Counter(place))
    return checkpoint_folder(folder / "store", KEY)


@pytest.mark.parametrize("damage", ["short", "byte", "text", "version"])
def test_a_damaged_or_foreign_checkpoint_is_ignored(tmp_path, whole, capsys, damage):
    """The end of the planner's path: its tail, its years and the finished market are there."""
    pieces = sorted(end_at(tmp_path, whole[1] - 2).iterdir())
    assert {p.name for p in pieces} >= {"0-ce.done.npz", "0-planner-tail.npz", "0-planner-0003.npz"}
    for path in pieces:
        content = path.read_bytes()
        middle = len(content) // 2
        path.write_bytes(
            {
                "short": content[:middle],
                "byte": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
                "text": b"not an archive",
                "version": content,
            }[damage]
        )
        if damage == "version":
            with np.load(path) as file:
                header = json.loads(str(file["header"])) | {"identity": "0" * 24}
                np.savez(path, **{**file, "header": np.array(json.dumps(header))})
    assert solve(tmp_path) == "solved"
    assert contents(tmp_path / "7.h5") == whole[0]
    said = capsys.readouterr().out
    assert said.count("ignored") == len(pieces) and "goes on" not in said


def test_one_damaged_piece_costs_that_piece_alone(tmp_path, whole, capsys):
    lost = end_at(tmp_path, whole[1] - 2) / "0-planner-0002.npz"
    lost.write_bytes(lost.read_bytes()[:-1])
    assert solve(tmp_path) == "solved"
    assert contents(tmp_path / "7.h5") == whole[0]
    assert capsys.readouterr().out.count("ignored") == 1


def test_it_is_saved_every_few_minutes(tmp_path, whole, monkeypatch):
    """A process that dies without a signal loses what came after the last save."""
    clock = itertools.count(0.0, 1.0)  # every look at the clock is a second later
    monkeypatch.setattr(checkpoint_module.time, "monotonic", lambda: next(clock))
    died = Counter(whole[1] - 2)

    def die():
        if died():
            raise MemoryError
        return False

    with pytest.raises(MemoryError):
        solve(tmp_path, die, config(compute__checkpoint_minutes=0.1))
    assert checkpoint_folder(tmp_path / "store", KEY).is_dir()
    left = Counter(np.inf)
    assert solve(tmp_path, left) == "solved" and left.calls < whole[1] / 2
    assert contents(tmp_path / "7.h5") == whole[0]


def test_none_is_written_when_the_interval_is_zero(tmp_path, monkeypatch):
    clock = itertools.count(0.0, 1e6)
    monkeypatch.setattr(checkpoint_module.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(Checkpoint, "save", None)
    assert solve(tmp_path, settings=config(compute__checkpoint_minutes=0.0)) == "solved"


def test_a_second_attempt_is_taken_up_where_it_was(tmp_path, monkeypatch):
    """The planner's first attempt cycles: the second has another lattice and solves the market anew."""
    from regspec.model.solver.time_iteration import Solver
    from regspec.solves import zone as zone_module

    real = Solver.stationary

    def stationary(self, *arguments, **options):
        if self.planner and np.ptp(self.problem.corners[0]) < 1.01 * first[0]:
            raise ModelFailure("the stationary tail cycles", "not_converged")
        return real(self, *arguments, **options)

    first = [np.ptp(zone_module.build_problem(zone(), national(), solve_settings(config(), "baseline")).corners[0])]
    monkeypatch.setattr(Solver, "stationary", stationary)
    counter, (a, b) = Counter(np.inf), (tmp_path / "a", tmp_path / "b")
    for folder in (a, b):
        folder.mkdir()
    solve(a, counter)
    assert {p.name[0] for p in end_at(b, counter.calls - 3).iterdir()} == {"1", "a"}
    left = Counter(np.inf)
    solve(b, left)
    assert left.calls < 10
    assert contents(b / "7.h5") == contents(a / "7.h5")


def test_a_full_disk_does_not_end_the_solve(tmp_path, whole, monkeypatch, capsys):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint_module.np, "savez", full)
    clock = itertools.count(0.0, 1e6)
    monkeypatch.setattr(checkpoint_module.time, "monotonic", lambda: next(clock))
    assert solve(tmp_path) == "solved"
    assert "not written" in capsys.readouterr().out
    assert contents(tmp_path / "7.h5") == whole[0]


def test_a_failure_of_the_model_leaves_no_checkpoint(tmp_path):
    settings = config(model__parameters__chi=1.0, model__parameters__gamma=5.0, model__solver__max_sweeps=60)
    with pytest.raises(Interrupted):
        solve(tmp_path, Counter(5), settings, "market")
    with pytest.raises(ModelFailure):
        solve(tmp_path, settings=settings, scenario="market")
    assert list((tmp_path / "store" / "checkpoints").iterdir()) == []


def test_sigterm_is_noted_inside_the_block_alone():
    before = signal.getsignal(signal.SIGTERM)
    with termination() as ended:
        assert not ended()
        os.kill(os.getpid(), signal.SIGTERM)
        assert ended()
    assert signal.getsignal(signal.SIGTERM) is before
