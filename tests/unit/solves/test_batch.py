"""A solve job with several zones: which ones it solves, what it leaves, and what a failing zone does (docs/hpc.md)."""

import json
import os
import shutil

import pytest
from one_zone import content, national, zone

from regspec.calibration.records import ZoneCalibration
from regspec.config.config import Config
from regspec.errors import ModelFailure, RegspecError
from regspec.layout import Layout
from regspec.solves import batch
from regspec.solves import zone as zone_module
from regspec.solves.batch import batch_members, forget_incomplete, run_zones
from regspec.solves.key import solution_key
from regspec.solves.settings import solve_settings
from regspec.solves.solution_file import holds_solution, stored

ZONES = [3, 7, 12]


def test_batches_are_consecutive_and_hold_every_zone_once():
    assert batch_members([1, 2, 3, 4, 5], 2) == {"0": [1, 2], "1": [3, 4], "2": [5]}
    members = batch_members(list(range(722)), 10)
    assert list(members)[:2] == ["00", "01"] and len(members) == 73
    assert [z for zones in members.values() for z in zones] == list(range(722))
    assert batch_members([], 4) == {}
    assert batch_members([8], 1) == {"0": [8]}


class Job:
    """`run_zones` on three zones; zones in ``failing`` have no equilibrium."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.solved, self.failing = folder, [], set()
        self.manifest = folder / "batch.json"
        self.layout = Layout(self.config())
        for number, shares in zip(ZONES, ([0.35, 0.65], [0.4, 0.6], [0.5, 0.5]), strict=True):
            path = self.layout.zone_json(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(zone(shares, zone=number).record()), encoding="utf-8")
        self.layout.national.write_text(json.dumps(national().record()), encoding="utf-8")
        self.layout.zone_list.write_text(json.dumps({"zones": ZONES, "gini": [0.3, 0.4, 0.5]}), encoding="utf-8")
        real = zone_module.solve_zone

        def counted(record, *arguments, **options):
            self.solved.append(record.zone)
            if record.zone in self.failing:
                raise ModelFailure(f"zone {record.zone}: no equilibrium", "no_equilibrium")
            return real(record, *arguments, **options)

        monkeypatch.setattr(zone_module, "solve_zone", counted)

    def config(self, **overrides):
        overrides = {"run__name": "r", "run__directory": str(self.folder), "compute__zones_per_job": 4, **overrides}
        return Config.model_validate(content(**overrides))

    def by_hand(self):
        """What a user may try on one zone."""
        return self.config(results__missing_zones="warn", model__parameters__theta=0.9)

    def __call__(self, attempt=1, **overrides):
        self.solved.clear()
        run_zones(self.config(**overrides), "hash", self.layout, "market", ZONES, attempt, manifest=self.manifest)

    def files(self):
        return {n: self.layout.solution("market", n).stat().st_mtime_ns for n in ZONES}


@pytest.fixture
def job(tmp_path, monkeypatch):
    return Job(tmp_path, monkeypatch)


def test_a_job_leaves_every_zone_and_their_keys(job, capsys):
    job()
    assert job.solved == ZONES and len(job.files()) == 3
    config, solutions = job.config(), json.loads(job.manifest.read_text(encoding="utf-8"))["solutions"]
    for number in ZONES:
        record = ZoneCalibration.read(job.layout.zone_json(number))
        assert solutions[str(number)] == solution_key(record, national(), solve_settings(config, "market"))
    assert capsys.readouterr().out.splitlines()[0] == "zone 3, scenario market: solved"


def test_a_job_of_the_workflow_says_what_it_took_even_when_it_fails(job):
    """A solve by hand, without a manifest, is no part of the run's account."""
    place = job.layout.benchmarks / "solve" / "market"
    run_zones(job.config(), "hash", job.layout, "market", ZONES)
    assert not place.exists()
    job.failing, job.manifest = {7}, job.folder / "batch_3.json"
    job.layout.solution("market", 7).unlink()
    shutil.rmtree(job.layout.store)
    with pytest.raises(ModelFailure):
        job()
    took = json.loads((place / "3.json").read_text(encoding="utf-8"))
    assert 0 < took["cpu_time"] <= sum(os.times()[:2]) + 0.1 and 50 < took["max_rss"] < 5000


