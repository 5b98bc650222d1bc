"""Look-ups of expectations against the plain definition of the elements and the spline (docs/model.md, section 6)."""

import numpy as np
import pytest
from economies import economy
from scipy.interpolate import BSpline

from regspec.model.kernels.expectations import spline_coefficients
from regspec.model.kernels.lookup import bond_at, bond_position, locate, lookup
from regspec.model.kernels.records import NextYear, make_scratch

COLUMNS = 4


def python(function):
    """The source of a compiled function; with NUMBA_DISABLE_JIT it is one already."""
    return getattr(function, "py_func", function)


class Lookup:
    """`lookup` on a lattice of I industries with expectations given by their coefficients (N, 1, points, COLUMNS)."""

    def __init__(self, n, steps, lower=None):
        self.problem = economy(
            np.linspace(0.1, 0.2, n), steps=steps, nodes=1, fine=20, lower=np.full(n, 0.1 / n) if n > 1 else None
        )
        self.grid = self.problem.bond_grid(0)
        self.const = self.problem.constants(0, False)._replace(columns=(0,) * COLUMNS)
        self.lattice = self.problem.lattice(0, False)
        # the compiled function for the industry counts that the solver is used with, its source for larger ones
        self.lookup, self.locate = (lookup, locate) if n <= 3 else (python(lookup), python(locate))
        self.scratch = make_scratch(self.const)

    def __call__(self, expectations, b, x):
        self.lookup(NextYear(expectations, self.lattice.table, self.grid), 0, b, x, self.const, self.scratch)
        return self.scratch.value.copy(), self.scratch.slope.copy()

    def points(self, count, seed):
        """Random bonds on the grid and portfolios' coordinates."""
        rng = np.random.default_rng(seed)
        n = len(self.const.a)
        capital = rng.dirichlet(np.full(n, 0.7), size=count)
        x = self.const.steps * np.cumsum(capital[:, ::-1], axis=1)[:, ::-1][:, 1:]
        return zip(rng.uniform(self.grid.low, self.grid.high, count), x, strict=True)


