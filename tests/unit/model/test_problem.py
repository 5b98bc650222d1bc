"""A problem's derived numbers (docs/model.md, sections 3, 4 and 6)."""

from dataclasses import replace

import numpy as np
import pytest
from economies import economy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from regspec.model.grids.corners import ROOM, adjustment_speed, around, lattice_bounds, moving_corners, simplex
from regspec.model.steady_state import output, static_portfolio, targets

A = np.array([0.4, 0.59, 0.5])
Z = np.array([0.5, 0.8, 0.6])


elasticities = arrays(float, 4, elements=st.floats(0, 0.6))
productivities = arrays(float, 4, elements=st.floats(0.05, 5))


@given(productivities, elasticities)
def test_social_marginal_products_are_equal(ztilde, xi):
    k = static_portfolio(ztilde, 0.3 + xi, 0.3 + xi)
    a = 0.3 + xi
    product = a * ztilde * k ** (a - 1)
    assert (k > 0).all()
    np.testing.assert_allclose(k.sum(), 1, rtol=1e-12)
    np.testing.assert_allclose(product, product[0], rtol=1e-9)


@given(productivities, elasticities, arrays(float, 4, elements=st.floats(0.1, 1)))
def test_no_other_portfolio_produces_more(ztilde, xi, other):
    a = 0.3 + xi
    k, other = static_portfolio(ztilde, 0.3 + xi, 0.3 + xi), other / other.sum()
    assert (ztilde * k**a).sum() >= (ztilde * other**a).sum() * (1 - 1e-12)


def test_closed_form_with_equal_elasticities():
    ztilde = np.array([1.0, 2.0, 0.5])
    k = static_portfolio(ztilde, np.full(3, 0.5), np.full(3, 0.5))
    expected = ztilde ** (1 / 0.5)
    np.testing.assert_allclose(k, expected / expected.sum(), rtol=1e-13)
    assert static_portfolio([3.0], [0.4], [0.4]).tolist() == [1.0]


def test_closed_form_with_two_industries():
    # a = (.4, .5): with k = (x^2, y^2) proportions chosen by hand, k = (.25, .75) needs this ratio of z.
    k = np.array([0.25, 0.75])
    a = np.array([0.4, 0.5])
    ztilde = k ** (1 - a) / a
    np.testing.assert_allclose(static_portfolio(ztilde, a, a), k, rtol=1e-13)


@pytest.mark.parametrize("weight", [0.3, A])
def test_static_portfolio_equalizes_weighted_returns(weight):
    """Sections 3 and 8.3."""
    k = static_portfolio(Z, A, weight)
    returns = weight * Z * k ** (A - 1)
    assert k.sum() == pytest.approx(1.0, rel=1e-12)
    np.testing.assert_allclose(returns, returns[0], rtol=1e-9)


def test_the_planner_s_static_portfolio_maximizes_output():
    best = output(Z, static_portfolio(Z, A, A), A)
    assert best > output(Z, static_portfolio(Z, A, 0.3), A)
    others = np.random.default_rng(0).dirichlet(np.ones(3), size=300)
    assert np.all(output(Z, others, A) < best)


def test_shares_are_the_market_s_static_portfolio():
    """Section 4: ztilde proportional to s^(1-a) makes k = s the portfolio without shocks, at output one."""
    shares = np.array([0.2, 0.5, 0.3])
    np.testing.assert_allclose(static_portfolio(shares ** (1 - A), A, 0.3), shares, rtol=1e-9)
    assert output(shares ** (1 - A), shares, A) == pytest.approx(1.0)


def test_increasing_returns_are_refused():
    with pytest.raises(ValueError, match="returns must decrease"):
        static_portfolio(Z, np.array([0.5, 1.0, 0.4]), 0.3)


def test_lattices_only_grow_and_hold_every_target():
    """Section 6: a choice made in one year is inside the next year's lattice."""
    trend = np.linspace(0, 1, 8)[:, None] * np.array([-0.9, 0.6, 0.1]) + np.array([0, 0, 0.2]) * np.array([0, 1] * 4)[:, None]
    k0 = np.array([0.3, 0.4, 0.3])
    lower = lattice_bounds(k0 ** (1 - A), A, 0.3, trend, k0)
    assert np.all(np.diff(lower, axis=0) <= 0)
    assert np.all(lower < k0) and np.all(lower > 0)
    for t, d in enumerate(trend):
        for weight in (0.3, A):
            assert np.all(lower[t] < static_portfolio(k0 ** (1 - A) * np.exp(d), A, weight))


