"""What the backward solver works on and leaves: policies of a year, taxes, diagnostics."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from regspec.model.kernels.records import PolicyBlock, TaxRates
from regspec.model.solver.mpi import Ranks


@dataclass
class Policies:
    """Policies of one year on this rank's lattice nodes.

    pol (block, E, nodes, I+5): c, q, eta/u', mu/u', certainty-equivalent value, lattice coordinates of k', b';
    kink (block, E): position of b* on the year's bond grid; failed (block, E, nodes): nodes without a solution; shift (N,) of
    that grid at all lattice nodes, never changed in place.
    """

    pol: np.ndarray
    kink: np.ndarray
    failed: np.ndarray
    shift: np.ndarray

    def copy(self) -> Policies:
        """Independent copy."""
        return Policies(self.pol.copy(), self.kink.copy(), self.failed.copy(), self.shift)

    def block(self) -> PolicyBlock:
        """The arrays themselves, as kernels take them."""
        return PolicyBlock(self.pol, self.kink, self.failed)


@dataclass(frozen=True)
class Taxes:
    """Taxes at the solve nodes: tau_b (block, E, nodes) and tau_k (block, E, nodes, I) (M8)."""

    tau_b: np.ndarray
    tau_k: np.ndarray

    def rates(self) -> TaxRates:
        """As kernels take them."""
        return TaxRates(False, self.tau_b, self.tau_k)


NO_TAXES = TaxRates(True, np.zeros((0, 0, 0)), np.zeros((0, 0, 0, 0)))


@dataclass
class Diagnostics:
    """What the backward solution measured (docs/architecture.md, solutions)."""

    iterations: int = 0
    distance: float = np.inf
    contraction: float = np.nan
    residual: float = 0.0
    violation: float = 0.0
    lowest: float = np.inf  # min over years of min b' - b_min
    evaluations: float = 0.0
    states: float = 0.0
    seconds: float = 0.0
    failed: int = 0
    edge_hits: int = 0
    restarted: int = 0
    history: list[float] = field(default_factory=list)


class Progress(NamedTuple):
    """What a solve tells of itself while it runs; ``diagnostics`` change as it goes on."""

    label: str
    ranks: Ranks
    diagnostics: Diagnostics
