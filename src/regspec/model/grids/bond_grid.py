"""Bond grids by year: their ends, where they are fine, and fixed debt limits (docs/numerics.md; docs/model.md, section 4)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from regspec.model.steady_state import output, regime_prices, steady_price, targets


class BondGrid(NamedTuple):
    """Common bond grid of one year, uniform in x = asinh((b - shift - centre)/stretch) - origin, from 0 to (points-1) dx."""

    low: float  # lowest bonds, whatever the shift
    centre: float
    stretch: float
    high: float
    origin: float
    dx: float
    points: int
    below: np.ndarray  # relative positions in [0, 1] of the solve nodes below the kink
    above: np.ndarray  # and above it
    straight: float  # 1: policies are interpolated in bonds; 0: in x
    shift: np.ndarray  # (N,) what is added to the grid's bonds at each lattice node, so that it follows the kink; >= 0
    shift_slopes: np.ndarray  # (N, I-1) its recovered gradient in x_1..x_{I-1}
    start: np.ndarray  # (N,) x of the lowest solve node; above zero away from the largest shift

    @property
    def width(self) -> float:
        """Length of the grid in x."""
        return self.dx * (self.points - 1)

    def bonds(self, x):
        """Bonds at coordinates ``x`` where the shift is zero."""
        return self.centre + self.stretch * np.sinh(np.asarray(x) + self.origin)

    def coordinates(self, b):
        """Coordinates of bonds ``b``, less the shift; negative below the grid."""
        return np.arcsinh((np.asarray(b) - self.centre) / self.stretch) - self.origin

    def at_nodes(self, kink: np.ndarray, first: int = 0) -> np.ndarray:
        """Bonds (block, E, below + above) at the solve nodes around kinks (block, E) in x; ``first``: number of the first
        lattice node.
        """
        at = np.asarray(kink)[..., None]
        own = slice(first, first + len(at))
        shift, start = self.shift[own, None, None], self.start[own, None, None]
        x = np.concatenate([start + (at - start) * self.below, at + (self.width - at) * self.above], axis=-1)
        return shift + self.bonds(x)

    def shifted(self, shift: np.ndarray, slopes: np.ndarray, around: np.ndarray) -> BondGrid:
        """The grid with ``shift`` (N,) and its gradient ``slopes`` (N, I-1); it reaches from the lowest bonds to at least the
        highest at every node.

        ``around`` (N,) is the largest shift in the elements that hold a node. Where the lowest bonds are chosen, the node's
        expectations are needed at lower ones by what its own shift is less than that, and two points further for the spline.
        """
        bottom, top = np.arcsinh((np.array([self.low - shift.max(), self.high]) - self.centre) / self.stretch)
        grid = self._replace(origin=float(bottom), dx=float(top - bottom) / (self.points - 1), shift=shift, shift_slopes=slopes)
        return grid._replace(start=np.maximum(grid.coordinates(self.low - around) - 2.0 * grid.dx, 0.0))


_NATURAL_SHARE = 0.9
_CORE = 0.05  # half width, in years of output, of the bonds around the limit where the common grid is nearly uniform
_NATURAL_CORE = 0.2  # the same above a natural limit, whose debts are tens of years of output
_DEPTH = 1.2  # lowest bonds relative to the limit in the best state
_NEXT_DEPTH = 0.25  # the same below a limit at next year's price, in years of output: such a limit hardly moves


def bond_bounds(problem_inputs: dict, widen: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Bond grids (T+1, 4) and fixed debt limits (T+1,) that scale with each year's trend output.

    ``problem_inputs`` holds alpha, beta, kappa, a, ztilde, trend, chain, rate, limit, b_max, lower and, where they differ
    from `Problem`'s defaults, regimes and next_price (then gamma, too). The natural limit is taken as a fixed limit just
    inside it: debt that nine tenths of the worst possible output can service for ever. With regimes the debt limits are
    (T+1, 2), and the grid's centre lies between both limits.
    """
    p = problem_inputs
    shocks = p["chain"].states()[:, : len(p["a"])]
    market = targets(p["ztilde"], p["a"], p["alpha"], p["trend"])
    z = p["ztilde"] * np.exp(p["trend"])
    trend_output = output(z, market, p["a"])
    spread = np.exp(np.max(shocks, axis=0))
    kappas = p.get("regimes") or (p["kappa"],)
    prices = [regime_prices(p, kappa, trend_output) for kappa in kappas]
    ceiling = p["b_max"] * trend_output
    if p["limit"] == "natural":
        low = _rollover(_NATURAL_SHARE * _lowest_output(z, shocks, p), p["rate"])
        debt = -np.append(low[1:], low[-1]) / p["rate"]
        return np.column_stack([low, low, _NATURAL_CORE * trend_output, ceiling]), debt
    ahead = p.get("next_price", False)
    if p["limit"] == "fixed":
        # debt of the size that the collateral limit allows: its price is next year's in that variant
        debts = [kappa * (np.append(q[1:], q[-1]) if ahead else q) for kappa, q in zip(kappas, prices, strict=True)]
        largest = np.max(debts, axis=0)
        limits = np.array([-p["rate"] * d for d in debts])
        low = -1.02 * p["rate"] * _of_both_years(largest)
        debt = np.column_stack(debts) if len(debts) > 1 else largest
    else:
        limits = np.array([-p["rate"] * kappa * q for kappa, q in zip(kappas, prices, strict=True)])
        best = output(z * spread, market, p["a"])
        q_high = steady_price(p["alpha"], p["beta"], max(kappas), p["rate"], best, ahead)
        deepest = (1.0 if ahead else widen) * _DEPTH * p["rate"] * max(kappas) * q_high
        if ahead:
            deepest = _depth_ahead(deepest, -np.min(limits, axis=0), trend_output, widen)
        low, debt = -_of_both_years(deepest), np.zeros(len(z))
    centre, stretch = np.mean(limits, axis=0), _CORE * trend_output + 0.5 * np.ptp(limits, axis=0)
    return np.column_stack([low, centre, stretch, ceiling]), debt


def _of_both_years(debt: np.ndarray) -> np.ndarray:
    """The larger of a year's and the year before's: debt is chosen under one and carried on the grid of the other."""
    return np.maximum(debt, np.concatenate([debt[:1], debt[:-1]]))


def _depth_ahead(deepest, limit, trend_output, widen: float):
    """Depth of the grid under a limit at next year's price, which moves far less than the price of capital does."""
    return limit + widen * np.clip(deepest - limit, _CORE * trend_output, _NEXT_DEPTH * trend_output)


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
