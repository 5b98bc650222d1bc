"""Equilibrium conditions of one state: residuals against the model's equations, Jacobians against differences
(docs/model.md, sections 2, 3 and 8.10)."""

from functools import cache

import numpy as np
import pytest
from economies import economy, solve

from regspec.model.grids.corners import around
from regspec.model.kernels.columns import (
    IMPLIED_C,
    PRODUCTIVITY,
    adjustment_column,
    is_planner,
    log_value_column,
    price_column,
    price_slope_column,
    social_adjustment_column,
    social_productivity_column,
    wealth_column,
)
from regspec.model.kernels.conditions import growth_target
from regspec.model.kernels.lookup import bond_position
from regspec.model.kernels.newton import evaluate
from regspec.model.kernels.period import state_in
from regspec.model.kernels.records import OUT_B, OUT_C, OUT_MU, OUT_Q, Mode, make_scratch

XI, PHI = (0.1, 0.25, 0.18), (1.0, 2.5, 1.5)
BONDS = -0.08
ALL = pytest.mark.parametrize("n", [1, 2, 3])
MODES = pytest.mark.parametrize("mode", [Mode.SLACK, Mode.BINDING, Mode.KINK])


@cache
def solution(n, planner):
    corners = around(np.array([[[1.0], [0.4, 0.6], [0.3, 0.45, 0.25]][n - 1]]), 0.8, 1.0)
    problem = economy(XI[:n], PHI[:n], kappa=0.03, steps=4 if n < 3 else 2, below=4, above=6, fine=32, corners=corners)
    return solve(problem, planner, tolerance=1e-5)


class At:
    """The conditions at one state of a solved economy as functions of the unknowns y = (b', x)."""

    def __init__(self, n, planner, taxed=False, **constants):
        solved = solution(n, planner)
        self.lattice, self.grid, self.exogenous, const = solved.year
        self.const, self.next_year, self.problem = const._replace(**constants), solved.next_year, solved.solver.problem
        self.k = [[1.0], [0.4, 0.6], [0.3, 0.45, 0.25]][n - 1] @ self.lattice.corners
        self.scratch = make_scratch(const)
        self.state = state_in(BONDS, self.k, self.exogenous, self.problem.chain.size - 1, const)
        self.kappa, self.price, self.output = self.state.kappa, self.state.bond_price, self.state.output
        self.tau_b, self.tau_k = (0.02, 0.01 * np.arange(1, n + 1)) if taxed else (0.0, np.zeros(n))

    def __call__(self, mode, y):
        """(residuals, Jacobian, results, slope of q in b') at ``y``; the analytic ones are copied."""
        s = self.scratch
        target = growth_target(self.price, self.tau_b, self.const)
        worst = evaluate(mode, self.state, np.array(y), target, self.tau_k, self.next_year, self.const, s)
        assert np.isfinite(worst)
        return s.res.copy(), s.jac.copy(), s.out.copy(), s.q_grad[0]

    def unknowns(self, seed):
        """Unknowns in the middle of a bond cell and off the elements' faces, so that differences stay inside one piece."""
        rng = np.random.default_rng(seed)
        y = np.empty(len(self.k))
        y[0] = rng.uniform(0.2, 0.7) * self.grid.low
        cell = np.floor(bond_position(y[0], self.grid)[0]) + 0.2
        y[0] = self.grid.bonds(cell * self.grid.dx)
        y[1:] = self.const.steps * np.array([[0.57], [0.66, 0.31]][len(y) - 2])[: len(y) - 1] if len(y) > 1 else 0.0
        y[1:] += rng.uniform(-0.05, 0.05, len(y) - 1)
        return y

    def difference(self, mode, y, what):
        """Central differences (I, ...) of ``what(result)`` in the unknowns."""
        rows = []
        for r in range(len(y)):
            step = np.zeros(len(y))
            step[r] = 1e-6
            rows.append((what(self(mode, y + step)) - what(self(mode, y - step))) / 2e-6)
        return np.array(rows)


