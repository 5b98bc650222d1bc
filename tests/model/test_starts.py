"""The solution does not depend on where the iteration starts: no second equilibrium is found from far away (model.md 8)."""

import numpy as np
import pytest
from economies import ITERATIONS, RESIDUAL, TOLERANCE, economy, solve

from regspec.model.kernels.records import VALUE, C, Q, X
from regspec.model.solver.time_iteration import Solver

# economies whose solutions are starts for kappa = .021, gamma = 5: their debts, prices and portfolios are far from its own
# (from prices so high that J is near 1 the iteration finds states without equilibrium, and the zone fails: docs/numerics.md)
ELSEWHERE = {
    "hardly any debt, little curvature": {"kappa": 0.006, "gamma": 1.5},
    "impatient, risky": {"kappa": 0.021, "gamma": 5.0, "beta": 0.92, "sigma": 0.04},
    "other technology": {"kappa": 0.021, "gamma": 5.0, "ztilde": [0.9, 0.62], "phi": 4.0, "xi": (0.2, 0.1)},
}


@pytest.mark.parametrize("planner", [False, True])
@pytest.mark.parametrize("name", ELSEWHERE)
def test_starts_from_other_economies_lead_to_the_same_solution(planner, name):
    problem = economy(kappa=0.021, gamma=5.0)
    expected = solve(problem, planner).tail
    far = solve(economy(**ELSEWHERE[name]), planner, tolerance=1e-6).tail
    distance = np.abs(far.pol[..., [C, Q]] / expected.pol[..., [C, Q]] - 1.0).max()
    assert distance > 0.1
    found = Solver(problem, planner).stationary(TOLERANCE, RESIDUAL, ITERATIONS, far)
    assert not found.failed.any()
    np.testing.assert_allclose(found.kink, expected.kink, atol=1e-6)
    np.testing.assert_allclose(found.pol[..., [C, Q, VALUE]], expected.pol[..., [C, Q, VALUE]], rtol=1e-6)
    np.testing.assert_allclose(found.pol[..., X:], expected.pol[..., X:], atol=1e-5)
