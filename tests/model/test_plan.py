"""The planner: welfare, optimality found by search, and decentralization by taxes (docs/model.md, sections 3 and 8)."""

import numpy as np
import pytest
from economies import economy, solve

from regspec.model.grids.lattice import coordinates
from regspec.model.kernels.columns import FUTURE_VALUE, IMPLIED_C, PRODUCTIVITY, adjustment_column, price_column, wealth_column
from regspec.model.kernels.conditions import growth_target
from regspec.model.kernels.lookup import lookup
from regspec.model.kernels.newton import evaluate
from regspec.model.kernels.period import state_in
from regspec.model.kernels.records import ETA, MU, OUT_C, OUT_Q, OUT_RATIO, VALUE, C, Mode, Q, Search, X, make_scratch
from regspec.model.solver.policies import Policies, Taxes
from regspec.model.solver.time_iteration import Solver

TOLERANCE = 1e-8


@pytest.fixture(scope="module")
def pair():
    """Market and plan of a zone whose industries differ in agglomeration and adjustment cost, limit binding often."""
    problem = economy((0.1, 0.29), (1.0, 2.0), steps=6)
    return solve(problem, False, tolerance=TOLERANCE), solve(problem, True, tolerance=TOLERANCE)


def test_the_plan_is_better_in_every_state(pair):
    """Item 4: Lambda = (W_SP/W_CE)^(1/(1-gamma)) - 1 > 0 at the same (b, k, e), of the size of section 9."""
    market, plan = pair
    gains = [
        plan.at(b, k, e).value / market.at(b, k, e).value - 1
        for k in market.year.lattice.capital
        for e in range(4)
        for b in (-0.1, -0.06, 0.0, 0.2, 0.5)
    ]
    assert min(gains) > 0.004
    assert max(gains) < 0.025


def test_without_agglomeration_little_is_to_be_gained():
    """Item 4: the pecuniary externality alone; a plan that cannot bind its successors need not gain everywhere."""
    problem = economy((0.0, 0.0), 1.5, kappa=0.02, steps=4, fine=160, below=10, above=20)
    market, plan = solve(problem, False, tolerance=TOLERANCE), solve(problem, True, tolerance=TOLERANCE)
    states = [(b, k, e) for b in (-0.1, -0.03, 0.1, 0.4) for k in ([0.4, 0.6], [0.55, 0.45]) for e in range(4)]
    gains = np.array([plan.at(*s).value / market.at(*s).value - 1 for s in states])
    assert np.abs(gains).max() < 2e-5
    mu = plan.tail.pol[plan.in_use()][:, MU]
    assert mu.max() > 0.01


def test_a_planner_that_takes_prices_as_given_changes_nothing_without_agglomeration():
    """Section 3, variant no_pecuniary with xi = 0: the market's allocation, mu = eta/u'."""
    problem = economy((0.0, 0.0), 1.5, kappa=0.03, steps=4, variant="no_pecuniary")
    market, plan = solve(problem, False), solve(problem, True)
    for b, k, e in ((-0.15, [0.4, 0.6], 0), (-0.05, [0.6, 0.4], 3), (0.2, [0.5, 0.5], 1)):
        ce, sp = market.at(b, k, e), plan.at(b, k, e)
        np.testing.assert_allclose(
            sp.numbers()[[0, 1, 2, 4, 5, 6, 7]], ce.numbers()[[0, 1, 2, 4, 5, 6, 7]], rtol=1e-6, atol=1e-8
        )
        assert sp.mu == pytest.approx(ce.eta, abs=1e-7)


