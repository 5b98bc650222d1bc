"""The damped Newton method of one state and its parts (docs/model.md, section 6)."""

import numpy as np
import pytest
from economies import economy, solve

from regspec.model.kernels.conditions import growth_target
from regspec.model.kernels.newton import eliminate, inside, solve_state
from regspec.model.kernels.period import state_in
from regspec.model.kernels.records import OUT_B, Mode, Search, Status, make_scratch


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_elimination_solves_linear_systems(n):
    rng = np.random.default_rng(n)
    for _ in range(20):
        jac, res, step = rng.normal(size=(n, n)), rng.normal(size=n), np.empty(n)
        if n > 1:
            jac[0, 0] = 0.0  # needs a pivot
        expected = np.linalg.solve(jac, -res)
        assert eliminate(jac.copy(), res, step, (0,) * n)
        np.testing.assert_allclose(step, expected, rtol=1e-8)


@pytest.mark.parametrize("jac", [np.zeros((2, 2)), np.array([[1.0, 2.0], [2.0, 4.0]]), np.array([[np.nan, 1.0], [1.0, 1.0]])])
def test_singular_systems_are_reported(jac):
    assert not eliminate(jac, np.ones(2), np.empty(2), (0, 0))


@pytest.mark.parametrize(
    "y", [[-9.0, 5.0, 3.0], [9.0, -1.0, -2.0], [0.0, 1.0, 2.0], [0.1, 9.0, 9.0], [0.1, 2.0, 2.0], [0.1, 4.0, 0.0]]
)
def test_unknowns_are_kept_on_the_grid_and_inside_the_lattice(y):
    problem = economy((0.1, 0.2, 0.15), steps=4)
    const, grid, y = problem.constants(0, False), problem.bond_grid(0), np.array(y)
    inside(y, const, grid)
    assert grid.low <= y[0] <= grid.high
    assert const.steps > y[1] > y[2] > 0.0
    before = y.copy()
    inside(y, const, grid)
    np.testing.assert_allclose(y, before, atol=1e-12)


class At:
    """One state of a solved economy."""

    def __init__(self):
        self.solved = solve(economy((0.1, 0.25), steps=4), False, tolerance=1e-6)
        self.const, self.k = self.solved.year.constants, np.array([0.45, 0.55])
        self.s = make_scratch(self.const)

    def __call__(self, mode, b, start, accept=1e-11, limit=60):
        y = np.array(start, float)
        state = state_in(b, self.k, self.solved.year.exogenous, 0, self.const)
        target, search = growth_target(state.bond_price, 0.0, self.const), Search(accept, 0.0, limit)
        status, worst, count = solve_state(
            mode, state, y, target, self.s.zeros, self.solved.next_year, self.const, self.s, search
        )
        return status, worst, count, y


@pytest.fixture(scope="module")
def at():
    return At()


def test_all_starts_end_at_one_solution(at):
    now = at.solved.at(-0.13, at.k, 0)
    assert now.binding
    for start in ([-0.1, 1.9], [0.3, 0.4], [-0.15, 3.7], [0.6, 2.5]):
        status, worst, _, y = at(Mode.BINDING, -0.13, start)
        assert status == Status.SOLVED and worst <= 1e-11
        assert y[0] == pytest.approx(now.b_next, abs=1e-9)
        np.testing.assert_allclose(at.s.k_next, now.k_next, atol=1e-9)


def test_the_kink_divides_the_regimes(at):
    """Section 6: at the bonds of the kink both regimes have the same solution; beside it one of them breaks its inequality."""
    status, _, _, y = at(Mode.KINK, 0.0, [-0.1, 1.9])
    assert status == Status.SOLVED
    b = at.s.out[OUT_B]
    for mode in (Mode.SLACK, Mode.BINDING):
        same = at(mode, b, y)
        assert same[0] == Status.SOLVED
        np.testing.assert_allclose(same[3], y, atol=1e-8)
    assert at.solved.at(b - 1e-3, at.k, 0).binding and not at.solved.at(b + 1e-3, at.k, 0).binding


def test_convergence_is_quadratic(at):
    counts = [at(Mode.BINDING, -0.13, [-0.1, 1.9], accept)[2] for accept in (1e-3, 1e-6, 1e-12)]
    assert counts == sorted(counts) and counts[-1] <= 9


def test_failures_are_told_apart(at):
    assert at(Mode.SLACK, 0.0, [0.3, 1.0], limit=1)[0] == Status.STUCK
    assert at(Mode.SLACK, -5.0, [0.3, 1.0])[0] == Status.NOT_FINITE
