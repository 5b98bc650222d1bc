"""Size of a solve: the states that the solver really has."""

import numpy as np
import pytest

from regspec.config import Config
from regspec.estimate import memory_mb, minutes, size_text, states
from regspec.experiments.zone import build_problem


@pytest.mark.parametrize(("steps", "u_nodes", "rates"), [(4, 3, 1), (2, 2, 3)])
def test_states_are_those_of_the_problem(steps, u_nodes, rates):
    base = Config().model_dump()
    base["model"]["grid"] |= {"k_steps": steps, "u_nodes": u_nodes}
    base["calibration"]["interest"]["nodes"] = rates
    config = Config.model_validate(base)
    shares, years = [0.2, 0.3, 0.5], config.calibration.last_year - config.calibration.first_year + 1
    zone = {"zone": 1, "shares": shares, "k0": shares, "level": 1.0, "ztilde": shares}
    flat = np.zeros((3, years)).tolist()
    national = {
        "first_year": 1950, "last_year": 2020, "rho": [0.8] * 3, "sigma": [0.02] * 3, "trend": flat, "u": flat,
        "interest": {"mean": 0.013, "rho": 0.5, "sigma": 0.01}, "national_share": shares,
    }  # fmt: skip
    problem = build_problem(zone, national, config, "baseline")
    nodes = len(problem.lattice(0).capital) * problem.chain.size * (problem.below + problem.above)
    assert states(config) == nodes


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
    large = {"model": {"grid": {"k_steps": 20, "u_nodes": 5}}, "compute": {"zones_per_job": 40}}
    more = Config.model_validate(large)
    ranks = Config.model_validate(large | {"compute": {"zones_per_job": 40, "ranks": 4}})
    assert minutes(Config()) == 30 < minutes(ranks) < minutes(more)
    assert minutes(more) * 60 >= 2e-3 * states(more) * 40 - 30
