"""Exogenous processes as products of small Markov chains (docs/model.md, section 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


def rouwenhorst(rho: float, sigma: float, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Rouwenhorst chain of u' = rho u + eps, eps ~ N(0, sigma^2): (values (n,), transition (n, n)).

    Exact conditional mean, variance and autocorrelation (Kopecky and Suen 2010). One node, zero, where nothing varies: for
    sigma = 0 all nodes would coincide. Raises ValueError for |rho| >= 1 or a negative sigma.
    """
    if not abs(rho) < 1 or sigma < 0:
        raise ValueError(f"an AR(1) needs |rho| < 1 and sigma >= 0, not rho = {rho}, sigma = {sigma}")
    spread = np.sqrt(nodes - 1) * sigma / np.sqrt(1.0 - rho**2)
    if nodes == 1 or spread < np.finfo(float).tiny / np.finfo(float).eps:
        return np.zeros(1), np.ones((1, 1))
    p = 0.5 * (1.0 + rho)
    transition = np.array([[p, 1 - p], [1 - p, p]])
    for size in range(3, nodes + 1):
        grown = np.zeros((size, size))
        grown[:-1, :-1] += p * transition
        grown[:-1, 1:] += (1 - p) * transition
        grown[1:, :-1] += (1 - p) * transition
        grown[1:, 1:] += p * transition
        grown[1:-1] /= 2.0
        transition = grown
    return np.linspace(-spread, spread, nodes), transition


class OffGridWeights(NamedTuple):
    """Next year's probabilities given a point off the grid: what is computed under the rows is weighted with the shares."""

    rows: np.ndarray  # (M, E) probabilities of next year's states
    shares: np.ndarray  # (M,), which sum to one


@dataclass(frozen=True)
class Chain:
    """Kronecker product of factor chains, the first factor slowest.

    values: one array (n_f,) per factor; transitions: one (n_f, n_f) matrix per factor.
    The first I factors are the industries' log productivities u_i, then log(R / mean R), then, where there are two
    regimes of kappa, the number 0 or 1 of the regime.
    """

    values: tuple[np.ndarray, ...]
    transitions: tuple[np.ndarray, ...]

    @property
    def size(self) -> int:
        """Number of exogenous states E."""
        return int(np.prod([len(v) for v in self.values]))

    def states(self) -> np.ndarray:
        """(E, F) value of every factor in every exogenous state."""
        mesh = np.meshgrid(*self.values, indexing="ij")
        return np.stack([m.ravel() for m in mesh], axis=1)

    def transition(self) -> np.ndarray:
        """The full (E, E) matrix; for accuracy checks at single states, never in an iteration."""
        full = np.ones((1, 1))
        for matrix in self.transitions:
            full = np.kron(full, matrix)
        return full

    def weights_off_grid(self, point: np.ndarray) -> OffGridWeights:
        """Next year's probabilities given a ``point`` (F,) off the grid: rows (M, E) and shares (M,), which sum to 1.

        Between nodes the chain's rows are mixed linearly in every factor (M = 1): probabilities, with the conditional mean
        of the AR(1). Beyond an end node probabilities with that mean need not exist. There the first row belongs to the end
        node and every factor f beyond its end adds the row one node further inside, with a negative share: what is computed
        under the rows (certainty equivalents, ratios to marginal utility) is extrapolated linearly in f.
        """
        point = np.asarray(point, float)
        ends = [(v[0], v[-1]) for v in self.values]
        inside = np.array([min(max(at, low), high) for at, (low, high) in zip(point, ends, strict=True)])
        rows, shares = [self._row(inside)], [1.0]
        for f, values in enumerate(self.values):
            if len(values) == 1 or point[f] == inside[f]:
                continue
            inner = inside.copy()
            inner[f] = values[1] if point[f] < inside[f] else values[-2]
            beyond = (point[f] - inside[f]) / (inside[f] - inner[f])
            rows.append(self._row(inner))
            shares.append(-beyond)
            shares[0] += beyond
        return OffGridWeights(np.array(rows), np.array(shares))

    def nearest(self, point: np.ndarray) -> int:
        """Number of the exogenous state nearest to ``point`` (F,), factor by factor."""
        at = [int(np.argmin(np.abs(values - x))) for values, x in zip(self.values, point, strict=True)]
        return int(np.ravel_multi_index(at, [len(values) for values in self.values]))

    def _row(self, point: np.ndarray) -> np.ndarray:
        """(E,) probabilities given a point inside the grid."""
        row = np.ones(1)
        for values, transition, at in zip(self.values, self.transitions, point, strict=True):
            row = np.kron(row, _linear(values, at) @ transition)
        return row


def _linear(values: np.ndarray, at: float) -> np.ndarray:
    weights = np.zeros(len(values))
    if len(values) == 1:
        weights[0] = 1.0
        return weights
    left = int(np.clip(np.searchsorted(values, at) - 1, 0, len(values) - 2))
    share = (at - values[left]) / (values[left + 1] - values[left])
    weights[left], weights[left + 1] = 1.0 - share, share
    return weights


def product_chain(
    rho, sigma, nodes: int, rate_rho: float = 0.0, rate_sigma: float = 0.0, rate_nodes: int = 1, stay=()
) -> Chain:
    """Chain of I industry productivities, the interest rate and, with ``stay``, two regimes.

    ``stay``: probabilities (2,) of being in the same regime next year, or empty.
    """
    factors = [rouwenhorst(r, s, nodes) for r, s in zip(rho, sigma, strict=True)]
    factors.append(rouwenhorst(rate_rho, rate_sigma, rate_nodes))
    if len(stay):
        factors.append((np.arange(2.0), np.array([[stay[0], 1.0 - stay[0]], [1.0 - stay[1], stay[1]]])))
    return Chain(tuple(v for v, _ in factors), tuple(np.ascontiguousarray(t) for _, t in factors))


def draw_states(chain: Chain, years: int, seed) -> np.ndarray:
    """Exogenous states (years,) of a simulation of the chain from its middle state; one draw a year for each random factor."""
    sizes = [len(values) for values in chain.values]
    random = [f for f, size in enumerate(sizes) if size > 1]
    cumulative = {f: np.cumsum(chain.transitions[f], axis=1) for f in random}
    draws = np.random.default_rng(seed).random((years, len(random)))
    now, states = [size // 2 for size in sizes], np.empty(years, int)
    for t in range(years):
        states[t] = np.ravel_multi_index(now, sizes)
        for column, f in enumerate(random):
            now[f] = min(int(np.searchsorted(cumulative[f][now[f]], draws[t, column])), sizes[f] - 1)
    return states
