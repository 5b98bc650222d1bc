"""One zone's problem in numerical form: technology, chain, grids by year (docs/model.md, sections 1, 4 and 6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regspec.model import lattice as lat
from regspec.model.bounds import simplex
from regspec.model.portfolio import targets
from regspec.model.shocks import Chain
from regspec.model.types import BondGrid, Exo, Tech, slot_count

#: Planner variants (docs/model.md, section 3): all of it; prices taken as given; productivity taken as given; debt alone.
VARIANTS = ("full", "no_pecuniary", "pecuniary_only", "debt_only")
_NATURAL_SHARE = 0.9
_CLUSTERING = 1.5  # solve nodes crowd at the kink: relative distance to this power; evenly spaced where none is
_CORE = 0.05  # half width, in years of output, of the bonds around the limit where the common grid is nearly uniform
_NATURAL_CORE = 0.2  # the same above a natural limit, whose debts are tens of years of output
_DEPTH = 1.2  # lowest bonds relative to the limit in the best state
_NEXT_DEPTH = 0.25  # the same below a limit at next year's price, in years of output: such a limit hardly moves
_BISECTIONS = 100


@dataclass(frozen=True)
class Problem:
    """Everything that determines a solution; quantities in units of the zone's own first-year output.

    alpha, beta, gamma, kappa scalars; a, phi, ztilde, k0 (I,); trend (T+1, I) log points; chain: exogenous states; rate:
    mean gross interest rate; limit "collateral" | "fixed" | "natural"; bonds (T+1, 4): grid low, centre, stretch, high by year;
    debt (T+1,), or (T+1, 2) with regimes: fixed limit; corners (T+1, I, I): portfolios at the lattice's corners, a row each;
    plan_corners: those of who internalizes agglomeration, where they differ; steps, below, above, fine: grid sizes; variant:
    one of `VARIANTS`, what the planner chooses and internalizes; tax_b, tax_k (I,) or (): constant taxes of the market's
    households, as in (3.10) and (3.11), rebated as a lump sum. regimes (2,): kappa in each regime of the chain's last factor
    (``kappa`` is then the first year's), empty where kappa is constant; realized (T+1,): the regime, 0 or 1, of each year of
    the realized path; next_price: next year's expected price values the collateral, not today's.
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
    corners: np.ndarray
    steps: int
    below: int
    above: int
    fine: int
    variant: str = "full"
    regimes: tuple[float, ...] = ()
    realized: tuple[int, ...] = ()
    next_price: bool = False
    tax_b: float = 0.0
    tax_k: tuple[float, ...] = ()
    plan_corners: np.ndarray | None = None

    def __post_init__(self):
        if self.variant not in VARIANTS:
            raise ValueError(f"variant is {self.variant!r}; allowed: {', '.join(VARIANTS)}")

    @property
    def industries(self) -> int:
        """Number of model industries I."""
        return len(self.a)

    @property
    def horizon(self) -> int:
        """Number of years after the first, T."""
        return len(self.trend) - 1

    @property
    def has_feedback(self) -> bool:
        """Whether today's price enters today's limit, so that J of docs/model.md, (5.1), is not zero."""
        return self.limit == "collateral" and not self.next_price

    @property
    def steady_amplification(self) -> float:
        """kappa gamma q / c, near J of docs/model.md, (5.1), at the binding steady state with an output of one."""
        kappa = max(self.regimes or (self.kappa,))
        return kappa * self.gamma * steady_price(self.alpha, self.beta, kappa, self.rate, 1.0)

    def corners_of(self, planner: bool) -> np.ndarray:
        """Lattice corners (T+1, I, I) of the allocation: taxes may move a market's portfolio to the plan's."""
        if self.plan_corners is None:
            return self.corners
        if planner:
            return self.plan_corners if self.variant in ("full", "no_pecuniary") else self.corners
        if not np.any(self.tax_k):
            return self.corners
        return simplex(np.minimum(self.corners.min(axis=1), self.plan_corners.min(axis=1)))

    def lattice(self, t: int, planner: bool) -> lat.Lattice:
        """Portfolio lattice of year index ``t`` (the last year's for later ones)."""
        return lat.build(self.corners_of(planner)[min(t, self.horizon)], self.steps)

    def bond_grid(self, t: int) -> BondGrid:
        """Common bond grid of year index ``t``."""
        low, centre, stretch, high = map(float, self.bonds[min(t, self.horizon)])
        origin = float(np.arcsinh((low - centre) / stretch))
        dx = float(np.arcsinh((high - centre) / stretch) - origin) / (self.fine - 1)
        power = 1.0 if self.limit == "natural" else _CLUSTERING
        above = np.linspace(0.0, 1.0, self.above) ** power
        below = 1.0 - (1.0 - np.linspace(0.0, 1.0, self.below)) ** power
        straight = 1.0 if self.limit == "natural" else 0.0
        nodes = len(self.lattice(t, False).capital)
        shift = np.zeros(nodes), np.zeros((nodes, self.industries - 1)), np.zeros(nodes)
        return BondGrid(low, centre, stretch, high, origin, dx, self.fine, below, above, straight, *shift)

    def exo(self, t: int) -> Exo:
        """Exogenous states of year index ``t``."""
        states = self.chain.states()
        n = self.industries
        z = self.ztilde * np.exp(self.trend[min(t, self.horizon)] + states[:, :n])
        gross = self.rate * np.exp(states[:, n])
        kappa = np.full(len(states), 0.0) if self.limit != "collateral" else self.kappas()
        debt = np.broadcast_to(self.debt[min(t, self.horizon)], max(len(self.regimes), 1))
        return Exo(np.ascontiguousarray(z), gross, kappa, debt[self._regime_of_states()])

    def _regime_of_states(self) -> np.ndarray:
        """(E,) number of the regime, 0 where kappa is constant."""
        if not self.regimes:
            return np.zeros(self.chain.size, int)
        return self.chain.states()[:, self.industries + 1].astype(int)

    def kappas(self) -> np.ndarray:
        """(E,) theta chi in every exogenous state, whatever the limit."""
        return np.array(self.regimes or (self.kappa,), float)[self._regime_of_states()]

    def realized_state(self, shocks: np.ndarray) -> np.ndarray:
        """Points (T+1, F) of the chain on the realized path with log productivities ``shocks`` (T+1, I), R at its mean."""
        regime = np.array(self.realized, float).reshape(-1, 1) if self.regimes else np.zeros((len(shocks), 0))
        return np.hstack([shocks, np.zeros((len(shocks), 1)), regime])

    def realized_limit(self, t: int, exo: Exo) -> tuple[float, float]:
        """kappa and additive debt limit of year index ``t`` of the realized path."""
        e = self.realized[t] if self.regimes else 0  # the regime is the fastest factor of the chain
        return float(exo.kappa[e]), float(exo.debt[e])

    def tech(self, t: int, planner: bool) -> Tech:
        """Kernel constants with the lattice of year index ``t`` (where choices land)."""
        nodes = self.lattice(t, planner)
        tax_b, tax_k = (0.0, ()) if planner else (float(self.tax_b), self.tax_k)
        owned = self.alpha * (1.0 + np.broadcast_to(np.asarray(tax_k or 0.0, float), self.industries))
        social = np.full(self.industries, self.alpha) if self.variant == "pecuniary_only" else self.a
        g = int(self.gamma) if float(self.gamma).is_integer() and self.gamma <= 16 else 0
        return Tech(
            float(self.beta), float(self.gamma), g, float(self.alpha), tuple(map(float, self.a)), tuple(map(float, self.phi)),
            tuple(map(float, nodes.corners[0])), nodes.steps, nodes.h, nodes.tilt, nodes.back, nodes.strides,
            float(self.beta) * (1.0 + tax_b), tuple(map(float, owned)), tuple(map(float, social)),
            float(self.variant != "no_pecuniary"), float(self.variant != "debt_only"), 0.0,
            (0,) * slot_count(self.industries, planner), (0, 0) if planner else (0,), (0, 0) if self.next_price else (0,),
        )  # fmt: skip


def steady_price(alpha, beta, kappa, rate, output, next_price: bool = False):
    """Steady-state price of capital with a binding limit, for scalars or arrays (docs/model.md, sections 4 and 5)."""
    pledge = 1.0 if next_price else beta  # collateral counts next year, or in the year of the purchase
    return beta * alpha * output / (1.0 - beta - pledge * kappa * (1.0 - beta * rate))


def limit_prices(alpha, beta, gamma, kappa, rate, output: np.ndarray) -> np.ndarray:
    """Prices (T+1,) on the path without shocks on which the limit at next year's price always binds.

    ``output`` (T+1,), flat afterwards. With b_t = -R kappa q_t the budget gives c_t, and the price equation (5.3) of
    docs/model.md one unknown q_t for every year, found by bisection from the last year's steady state back.
    """
    q = np.empty(len(output))
    q[-1] = steady_price(alpha, beta, kappa, rate, output[-1], True)
    c_after = output[-1] - kappa * (rate - 1.0) * q[-1]
    for t in range(len(output) - 2, -1, -1):
        after, resources = q[t + 1], output[t] + kappa * q[t + 1]
        low, high = 0.0, resources / (rate * max(kappa, 1e-9))
        for _ in range(_BISECTIONS):
            q[t] = 0.5 * (low + high)
            growth = ((resources - rate * kappa * q[t]) / c_after) ** gamma
            eta = max(0.0, 1.0 - beta * rate * growth)
            excess = q[t] - beta * growth * (after + alpha * output[t + 1]) - eta * kappa * after
            low, high = (low, q[t]) if excess > 0.0 else (q[t], high)
        c_after = resources - rate * kappa * q[t]
    return q


def output(z: np.ndarray, k: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Output Y = sum_i z_i k_i^a_i over the last axis."""
    return np.sum(z * np.asarray(k, float) ** a, axis=-1)


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


def regime_prices(p: dict, kappa: float, trend_output: np.ndarray) -> np.ndarray:
    """Prices (T+1,) at which collateral is valued if kappa stays for ever and the limit always binds: the steady state of
    each year's output, or the path of `limit_prices`. ``p``: inputs of `bond_bounds`.
    """
    if p.get("next_price", False):
        return limit_prices(p["alpha"], p["beta"], p["gamma"], kappa, p["rate"], trend_output)
    return steady_price(p["alpha"], p["beta"], kappa, p["rate"], trend_output)


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
