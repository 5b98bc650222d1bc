"""Collateral valued at next year's price (docs/model.md, section 5): closed forms, conditions, the plan, chi = 1."""

import numpy as np
import pytest
from conditions_afresh import market_gaps, plan_gaps
from economies import economy, solve, still
from one_zone import config, national, zone

from regspec.model.grids.lattice import coordinates
from regspec.model.kernels.columns import FUTURE_VALUE, PRODUCTIVITY, expected_price_column
from regspec.model.kernels.conditions import growth_target
from regspec.model.kernels.newton import evaluate
from regspec.model.kernels.period import state_in, static_roots
from regspec.model.kernels.records import ETA, MU, OUT_C, OUT_RATIO, C, Mode, NextYear, Q, X, make_scratch
from regspec.model.simulation.paths import simulate
from regspec.model.solver.policies import Taxes
from regspec.model.solver.time_iteration import Solver
from regspec.model.steady_state import limit_prices, steady_price
from regspec.solves.settings import solve_settings
from regspec.solves.zone import solve_zone

GRID = {"steps": 8, "fine": 120, "below": 8, "above": 16}
K = (0.45, 0.55)


@pytest.fixture(scope="module", params=[0.05, 0.2])
def pair(request):
    """Market and plan with the limit's price in next year; all capital pledged at theta = .05, .2."""
    problem = economy((0.1, 0.25), (1.0, 2.0), kappa=request.param, gamma=3.0, next_price=True, **GRID)
    return solve(problem, False, tolerance=1e-8), solve(problem, True, tolerance=1e-8)


@pytest.mark.parametrize("planner", [False, True])
@pytest.mark.parametrize(("kappa", "gamma"), [(0.02, 2.0), (0.35, 2.0), (0.53, 3.0)])
def test_steady_state_in_closed_form(planner, kappa, gamma):
    """(5.6): q = beta alpha Y/(1 - beta - kappa (1 - beta R)), b = -R kappa q; the current-price form has beta kappa."""
    problem = economy((0.2,), gamma=gamma, kappa=kappa, chain=still(1), below=8, above=24, fine=400, next_price=True)
    q = 0.95 * 0.3 / (1 - 0.95 - kappa * (1 - 0.95 * 1.013))
    assert steady_price(0.3, 0.95, kappa, 1.013, 1.0, True) == pytest.approx(q, rel=1e-13)
    assert steady_price(0.3, 0.95, kappa / 0.95, 1.013, 1.0) == pytest.approx(q, rel=1e-13)
    end = solve(problem, planner).simulate(-1.013 * kappa * q + 0.1, [1.0], 60)
    assert end.binding
    assert end.q == pytest.approx(q, rel=5e-4)
    assert end.b_next == pytest.approx(-1.013 * kappa * q, rel=2e-4)
    assert end.eta == pytest.approx(1 - 0.95 * 1.013, rel=0.03)


def test_a_path_without_shocks_on_which_the_limit_always_binds():
    """(5.7): backward from the steady state, prices by bisection; the solver's own path from b_0 = -R kappa q_0 agrees."""
    output = np.exp(np.array([0.0, 0.01, 0.02, 0.03, 0.03, 0.03]))
    q = limit_prices(0.3, 0.95, 3.0, 0.2, 1.013, output)
    c = output - 1.013 * 0.2 * q + 0.2 * np.append(q[1:], q[-1])
    growth = (c[:-1] / c[1:]) ** 3.0
    eta = 1 - 0.95 * 1.013 * growth
    assert np.all(eta > 0)
    np.testing.assert_allclose(q[:-1], 0.95 * growth * (q[1:] + 0.3 * output[1:]) + eta * 0.2 * q[1:], rtol=1e-12)
    problem = economy(
        (0.2,),
        gamma=3.0,
        kappa=0.2,
        chain=still(1),
        trend=np.log(output)[:, None],
        b0=-1.013 * 0.2 * q[0],
        below=8,
        above=24,
        fine=400,
        next_price=True,
    )
    solution = solve(problem, False)
    run = simulate(solution.solver, solution.solver.path(solution.tail, 1e-9), np.zeros((6, 1)))
    assert run.binding.all()
    np.testing.assert_allclose(run.q, q, rtol=1e-3)
    np.testing.assert_allclose(run.b, -1.013 * 0.2 * q, rtol=1e-3)
    assert limit_prices(0.3, 0.95, 3.0, 0.2, 1.013, np.ones(3)) == pytest.approx(steady_price(0.3, 0.95, 0.2, 1.013, 1, True))