def test_moving_lattices_hold_what_is_followed_and_no_more():
    """A portfolio on its way to the targets, at the given speed or a faster one, stays inside; old places are left behind."""
    trend = np.linspace(0, 1, 60)[:, None] * np.array([-0.9, 0.6, 0.1])
    k0 = np.array([0.5, 0.2, 0.3])
    followed = targets(k0 ** (1 - A), A, A, trend)
    corners = moving_corners(followed, k0, 0.1)
    np.testing.assert_allclose(corners.sum(axis=2), 1.0, rtol=1e-12)
    for speed in (0.1, 0.3, 1.0):
        k = k0
        for t, target in enumerate(followed):
            for portfolio in (k, target):
                assert np.linalg.solve(corners[t].T, portfolio).min() > 0.5 * (1 - ROOM) * portfolio.min()
            k = k + speed * (target - k)
    assert np.linalg.solve(corners[-1].T, k0).min() < 0  # left behind
    sizes = np.abs(np.linalg.det(corners))
    assert sizes[-1] < 0.5 * sizes.max() and sizes[-1] < 0.5 * (1 - ROOM * np.minimum(followed, k0).min(axis=0).sum()) ** 2


def test_a_slow_portfolio_keeps_its_first_place_inside():
    followed = np.array([[0.5, 0.5]] + [[0.2, 0.8]] * 80)
    slow, fast = (moving_corners(followed, np.array([0.5, 0.5]), speed) for speed in (0.001, 0.5))
    assert np.all(slow[:, :, 1].min(axis=1) < 0.5)
    assert fast[-1, :, 1].min() == pytest.approx(0.8 * (1 - 0.4 * (1 - ROOM)))


SHARES = st.lists(st.floats(0.02, 1.0), min_size=3, max_size=3).map(lambda s: np.array(s) / np.sum(s))


def test_second_attempts_are_made_on_upright_lattices():
    """docs/numerics.md, a second attempt: with a smaller margin the edges bound capital, and the lattice is larger."""
    followed, k0 = np.tile([0.5, 0.3, 0.2], (3, 1)), np.array([0.5, 0.3, 0.2])
    upright = moving_corners(followed, k0, 0.1, 0.9 * ROOM)
    np.testing.assert_allclose(upright, simplex(0.9 * ROOM * followed), atol=1e-12)
    scaled = moving_corners(followed, k0, 0.1)
    assert not np.allclose(scaled, simplex(scaled.min(axis=1)), atol=1e-3)
    assert np.abs(np.linalg.det(upright)).min() > np.abs(np.linalg.det(scaled)).max()


@given(SHARES, SHARES, st.sampled_from([1.0, 0.5, 0.0]))
def test_a_lattice_around_portfolios_is_as_wide_as_shocks_move_them(first, second, power):
    """docs/numerics.md: with k_i in units of s_i each edge bounds one industry's, less the mean, by what its room leaves."""
    portfolios = np.array([first, second])
    corners = around(portfolios, 0.9, power)
    np.testing.assert_allclose(corners.sum(axis=1), 1.0, rtol=1e-12)
    scale = portfolios.mean(axis=0) ** power
    scale /= scale.sum()

    def relative(k):
        return k / scale - (k / scale).mean(axis=-1, keepdims=True)

    lowest = (relative(portfolios) - 0.1 * portfolios / scale).min(axis=0)
    edges = np.sort(relative(corners), axis=0)
    np.testing.assert_allclose(edges[:2], [lowest, lowest], atol=1e-12)  # all corners but one lie on an industry's edge
    if power == 0.0:
        np.testing.assert_allclose(corners, simplex(0.9 * portfolios.min(axis=0)), atol=1e-12)


def test_a_shrinking_industry_makes_lattices_less_tilted():
    """No corner has half the lowest share expected or less, in any year, and all years have the same proportions."""
    followed = np.linspace([0.3, 0.65, 0.05], [0.02, 0.93, 0.05], 40)
    corners = moving_corners(followed, followed[0], 0.1)
    recent = [slice(max(0, t - 15), t + 1) for t in range(40)]
    k = [followed[0]]
    for target in followed[:-1]:
        k.append(k[-1] + 0.1 * (target - k[-1]))
    groups = [np.concatenate([np.array(k)[own], followed[own]]) for own in recent]
    assert all(np.all(c > 0.5 * group.min(axis=0)) for c, group in zip(corners, groups, strict=True))
    powers = [p for p in (1.0, 0.75, 0.5, 0.25, 0.0) if np.allclose(corners[-1], around(groups[-1], ROOM, p), atol=1e-12)]
    assert len(powers) == 1 and powers[0] < 1.0
    np.testing.assert_allclose(corners, [around(group, ROOM, powers[0]) for group in groups], atol=1e-12)


