"""Where a solve can be watched, and taken up again elsewhere (`regspec.solves.checkpoint`)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from regspec.model.solver.anderson import Anderson
from regspec.model.solver.policies import Policies, Progress


class StationaryState(NamedTuple):
    """The numbers that the stationary iteration carries from one iteration to the next; ``done`` once it has converged."""

    iteration: int = 0  # the last one done
    distance: float = 1.0
    rate: float = 0.9  # of contraction, estimated
    best: float = np.inf  # smallest distance
    since: int = 0  # iterations since it was the smallest
    failed: int = 0  # iterations in a row with states that have no solution, far from the fixed point
    final: bool = False  # the next iteration may be the last
    done: bool = False


class SolverHooks:
    """Called by all ranks together, before and after each iteration and each year of the path. This one keeps nothing.

    ``seconds``: time spent since `Diagnostics.seconds` was last set.
    """

    def resume(self, progress: Progress, mixer: Anderson) -> tuple[Policies, StationaryState] | None:
        """Where the stationary iteration was left, its history put into ``mixer``; None to begin."""
        return None

    def on_iteration(
        self, progress: Progress, policies: Policies, mixer: Anderson, state: StationaryState, seconds: float
    ) -> None:
        """An iteration is done; ``policies`` change again after the call unless ``state.done``."""

    def resume_year(self, progress: Progress, t: int) -> Policies | None:
        """Policies of year index ``t`` when they were kept, the diagnostics set to what they were then."""
        return None

    def on_year(self, progress: Progress, policies: Policies, t: int, seconds: float) -> None:
        """Year index ``t`` of the path is solved; ``policies`` do not change any more."""
