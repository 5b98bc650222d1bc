"""Two regimes of theta (docs/model.md, section 1): limits, comparisons, conditions, the realized path, estimates, keys."""

import numpy as np
import pytest
from conditions_afresh import market_gaps
from economies import economy, solve
from one_zone import YEARS, config, national, zone

from regspec.errors import ModelFailure
from regspec.model.markov import product_chain
from regspec.solves.cost import states
from regspec.solves.key import solution_key
from regspec.solves.problem import build_problem
from regspec.solves.settings import solve_settings
from regspec.solves.zone import solve_zone

XI = (0.1, 0.25)
STATES = ((-0.12, (0.45, 0.55), 0), (0.1, (0.5, 0.5), 3), (-0.05, (0.4, 0.6), 1))


def regimes(values=(0.35, 0.53), **more):
    """Overrides of the small zone: two regimes of theta at little pledgeable capital."""
    return {"model__parameters": {"gamma": 2.0, "theta_regimes": {"values": list(values), **more}}}


@pytest.mark.parametrize("planner", [False, True])
def test_equal_regimes_are_a_constant(planner):
    one, two = solve(economy(XI), planner), solve(economy(XI, regimes=(0.02, 0.02)), planner)
    for b, k, e in STATES:
        for regime in (0, 1):
            np.testing.assert_allclose(
                two.at(b, k, 2 * e + regime).numbers(), one.at(b, k, e).numbers(), rtol=1e-11, atol=1e-12
            )


@pytest.mark.parametrize("planner", [False, True])
@pytest.mark.parametrize(
    ("limit", "xi", "states", "accuracy"),
    [
        ("fixed", XI, STATES, 1e-7),
        ("collateral", XI[1:], [(b, (1.0,), e) for b in (-0.12, 0.1) for e in (0, 1)], 1e-7),
        ("collateral", XI, STATES, 3e-4),
    ],
)
def test_regimes_for_ever_are_separate_constants(planner, limit, xi, states, accuracy):
    """The same grid for all three solutions; a fixed limit has its regime's size. With several portfolios the grid follows the
    kinks of both regimes at once, not of one: the error of interpolation differs.
    """
    common = {"bonds": (-0.3, -0.14, 0.08, 0.6), "limit": limit}
    both = solve(economy(xi, regimes=(0.02, 0.03), stay=(1.0, 1.0), **common), planner)
    for regime, kappa in enumerate((0.02, 0.03)):
        alone = solve(economy(xi, kappa=kappa, **common), planner)
        assert both.year.exogenous.debt[regime] == alone.year.exogenous.debt[0]
        for b, k, e in states:
            np.testing.assert_allclose(
                both.at(b, k, 2 * e + regime).numbers(),
                alone.at(b, k, e).numbers(),
                rtol=accuracy,
                atol=max(1e-8, 0.1 * accuracy * abs(b)),
            )


@pytest.fixture(scope="module")
def switching():
    """A market whose kappa switches between .02 and .03, on a fine grid."""
    return solve(economy(XI, regimes=(0.02, 0.03), steps=6, fine=160, below=10, above=20), False)


@pytest.mark.parametrize(("b", "k"), [(-0.14, (0.45, 0.55)), (-0.1, (0.5, 0.5)), (-0.12, (0.55, 0.45))])
def test_the_tight_regime_binds_harder(switching, b, k):
    """At the same debt: a larger multiplier, a lower price, less debt next year."""
    for e in range(4):
        tight, loose = (switching.at(b, k, 2 * e + regime) for regime in (0, 1))
        assert tight.eta >= loose.eta and tight.q < loose.q and tight.b_next > loose.b_next and tight.value < loose.value
    assert switching.at(-0.14, k, 0).eta > 0.05


@pytest.mark.parametrize(("b", "e"), [(-0.14, 0), (-0.14, 7), (-0.05, 3), (0.1, 4)])
def test_conditions_hold_with_next_year_solved_afresh(switching, b, e):
    """(2.3)-(2.7) with E over both regimes and each year's own kappa."""
    gaps = market_gaps(switching, b, (0.45, 0.55), e)
    assert gaps.euler < 1e-3 and gaps.limit < 1e-8 and gaps.portfolio < 1e-3 and gaps.room > -1e-8


