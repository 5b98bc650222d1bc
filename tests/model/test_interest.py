"""Shocks to the interest rate (docs/model.md, section 1): calibration.interest.nodes above one."""

import numpy as np
import pytest
from conditions_afresh import market_gaps
from economies import economy, solve
from one_zone import config, national, zone

from regspec.model.markov import product_chain
from regspec.solves.settings import solve_settings
from regspec.solves.zone import solve_zone

DECK = {"mean": 0.013, "rho": 0.01, "sigma": 0.0186}


def risky(nodes, interest):
    settings = solve_settings(config(calibration__interest__nodes=nodes), "baseline")
    return solve_zone(zone(), national(interest=interest), settings)


def test_both_allocations_with_the_deck_s_process():
    """Three nodes end to end: another solution, one root, small errors, R at its mean on the realized path."""
    found, constant = risky(3, DECK), risky(1, DECK)
    for allocation in (found.ce, found.planner):
        path, diagnostics = allocation.path, allocation.diagnostics
        assert diagnostics["roots_max"] == 1 and diagnostics["residual_max"] < 1e-8
        assert diagnostics["euler_bonds_mean_log10"] < -2.5
        years = np.flatnonzero(path.binding)
        np.testing.assert_allclose(path.b_next[years] / 1.013, -0.021 * path.q[years], rtol=1e-8)
    assert found.welfare_gain == pytest.approx(constant.welfare_gain, rel=0.1)
    assert np.abs(found.ce.path.c / constant.ce.path.c - 1).max() > 1e-5


def test_no_variance_is_a_constant_rate():
    """sigma_R -> 0 with three nodes gives the solution with one."""
    found, constant = risky(3, {**DECK, "sigma": 1e-12}), risky(1, DECK)
    for allocation in ("ce", "planner"):
        one, other = getattr(found, allocation), getattr(constant, allocation)
        for name in ("c", "q", "b", "k", "eta", "mu", "value"):
            np.testing.assert_allclose(getattr(one.path, name), getattr(other.path, name), rtol=1e-7, atol=1e-8, err_msg=name)


def test_conditions_hold_in_every_state_of_the_rate():
    """(2.3)-(2.7) with R of the year and next year's equilibria over all rates; a dear year borrows less."""
    chain = product_chain([0.8, 0.8], [0.02, 0.02], 2, 0.3, 0.01, 3)
    solution = solve(economy((0.1, 0.25), chain=chain, steps=6, fine=160, below=10, above=20), False, tolerance=1e-8)
    assert len(np.unique(solution.year.exogenous.R)) == 3
    for e in (0, 4, 8, 11):
        for b in (-0.12, 0.05):
            gaps = market_gaps(solution, b, (0.45, 0.55), e)
            assert gaps.euler < 1e-3 and gaps.limit < 1e-8 and gaps.portfolio < 1e-3
    cheap, dear = solution.at(0.05, (0.45, 0.55), 0), solution.at(0.05, (0.45, 0.55), 2)
    assert dear.c < cheap.c and dear.q < cheap.q
