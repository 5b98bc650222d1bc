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
from typing import NamedTuple

import numpy as np

from regspec.errors import ModelFailure
from regspec.model.kernels.jit import njit
from regspec.model.markov import rouwenhorst

_FLOOR = 0.95  # largest debt of the grid relative to the lowest output
_NEAR_ZERO = np.geomspace(1e-12, 1.0, 80)[:-1]  # extra points below b' = 0, where c_b is a power of -b'


class Economy(NamedTuple):
    """One industry: scalars of docs/model.md, log productivities ``u`` (E,), output ``z`` = exp(u) of its one unit of capital,
    ``transition`` (E, E).
    """

    alpha: float
    beta: float
    gamma: float
    rate: float
    kappa: float
    u: np.ndarray
    z: np.ndarray
    transition: np.ndarray


class Equilibria(NamedTuple):
    """c, q and eta/u' (E, n) at every state and bond holding of the grid, NaN where no equilibrium is."""

    c: np.ndarray
    q: np.ndarray
    eta: np.ndarray


class Branches(NamedTuple):
    """c_s, c_b and n along next year's bonds: (n,) for one state today, or (E, n)."""

    slack: np.ndarray
    binding: np.ndarray
    price: np.ndarray


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
    iterations: int


def economy(alpha, beta, gamma, rate, kappa, rho: float, sigma: float, nodes: int) -> Economy:
    """Economy whose log productivity follows the Rouwenhorst chain of an AR(1)."""
    u, transition = rouwenhorst(rho, sigma, nodes)
    return Economy(alpha, beta, gamma, rate, kappa, u, np.exp(u), transition)


def bond_grid(lowest_output: float, points: int, high: float, low: float | None = None) -> np.ndarray:
    """Bonds (n,) from ``low`` (default: debt just below the lowest output) to ``high``, finer just below zero."""
    even = np.linspace(-_FLOOR * lowest_output if low is None else low, high, points)
    return np.unique(np.concatenate([even, -(even[1] - even[0]) * _NEAR_ZERO]))


@njit
def write_branches(grid, after, probabilities, economy, result):
    """Write the `Branches` ``result`` (n,) at every b' given today's ``probabilities`` (E,) of next year's states.

    ``after``: next year's `Equilibria`. NaN where a state without equilibrium can follow: such b' cannot be chosen.
    """
    alpha, beta, gamma, rate, kappa = economy.alpha, economy.beta, economy.gamma, economy.rate, economy.kappa
    for j in range(len(grid)):
        marginal, worth = 0.0, 0.0
        for f in range(len(economy.z)):
            u = after.c[f, j] ** -gamma
            marginal += probabilities[f] * u
            worth += probabilities[f] * u * (alpha * economy.z[f] + after.q[f, j] * (1.0 + kappa * after.eta[f, j]))
        result.slack[j] = (beta * rate * marginal) ** (-1.0 / gamma)
        result.price[j] = beta * worth
        limit = (-grid[j] / (rate * kappa * result.price[j])) ** (1.0 / gamma) if grid[j] < 0.0 else 0.0 * result.slack[j]
        result.binding[j] = limit


@njit
def crossings(b, grid, branches, z, economy, worst, result):
    """Number of equilibria at bonds ``b`` and output ``z``; c, q, eta/u' of the selected one go to ``result`` (3,), NaN when
    there is none. ``branches``: `Branches` of today's state.
    """
    slack, binding, price, gamma, rate = branches.slack, branches.binding, branches.price, economy.gamma, economy.rate
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
def backward_step(grid, after, economy, worst, new, roots, branches, result):
    """One backward step on every (e, b): ``new`` (3, E, n) gets c, q, eta/u', ``roots`` (E, n) the number of equilibria.

    ``after``: next year's `Equilibria`; ``branches`` (n,) and ``result`` (3,) are scratch.
    """
    for e in range(len(economy.z)):
        write_branches(grid, after, economy.transition[e], economy, branches)
        for i in range(len(grid)):
            roots[e, i] = crossings(grid[i], grid, branches, economy.z[e], economy, worst, result)
            for r in range(3):
                new[r, e, i] = result[r]


def solve(
    economy: Economy,
    selection: str,
    grid: np.ndarray,
    start: Selected | None = None,
    tolerance: float = 1e-8,
    max_iterations: int = 2000,
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
    new, roots, work, result = np.empty_like(now), np.zeros(now.shape[1:], np.int64), np.empty((3, len(grid))), np.empty(3)
    for count in range(1, max_iterations + 1):
        backward_step(grid, Equilibria(*now), p, selection == "worst", new, roots, Branches(*work), result)
        if np.all(np.isnan(new[0])):
            raise ModelFailure(f"selection {selection}, kappa = {p.kappa:.4g}: no state has an equilibrium")
        same = np.array_equal(np.isnan(new[0]), np.isnan(now[0]))
        change = np.nanmax(np.abs(new[0] / now[0] - 1.0)) if same else np.inf
        now, new = new, now
        if change < tolerance:
            c, q, eta = now
            return Selected(p, selection, grid, c, q, eta, roots, count)
    raise ModelFailure(
        f"selection {selection}, kappa = theta chi = {p.kappa:.4g}: no convergence in {max_iterations} iterations, last change "
        f"{change:.1e}, {np.mean(roots > 1):.1%} of the grid's states with several equilibria"
    )


@njit
def follow(grid, branches, economy, worst, draws, cumulative, b, e, series, states):
    """Simulate one year per entry of ``draws`` (T,) from bonds ``b`` and state ``e``, each year's equilibrium solved afresh.

    ``branches``: `Branches` (E, n) of today's states; ``cumulative`` (E, E): sums of transition probabilities. Writes series
    (T, 5): b, c, q, eta/u', number of equilibria, and states (T,): e. Stops where no equilibrium is or bonds leave the grid;
    returns the number of years done.
    """
    for t in range(len(draws)):
        states[t] = e
        series[t, 0] = b
        today = Branches(branches.slack[e], branches.binding[e], branches.price[e])
        series[t, 4] = crossings(b, grid, today, economy.z[e], economy, worst, series[t, 1:4])
        b = economy.rate * (economy.z[e] + b - series[t, 1])
        if not (grid[0] < b < grid[-1]):
            return t
        following = 0
        while draws[t] > cumulative[e, following]:
            following += 1
        e = following
    return len(draws)


def equilibrium_curve(solution: Selected) -> Branches:
    """c_s, c_b and n (E, n) along next year's bonds for every state today."""
    p, found = solution.economy, Branches(*np.empty((3, *solution.c.shape)))
    after = Equilibria(solution.c, solution.q, solution.eta)
    for e in range(len(p.z)):
        own = Branches(found.slack[e], found.binding[e], found.price[e])
        write_branches(solution.grid, after, p.transition[e], p, own)
    return found


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
    worst, first = solution.selection == "worst", len(p.z) // 2
    done = follow(solution.grid, equilibrium_curve(solution), p, worst, draws, cumulative, b, first, series, states)
    if done < len(draws):
        raise ModelFailure(
            f"selection {solution.selection}, kappa = theta chi = {p.kappa:.4g}: the economy leaves the grid at b = "
            f"{series[done, 0]:.3g}, c = {series[done, 1]:.3g} in year {done}: debt without bound, or a larger "
            f"model.grid.b_max is needed"
        )
    bonds, c, q, eta, roots = series[dropped:].T
    return Series(bonds, c, q, eta, roots, states[dropped:])