@pytest.mark.parametrize(
    ("b", "k", "e"), [(-0.14, (0.45, 0.55), 0), (-0.13, (0.6, 0.4), 2), (0.1, (0.5, 0.5), 1), (0.4, (0.35, 0.65), 3)]
)
def test_no_feasible_choice_is_better_than_the_plan_s(pair, b, k, e):
    """Sections 3 and 8.8: search over (b', k') that meet the limit at the price they imply; no derivative is used."""
    plan = pair[1]
    lattice, _, exogenous, const = plan.year
    now, k = plan.at(b, k, e), np.array(k)
    scratch, state = make_scratch(const), state_in(b, k, exogenous, e, const)
    target = growth_target(state.bond_price, 0.0, const)

    def value(y):
        """u(c) + beta E V' of a choice, and how far inside the limit it is."""
        worst = evaluate(Mode.SLACK, state, np.array(y), target, scratch.zeros, plan.next_year, const, scratch)
        level = -(1 - const.beta) / scratch.out[OUT_C] - const.beta / scratch.value[FUTURE_VALUE]  # gamma = 2
        room = y[0] * state.bond_price + state.kappa * scratch.out[OUT_Q]
        return (-1 / level, room) if np.isfinite(worst) else (-np.inf, -np.inf)

    best = np.concatenate([[now.b_next], coordinates(now.k_next, lattice)])
    own, room = value(best)
    assert own == pytest.approx(now.value, rel=1e-9)
    assert now.binding == (abs(room) < 1e-8)
    rng = np.random.default_rng(1)
    others = [best + scale * rng.normal(size=2) * [0.02, 0.5] for scale in (1e-2, 0.1, 1.0) for _ in range(400)]
    results = np.array([value(y) for y in others])
    feasible = results[results[:, 1] >= 0.0, 0]
    assert len(feasible) > 100
    # the plan's conditions and the interpolated value differ by the interpolation's error
    assert feasible.max() < own * (1 + 2e-6)
    assert feasible.min() < own * (1 - 1e-4)


def taxes_of(plan):
    """tau^B and tau^K (section 3, M8) at the plan's solve nodes, written with the model's formulas."""
    problem = plan.solver.problem
    lattice, grid, exogenous, const = plan.year
    n = problem.industries
    bonds, s = plan.bonds(), make_scratch(const)
    tau_b, tau_k = np.zeros(bonds.shape), np.zeros((*bonds.shape, n))
    for node, e, j in np.argwhere(plan.in_use()):
        row, k = plan.tail.pol[node, e, j], lattice.capital[node]
        lookup(plan.next_year, e, row[X + n - 1], row[X : X + n - 1], const, s)
        x = np.concatenate([[lattice.steps], row[X : X + n - 1], [0.0]])
        k_next = -np.diff(x) @ lattice.corners / lattice.steps
        ratio = (row[C] / s.value[IMPLIED_C]) ** problem.gamma  # E u'(c') / u'(c)
        euler = problem.beta * exogenous.R[e] * ratio
        tau_b[node, e, j] = (s.value[wealth_column(n)] / s.value[IMPLIED_C]) ** -problem.gamma - 1  # E lambda' / E u'
        if j >= len(grid.below):
            assert tau_b[node, e, j] == pytest.approx(1 / euler - 1, abs=1e-8)
        product = problem.alpha * s.value[PRODUCTIVITY : PRODUCTIVITY + n] * k_next ** (problem.a - 1)
        adjustment = s.value[adjustment_column(n) : adjustment_column(n) + n] / k_next**2
        m = ratio * (s.value[price_column(n)] + adjustment + product)
        price = row[Q] + problem.phi * (k_next / k - 1)
        tau_k[node, e, j] = (price - problem.beta * m) / (problem.beta * ratio * product)
    return Taxes(tau_b, tau_k)


def compare(policies, plan, problem, atol):
    """c, q, k', b' of the taxed market against the plan's at the nodes in use."""
    used = plan.in_use()
    columns = [C, Q, *range(X, X + problem.industries)]
    difference = np.abs(policies.pol - plan.tail.pol)[used][:, columns] / [1.0, 5.0, problem.steps, 1.0]
    assert difference.max() < atol


def test_taxes_reproduce_the_plan(pair):
    """Item 5, M8: under tau^K and tau^B the market, from other policies, ends at the plan's c, q, k', b'."""
    plan = pair[1]
    problem = plan.solver.problem
    taxes = taxes_of(plan)
    used = plan.in_use()
    assert np.ptp(taxes.tau_k[used]) > 0.02 and taxes.tau_b[used].max() > 1e-5
    market = Solver(problem, False)
    start = plan.tail.copy()
    below = np.arange(start.pol.shape[2])[:, None] < problem.below
    start.pol[..., [C, Q, VALUE]] *= 1 + 0.02 * np.where(below, -1.0, 1.0)
    start.pol[..., ETA] *= 0.8
    last = problem.horizon + 1
    policies = Policies(start.pol, plan.tail.kink.copy(), start.failed, plan.tail.shift)
    count, search = 0, Search(1e-11, 0.0, 40)
    while count < 400:
        count += 1
        stats = market.step(policies, market.expectations(policies, last), last, search, taxes)
        assert stats.failed == 0
        if stats.distance < 1e-9:
            break
    assert 5 < count < 400
    compare(policies, plan, problem, 2e-6)
    without = Taxes(np.zeros_like(taxes.tau_b), np.zeros_like(taxes.tau_k))
    market.step(policies, market.expectations(policies, last), last, search, without)
    with pytest.raises(AssertionError):
        compare(policies, plan, problem, 1e-3)


