"""Cases whose solution is known without solving (docs/model.md, sections 4 and 8, items 1-3)."""

import numpy as np
import pytest
from economies import economy, solve, still

from regspec.model.steady_state import static_portfolio, steady_price

LOOSE = {"limit": "fixed", "debt": 0.5, "kappa": 0.0, "bonds": (-0.56, -0.56, 0.5, 0.6)}
PRODUCTIVITY = np.array([0.5, 0.6])


@pytest.mark.parametrize("planner", [False, True])
@pytest.mark.parametrize(("beta", "rate", "kappa"), [(0.95, 1.013, 0.02), (0.9, 1.05, 0.03), (0.92, 1.02, 0.03)])
def test_steady_state_with_a_binding_limit(planner, beta, rate, kappa):
    """Item 1, section 4: q = beta alpha Y/(1 - beta - beta kappa eta/u'), b = -R kappa q, where beta R < 1.

    The market's eta/u' is 1 - beta R; the plan's, (3.1), 1 - beta R lambda/u' with lambda/u' = 1 + mu kappa gamma q/c by (3.3).
    """
    problem = economy((0.2,), beta=beta, rate=rate, kappa=kappa, chain=still(1), below=8, above=16, fine=200)
    solution = solve(problem, planner)
    market = beta * 0.3 / (1 - beta - beta * kappa * (1 - beta * rate))
    assert steady_price(0.3, beta, kappa, rate, 1.0) == pytest.approx(market, rel=1e-14)
    for start in (0.3, 0.0, -0.9 * rate * kappa * market):
        end = solution.simulate(start, [1.0], 150)
        wealth = 1 + end.mu * kappa * 2.0 * end.q / end.c if planner else 1.0
        eta = 1 - beta * rate * wealth
        q = beta * 0.3 / (1 - beta - beta * kappa * eta)
        assert end.binding and (end.mu > 1e-3) == planner
        assert end.q == pytest.approx(q, rel=1e-5)
        assert end.b_next == pytest.approx(-rate * kappa * q, rel=1e-5)
        assert end.c == pytest.approx(1 - kappa * q * (rate - 1), rel=1e-6)
        assert end.value == pytest.approx(end.c, rel=1e-6)
        assert end.eta == pytest.approx(eta, rel=1e-5)


@pytest.mark.parametrize("planner", [False, True])
def test_steady_state_price_as_the_rate_of_time_preference_nears_the_interest_rate(planner):
    """Item 1: with a slack limit and beta R -> 1 consumption is flat and q -> beta alpha Y/(1 - beta)."""
    beta, errors = 0.95, []
    for gap in (4e-3, 4e-4):
        problem = economy((0.2,), beta=beta, rate=(1 - gap) / beta, chain=still(1), fine=120, above=16, **LOOSE)
        now = solve(problem, planner, tolerance=1e-7).at(0.3, [1.0], 0)
        assert not now.binding and now.eta == 0.0
        errors.append(abs(now.q / (beta * 0.3 / (1 - beta)) - 1))
    assert errors[1] < 0.01
    assert errors[1] < 0.2 * errors[0]


def test_slack_consumption_grows_at_the_euler_rate():
    """Section 2: without shocks and with a slack limit c'/c = (beta R)^(1/gamma), and q = (alpha Y + q')/R."""
    problem = economy((0.2,), gamma=3.0, chain=still(1), fine=200, above=24, below=8, **LOOSE)
    solution = solve(problem, False)
    now = solution.at(0.4, [1.0], 0)
    later = solution.at(now.b_next, [1.0], 0)
    assert not now.binding and not later.binding
    assert later.c / now.c == pytest.approx((0.95 * 1.013) ** (1 / 3), rel=1e-6)
    assert now.q == pytest.approx((0.3 + later.q) / 1.013, rel=1e-5)


def test_nothing_to_correct_means_no_intervention():
    """Items 2 and 4: without agglomeration and without collateral the plan is the market's allocation at every state."""
    problem = economy((0.0, 0.0), ztilde=PRODUCTIVITY, lower=(0.2, 0.2), **LOOSE)
    market, plan = solve(problem, False), solve(problem, True)
    for b, k, e in ((-0.2, [0.4, 0.6], 0), (-0.45, [0.6, 0.4], 3), (0.2, [0.5, 0.5], 1), (-0.05, [0.3, 0.7], 2)):
        np.testing.assert_allclose(plan.at(b, k, e).numbers(), market.at(b, k, e).numbers(), rtol=1e-8, atol=1e-10)
    slack = market.in_use() & ~(np.arange(market.tail.pol.shape[2]) < problem.below)
    assert slack.any() and np.all(market.tail.pol[slack][:, 2] == 0.0)


@pytest.fixture(scope="module", params=[8, 16])
def steps(request):
    return request.param


@pytest.mark.parametrize(("xi", "same"), [((0.15, 0.15), True), ((0.1, 0.25), False)])
def test_long_run_portfolios_equalize_returns(steps, xi, same):
    """Items 2 and 3: a_i z_i k_i^(a_i-1) equal for the planner, z_i k_i^(a_i-1) for the market; the same when xi is."""
    problem = economy(xi, chain=still(2), ztilde=PRODUCTIVITY, lower=(0.2, 0.2), steps=steps, **LOOSE)
    a = 0.3 + np.array(xi)
    market = solve(problem, False).simulate(0.0, [0.5, 0.5], 150).k_next
    plan = solve(problem, True).simulate(0.0, [0.5, 0.5], 150).k_next
    accuracy = 3e-3 if steps == 8 else 3e-4
    np.testing.assert_allclose(market, static_portfolio(PRODUCTIVITY, a, 0.3), atol=accuracy)
    np.testing.assert_allclose(plan, static_portfolio(PRODUCTIVITY, a, a), atol=accuracy)
    returns = PRODUCTIVITY * market ** (a - 1)
    assert returns[0] == pytest.approx(returns[1], rel=5 * accuracy)
    social = a * PRODUCTIVITY * plan ** (a - 1)
    assert social[0] == pytest.approx(social[1], rel=5 * accuracy)
    assert (abs(plan[0] - market[0]) < 2 * accuracy) == same
