"""All equilibria of a year, and one of them selected: one industry, collateral at today's price (docs/model.md, section 5).

With one industry the equilibrium is explicit along next year's bonds b'. Given expectations at b',

    slack:    c_s = (beta R E c'^-gamma)^(-1/gamma)
    binding:  c_b with  c_b^gamma n = -b'/(R kappa),   n = beta E[ c'^-gamma (alpha z' + q' (1 + kappa eta'/u')) ],

both need c_s >= c_b, and the budget gives bonds b = c + b'/R - z. So the equilibria of all states lie on a curve in (b, c)
that b' traces. Where it folds a state has several of them. No Newton method, no start value: nothing is missed but folds
within one step of the grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regspec.errors import ModelFailure
from regspec.model.kernels.jit import njit
from regspec.model.markov import rouwenhorst

_FLOOR = 0.95  # largest debt of the grid relative to the lowest output
_NEAR_ZERO = np.geomspace(1e-12, 1.0, 80)[:-1]  # extra points below b' = 0, where c_b is a power of -b'


@dataclass(frozen=True)
class Economy:
    """One industry: scalars of docs/model.md, log productivities ``u`` (E,) and their ``transition`` (E, E)."""

    alpha: float
    beta: float
    gamma: float
    rate: float
    kappa: float
    u: np.ndarray
    transition: np.ndarray

    @property
    def z(self) -> np.ndarray:
        """Output (E,); one unit of capital, trend output one."""
        return np.exp(self.u)


@dataclass(frozen=True)
class Selected:
    """One selection. grid (n,): bonds; c, q, eta/u' (E, n), NaN where no equilibrium is; roots (E, n): their number."""

    economy: Economy
    selection: str
    grid: np.ndarray
    c: np.ndarray
    q: np.ndarray
    eta: np.ndarray
    roots: np.ndarray
    sweeps: int


def economy(alpha, beta, gamma, rate, kappa, rho: float, sigma: float, nodes: int) -> Economy:
    """Economy whose log productivity follows the Rouwenhorst chain of an AR(1)."""
    return Economy(alpha, beta, gamma, rate, kappa, *rouwenhorst(rho, sigma, nodes))


def bond_grid(lowest_output: float, points: int, high: float, low: float | None = None) -> np.ndarray:
    """Bonds (n,) from ``low`` (default: debt just below the lowest output) to ``high``, finer just below zero."""
    even = np.linspace(-_FLOOR * lowest_output if low is None else low, high, points)
    return np.unique(np.concatenate([even, -(even[1] - even[0]) * _NEAR_ZERO]))


@njit
def branches(grid, c, q, eta, z, probabilities, alpha, beta, gamma, rate, kappa, slack, binding, price):
    """Write c_s, c_b and n (n,) at every b' given today's ``probabilities`` (E,) of next year's states.

    NaN where a state without equilibrium can follow: such b' cannot be chosen.
    """
    for j in range(len(grid)):
        marginal, worth = 0.0, 0.0
        for f in range(len(z)):
            u = c[f, j] ** -gamma
            marginal += probabilities[f] * u
            worth += probabilities[f] * u * (alpha * z[f] + q[f, j] * (1.0 + kappa * eta[f, j]))
        slack[j] = (beta * rate * marginal) ** (-1.0 / gamma)
        price[j] = beta * worth
        binding[j] = (-grid[j] / (rate * kappa * price[j])) ** (1.0 / gamma) if grid[j] < 0.0 else 0.0 * slack[j]


@njit
def crossings(b, grid, slack, binding, price, z, gamma, rate, worst, result):
    """Number of equilibria at bonds ``b``; the selected one's c, q, eta/u' go to ``result``, NaN when there is none."""
    count = 0
    for r in range(3):
        result[r] = np.nan
    for j in range(len(grid) - 1):
        if not (slack[j] >= binding[j] or slack[j + 1] >= binding[j + 1]):  # NaN: neither
            continue
        for regime in range(2):
            branch = slack if regime == 0 else binding
            left = branch[j] + grid[j] / rate - z - b
            right = branch[j + 1] + grid[j + 1] / rate - z - b
            if not ((left <= 0.0 < right) or (right < 0.0 <= left)):
                continue
            w = left / (left - right)
            c = (1.0 - w) * branch[j] + w * branch[j + 1]
            other = (1.0 - w) * binding[j] + w * binding[j + 1] if regime == 0 else (1.0 - w) * slack[j] + w * slack[j + 1]
            if not (c > 0.0 and (c >= other if regime == 0 else c <= other)):
                continue
            count += 1
            if count == 1 or (c < result[0]) == worst:
                result[0] = c
                result[1] = c**gamma * ((1.0 - w) * price[j] + w * price[j + 1])
                result[2] = 0.0 if regime == 0 else 1.0 - (c / other) ** gamma
    return count


@njit
def sweep(grid, c, q, eta, z, transition, alpha, beta, gamma, rate, kappa, worst, new, roots, work):
    """One backward step on every (e, b): ``new`` (3, E, n) gets c, q, eta/u', ``roots`` (E, n) the number of equilibria."""
    slack, binding, price, result = work[0], work[1], work[2], work[3]
    for e in range(len(z)):
        branches(grid, c, q, eta, z, transition[e], alpha, beta, gamma, rate, kappa, slack, binding, price)
        for i in range(len(grid)):
            roots[e, i] = crossings(grid[i], grid, slack, binding, price, z[e], gamma, rate, worst, result)
            for r in range(3):
                new[r, e, i] = result[r]