@pytest.mark.parametrize(("above", "e"), [(-0.05, 0), (0.0, 2), (0.0, 3), (0.05, 1), (0.2, 3)])
def test_conditions_hold_with_next_year_solved_afresh(pair, above, e):
    """(5.2) to (5.5) written out with sums over next year's equilibria."""
    market, plan = pair
    b = market.year.bonds.centre + above
    gaps = market_gaps(market, b, K, e)
    assert gaps.euler < 1e-3 and gaps.limit < 5e-4 and gaps.portfolio < 2e-4 and gaps.room > -5e-4
    bonds, portfolio = plan_gaps(plan, b, K, e)
    assert bonds < 3e-3 and portfolio < 2e-4


def test_the_plan_taxes_no_debt_and_binds_where_the_market_would(pair):
    """Section 5: wealth does not enter the next limit, so lambda = u' and mu > 0 exactly where eta > 0."""
    plan = pair[1]
    rows = plan.tail.pol[plan.in_use()]
    eta, mu = rows[:, ETA], rows[:, MU]
    assert (mu > 1e-3).sum() > 20 and np.all(mu <= eta + 1e-9)
    assert np.array_equal(mu > 1e-7, eta > 1e-7)


@pytest.mark.parametrize(("above", "e"), [(-0.04, 0), (0.0, 2), (0.1, 1)])
def test_no_feasible_choice_is_better_than_the_plan_s(pair, above, e):
    """Section 5: search over (b', k') that meet b'/R + kappa E q'(b', k') >= 0."""
    plan = pair[1]
    lattice, grid, exogenous, const = plan.year
    k, s = np.array(K), make_scratch(const)
    b = grid.centre + above
    state = state_in(b, k, exogenous, e, const)
    target = growth_target(state.bond_price, 0.0, const)

    def value(y):
        worst = evaluate(Mode.SLACK, state, np.array(y), target, s.zeros, plan.next_year, const, s)
        if not np.isfinite(worst):
            return -np.inf, -np.inf
        level = (1 - const.beta) * s.out[OUT_C] ** -2.0 + const.beta * s.value[FUTURE_VALUE] ** -2.0  # gamma = 3
        return level**-0.5, y[0] * state.bond_price + state.kappa * s.value[expected_price_column(const)]

    now = plan.at(b, k, e)
    best = np.concatenate([[now.b_next], coordinates(now.k_next, lattice)])
    own, room = value(best)
    assert own == pytest.approx(now.value, rel=1e-9)
    assert now.binding == (abs(room) < 1e-8)
    rng = np.random.default_rng(1)
    others = [best + scale * rng.normal(size=2) * [0.02, 0.5] for scale in (1e-2, 0.1, 1.0) for _ in range(400)]
    results = np.array([value(y) for y in others])
    feasible = results[results[:, 1] >= 0.0, 0]
    assert len(feasible) > 100
    assert feasible.max() < own * (1 + 2e-6)
    assert feasible.min() < own * (1 - 1e-4)


def test_taxes_reproduce_the_plan(pair):
    """(3.11) with the pledge in D_i: under tau^K alone the market chooses the plan."""
    plan = pair[1]
    problem = plan.solver.problem
    lattice, grid, exogenous, const = plan.year
    bonds, s = plan.bonds(), make_scratch(const)
    tau_k = np.zeros((*bonds.shape, 2))
    for node, e, j in np.argwhere(plan.in_use()):
        row, k = plan.tail.pol[node, e, j], lattice.capital[node]
        mode = Mode.BINDING if j < len(grid.below) else Mode.SLACK
        state = state_in(bonds[node, e, j], k, exogenous, e, const)
        target = growth_target(state.bond_price, 0.0, const)
        evaluate(mode, state, np.array([row[X + 1], row[X]]), target, s.zeros, plan.next_year, const, s)
        assert s.k_next @ (row[Q] - s.private_value) == pytest.approx(0.0, abs=1e-4 * row[Q])
        product = problem.alpha * s.value[PRODUCTIVITY : PRODUCTIVITY + 2] * s.returns
        tau_k[node, e, j] = (row[Q] - s.private_value) / (problem.beta * s.out[OUT_RATIO] * product)
    assert np.ptp(tau_k[plan.in_use()]) > 0.02
    taxed = Solver(problem, False).stationary(1e-7, 1e-9, 800, plan.tail, taxes=Taxes(np.zeros(bonds.shape), tau_k))
    difference = np.abs(taxed.pol - plan.tail.pol)[plan.in_use()][:, [C, Q, X, X + 1]]
    assert np.all(difference.max(axis=0) < [2e-5, 5e-4, 1e-3, 2e-5])


