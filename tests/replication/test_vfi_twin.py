"""Brute-force twin: value-function iteration by search over grids, which shares no line with the solver (model.md, 8.8).

Under `limit: fixed` no price enters a constraint. The equilibrium of one industry is then the decision problem

    V(b, u) = max_{b' >= -R debt} c^(1-gamma)/(1-gamma) + beta E V(b', u'),    c = e^u + b - b'/R,

and the plan with two industries is

    V(b, k, u) = max_{b', k'} c^(1-gamma)/(1-gamma) + beta E V(b', k', u'),    c = Y - sum Phi_i + b - b'/R,

with Y = sum zbar_i k_i^(alpha + xi_i); so is the market's portfolio without agglomeration (xi = 0). Parameters: beta .95,
R 1.013, alpha .3. One industry: xi .1, rho .8, innovations .02 on three Rouwenhorst nodes, debt = kappa q_ss at kappa .05
(.296 of output) or .02, gamma 1, 2, 5. Two industries: phi (1, 2), two nodes each, debt .12, gamma 2 and 5.

Tolerances come from the twin's grid of choices with steps h. The best grid point lies within h of the maximizer, h/4
away on average when the maximizer is anywhere between two points (0.3 h is allowed); c inherits this over R. Choosing on the
grid costs at most |F''| h^2/8 a period, F'' near -1.2 gamma u'/c, so that the twin's certainty equivalent lies below the
true one by at most 0.15 gamma h^2, and never above it, but for 1e-8 of the solver's own. With two industries the
portfolio's grid adds to this, and values are interpolated between the twin's states: half the squared step is allowed.
"""

import numpy as np
import pytest
from economies import economy, solve
from scipy.interpolate import RectBivariateSpline

from regspec.model.markov import product_chain

BETA, RATE, ALPHA = 0.95, 1.013, 0.3


def utility(c, gamma):
    """Utility of consumption, minus infinity where it is not positive."""
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.log(c) if gamma == 1 else c ** (1.0 - gamma) / (1.0 - gamma)
    return np.where(c > 0, level, -np.inf)


def equivalent(value, gamma):
    """Certainty-equivalent consumption of a discounted sum of utilities."""
    level = (1.0 - BETA) * value
    return np.exp(level) if gamma == 1 else ((1.0 - gamma) * level) ** (1.0 / (1.0 - gamma))


def iterate(choose, evaluate, shape, gamma):
    """Howard's improvement: best choices given the values, the value of repeating them, until choices stay."""
    value, last = np.full(shape, float(utility(np.ones(1), gamma)[0]) / (1.0 - BETA)), None
    for _ in range(200):
        choice, reward = choose(value)
        if last is not None and np.array_equal(choice, last):
            return value, choice
        last = choice
        for _ in range(400):
            new = reward + BETA * evaluate(value, choice)
            gap, value = np.max(np.abs(new - value)), new
            if gap < 1e-11:
                break
    raise AssertionError("the twin does not converge")


def brute_force_bonds(income, transition, bonds, gamma):
    """Values and choices (E, B) of the one-industry twin; states and choices share the grid ``bonds`` (B,)."""

    def choose(value):
        future = BETA * transition @ value
        choice = np.empty(value.shape, int)
        for e, y in enumerate(income):
            for chunk in np.array_split(np.arange(len(bonds)), 8):
                total = utility(y + bonds[chunk, None] - bonds / RATE, gamma) + future[e]
                choice[e, chunk] = np.argmax(total, axis=1)
        return choice, utility(income[:, None] + bonds - bonds[choice] / RATE, gamma)

    def evaluate(value, choice):
        return np.take_along_axis(transition @ value, choice, axis=1)

    return iterate(choose, evaluate, (len(income), len(bonds)), gamma)


@pytest.mark.parametrize(("gamma", "kappa"), [(1.0, 0.05), (2.0, 0.05), (5.0, 0.05), (5.0, 0.02)])
def test_one_industry(gamma, kappa):
    """c, b', value and the regime of the market at 3 x 60 states."""
    chain = product_chain([0.8], [0.02], 3)
    problem = economy(
        (0.1,),
        gamma=gamma,
        kappa=kappa,
        limit="fixed",
        chain=chain,
        ztilde=np.ones(1),
        steps=2,
        below=40,
        above=120,
        fine=800,
        b_max=0.8,
    )
    own = solve(problem, False, tolerance=1e-8)
    debt = float(problem.debt[0])
    assert debt == pytest.approx(kappa * BETA * ALPHA / (1 - BETA - BETA * kappa * (1 - BETA * RATE)))
    bonds = np.linspace(-RATE * debt, 0.8, 2000)
    step = bonds[1] - bonds[0]
    value, choice = brute_force_bonds(np.exp(chain.values[0]), chain.transitions[0], bonds, gamma)
    assert choice.max() < len(bonds) - 1
    points = (np.linspace(0, 1, 60) ** 2 * 0.7 * len(bonds)).astype(int)
    found, bound = [], []
    for e in range(3):
        for j in points:
            now, b_twin = own.at(bonds[j], [1.0], e), bonds[choice[e, j]]
            c_twin = np.exp(chain.values[0][e]) + bonds[j] - b_twin / RATE
            found.append([now.b_next - b_twin, now.c - c_twin, now.value / equivalent(value[e, j], gamma) - 1.0])
            bound.append(now.binding)
            assert now.binding <= (choice[e, j] == 0)  # near the kink the twin's best grid point can be the limit itself
    b_next, c, v = np.array(found).T
    assert 0.04 < np.mean(bound) < 0.9  # both regimes are compared
    assert np.abs(b_next).max() < step and np.abs(b_next).mean() < 0.3 * step
    assert np.abs(c).max() < step / RATE and np.abs(c).mean() < 0.3 * step / RATE
    assert v.min() > -1e-8 and v.max() < 0.15 * gamma * step**2