def solve(
    economy: Economy,
    selection: str,
    grid: np.ndarray,
    start: Selected | None = None,
    tolerance: float = 1e-8,
    max_sweeps: int = 2000,
) -> Selected:
    """Stationary solution under one ``selection``: in every state the equilibrium with the lowest or highest consumption.

    ``start``: a solution on the same grid, as of a smaller theta (continuation). Raises ModelFailure when time iteration does
    not converge.
    """
    p, z = economy, economy.z
    if start is None:
        c = np.maximum(z[:, None] + grid * (1.0 - 1.0 / p.rate), 0.05)
        now = np.stack([c, np.full_like(c, p.beta * p.alpha / (1.0 - p.beta)), np.zeros_like(c)])
    else:
        now = np.stack([start.c, start.q, start.eta])
    new, roots, work = np.empty_like(now), np.zeros(now.shape[1:], np.int64), np.empty((4, len(grid)))
    for count in range(1, max_sweeps + 1):
        sweep(grid, *now, z, p.transition, p.alpha, p.beta, p.gamma, p.rate, p.kappa, selection == "worst", new, roots, work)
        if np.all(np.isnan(new[0])):
            raise ModelFailure(f"selection {selection}, kappa = {p.kappa:.4g}: no state has an equilibrium")
        same = np.array_equal(np.isnan(new[0]), np.isnan(now[0]))
        change = np.nanmax(np.abs(new[0] / now[0] - 1.0)) if same else np.inf
        now, new = new, now
        if change < tolerance:
            c, q, eta = now
            return Selected(p, selection, grid, c, q, eta, roots, count)
    raise ModelFailure(
        f"selection {selection}, kappa = theta chi = {p.kappa:.4g}: no convergence in {max_sweeps} sweeps, last change "
        f"{change:.1e}, {np.mean(roots > 1):.1%} of the grid's states with several equilibria"
    )


@njit
def follow(grid, slack, binding, price, z, gamma, rate, worst, draws, cumulative, b, e, series, states, result):
    """Simulate one year per entry of ``draws`` (T,) from bonds ``b`` and state ``e``, each year's equilibrium solved afresh.

    slack, binding, price: (E, n) `branches` of today's states. Writes series (T, 5): b, c, q, eta/u', number of equilibria,
    and states (T,): e. Stops where no equilibrium is or bonds leave the grid; returns the number of years done.
    """
    for t in range(len(draws)):
        states[t] = e
        series[t, 0] = b
        series[t, 4] = crossings(b, grid, slack[e], binding[e], price[e], z[e], gamma, rate, worst, result)
        for r in range(3):
            series[t, 1 + r] = result[r]
        b = rate * (z[e] + b - result[0])
        if not (grid[0] < b < grid[-1]):
            return t
        following = 0
        while draws[t] > cumulative[e, following]:
            following += 1
        e = following
    return len(draws)


def equilibrium_curve(solution: Selected) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """c_s, c_b and n (E, n) along next year's bonds for every state today."""
    p, shape = solution.economy, solution.c.shape
    slack, binding, price = np.empty(shape), np.empty(shape), np.empty(shape)
    for e in range(shape[0]):
        branches(
            solution.grid,
            solution.c,
            solution.q,
            solution.eta,
            p.z,
            p.transition[e],
            p.alpha,
            p.beta,
            p.gamma,
            p.rate,
            p.kappa,
            slack[e],
            binding[e],
            price[e],
        )
    return slack, binding, price


@dataclass(frozen=True)
class Series:
    """A simulation (T,): bonds, consumption, price, eta/u', number of equilibria, exogenous state."""

    b: np.ndarray
    c: np.ndarray
    q: np.ndarray
    eta: np.ndarray
    roots: np.ndarray
    e: np.ndarray


def simulate(solution: Selected, years: int, seed: int, b: float = -0.1) -> Series:
    """``years`` years of the selected equilibrium after 500 that are dropped, from bonds ``b``.

    Raises ModelFailure where bonds reach an end of the grid or a state has no equilibrium.
    """
    p, dropped = solution.economy, 500
    draws = np.random.default_rng(seed).random(years + dropped)
    cumulative = np.cumsum(p.transition, axis=1)
    cumulative[:, -1] = 1.0
    series, states = np.empty((len(draws), 5)), np.empty(len(draws), np.int64)
    done = follow(
        solution.grid,
        *equilibrium_curve(solution),
        p.z,
        p.gamma,
        p.rate,
        solution.selection == "worst",
        draws,
        cumulative,
        b,
        len(p.u) // 2,
        series,
        states,
        np.empty(3),
    )
    if done < len(draws):
        raise ModelFailure(
            f"selection {solution.selection}, kappa = theta chi = {p.kappa:.4g}: the economy leaves the grid at b = "
            f"{series[done, 0]:.3g}, c = {series[done, 1]:.3g} in year {done}: debt without bound, or a larger "
            f"model.grid.b_max is needed"
        )
    bonds, c, q, eta, roots = series[dropped:].T
    return Series(bonds, c, q, eta, roots, states[dropped:])
