"""What the backward solver tells about its progress, so that a solve can go on elsewhere (`regspec.solves.checkpoint`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from regspec.model.solver.anderson import Anderson
    from regspec.model.solver.policies import Policies
    from regspec.model.solver.time_iteration import Solver


class TailState(NamedTuple):
    """The numbers that the tail's iteration carries from one sweep to the next; ``done`` once it has converged."""

    count: int = 0
    distance: float = 1.0
    rate: float = 0.9
    best: float = np.inf
    since: int = 0
    lost: int = 0
    final: bool = False
    done: bool = False


class Keeper:
    """Called by all ranks together, after each sweep of the tail and each year of the path. This one keeps nothing.

    ``seconds``: time spent since `Diagnostics.seconds` was last set.
    """

    def tail(self, solver: Solver, mixer: Anderson) -> tuple[Policies, TailState] | None:
        """Where the tail's iteration was left, its history put into ``mixer``; None to begin."""
        return None

    def swept(self, solver: Solver, policies: Policies, mixer: Anderson, state: TailState, seconds: float) -> None:
        """A sweep of the tail is done; ``policies`` change again after the call unless ``state.done``."""

    def year(self, solver: Solver, t: int) -> Policies | None:
        """Policies of year index ``t`` when they were kept, the solver's diagnostics set to what they were then."""
        return None

    def solved(self, solver: Solver, policies: Policies, t: int, seconds: float) -> None:
        """Year index ``t`` of the path is solved; ``policies`` do not change any more."""