@ALL
@MODES
@pytest.mark.parametrize("taxed", [False, True])
def test_jacobian_of_the_equilibrium(n, mode, taxed):
    """Section 8.10: every derivative of the market's conditions, through the look-up, in the three modes."""
    at = At(n, False, taxed=taxed)
    for seed in range(3):
        y = at.unknowns(seed)
        numeric = at.difference(mode, y, lambda r: r[0]).T
        np.testing.assert_allclose(at(mode, y)[1], numeric, rtol=1e-6, atol=1e-7 * np.abs(numeric).max())


@ALL
@MODES
def test_jacobian_of_the_plan(n, mode):
    """Section 8.10: every derivative of the plan's conditions, mu's through the slope of q in b' included."""
    at = At(n, True)
    for seed in range(3):
        y = at.unknowns(seed)
        numeric = at.difference(mode, y, lambda r: r[0]).T
        np.testing.assert_allclose(at(mode, y)[1], numeric, rtol=1e-6, atol=1e-7 * np.abs(numeric).max())


@ALL
@MODES
@pytest.mark.parametrize("constants", [{"pecuniary": 0.0}, {"plans_portfolio": 0.0}])
def test_jacobian_of_the_variants(n, mode, constants):
    """Section 8.10, variants no_pecuniary and debt_only of section 3."""
    at = At(n, True, **constants)
    y = at.unknowns(4)
    numeric = at.difference(mode, y, lambda r: r[0]).T
    np.testing.assert_allclose(at(mode, y)[1], numeric, rtol=1e-6, atol=1e-7 * np.abs(numeric).max())


class Model:
    """The equations of sections 2 and 3 written with E u' and M_i themselves, given expectations at y."""

    def __init__(self, at, mode, y):
        p, value = at.problem, at.scratch.value
        n, self.at = len(p.a), at
        self.k_next = -np.diff(np.concatenate([[at.const.steps], y[1:], [0.0]])) @ at.lattice.corners / at.const.steps
        growth = self.k_next / at.k
        self.phi_2 = p.phi * (growth - 1)
        spent = np.sum(p.phi / 2 * (growth - 1) ** 2 * at.k)
        mean_marginal = value[IMPLIED_C] ** -p.gamma
        self.gross_rate = 1 / at.price
        mean_wealth = value[wealth_column(n)] ** -p.gamma if is_planner(at.const) else mean_marginal
        euler = mean_wealth * p.beta * self.gross_rate * (1 + at.tau_b)
        self.c = euler ** (-1 / p.gamma) if mode == Mode.KINK else at.output + BONDS - spent - y[0] / self.gross_rate
        self.b = self.c + spent + y[0] / self.gross_rate - at.output
        marginal = self.c**-p.gamma
        mpk = p.alpha * (1 + at.tau_k) * self.k_next ** (p.a - 1)
        resale = value[price_column(n)] + value[adjustment_column(n) : adjustment_column(n) + n] / self.k_next**2
        m = mean_marginal * (resale + mpk * value[PRODUCTIVITY : PRODUCTIVITY + n])
        self.private_value = p.beta * m / marginal - self.phi_2
        self.q = self.k_next @ self.private_value
        self.gap = y[0] / self.gross_rate + at.kappa * self.q
        self.euler = euler / marginal
        if is_planner(at.const):
            saved = value[social_adjustment_column(n) : social_adjustment_column(n) + n] / self.k_next**2
            z = value[social_productivity_column(n) : social_productivity_column(n) + n]
            v_k = mean_wealth * (saved + p.a * self.k_next ** (p.a - 1) * z)
            self.social_value = p.beta * v_k / marginal - self.phi_2
            self.mean_wealth = p.beta * mean_wealth / marginal


@ALL
@MODES
def test_constant_taxes_are_those_of_every_node(n, mode):
    """M8: rates in the kernel's constants and the same rates at the nodes give the same residuals."""
    node = At(n, False, taxed=True)
    private = tuple(node.problem.alpha * (1.0 + node.tau_k))
    constant = At(n, False, debt_factor=node.problem.beta * (1.0 + node.tau_b), private=private)
    y = node.unknowns(5)
    for own, other in zip(constant(mode, y), node(mode, y), strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-12, atol=1e-13)