@given(st.floats(0.5, 0.99), st.floats(0.01, 0.2), st.floats(0.05, 20), st.floats(0.05, 20))
def test_speed_of_adjustment_solves_its_equation(beta, yields, first, second):
    a, phi = np.array([0.4, 0.6]), np.array([first, second])
    speed = adjustment_speed(beta, a, phi, yields)
    assert 0 < speed < 1

    def slack(one):  # of phi (x' - x) = beta phi (x'' - x') - beta yields (1 - a) x' at x = 1, x' = 1 - one, x'' = (1 - one)^2
        kept = 1 - one
        return phi * (kept - 1) - beta * phi * kept * (kept - 1) + beta * yields * (1 - a) * kept

    assert np.abs(slack(speed) / (phi * speed)).min() < 1e-9
    assert np.all(slack(speed) >= -1e-9 * phi * speed)  # the other industry, left at this speed, would rather go faster


def test_without_costs_of_adjustment_targets_are_met_at_once():
    assert adjustment_speed(0.95, np.array([0.4, 0.6]), np.zeros(2), 0.05) == 1.0


def test_each_allocation_has_the_lattice_of_what_it_follows():
    own, plan, both = (simplex(np.array([lower] * 3)) for lower in ([0.3, 0.3], [0.25, 0.35], [0.25, 0.3]))
    for changes, planner, expected in (
        ({}, False, own),
        ({"tax_k": (0.1, -0.1)}, False, both),
        ({"tax_b": 0.1}, False, own),
        ({}, True, plan),
        ({"variant": "no_pecuniary"}, True, plan),
        ({"variant": "debt_only"}, True, own),
        ({"variant": "pecuniary_only"}, True, own),
    ):
        problem = replace(economy((0.1, 0.2)), corners=own, plan_corners=plan, **changes)
        np.testing.assert_allclose(problem.corners_of(planner), expected, rtol=1e-14)
        lattice = problem.lattice(1, planner)
        np.testing.assert_array_equal(lattice.dk_dx, problem.constants(1, planner).dk_dx)
        np.testing.assert_allclose(lattice.corners, expected[1], rtol=1e-14)
    one = economy((0.1, 0.2))
    assert one.corners_of(True) is one.corners_of(False) is one.corners  # one lattice where no other is given


def test_exogenous_states_scale_with_trend_and_shocks():
    """Section 1: log z = log ztilde + d + u; R = mean R exp(r)."""
    trend = np.array([[0.0, 0.0], [0.1, -0.2], [0.3, -0.1]])
    problem = economy((0.1, 0.2), trend=trend, nodes=3, kappa=0.03)
    states = problem.chain.states()
    for t in (0, 1, 2, 7):
        exogenous = problem.exogenous(t)
        np.testing.assert_allclose(np.log(exogenous.z), np.log(problem.ztilde) + trend[min(t, 2)] + states[:, :2], rtol=1e-12)
        np.testing.assert_allclose(exogenous.R, problem.rate)
        np.testing.assert_allclose(exogenous.kappa, 0.03)


@pytest.mark.parametrize("limit", ["collateral", "fixed", "natural"])
def test_bond_grids_scale_with_the_level_of_output(limit):
    """Section 4: a zone of another level has the same grid in units of its output; the choices of a year fit the next."""
    grow = np.array([[0.0, 0.0], [0.2, 0.2], [0.5, 0.5]])
    one = economy((0.1, 0.2), limit=limit, trend=grow)
    level = economy((0.1, 0.2), limit=limit, trend=grow + np.log(3.0))
    np.testing.assert_allclose(level.bonds, 3.0 * one.bonds, rtol=1e-10)
    np.testing.assert_allclose(level.debt, 3.0 * one.debt, rtol=1e-10)
    assert np.all(one.bonds[:, 0] < 0) and np.all(one.bonds[:, 2] > 0) and np.all(one.bonds[:, 3] > 0)
    if limit == "fixed":  # the limit of this year, -R debt, is on next year's grid
        assert np.all(one.bonds[1:, 0] <= -one.rate * one.debt[:-1])
    if limit == "natural":  # debt that is allowed today can be rolled over for ever in the worst state
        assert np.all(one.bonds[1:, 0] <= -one.rate * one.debt[:-1] * (1 - 1e-12))
        worst = np.exp(one.chain.states()[:, :2].min(axis=0))
        lowest = min(output(one.exogenous(2).z.min(axis=0), corner, one.a) for corner in one.corners[-1])
        assert worst.max() < 1.0
        assert lowest + one.bonds[-1, 0] - one.bonds[-1, 0] / one.rate > 0


def test_kernel_constants_use_the_lattice_where_choices_land():
    trend = np.array([[0.0, 0.0], [0.4, -0.4]])
    problem = economy((0.1, 0.2), trend=trend)
    base = problem.constants(1, False).base
    assert base == tuple(problem.lattice(1, False).corners[0]) != tuple(problem.lattice(0, False).corners[0])
    assert problem.constants(0, False).gamma_int == 2
    assert economy((0.1, 0.2), gamma=2.5).constants(0, True).gamma_int == 0
    assert problem.industries == 2 and problem.horizon == 1