@pytest.mark.parametrize("planner", [False, True])
@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("mode", [Mode.SLACK, Mode.BINDING])
def test_jacobians_are_complete(planner, n, mode):
    """Section 8.10: every derivative of the conditions, the plan's slope of E q' in b' included."""
    problem = economy((0.1, 0.25, 0.18)[:n], (1.0, 2.5, 1.5)[:n], kappa=0.3, steps=4, fine=32, next_price=True)
    lattice, grid, exogenous, const = Solver(problem, planner).grids.at(problem.horizon + 1)
    shape = len(lattice.capital), problem.chain.size, grid.points, len(const.columns)
    expectations = 1.0 + 0.05 * np.random.default_rng(n).normal(size=shape)
    k = [[1.0], [0.4, 0.6], [0.3, 0.45, 0.25]][n - 1] @ lattice.corners
    e, s = problem.chain.size - 1, make_scratch(const)
    state = state_in(grid.centre, k, exogenous, e, const)._replace(kappa=0.3, debt=0.0)
    target, next_year = growth_target(state.bond_price, 0.0, const), NextYear(expectations, lattice.table, grid)

    def at(y):
        worst = evaluate(mode, state, np.array(y), target, s.zeros, next_year, const, s)
        assert np.isfinite(worst)
        return s.res.copy(), s.jac.copy()

    x = const.steps * np.array([[], [0.57], [0.66, 0.31]][n - 1])
    cell = np.floor((grid.coordinates(grid.centre) + 0.02) / grid.dx) + 0.2  # off the borders of the spline's cells
    y = np.concatenate([[grid.bonds(cell * grid.dx)], x])
    steps = 1e-6 * np.eye(n)
    numeric = np.array([(at(y + step)[0] - at(y - step)[0]) / 2e-6 for step in steps]).T
    np.testing.assert_allclose(at(y)[1], numeric, rtol=2e-6, atol=1e-6 * np.abs(numeric).max())


def test_no_static_feedback(pair):
    """Section 5: whatever kappa is today, one static equilibrium; at today's price the same numbers give several."""
    market = pair[0]
    lattice, grid, exogenous, const = market.year
    x = coordinates(np.array(K), lattice)
    for kappa in (0.05, 0.2, 0.5, 1.0):
        for b in grid.centre + np.array([-0.05, 0.0, 0.1]):
            state = state_in(b, np.array(K), exogenous, 0, const)._replace(kappa=kappa, debt=0.0)
            assert static_roots(state, x, market.next_year, const, make_scratch(const), np.empty(2), 400) <= 1


def test_without_collateral_the_timing_does_not_matter():
    """Section 5: under a limit that no price moves both variants have the same solution."""
    settings = {"limit": "fixed", "debt": 0.1, "kappa": 0.0, "bonds": (-0.2, -0.1, 0.3, 0.6)}
    for planner in (False, True):
        one, other = (solve(economy((0.1, 0.25), next_price=ahead, **settings), planner) for ahead in (False, True))
        for b, e in ((-0.08, 0), (0.1, 3)):
            np.testing.assert_allclose(other.at(b, K, e).numbers(), one.at(b, K, e).numbers(), rtol=1e-8, atol=1e-9)


def test_little_collateral_is_worth_the_same_at_either_price():
    """Section 5: debts and prices of both variants meet as kappa goes to zero (next year's price of the same capital)."""
    gaps = []
    for kappa in (0.02, 0.002):
        ends = [
            solve(economy((0.2,), kappa=kappa, chain=still(1), fine=300, above=20, next_price=ahead), False).simulate(
                0.0, [1.0], 60
            )
            for ahead in (False, True)
        ]
        gaps.append(abs(ends[1].q / ends[0].q - 1))
    assert gaps[0] < 2e-3 and gaps[1] < 0.3 * gaps[0] + 2e-5


@pytest.mark.parametrize("theta", [0.35, 0.53])
def test_all_capital_pledged_is_solved(theta):
    """Section 5: chi = 1 at the deck's theta and gamma = 5, from a cold start; at today's price it is ill-posed."""
    ahead = {"gamma": 5.0, "theta": theta, "chi": 1.0, "collateral_price": "next"}
    found = solve_zone(zone(), national(), solve_settings(config(model__parameters=ahead), "market")).ce
    assert found.diagnostics["roots_max"] == 1 and found.diagnostics["amplification_max"] == 0.0
    assert found.diagnostics["failed_states"] == found.diagnostics["unreachable_states"] == 0
    assert found.path.b.max() < -1.0  # several years of output, as the limit allows
    assert found.diagnostics["euler_bonds_mean_log10"] < -2.0


def test_a_zone_s_plan():
    """Both allocations through the solve step's own code; the plan is better and taxes no debt."""
    ahead = {"gamma": 5.0, "theta": 0.35, "chi": 0.3, "collateral_price": "next"}
    found = solve_zone(zone(), national(), solve_settings(config(model__parameters=ahead), "baseline"))
    assert 0.0 < found.welfare_gain < 0.03
    assert np.abs(found.planner.path.tau_b).max() < 1e-8
    np.testing.assert_allclose(np.sum(found.planner.path.k_next, axis=1), 1.0, rtol=1e-12)