@ALL
@MODES
@pytest.mark.parametrize("taxed", [False, True])
def test_residuals_are_the_market_s_conditions(n, mode, taxed):
    """Section 2: equal private values of all industries, the price, the budget, and the bond condition of the mode; M8."""
    at = At(n, False, taxed=taxed)
    y = at.unknowns(7)
    res, _, out, _ = at(mode, y)
    model = Model(at, mode, y)
    assert out[[OUT_C, OUT_Q, OUT_B]] == pytest.approx([model.c, model.q, model.b if mode == Mode.KINK else BONDS], rel=1e-12)
    np.testing.assert_allclose(res[:-1], np.diff(model.private_value), atol=1e-11)
    if mode == Mode.SLACK:  # u'(c) = beta R E u'(c'), in consumption
        assert res[-1] == pytest.approx(model.euler ** (1 / at.problem.gamma) - 1, abs=1e-12)
    else:
        assert res[-1] == pytest.approx(model.gap, abs=1e-12)


def price_slopes(at, mode, y, model):
    """Slopes (I-1,) in capital moved to the next industry of q = sum k' beta M / u'(c) - sum k' Phi_2, with those of log(sum
    k' M) as the solver stores them.
    """
    n = len(y)
    s = at.scratch

    def parts(y):
        result = at(mode, y)[2][OUT_C]
        k_next = Model(at, mode, y).k_next
        return np.array([np.log(result), k_next @ (at.problem.phi * (k_next / at.k - 1))])

    rows = []
    for r in range(1, n):
        step = 1e-6 * np.eye(n)[r]
        rows.append((parts(y + step) - parts(y - step)) / 2e-6)
    at(mode, y)
    log_c, adjustment = np.array(rows).reshape(n - 1, 2).T @ at.lattice.moves
    gross = model.q + model.k_next @ model.phi_2
    return gross * (at.problem.gamma * log_c + s.value[price_slope_column(n, 1) : price_slope_column(n, n)]) - adjustment


@ALL
@MODES
def test_residuals_are_the_planner_s_conditions(n, mode):
    """Section 3: the debt condition gives mu, and beta E V_k/u' - Phi_2 + mu kappa dq/dk' is equal across industries."""
    at = At(n, True)
    y = at.unknowns(9)
    res, _, out, slope_b = at(mode, y)
    model, log_slope = Model(at, mode, y), at.scratch.slope[0, log_value_column(n)]
    assert out[[OUT_C, OUT_Q]] == pytest.approx([model.c, model.q], rel=1e-12)
    slope_q = at.difference(mode, y, lambda r: r[2][OUT_Q])
    assert slope_b == pytest.approx(slope_q[0], rel=1e-6)
    if mode == Mode.SLACK:
        assert res[-1] == pytest.approx(model.euler ** (1 / at.problem.gamma) - 1, abs=1e-12)
    else:
        assert res[-1] == pytest.approx(model.gap, abs=1e-12)
    if mode == Mode.BINDING:  # 1/R = beta E V_b/u' + mu (1/R + kappa dq/db'), with the slope of the interpolated log sum k' M
        gross = model.q + model.k_next @ model.phi_2
        in_b = gross * (log_slope - at.problem.gamma * at.price / model.c)
        assert at.price == pytest.approx(model.mean_wealth + out[OUT_MU] * (at.price + at.kappa * in_b), rel=1e-6)
        assert in_b == pytest.approx(slope_q[0], rel=0.01)
        slope = price_slopes(at, mode, y, model)
        np.testing.assert_allclose(res[:-1], np.diff(model.social_value) + out[OUT_MU] * at.kappa * slope, rtol=1e-6)
        # the recovered, continuous slopes stand for the elements' own, which jump between elements
        own = slope_q[1:] @ at.lattice.moves
        np.testing.assert_allclose(slope, own, atol=0.2 * np.abs(own).max() if n > 1 else 0)
    else:
        assert out[OUT_MU] == 0.0
        np.testing.assert_allclose(res[:-1], np.diff(model.social_value), atol=1e-11)


@pytest.mark.parametrize("planner", [False, True])
def test_states_without_positive_consumption_are_reported(planner):
    at = At(2, planner)
    y = at.unknowns(0)
    y[0] = at.grid.high
    poor = at.state._replace(b=-2.0)
    assert evaluate(Mode.SLACK, poor, y, 1.0, at.tau_k, at.next_year, at.const, at.scratch) == np.inf