class Plan:
    """The two-industry twin: states on a coarse grid (E, B, K), choices on a fine one, values by cubic splines between."""

    def __init__(self, problem, bonds, shares, b_choices, k_choices):
        self.gamma, self.bonds, self.shares, self.b_choices, self.k_choices = problem.gamma, bonds, shares, b_choices, k_choices
        self.transition = problem.chain.transition()
        z = problem.ztilde * np.exp(problem.chain.states()[:, :2])
        k = np.stack([shares, 1 - shares], axis=-1)
        self.cash = (z[:, None] * k**problem.a).sum(axis=-1)[:, None, :] + bonds[:, None]  # (E, B, K)
        k_next = np.stack([k_choices, 1 - k_choices], axis=-1)
        self.cost = (0.5 * problem.phi * (k_next / k[:, None] - 1) ** 2 * k[:, None]).sum(axis=-1)  # (K, k')

    def spline(self, values):
        """Interpolant of certainty equivalents (B, K): they are flatter than values."""
        return RectBivariateSpline(self.bonds, self.shares, equivalent(values, self.gamma))

    def level(self, equivalents):
        """Back from certainty equivalents to values."""
        return utility(equivalents, self.gamma) / (1 - BETA)

    def choose(self, value):
        """Best of all pairs (b', k') at every state, and its utility."""
        choice, reward = np.empty((*value.shape, 2), int), np.empty(value.shape)
        fine = np.array([self.level(self.spline(v)(self.b_choices, self.k_choices)) for v in value])
        future = BETA * np.tensordot(self.transition, fine, 1)
        for e, b, k in np.ndindex(value.shape):
            c = self.cash[e, b, k] - self.cost[k] - self.b_choices[:, None] / RATE
            feasible = np.searchsorted(-c.max(axis=1), 0.0)  # consumption falls in b'
            total = utility(c[:feasible], self.gamma) + future[e, :feasible]
            best = np.unravel_index(np.argmax(total), total.shape)
            choice[e, b, k], reward[e, b, k] = best, utility(c[best], self.gamma)
        return choice, reward

    def evaluate(self, value, choice):
        """Expected value of the choices."""
        at = self.b_choices[choice[..., 0]], self.k_choices[choice[..., 1]]
        splines = [self.spline(v) for v in value]
        return np.array(
            [
                sum(p * self.level(s.ev(at[0][e], at[1][e])) for p, s in zip(row, splines, strict=True))
                for e, row in enumerate(self.transition)
            ]
        )


@pytest.mark.parametrize(("planner", "xi", "gamma"), [(True, (0.1, 0.25), 2.0), (False, (0.0, 0.0), 5.0)])
def test_two_industries(planner, xi, gamma):
    """c, b', k' and value of the plan with agglomeration, and of the market without, at 504 states."""
    debt, top = 0.12, 0.5
    problem = economy(
        xi,
        (1.0, 2.0),
        gamma=gamma,
        limit="fixed",
        debt=debt,
        lower=(0.3, 0.3),
        steps=16,
        below=16,
        above=48,
        fine=320,
        bonds=(-1.02 * RATE * debt, -RATE * debt, 0.05, 0.8),
    )
    own = solve(problem, planner, tolerance=1e-8)
    bonds = -RATE * debt + (top + RATE * debt) * np.linspace(0, 1, 24) ** 1.5
    shares, b_choices, k_choices = np.linspace(0.34, 0.66, 9), np.linspace(-RATE * debt, top, 151), np.linspace(0.34, 0.66, 129)
    twin = Plan(problem, bonds, shares, b_choices, k_choices)
    value, choice = iterate(twin.choose, twin.evaluate, twin.cash.shape, gamma)
    inner = choice[:, :18, 1:-1]
    assert inner[..., 1].min() > 0 and inner[..., 1].max() < len(k_choices) - 1
    found = []
    for e, b, k in np.ndindex(value.shape):
        now = own.at(bonds[b], [shares[k], 1 - shares[k]], e)
        b_twin, k_twin = b_choices[choice[e, b, k, 0]], k_choices[choice[e, b, k, 1]]
        c_twin = twin.cash[e, b, k] - twin.cost[k, choice[e, b, k, 1]] - b_twin / RATE
        found.append(
            [
                now.b_next - b_twin,
                now.k_next[0] - k_twin,
                now.c - c_twin,
                now.value / equivalent(value[e, b, k], gamma) - 1.0,
                now.binding,
            ]
        )
    f = np.abs(np.array(found, float)).reshape(*value.shape, 5)[:, :18, 1:-1].reshape(-1, 5)
    hb, hk = b_choices[1] - b_choices[0], k_choices[1] - k_choices[0]
    assert 0.04 < f[:, 4].mean() < 0.9
    assert np.all(f.max(axis=0)[:3] < [hb, hk, hb / RATE]) and np.all(f.mean(axis=0)[:3] < 0.3 * np.array([hb, hk, hb]))
    assert f[:, 3].max() < 0.5 * hb**2