def freudenthal(x, steps):
    """Vertices (I, I-1) of the macro-simplex that holds x and barycentric weights, by sorting and a linear solve."""
    cell = np.minimum(np.floor(np.asarray(x) / 2), steps // 2 - 1).astype(int)
    vertices = [2 * cell]
    for j in np.argsort(-(x / 2 - cell), kind="stable"):
        vertices.append(vertices[-1] + 2 * np.eye(len(x), dtype=int)[j])
    vertices = np.array(vertices)
    inverse = np.linalg.inv(np.vstack([vertices.T, np.ones(len(vertices))]))
    return vertices, inverse @ np.append(x, 1.0), inverse[:, :-1]


def plain(expectations, b, x, lattice, grid):
    """Value and slopes by definition: P2 shape expectations times the quadratic B-spline with knots at mid-points."""
    vertices, w, dw = freudenthal(x, lattice.steps)
    knots = np.arange(-1.5, grid.points + 1.5)
    at = grid.coordinates(b) / grid.dx
    per_b = 1.0 / (np.hypot(b - grid.centre, grid.stretch) * grid.dx)
    value, slope = np.zeros(COLUMNS), np.zeros((len(w), COLUMNS))
    index = {tuple(c): node for node, c in enumerate(lattice.coords)}
    for u in range(len(w)):
        for v in range(u, len(w)):
            node = index[tuple((vertices[u] + vertices[v]) // 2)]
            shape = w[u] * (2 * w[u] - 1) if u == v else 4 * w[u] * w[v]
            steepness = (4 * w[u] - 1) * dw[u] if u == v else 4 * (w[u] * dw[v] + w[v] * dw[u])
            spline = BSpline(knots, expectations[node, 0], 2)
            value += shape * spline(at)
            slope[0] += shape * spline(at, 1) * per_b
            slope[1:] += steepness[:, None] * spline(at)
    return value, slope


@pytest.mark.parametrize(("n", "steps"), [(1, 2), (2, 6), (3, 4), (4, 4), (5, 4)])
def test_lookup_is_its_definition(n, steps):
    """Section 6: P2 elements on the Freudenthal macro-lattice times a quadratic B-spline; values and slopes."""
    look = Lookup(n, steps)
    expectations = np.random.default_rng(n).normal(size=(len(look.lattice.capital), 1, look.grid.points, COLUMNS))
    inner = [(b, x) for b, x in look.points(40, n) if 1 <= bond_position(b, look.grid)[0] <= look.grid.points - 2]
    assert len(inner) > 20
    for b, x in inner:
        value, slope = look(expectations, b, x)
        expected, steep = plain(expectations, b, x, look.lattice, look.grid)
        np.testing.assert_allclose(value, expected, atol=1e-12)
        np.testing.assert_allclose(slope, steep, atol=1e-10)


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_quadratics_are_exact(n):
    """Section 6: quadratic functions of portfolio and bond coordinate are reproduced with their slopes, to the grid's ends."""
    look = Lookup(n, 4)
    rng = np.random.default_rng(10 + n)
    square, line, bend = rng.normal(size=(n - 1, n - 1)), rng.normal(size=n - 1), rng.normal(size=3)

    def quadratic(position, x):
        return x @ square @ x + x @ line + np.polyval(bend, position) + 0.3

    positions = np.arange(look.grid.points)
    values = np.array([[quadratic(p, x) for p in positions] for x in look.lattice.coords.astype(float)])
    expectations = np.empty((*values.shape[:1], 1, values.shape[1], COLUMNS))
    for node in range(len(values)):
        given = np.repeat(values[node][None, None], COLUMNS, axis=0)
        spline_coefficients(given, expectations[node], np.empty((COLUMNS, expectations.shape[2])), look.const)
    for b, x in [*look.points(30, n), (look.grid.low, np.full(n - 1, 1.0)), (look.grid.high, np.full(n - 1, 3.0))]:
        position, per_b = bond_position(b, look.grid)
        value, slope = look(expectations, b, x)
        np.testing.assert_allclose(value, quadratic(position, x), rtol=1e-11, atol=1e-11)
        np.testing.assert_allclose(slope[0], np.polyval(np.polyder(bend), position) * per_b, rtol=1e-9, atol=1e-9)
        for f in range(COLUMNS):
            np.testing.assert_allclose(slope[1:, f], (square + square.T) @ x + line, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("n", [2, 3])
def test_a_shifted_grid_moves_functions_along(n):
    """A function of b - s(k) with a quadratic shift s is exact on a grid that is shifted by s, with its slopes."""
    look = Lookup(n, 4)
    rng = np.random.default_rng(30 + n)
    line, square, bend = rng.uniform(0.0, 0.01, n - 1), np.diag(rng.uniform(0.0, 0.004, n - 1)), rng.normal(size=3)
    coords = look.lattice.coords.astype(float)
    shift = np.einsum("nj,jk,nk->n", coords, square, coords) + coords @ line
    look.grid = look.grid.shifted(shift, np.zeros((len(shift), n - 1)), shift)
    values = np.polyval(bend, np.arange(look.grid.points))
    expectations = np.empty((len(shift), 1, len(values), COLUMNS))
    for node in range(len(shift)):
        given = np.repeat(values[None, None], COLUMNS, axis=0)
        spline_coefficients(given, expectations[node], np.empty((COLUMNS, expectations.shape[2])), look.const)
    for b, x in look.points(30, n):
        own = float(x @ square @ x + line @ x)
        position, per_b = bond_position(b - own, look.grid)
        value, slope = look(expectations, b, x)
        steep = np.polyval(np.polyder(bend), position) * per_b
        np.testing.assert_allclose(value, np.polyval(bend, position), rtol=1e-10)
        np.testing.assert_allclose(slope[0], steep, rtol=1e-9)
        for f in range(COLUMNS):
            np.testing.assert_allclose(slope[1:, f], -steep * ((square + square.T) @ x + line), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_values_are_continuous_between_elements(n):
    """Section 6: P2 elements share their faces' nodes."""
    look = Lookup(n, 4)
    expectations = np.random.default_rng(n).normal(size=(len(look.lattice.capital), 1, look.grid.points, COLUMNS))
    face = np.array([2.0, 1.2, 0.4, 0.1])[: n - 1]
    direction = np.array([1.0, 0.3, -0.2, 0.1])[: n - 1] * 1e-9
    left, right = look(expectations, 0.05, face - direction)[0], look(expectations, 0.05, face + direction)[0]
    np.testing.assert_allclose(left, right, atol=1e-7)
    if n > 2:  # the diagonal face x_1 - x_2 of one macro-cell
        face[:2] = 0.9, 0.9
        left, right = look(expectations, 0.05, face - direction)[0], look(expectations, 0.05, face + direction)[0]
        np.testing.assert_allclose(left, right, atol=1e-7)


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_weights_sum_to_one_and_use_lattice_nodes(n):
    look = Lookup(n, 4)
    for _, x in look.points(50, 20 + n):
        s = look.scratch
        look.locate(x, look.const, s.ids, s.weights, s.gradients, s.order, s.fractions)
        assert s.weights.sum() == pytest.approx(1.0, abs=1e-12)
        np.testing.assert_allclose(s.gradients.sum(axis=0), 0.0, atol=1e-12)
        nodes = look.lattice.table[s.ids]
        assert nodes.min() >= 0
        np.testing.assert_allclose(s.weights @ look.lattice.coords[nodes], x, atol=1e-12)


def test_bond_grid_is_invertible_and_densest_around_the_limit():
    """docs/numerics.md: bonds at equal steps of asinh((b - centre)/stretch)."""
    grid = economy(fine=50).bond_grid(0)
    b = np.array([bond_at(p * grid.dx, grid) for p in range(grid.points)])
    assert b[0] == pytest.approx(grid.low) and b[-1] == pytest.approx(grid.high)
    assert np.array_equal(np.diff(b, 2) > 0, b[1:-1] > grid.centre)
    for p, level in enumerate(b):
        position, slope = bond_position(level, grid)
        assert position == pytest.approx(p, abs=1e-10)
        step = 1e-6
        ahead, behind = bond_position(level + step, grid)[0], bond_position(level - step, grid)[0]
        assert slope == pytest.approx((ahead - behind) / (2 * step), rel=1e-6)
