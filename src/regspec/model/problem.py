"""One zone's problem in numerical form: technology, chain, grids by year (docs/model.md, sections 1, 4 and 6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regspec.model.grids import lattice as lat
from regspec.model.grids.bond_grid import BondGrid
from regspec.model.grids.corners import simplex
from regspec.model.kernels.columns import column_count
from regspec.model.kernels.records import Constants, ExogenousStates
from regspec.model.markov import Chain
from regspec.model.steady_state import steady_price

#: Planner variants (docs/model.md, section 3): all of it; prices taken as given; productivity taken as given; debt alone.
VARIANTS = ("full", "no_pecuniary", "pecuniary_only", "debt_only")
_CLUSTERING = 1.5  # solve nodes crowd at the kink: relative distance to this power; evenly spaced where none is


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

    def case(self) -> str:
        """The parameters that decide well-posedness, for messages."""
        kappas = self.regimes or (self.kappa,)
        size = " or ".join(f"{kappa:.4g}" for kappa in kappas)
        feedback = f", J about {self.steady_amplification:.2f} in steady state" if self.has_feedback else ""
        if self.next_price:
            feedback = ", collateral at next year's price"
        return f"kappa = theta chi = {size}, gamma = {self.gamma:g}, limit = {self.limit}{feedback}"

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

    def exogenous(self, t: int) -> ExogenousStates:
        """Exogenous states of year index ``t``."""
        states = self.chain.states()
        n = self.industries
        z = self.ztilde * np.exp(self.trend[min(t, self.horizon)] + states[:, :n])
        gross = self.rate * np.exp(states[:, n])
        kappa = np.full(len(states), 0.0) if self.limit != "collateral" else self.kappas()
        debt = np.broadcast_to(self.debt[min(t, self.horizon)], max(len(self.regimes), 1))
        return ExogenousStates(np.ascontiguousarray(z), gross, kappa, debt[self._regime_of_states()])

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

    def realized_limit(self, t: int, exogenous: ExogenousStates) -> tuple[float, float]:
        """kappa and additive debt limit of year index ``t`` of the realized path."""
        e = self.realized[t] if self.regimes else 0  # the regime is the fastest factor of the chain
        return float(exogenous.kappa[e]), float(exogenous.debt[e])

    def constants(self, t: int, planner: bool) -> Constants:
        """Kernel constants with the lattice of year index ``t`` (where choices land)."""
        nodes = self.lattice(t, planner)
        tax_b, tax_k = (0.0, ()) if planner else (float(self.tax_b), self.tax_k)
        owned = self.alpha * (1.0 + np.broadcast_to(np.asarray(tax_k or 0.0, float), self.industries))
        social = np.full(self.industries, self.alpha) if self.variant == "pecuniary_only" else self.a
        g = int(self.gamma) if float(self.gamma).is_integer() and self.gamma <= 16 else 0
        return Constants(
            beta=float(self.beta),
            gamma=float(self.gamma),
            gamma_int=g,
            alpha=float(self.alpha),
            a=tuple(map(float, self.a)),
            phi=tuple(map(float, self.phi)),
            base=tuple(map(float, nodes.corners[0])),
            steps=nodes.steps,
            largest_step=nodes.largest_step,
            dk_dx=nodes.dk_dx,
            dx_dk=nodes.dx_dk,
            strides=nodes.strides,
            debt_factor=float(self.beta) * (1.0 + tax_b),
            private=tuple(map(float, owned)),
            social=tuple(map(float, social)),
            pecuniary=float(self.variant != "no_pecuniary"),
            plans_portfolio=float(self.variant != "debt_only"),
            bounded=0.0,
            columns=(0,) * column_count(self.industries, planner),
            planner=(0, 0) if planner else (0,),
            next_price=(0, 0) if self.next_price else (0,),
        )
