"""Expectation functions against sums written out state by state (docs/model.md, sections 2, 3 and 6)."""

import numpy as np
import pytest
from economies import economy

from regspec.model.kernels.columns import column_count, log_value_column, price_slope_column
from regspec.model.kernels.expectations import OffGrid, Recovery, expand, mix, recover_slopes, roots, slope_source, workspace
from regspec.model.kernels.jit import njit
from regspec.model.kernels.policy_interpolation import place_nodes, place_side, points_below
from regspec.model.kernels.records import ETA, MU, VALUE, C, PolicyBlock, Q, X, Year
from regspec.model.kernels.simd import BLOCK
from regspec.model.markov import product_chain


def placed(relative, straight):
    """Nodes at 0.3 + 1.4 ``relative`` in x, placed in x or in bonds, their scales, and x -> where it lies among them."""
    grid = economy().bond_grid(0)._replace(straight=straight)
    nodes, scales = np.empty(len(relative)), np.empty((len(relative) - 3, 4))
    place_nodes(0.3, 1.4, relative, grid, nodes, scales)
    return nodes, scales, (lambda x: np.sinh(x + grid.origin)) if straight else (lambda x: x)


@pytest.mark.parametrize("straight", [0.0, 1.0])
@pytest.mark.parametrize("nodes", [4, 5, 9])
def test_side_policies_are_exact_for_cubics(nodes, straight):
    """Section 6: cubic Lagrange interpolation on either side of the kink, in x or in bonds."""
    rng = np.random.default_rng(nodes)
    relative = np.concatenate([[0.0], np.sort(rng.uniform(0.05, 0.95, nodes - 2)), [1.0]])
    positions, scales, where = placed(relative, straight)
    np.testing.assert_allclose(positions, where(0.3 + 1.4 * relative), rtol=1e-12)
    cubics = rng.normal(size=(4, 8))
    cubics[3] += 20.0  # consumption, price and value are positive
    rows = np.vstack([np.full((2, 8), 99.0), np.vander(positions, 4) @ cubics])
    result = placed_rows(rows, 2, positions, scales, where(np.linspace(0.3, 1.7, 2 * BLOCK)))
    expected = np.vander(where(np.linspace(0.3, 1.7, 2 * BLOCK)), 4) @ cubics
    np.testing.assert_allclose(result, expected.T, atol=1e-9)


def placed_rows(rows, first, positions, scales, places):
    """Policies (8, points) at ``places``."""
    result = np.full((8, len(places)), np.nan)
    place_side(rows, first, positions, scales, places, (0, len(places)), -np.inf, np.empty((BLOCK, 8)), (0.0,) * 8, result)
    return result


def test_side_policies_stay_positive_where_the_cubic_does_not():
    """Section 6: rough policies are interpolated linearly."""
    rows = np.ones((5, 8))
    rows[:, 0] = [5.0, 5.0, 0.1, 0.1, 5.0]
    nodes, scales, _ = placed(np.linspace(0.0, 1.0, 5), 0.0)
    result = placed_rows(rows, 0, nodes, scales, np.full(BLOCK, 0.3 + 1.4 * 0.625))
    np.testing.assert_allclose(result[0], 0.1)


def test_points_below_a_kink_are_counted_as_they_are_compared():
    """Whatever the rounding of the quotient."""
    grid = economy().bond_grid(0)
    at = np.concatenate(
        [np.arange(grid.points) * grid.dx, np.random.default_rng(2).uniform(0.0, grid.width, 50), [2.0 * grid.width]]
    )
    for place in (*at, *np.nextafter(at, -1.0), *np.nextafter(at, 9.0)):
        assert points_below(place, grid) == np.count_nonzero(np.arange(grid.points) * grid.dx < place)


def test_factorwise_products_are_the_kronecker_product():
    """Section 1: P is never formed in an iteration; applied factor by factor it is the same matrix."""
    chain = product_chain([0.71, 0.9, 0.8], [0.013, 0.027, 0.02], 3, 0.1, 0.02, 2)
    work = np.random.default_rng(1).normal(size=(chain.size, 5, 4))
    expected = np.einsum("ef,fpj->epj", chain.transition(), work)
    stride, flat = chain.size, work.reshape(chain.size, -1)
    for transition in chain.transitions:
        stride //= len(transition)
        result = np.empty_like(flat)
        mix(flat, result, transition, stride)
        flat = result
    np.testing.assert_allclose(flat.reshape(work.shape), expected, atol=1e-13)


