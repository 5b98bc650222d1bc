"""Sizes of a zone's grids, and larger ones after a failure that they may mend (docs/numerics.md, a second attempt)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from regspec.errors import ModelFailure
from regspec.model.grids.corners import ROOM
from regspec.model.problem import Problem

_Solution = TypeVar("_Solution")

ATTEMPTS = 6
_DEEPER, _ROOMIER = 1.4, 0.92  # factors of the bond grid's depth and, the first time, of `ROOM`
_LARGEST = 4  # times that a grid is made larger
_BEARS_EDGES = 2  # after so many larger lattices choices may lie at an edge
_UNGUIDED = ("not_converged", "not_finite", "no_equilibrium", "residual", "inaccurate")


@dataclass(frozen=True)
class Sizes:
    """Sizes of an attempt's grids: how often the bond grid was made deeper, and the lattice larger, in ``attempt`` attempts."""

    attempt: int = 0
    deeper: int = 0
    roomier: int = 0

    @property
    def depth(self) -> float:
        """Factor of the bond grid's depth."""
        return _DEEPER**self.deeper

    @property
    def margin(self) -> float:
        """Part of the smallest shares that the lattice leaves out; each exponent is twice the one before."""
        return ROOM * _ROOMIER ** (2 ** (self.roomier - 1) if self.roomier else 0)

    @property
    def bears_edges(self) -> bool:
        """Whether choices at the lattice's edge are accepted."""
        return self.roomier >= _BEARS_EDGES

    def after(self, failure: ModelFailure, problem: Problem, planner: bool) -> Sizes | None:
        """Sizes of the next attempt; None where larger grids are no remedy, or were tried.

        Where the choices say which end they want to pass, that end is moved. Otherwise the lattice is made larger first, then
        the bond grid deeper; for a market once each, for a planner, whose iteration cycles on some lattices, in turn. Not
        where the feedback through the price is explosive (docs/model.md, section 5).
        """
        deeper, roomier = "low" in failure.limits, "lattice" in failure.limits
        if not failure.limits:
            ill_posed = problem.has_feedback and problem.steady_amplification >= 1.0
            if failure.kind not in _UNGUIDED or ill_posed:
                return None
            roomier = problem.industries > 1 and self.roomier <= self.deeper
            deeper = not roomier
            if not planner and (self.roomier if roomier else self.deeper):
                return None
        larger = replace(
            self,
            attempt=self.attempt + 1,
            deeper=min(self.deeper + deeper, _LARGEST),
            roomier=min(self.roomier + roomier, _LARGEST),
        )
        same = (larger.deeper, larger.roomier) == (self.deeper, self.roomier)
        return None if same or larger.attempt == ATTEMPTS else larger

    def explained(self, failure: ModelFailure) -> ModelFailure:
        """The failure of the last attempt, with what was tried."""
        if not self.attempt:
            return failure
        tried = f"tried {self.attempt + 1} grids, the last with bonds {self.depth:.3g} times as deep"
        if self.roomier:
            tried += f" and a lattice that leaves {self.margin:.2f} of the smallest shares instead of {ROOM:g}"
        bubble = failure.kind == "bond_grid" and "low" in failure.limits and self.deeper >= 3
        if bubble:
            return ModelFailure(f"{failure}\n{tried}: debt has no bound here (a bubble)?", "unbounded_debt", failure.limits)
        return ModelFailure(f"{failure}\n{tried}", failure.kind, failure.limits)


class AttemptFailed(Exception):
    """An allocation, the planner's or the market's, has failed on the grids of ``problem``."""

    def __init__(self, failure: ModelFailure, problem: Problem, planner: bool):
        super().__init__(str(failure))
        self.failure, self.problem, self.planner = failure, problem, planner


def on_larger_grids(attempt: Callable[[Sizes], _Solution], sizes: Sizes) -> _Solution:
    """What ``attempt`` finds on the first grids that do, from ``sizes`` on; it raises AttemptFailed on others.

    Raises ModelFailure where larger grids are no remedy, or were tried.
    """
    while True:
        try:
            return attempt(sizes)
        except AttemptFailed as failed:
            larger = sizes.after(failed.failure, failed.problem, failed.planner)
            if larger is None:
                raise sizes.explained(failed.failure) from None
            sizes = larger