def test_the_tail_accepts_taxes(pair):
    """Item 5 through the solver's own iteration."""
    plan = pair[1]
    market = Solver(plan.solver.problem, False)
    policies = market.stationary(1e-7, 1e-9, 500, plan.tail, taxes=taxes_of(plan))
    compare(policies, plan, plan.solver.problem, 2e-6)


@pytest.mark.parametrize("planner", [False, True])
def test_conditions_hold_at_every_node(pair, planner):
    """Item 5: sum k' = 1, k' inside, complementary slackness and residuals at the solve nodes of the final policies."""
    solution = pair[planner]
    problem = solution.solver.problem
    lattice, grid, exogenous, const = solution.year
    s, price, used, bonds = make_scratch(const), 1 / problem.rate, solution.in_use(), solution.bonds()
    target = growth_target(price, 0.0, const)
    assert used.mean() > 0.9 and np.all(solution.tail.failed[used] == 0)
    residual, euler_gap = 0.0, 0.0
    for node, e, j in np.argwhere(used):
        row, k = solution.tail.pol[node, e, j], lattice.capital[node]
        mode = Mode.BINDING if j < len(grid.below) else Mode.SLACK
        y, state = np.array([row[X + 1], row[X]]), state_in(bonds[node, e, j], k, exogenous, e, const)
        worst = evaluate(mode, state, y, target, s.zeros, solution.next_year, const, s)
        residual = max(residual, worst)
        assert s.k_next.sum() == pytest.approx(1.0, abs=1e-13) and np.all(s.k_next > lattice.corners.min(axis=0))
        assert [s.out[OUT_C], s.out[OUT_Q]] == pytest.approx([row[C], row[Q]], rel=1e-6)
        gap = row[X + 1] * price + state.kappa * row[Q]
        wealth = s.value[wealth_column(problem.industries)]
        after = (s.out[OUT_C] / wealth) ** problem.gamma if planner else s.out[OUT_RATIO]
        private = 1 - problem.beta * problem.rate * after
        assert row[ETA] >= 0 and row[MU] >= -1e-7
        if mode == Mode.BINDING:
            assert abs(gap) < 1e-7
            euler_gap = max(euler_gap, abs(row[ETA] - max(0.0, private)))
        else:
            assert gap > -1e-7 and row[ETA] == 0.0 and row[MU] == 0.0
            if not planner:
                euler_gap = max(euler_gap, abs(private))
    # functions are rebuilt from the final policies: one more sweep's distance separates the two
    assert residual < 1e-6 and euler_gap < 1e-6
    multiplier = solution.tail.pol[..., MU if planner else ETA]
    assert np.count_nonzero(multiplier[used] > 1e-3) > 50


def test_the_plan_bunches_where_next_years_limit_starts_to_bind():
    """In the lowest state a range of bonds above the kink leads to one choice, the kink itself, below which mu jumps;
    the market has neither (docs/model.md, section 3).
    """
    problem = economy((0.1,), gamma=5.0, kappa=0.021, rho=0.85, sigma=0.015, nodes=3, below=60, above=60, fine=1600)
    market, plan = solve(problem, False, tolerance=TOLERANCE), solve(problem, True, tolerance=TOLERANCE)
    moved, below = [], []
    for solution in (market, plan):
        kink = float(solution.year.bonds.bonds(solution.tail.kink)[0, 0])
        near, at, far = (solution.at(kink + distance, [1.0], 0) for distance in (-4e-4, 4e-4, 0.01))
        moved.append([at.b_next - kink, far.b_next - kink])
        below.append(near)
        assert near.binding and not at.binding
    assert np.abs(moved[1]).max() < 2e-4
    assert np.diff(moved[0])[0] > 2e-3
    assert below[1].mu > 0.1
    assert 0.0 < below[0].eta < 0.02