def test_the_chain_has_the_given_probabilities():
    chain = product_chain([0.8], [0.02], 2, stay=(0.9, 0.7))
    np.testing.assert_allclose(chain.transitions[-1], [[0.9, 0.1], [0.3, 0.7]], rtol=1e-14)
    assert chain.size == 4
    rows, shares = chain.weights_off_grid(np.array([0.0, 0.0, 1.0]))
    assert shares.tolist() == [1.0]
    np.testing.assert_allclose(rows[0].reshape(2, 2).sum(axis=0), [0.3, 0.7])


def test_realized_regimes_move_the_limit():
    """Section 4: kappa of each realized year; the limit binds at its regime's value of capital."""
    settings = config(**regimes(switch_years=[1951]))
    problem = build_problem(zone(), national(), solve_settings(settings, "baseline"))
    kappas = np.array([0.35, 0.53]) * 0.06
    np.testing.assert_allclose(problem.regimes, kappas)
    assert problem.realized == (0, 1, 1, 1, 1)
    assert problem.b0 == build_problem(zone(), national(), solve_settings(config(), "baseline")).b0
    for allocation in ("ce", "planner"):
        path = getattr(solve_zone(zone(), national(), solve_settings(settings, "baseline")), allocation).path
        years = np.flatnonzero(path.binding)
        assert {0, 3} <= set(years)  # one year of either regime
        held = kappas[list(problem.realized)]
        np.testing.assert_allclose(path.b_next[years] / 1.013, -(held * path.q)[years], rtol=1e-8)
        assert path.b_next[1] < 1.25 * path.b_next[0]


def test_a_switch_to_the_tight_regime_is_a_fall_of_consumption():
    back = solve_zone(zone(), national(), solve_settings(config(**regimes(switch_years=[1951, 1953])), "market")).ce.path
    stays = solve_zone(zone(), national(), solve_settings(config(**regimes(switch_years=[1951])), "market")).ce.path
    np.testing.assert_array_equal(back.c[:3], stays.c[:3])
    assert back.c[3] < 0.97 * stays.c[3] and back.q[3] < stays.q[3] and back.eta[3] > stays.eta[3]


def test_only_what_depends_on_theta_has_regimes():
    """Under the natural limit the chain is left out; a scenario can switch it off, and replaces single keys of it."""
    scenarios = {
        "baseline": {},
        "natural": {"parameters": {"limit": "natural"}},
        "constant": {"parameters": {"theta_regimes": {"values": []}}},
        "short": {"parameters": {"theta_regimes": {"stay": [0.5, 0.5]}}},
    }
    settings = config(**regimes(), scenarios=scenarios)
    sizes = {name: build_problem(zone(), national(), solve_settings(settings, name)).chain.size for name in scenarios}
    assert sizes == {"baseline": 8, "natural": 4, "constant": 4, "short": 8}
    assert settings.scenario_parameters("short").theta_regimes.values == [0.35, 0.53]
    assert len({solution_key(zone(), national(), solve_settings(settings, name)) for name in scenarios}) == 4
    assert states(settings) == 2 * states(config())


def test_all_years_may_be_in_the_first_regime():
    problem = build_problem(zone(), national(), solve_settings(config(**regimes()), "baseline"))
    assert problem.realized == (0,) * (YEARS + 1)


def test_ill_posed_regimes_end_with_a_failure_that_names_both():
    """Section 5: J about .93 in the loose regime at gamma = 5, chi = .06."""
    both = {"gamma": 5.0, "theta_regimes": {"values": [0.35, 0.53]}, "chi": 0.1}
    with pytest.raises(ModelFailure, match="theta chi = 0.035 or 0.053"):
        solve_zone(zone(), national(), solve_settings(config(model__parameters=both), "market"))