def test_only_a_changed_zone_is_solved_again(job, capsys):
    job()
    before = job.files()
    job.layout.zone_json(7).write_text(json.dumps(zone([0.45, 0.55]).record()), encoding="utf-8")
    job()
    after = job.files()
    assert job.solved == [7]
    assert (after[3], after[12]) == (before[3], before[12]) and after[7] > before[7]
    assert "zone 3, scenario market: present" in capsys.readouterr().out


def test_a_failing_zone_does_not_keep_the_others_from_their_turn(job):
    job.failing = {3, 7}
    with pytest.raises(ModelFailure, match=r"zone 3: no equilibrium\nand 1 more of the 3 zones of this job"):
        job()
    assert job.solved == ZONES and not job.manifest.exists()
    assert job.layout.solution("market", 12).exists() and not job.layout.solution("market", 3).exists()
    assert json.loads(job.layout.failure("market", 7).read_text(encoding="utf-8")) == {
        "message": "zone 7: no equilibrium",
        "kind": "no_equilibrium",
    }


def test_a_failure_is_not_computed_again_by_an_automatic_retry(job):
    job.failing = {7}
    for attempt, solved in ((1, ZONES), (2, []), (3, []), (1, [7])):
        with pytest.raises(ModelFailure, match="zone 7: no equilibrium"):
            job(attempt)
        assert job.solved == solved
    job.failing = set()
    job()
    assert not job.layout.failure("market", 7).exists() and job.manifest.exists()


@pytest.mark.parametrize("policy", ["warn", "drop"])
def test_policy_for_missing_zones_lets_a_job_end_well(job, policy):
    job.failing = {7}
    job(results__missing_zones=policy)
    assert job.manifest.exists() and job.layout.solution("market", 7).exists()


def test_a_batch_with_a_lost_file_is_forgotten(job):
    place = job.layout.batch("market", "0")
    job()
    place.write_bytes(job.manifest.read_bytes())
    forget_incomplete(job.config(), job.layout)
    assert place.exists()
    job.layout.solution("market", 12).unlink()
    forget_incomplete(job.config(), job.layout)
    assert not place.exists()
    job()
    assert job.solved == [] and len(job.files()) == 3  # from the store


def test_a_batch_whose_solution_was_replaced_by_hand_is_forgotten(job):
    """A failure under other settings, recorded in the file; a later file with the same key, or a damaged one, is left alone."""
    place = job.layout.batch("market", "0")
    job()
    place.write_bytes(job.manifest.read_bytes())
    solution = job.layout.solution("market", 7)
    for written in (solution.read_bytes(), b"cut off"):
        held = solution.read_bytes()
        solution.write_bytes(written)
        later(solution, place)
        forget_incomplete(job.config(), job.layout)
        assert place.exists()
        solution.write_bytes(held)
    solution.unlink()
    job.failing = {7}
    run_zones(job.by_hand(), "hash", job.layout, "market", [7])
    later(solution, place)
    forget_incomplete(job.config(), job.layout)
    assert not place.exists()
    job()
    assert job.solved == [] and stored(solution, json.loads(job.manifest.read_text(encoding="utf-8"))["solutions"]["7"])


def test_a_failure_by_hand_does_not_replace_a_solution(job):
    """As the message says. A job of the workflow, whose settings are the run's, does replace it; so does a solution by hand."""
    job()
    solution = job.layout.solution("market", 7)
    held = solution.read_bytes()
    job.failing = {7}
    with pytest.raises(ModelFailure, match=r"zone 7: no equilibrium\n.*7\.h5 keeps the solution that it had"):
        run_zones(job.by_hand(), "hash", job.layout, "market", [7])
    assert solution.read_bytes() == held and not holds_solution(job.layout.solution("market", 8))
    job(results__missing_zones="warn", model__parameters__theta=0.9)
    assert solution.read_bytes() != held and not holds_solution(solution)


def later(path, than):
    moment = than.stat().st_mtime + 5
    os.utime(path, (moment, moment))


def test_another_number_of_ranks_than_started_is_an_error(job):
    with pytest.raises(RegspecError, match="expected 2 MPI ranks but the launcher started 1"):
        batch.run_zones(job.config(), "hash", job.layout, "market", ZONES, expected_ranks=2)
