"""One zone's problem in numerical form: technology, chain, grids by year (docs/model.md, sections 1, 4 and 6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regspec.model import lattice as lat
from regspec.model.portfolio import static_portfolio
from regspec.model.shocks import Chain
from regspec.model.types import BondGrid, Exo, Tech, lagrange_scales, slot_count

ROOM = 0.85  # lower bounds of the lattice relative to the lowest shares expected
_NATURAL_SHARE = 0.9
_CLUSTERING = 1.5  # solve nodes crowd at the kink: relative distance to this power; evenly spaced where none is
_NATURAL_CORE = 4.0  # of the grid above a natural limit, whose debts are tens of years of output
_CORE = 0.05  # half width, in years of output, of the bonds around the limit where the common grid is nearly uniform
_DEPTH = 1.2  # lowest bonds relative to the limit in the best state


@dataclass(frozen=True)
class Problem:
    """Everything that determines a solution; quantities in units of the zone's own first-year output.

    alpha, beta, gamma, kappa scalars; a, phi, ztilde, k0 (I,); trend (T+1, I) log points; chain: exogenous states; rate:
    mean gross interest rate; limit "collateral" | "fixed" | "natural"; bonds (T+1, 4): grid low, centre, stretch, high by year;
    debt (T+1,): fixed limit; lower (T+1, I): lattice bounds, not increasing in time; steps, below, above, fine: grid sizes;
    pecuniary: False for the planner variant that takes prices as given.
    """

    alpha: float
    beta: float
    gamma: float
    kappa: float
    a: np.ndarray
    phi: np.ndarray
    ztilde: np.ndarray
    k0: np.ndarray
    b0: float
    trend: np.ndarray
    chain: Chain
    rate: float
    limit: str
    bonds: np.ndarray
    debt: np.ndarray
    lower: np.ndarray
    steps: int
    below: int
    above: int
    fine: int
    pecuniary: bool = True

    @property
    def industries(self) -> int:
        """Number of model industries I."""
        return len(self.a)

    @property
    def horizon(self) -> int:
        """Number of years after the first, T."""
        return len(self.trend) - 1

    def lattice(self, t: int) -> lat.Lattice:
        """Portfolio lattice of year index ``t`` (the last year's for later ones)."""
        return lat.build(self.lower[min(t, self.horizon)], self.steps)

    def bond_grid(self, t: int) -> BondGrid:
        """Common bond grid of year index ``t``."""
        low, centre, stretch, high = map(float, self.bonds[min(t, self.horizon)])
        origin = float(np.arcsinh((low - centre) / stretch))
        dx = float(np.arcsinh((high - centre) / stretch) - origin) / (self.fine - 1)
        power = 1.0 if self.limit == "natural" else _CLUSTERING
        above = np.linspace(0.0, 1.0, self.above) ** power
        below = 1.0 - (1.0 - np.linspace(0.0, 1.0, self.below)) ** power
        scales = lagrange_scales(below), lagrange_scales(above)
        return BondGrid(low, centre, stretch, high, origin, dx, self.fine, below, above, *scales)

    def exo(self, t: int) -> Exo:
        """Exogenous states of year index ``t``."""
        states = self.chain.states()
        n = self.industries
        z = self.ztilde * np.exp(self.trend[min(t, self.horizon)] + states[:, :n])
        gross = self.rate * np.exp(states[:, n])
        kappa = np.full(len(states), 0.0 if self.limit != "collateral" else self.kappa)
        return Exo(np.ascontiguousarray(z), gross, kappa, float(self.debt[min(t, self.horizon)]))

    def tech(self, t: int, planner: bool) -> Tech:
        """Kernel constants with the lattice of year index ``t`` (where choices land)."""
        nodes = self.lattice(t)
        g = int(self.gamma) if float(self.gamma).is_integer() and self.gamma <= 16 else 0
        return Tech(
            float(self.beta), float(self.gamma), g, float(self.alpha), tuple(map(float, self.a)), tuple(map(float, self.phi)),
            nodes.lo, nodes.steps, float(nodes.h), nodes.strides, float(self.pecuniary),
            (0,) * slot_count(self.industries, planner), (0, 0) if planner else (0,),
        )  # fmt: skip


def steady_price(alpha: float, beta: float, kappa: float, rate: float, output: float) -> float:
    """Steady-state price of capital with a binding limit (docs/model.md, section 4)."""
    return beta * alpha * output / (1.0 - beta - beta * kappa * (1.0 - beta * rate))


def output(z: np.ndarray, k: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Output Y = sum_i z_i k_i^a_i over the last axis."""
    return np.sum(z * np.asarray(k, float) ** a, axis=-1)


def lattice_bounds(ztilde, a, alpha, trend, k0, margin: float = ROOM) -> np.ndarray:
    """Lower lattice bounds by year (T+1, I), not increasing in time, so that every choice stays inside.

    They hold the first year's portfolio and every frictionless market and planner target up to that year, with a margin
    for shocks.
    """
    market = np.array([static_portfolio(ztilde * np.exp(d), a, alpha) for d in trend])
    plan = np.array([static_portfolio(ztilde * np.exp(d), a, a) for d in trend])
    lowest = np.minimum(np.minimum(market, plan), np.asarray(k0, float))
    return margin * np.minimum.accumulate(lowest, axis=0)


def bond_bounds(problem_inputs: dict, widen: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Bond grids (T+1, 4) and fixed debt limits (T+1,) that scale with each year's trend output.

    ``problem_inputs`` holds alpha, beta, kappa, a, ztilde, trend, chain, rate, limit, b_max, lower. The natural limit is
    taken as a fixed limit just inside it: debt that nine tenths of the worst possible output can service for ever.
    """
    p = problem_inputs
    shocks = p["chain"].states()[:, : len(p["a"])]
    market = np.array([static_portfolio(p["ztilde"] * np.exp(d), p["a"], p["alpha"]) for d in p["trend"]])
    z = p["ztilde"] * np.exp(p["trend"])
    trend_output = output(z, market, p["a"])
    spread = np.exp(np.max(shocks, axis=0))
    q_high = steady_price(p["alpha"], p["beta"], p["kappa"], p["rate"], output(z * spread, market, p["a"]))
    debt = np.zeros(len(z))
    ceiling = p["b_max"] * trend_output
    if p["limit"] == "natural":
        low = _rollover(_NATURAL_SHARE * _lowest_output(z, shocks, p), p["rate"])
        debt = -np.append(low[1:], low[-1]) / p["rate"]
        centre, stretch = low, _NATURAL_CORE * trend_output
    elif p["limit"] == "fixed":
        debt = p["kappa"] * steady_price(p["alpha"], p["beta"], p["kappa"], p["rate"], trend_output)
        low = -1.02 * p["rate"] * np.maximum(debt, np.concatenate([debt[:1], debt[:-1]]))
        centre, stretch = -p["rate"] * debt, _CORE * trend_output
    else:
        deepest = widen * _DEPTH * p["rate"] * p["kappa"] * q_high
        low = -np.maximum(deepest, np.concatenate([deepest[:1], deepest[:-1]]))
        steady = steady_price(p["alpha"], p["beta"], p["kappa"], p["rate"], trend_output)
        centre, stretch = -p["rate"] * p["kappa"] * steady, _CORE * trend_output
    return np.column_stack([low, centre, stretch, ceiling]), debt


def _lowest_output(z, shocks, p):
    """Lowest output by year (T+1,) over lattice corners and exogenous states."""
    worst = np.exp(shocks.min(axis=0))
    years = []
    for t in range(len(z)):
        lo = p["lower"][t]
        corners = lo + (1.0 - lo.sum()) * np.eye(len(lo)) if len(lo) > 1 else np.ones((1, 1))
        years.append(min(float(output(z[t] * worst, corner, p["a"])) for corner in corners))
    return np.array(years)


def _rollover(income: np.ndarray, rate: float) -> np.ndarray:
    """Largest debt (negative bonds) by year that ``income`` can service for ever, flat after the last year."""
    low = np.empty(len(income))
    low[-1] = -income[-1] * rate / (rate - 1.0)
    for t in range(len(income) - 2, -1, -1):
        low[t] = low[t + 1] / rate - income[t]
    return low