class Case:
    """Policies that are cubic on either side of random kinks, so that their interpolation is exact."""

    def __init__(self, planner, gamma):
        self.problem = economy((0.1, 0.25), (1.0, 2.0), gamma=gamma, kappa=0.03, nodes=2, steps=2, fine=24)
        self.grid, self.exogenous = self.problem.bond_grid(0), self.problem.exogenous(0)
        self.const = self.problem.constants(0, planner)
        self.lattice, self.chain = self.problem.lattice(0, False), self.problem.chain
        rng = np.random.default_rng(5)
        shape = (len(self.lattice.capital), self.chain.size)
        self.width = self.grid.width
        self.kink = rng.uniform(0.2, 0.8, shape) * self.width
        self.kink[0, 0], self.kink[1, 1] = 0.0, self.width  # never binding, always binding
        middle = np.array([1.0, 6.0, 0.1, 0.2, 0.9, 1.0, 0.0])
        self.cubics = rng.uniform(-0.03, 0.03, (*shape, 2, 4, 7))
        self.cubics[..., 3, :] += middle
        self.below, self.above = len(self.grid.below), len(self.grid.above)
        positions = [np.vander(self.grid.below, 4), np.vander(self.grid.above, 4)]
        sides = [np.einsum("pd,nedc->nepc", positions[s], self.cubics[:, :, s]) for s in (0, 1)]
        self.pol = np.concatenate(sides, axis=2)

    def policy(self, node, e, side, x):
        at = self.kink[node, e]
        relative = x / at if side == 0 else (x - at) / (self.width - at)
        return np.vander([relative], 4)[0] @ self.cubics[node, e, side]

    def side(self, node, e, x):
        """Side of the kink on which grid point x lies: 0 below."""
        at = self.kink[node, e]
        return 0 if at >= self.width or x < at else 1

    def kernel(self, planner, rows):
        """Expectations given every exogenous state of last year, and under ``rows`` (1, E), probabilities of this year."""
        shape = (self.grid.points, column_count(2, planner))
        given_each = np.full((len(self.lattice.capital), self.chain.size, *shape), np.nan)
        given_one = np.full((len(self.lattice.capital), 1, *shape), np.nan)
        every = np.ones(len(self.lattice.capital), bool)
        block = PolicyBlock(self.pol, self.kink, np.zeros(self.pol.shape[:3], np.uint8))
        year = Year(self.lattice, self.grid, self.exogenous, self.const)
        space = workspace(self.const, self.grid, self.chain.size, 1)
        expand(year, 0, every, block, self.chain.transitions, given_each, OffGrid(rows, given_one), space)
        expectations = np.concatenate([given_each, given_one], axis=1)
        if planner:
            logs = slope_source(expectations, self.const).reshape(len(expectations), -1).copy()
            recovery = Recovery(self.lattice.neighbours, self.lattice.slopes, self.grid.shift_slopes)
            line, per_b = np.empty(logs.shape[1]), np.empty(self.grid.points)
            recover_slopes(expectations, logs, (0, len(expectations)), every, recovery, self.const, self.grid, line, per_b)
        return expectations


def integrands(p, k, z, kappa, case, planner):
    """Sections 2, 3, one state: u', transformed value, u' z_i, -u' Phi_1, u' q (1 + kappa eta); the planner's counterparts."""
    problem = case.problem
    gamma, phi = problem.gamma, problem.phi
    n = case.lattice.steps
    k_next = np.array([n - p[X], p[X]]) @ case.lattice.corners / n
    marginal = p[C] ** -gamma
    growth = k_next / k
    first = -0.5 * phi * (growth**2 - 1.0)
    utility = np.log(p[VALUE]) if gamma == 1 else p[VALUE] ** (1 - gamma)
    result = [marginal, utility, *(marginal * z), *(-marginal * first), marginal * p[Q] * (1 + kappa * p[ETA])]
    if planner:
        # multipliers are stored relative to u'(c)
        wealth = marginal * (1 + p[MU] * kappa * gamma / p[C] * (p[Q] + k_next @ (phi * (growth - 1))))
        result += [wealth, *(wealth * z), *(-wealth * first + marginal * p[MU] * kappa * phi * growth**2)]
    return np.array(result)


