"""Size of a solve: the states that the solver really has."""

import numpy as np
import pytest
from repository import ROOT

from regspec.calibration.records import InterestProcess, NationalProcesses, ZoneCalibration
from regspec.config.config import Config
from regspec.config.reading import load_config
from regspec.io.provenance import write_json
from regspec.layout import Layout
from regspec.solves import cost as module
from regspec.solves.cost import (
    Cost,
    comparison_text,
    cost,
    cost_text,
    expected_mb,
    memory_mb,
    minutes,
    seconds,
    size_text,
    states,
    used,
    zones_per_job,
)
from regspec.solves.problem import build_problem
from regspec.solves.settings import solve_settings


@pytest.mark.parametrize(("steps", "u_nodes", "rates"), [(4, 3, 1), (2, 2, 3)])
def test_states_are_those_of_the_problem(steps, u_nodes, rates):
    base = Config().model_dump()
    base["model"]["grid"] |= {"k_steps": steps, "u_nodes": u_nodes}
    base["calibration"]["interest"]["nodes"] = rates
    config = Config.model_validate(base)
    shares, years = [0.2, 0.3, 0.5], config.calibration.last_year - config.calibration.first_year + 1
    names, flat = ("a", "b", "c"), np.zeros((years, 3))
    zone = ZoneCalibration(1, names, np.array(shares), level=1.0, gini_data=0.3)
    rho, sigma, interest = np.full(3, 0.8), np.full(3, 0.02), InterestProcess(0.013, 0.5, 0.01)
    national = NationalProcesses(names, 1950, rho, sigma, flat, flat, interest, np.array(shares))
    problem = build_problem(zone, national, solve_settings(config, "baseline"))
    nodes = len(problem.lattice(0, False).capital) * problem.chain.size * (problem.below + problem.above)
    assert states(config) == nodes


def test_request_has_a_margin_over_what_a_job_takes_on_a_cluster():
    """Two Snakemakes of 205 MB and the solver; the estimate shown is the solver's share, without the margin."""
    for config in (Config(), with_grid(k_steps=20, u_nodes=5), with_grid(k_steps=2, u_nodes=2)):
        taken = 2 * 205 + expected_mb(config)
        assert 1.5 * taken <= memory_mb(config) <= 2.0 * taken
        assert cost(config, {"baseline": 2}).memory_mb == expected_mb(config) and f"{expected_mb(config):,} MB" in size_text(
            config
        )


def test_expected_memory_is_what_was_measured():
    """Peak of a solve of market and planner (docs/hpc.md)."""
    assert expected_mb(Config()) == pytest.approx(350, rel=0.02)
    assert expected_mb(with_grid(k_steps=8, b_below=6, b_above=8, b_fine=48)) == pytest.approx(319, rel=0.02)
    assert expected_mb(with_grid(k_steps=4, u_nodes=2, b_below=4, b_above=8, b_fine=40)) == pytest.approx(238, rel=0.02)
    tiny = load_config(ROOT / "config" / "examples" / "tiny.yaml")
    assert expected_mb(tiny) == pytest.approx(224, rel=0.02)


def test_memory_grows_with_grid_and_ranks():
    small, big = Config(), Config.model_validate({"model": {"grid": {"k_steps": 12}}})
    ranks = Config.model_validate({"compute": {"ranks": 4}})
    assert memory_mb(small) < memory_mb(big)
    assert memory_mb(small) < memory_mb(ranks) < 4 * memory_mb(small)


def test_line_for_users_counts_solves():
    size = f"{states(Config()):,}"
    assert size_text(Config()).startswith(
        f"{Config().model.zones['sample']} zones x 2 scenarios; a solve has {size} states in each of 71 years"
    )
    listed = Config.model_validate({"model": {"zones": [4, 7]}, "scenarios": {"baseline": {}}})
    assert size_text(listed).startswith("2 zones x 1 scenarios")


def test_requested_time_grows_with_states_and_zones_and_falls_with_ranks():
    large = {"model": {"grid": {"k_steps": 20, "u_nodes": 5}}}
    more = Config.model_validate(large)
    ranks = Config.model_validate(large | {"compute": {"ranks": 4}})
    assert minutes(Config(), "baseline", 40) == 30 < minutes(ranks, "baseline", 40) < minutes(more, "baseline", 40)
    assert minutes(more, "baseline", 40) * 60 >= 1.2e-3 * states(more) * 40 - 30


def with_grid(**grid):
    return Config.model_validate({"model": {"grid": grid}})


def test_zones_of_a_job_are_a_few_minutes_of_work_and_leave_jobs_for_many_cores():
    default = zones_per_job(Config(), "baseline", 722)
    assert default == 20
    assert module._CLUSTER_START / (default * seconds(Config(), "baseline")) == pytest.approx(1 / 12, rel=0.1)
    assert zones_per_job(with_grid(k_steps=20, u_nodes=5), "baseline", 722) == 1
    assert zones_per_job(with_grid(k_steps=2, u_nodes=2), "baseline", 722) == -(-722 // 8)
    assert zones_per_job(Config(), "baseline", 20) == 3
    assert zones_per_job(Config.model_validate({"compute": {"zones_per_job": 5}}), "baseline", 722) == 5


def test_zones_of_a_job_do_not_depend_on_other_cells():
    """A new cell must not deal out the zones of the old ones anew."""
    sweep = {"sweeps": {"s": {"axes": {"theta": [0.3]}}}}
    more = {"sweeps": {"s": {"axes": {"theta": [0.3, 0.31, 0.32]}}}}
    sizes = {zones_per_job(Config.model_validate(c), "s-theta_0.3-baseline", 60) for c in (sweep, more)}
    assert len(sizes) == 1


def test_cost_adds_up_over_scenarios_and_grows_with_the_grid():
    market = Config.model_validate({"scenarios": {"baseline": {"planner": False}, "both": {}}})
    assert 0 < seconds(market, "baseline") < seconds(market, "both") < seconds(with_grid(k_steps=12), "baseline")
    one, two = cost(market, {"baseline": 40}), cost(market, {"baseline": 40, "both": 40})
    assert (one.solves, two.solves) == (40, 80)
    assert one.core_hours * 3600 > 40 * seconds(market, "baseline") and two.core_hours > 2 * one.core_hours
    assert two.disk_mb == pytest.approx(2 * one.disk_mb)
    assert cost_text(market, {}) == "" and cost_text(market, {"both": 40}).startswith("40 solves planned: about ")


def test_what_was_used_is_compared_with_the_estimate(tmp_path):
    config = Config.model_validate({"run": {"directory": str(tmp_path)}})
    layout = Layout(config)
    assert comparison_text(config, layout) == []
    for number, (cpu, memory) in enumerate(((7200.0, 300.5), (1800.0, 200.0), (3600.0, 300.0))):
        write_json(layout.resources_used("baseline", number), {"cpu_time": cpu, "max_rss": memory})
    for zone in (1, 2):
        layout.solution("baseline", zone).parent.mkdir(parents=True, exist_ok=True)
        layout.solution("baseline", zone).write_bytes(bytes(500_000))
    assert used(layout) == Cost(2, 3.5, 300.5, 2.0)
    lines = comparison_text(config, layout)
    assert lines[0] == "solves used: 3.5 core-hours, 300 MB of memory a job, 2 MB on disk"
    assert lines[1].endswith(f"{cost(config, {'baseline': 2}).text()}, were all solved anew")
