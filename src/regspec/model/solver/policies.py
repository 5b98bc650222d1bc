"""What the backward solver works on and leaves: policies of a year, taxes, diagnostics."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


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


@dataclass(frozen=True)
class Taxes:
    """Taxes at the solve nodes: tau_b (block, E, nodes) and tau_k (block, E, nodes, I) (M8)."""

    tau_b: np.ndarray
    tau_k: np.ndarray


@dataclass
class Diagnostics:
    """What the backward solution measured (docs/architecture.md, solutions)."""

    sweeps: int = 0
    distance: float = np.inf
    contraction: float = np.nan
    residual: float = 0.0
    violation: float = 0.0
    lowest: float = np.inf  # min over years of min b' - b_min
    evaluations: float = 0.0
    states: float = 0.0
    seconds: float = 0.0
    failed: int = 0
    hits: int = 0
    rescued: int = 0
    history: list[float] = field(default_factory=list)