@pytest.mark.parametrize("gamma", [1.0, 2.0, 2.5])
@pytest.mark.parametrize("planner", [False, True])
def test_expectation_functions_are_the_sums_of_the_model(planner, gamma):
    """Sections 2, 3 and 6: certainty equivalents and ratios to marginal utility, as coefficients of the quadratic spline;
    given last year's exogenous state on the grid or off it (section 4)."""
    case = Case(planner, gamma)
    problem = case.problem
    ends = np.array([v[-1] for v in case.chain.values])
    off_grid, _ = case.chain.weights_off_grid(ends * [0.3, -0.6, 0.0])
    assert len(off_grid) == 1
    expectations = case.kernel(planner, off_grid)
    transition = np.vstack([case.chain.transition(), off_grid])
    x = np.arange(case.grid.points) * case.grid.dx
    log_value = np.empty((len(case.lattice.capital), len(transition), len(x)))
    for node, k in enumerate(case.lattice.capital):
        at_points = np.array(
            [
                [
                    integrands(
                        case.policy(node, e, case.side(node, e, at), at),
                        k,
                        case.exogenous.z[e],
                        case.exogenous.kappa[e],
                        case,
                        planner,
                    )
                    for at in x
                ]
                for e in range(case.chain.size)
            ]
        )
        mean = np.einsum("ef,fpj->epj", transition, at_points)
        expected = mean.copy()
        expected[..., 0] = mean[..., 0] ** (-1 / gamma)
        expected[..., 1] = np.exp(mean[..., 1]) if gamma == 1 else mean[..., 1] ** (1 / (1 - gamma))
        expected[..., 2:7] = mean[..., 2:7] / mean[..., [0]]
        private_value = expected[..., [6]] + expected[..., 4:6] + problem.alpha * k ** (problem.a - 1) * expected[..., 2:4]
        log_value[node] = np.log(private_value @ k * mean[..., 0])  # of sum k_i M_i, M_i not relative to u'
        if planner:
            expected[..., 7] = mean[..., 7] ** (-1 / gamma)
            expected[..., 8:12] = mean[..., 8:12] / mean[..., [7]]
            expected[..., 10:12] *= k**2
        expected[..., 4:6] *= k**2
        used = expected.shape[-1]
        np.testing.assert_allclose(expectations[node, ..., :used], _coefficients(expected), rtol=1e-10)
        if planner:
            np.testing.assert_allclose(expectations[node, ..., log_value_column(2)], _coefficients(log_value[node]), rtol=1e-10)
    if planner:  # quadratic through the three nodes of a side's macro-element: slopes at x = 0, 1, 2
        values = np.array([_coefficients(v) for v in log_value])
        slopes = np.array(
            [
                -1.5 * values[0] + 2 * values[1] - 0.5 * values[2],
                0.5 * (values[2] - values[0]),
                0.5 * values[0] - 2 * values[1] + 1.5 * values[2],
            ]
        )
        np.testing.assert_allclose(expectations[..., price_slope_column(2, 1)], slopes, atol=1e-10)


def _coefficients(values):
    """Quasi-interpolant of values (E, points, ...): value less an eighth of the second difference, shifted at the ends."""
    inner = values[:, 2:] - 2 * values[:, 1:-1] + values[:, :-2]
    return values - np.concatenate([inner[:, :1], inner, inner[:, -1:]], axis=1) / 8


def test_slopes_on_a_shifted_grid_are_slopes_at_equal_bonds():
    """Section 6: a function of bonds and portfolio, stored on a grid that follows a linear shift, keeps its slope in x."""
    case = Case(True, 2.0)
    coords = case.lattice.coords.astype(float)[:, 0]
    shift = 0.02 * coords
    grid = case.grid.shifted(shift, np.full((len(coords), 1), 0.02), shift)
    points = np.arange(grid.points) * grid.dx
    bonds = grid.bonds(points)[None] + shift[:, None]
    logs = np.repeat((3.0 * bonds + 0.5 * coords[:, None])[:, None], case.chain.size, axis=1)
    expectations = np.zeros((*logs.shape, column_count(2, True)))
    every = np.ones(len(coords), bool)
    flat, recovery = logs.reshape(len(coords), -1), Recovery(case.lattice.neighbours, case.lattice.slopes, grid.shift_slopes)
    line, per_b = np.empty(logs[0].size), np.empty(grid.points)
    recover_slopes(expectations, np.ascontiguousarray(flat), (0, len(coords)), every, recovery, case.const, grid, line, per_b)
    inner = expectations[:, :, 1:-1, price_slope_column(2, 1)]
    np.testing.assert_allclose(inner, 0.5, atol=3.0 * 0.02 * grid.dx**2)  # central differences of a sinh
    assert np.abs(inner).max() > 0.4


@njit
def compiled_roots(row, const):
    roots(row, const)


@pytest.mark.parametrize("gamma", [5.0, 2.0, 2.5])
@pytest.mark.parametrize("decades", [3, 16, 40])
def test_roots(gamma, decades):
    """x^(-1/gamma) to rounding, where square roots begin and far outside."""
    rng = np.random.default_rng(3)
    x = np.concatenate([10.0 ** rng.uniform(-decades, decades, 20_000), [1.0, 0.5]])
    given = x.copy()
    compiled_roots(given, economy(gamma=gamma).constants(0, False))
    exact = x.astype(np.longdouble) ** (-1 / np.longdouble(gamma))
    square_roots = gamma == 5.0 and decades <= 16
    assert float(np.max(np.abs(given / exact - 1))) < (4e-16 if square_roots else 2e-14)
