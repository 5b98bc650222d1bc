"""Small economies against committed numbers: a change of the code that moves a solution is seen at once.

`python tests/model/test_numbers.py` writes the numbers anew, after a change that is meant to move them.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

NUMBERS = Path(__file__).with_name("numbers.json")
SOLVER = {"cloud": 10, "tolerance": 1e-10, "residual": 1e-11}
CASES = {
    "binding": {"beta": 0.9, "chi": 0.1},
    "default": {},
    "slack": {"beta": 0.98, "chi": 0.02},
    "fixed": {"limit": "fixed"},
    "natural": {"limit": "natural", "gamma": 4.0},
    "next_price": {"collateral_price": "next", "chi": 0.2},
    "regimes": {"theta_regimes": {"values": [0.35, 0.53], "stay": [0.9, 0.8], "switch_years": [1952]}},
    "growth": {"growth": 1.01, "gamma": 2.5},
}


def solved(name: str) -> dict:
    """Consumption, price, bonds, last portfolio and value of both allocations of a case, as lists."""
    from one_zone import config, national, zone

    from regspec.solves.settings import solve_settings
    from regspec.solves.zone import solve_zone

    own = config(model__parameters={"gamma": 2.0, **CASES[name]}, model__solver=SOLVER)
    solution = solve_zone(zone(), national(), solve_settings(own, "baseline"))
    return {
        allocation: {
            "c": own.path.c.tolist(),
            "q": own.path.q.tolist(),
            "b_next": own.path.b_next.tolist(),
            "k": own.path.k[-1].tolist(),
            "value": [own.value],
            "binding": own.path.binding.astype(float).tolist(),
        }
        for allocation, own in (("ce", solution.ce), ("planner", solution.planner))
    }


@pytest.mark.parametrize("name", CASES)
def test_solutions_are_the_committed_ones(name):
    committed = json.loads(NUMBERS.read_text(encoding="utf-8"))[name]
    for allocation, series in solved(name).items():
        for key, values in series.items():
            label = f"{allocation} {key}"
            np.testing.assert_allclose(values, committed[allocation][key], rtol=1e-10, atol=1e-12, err_msg=label)


def test_the_cases_are_different_economies():
    """A limit that always, at times and never binds; no two cases with the same consumption."""
    committed = json.loads(NUMBERS.read_text(encoding="utf-8"))
    shares = [np.mean(committed[name]["ce"]["binding"]) for name in CASES]
    assert max(shares) == 1.0 and min(shares) == 0.0
    assert len({tuple(committed[name]["ce"]["c"]) for name in CASES}) == len(CASES)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    text = json.dumps({name: solved(name) for name in CASES}, indent=1)
    NUMBERS.write_text(text + "\n", encoding="utf-8", newline="\n")
