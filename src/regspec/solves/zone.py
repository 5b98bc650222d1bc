"""Market and planner of a zone on common grids, larger ones where the first do not do (docs/numerics.md, a second attempt)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from regspec.calibration.records import NationalProcesses, ZoneCalibration
from regspec.errors import ModelFailure
from regspec.model.problem import Problem
from regspec.model.solver.mpi import Ranks
from regspec.model.solver.policies import Policies
from regspec.solves.allocation import Allocation, solve_allocation
from regspec.solves.attempts import AttemptFailed, Sizes, on_larger_grids
from regspec.solves.checkpoint import Checkpoint
from regspec.solves.problem import build_problem, realized_shocks
from regspec.solves.resume import ZoneKeeper
from regspec.solves.settings import SolveSettings

_LABELS = {"ce": "competitive equilibrium"}


@dataclass(frozen=True)
class ZoneSolution:
    """Both allocations of a zone (planner None when not asked for) and the welfare gain Lambda (M9).

    attempts: grids on which the zone was solved until it was (`regspec.solves.attempts`).
    """

    ce: Allocation
    planner: Allocation | None
    attempts: int = 1

    @property
    def welfare_gain(self) -> float:
        """Lambda = (W_SP / W_CE)^(1/(1-gamma)) - 1: ratio of certainty-equivalent consumptions less one."""
        return np.nan if self.planner is None else self.planner.value / self.ce.value - 1.0


@dataclass(frozen=True)
class Case:
    """One allocation to solve: the planner's or the market's problem, with the fields ``changes`` of `Problem` replaced."""

    planner: bool
    changes: Mapping[str, Any] = field(default_factory=dict)


MARKET, PLANNER = Case(False), Case(True)


@dataclass(frozen=True)
class Solved:
    """Allocations by the names of their cases, on the same grids; ``problem`` has these grids, ``tails`` the policies."""

    problem: Problem
    allocations: dict[str, Allocation]
    tails: dict[str, Policies]
    attempts: int = 1


def solve_zone(
    zone: ZoneCalibration,
    national: NationalProcesses,
    settings: SolveSettings,
    label: str = "",
    ranks: Ranks | None = None,
    progress: Callable | None = None,
    also: Sequence[np.ndarray] = (),
    checkpoint: Checkpoint | None = None,
) -> ZoneSolution:
    """Competitive equilibrium and planner of one zone with the realized productivity path; see `solve_cases`."""
    cases = {"ce": MARKET} | ({"planner": PLANNER} if settings.planner else {})
    solved = solve_cases(zone, national, settings, cases, label, ranks, progress, also, checkpoint)
    return ZoneSolution(solved.allocations["ce"], solved.allocations.get("planner"), solved.attempts)


def solve_cases(
    zone: ZoneCalibration,
    national: NationalProcesses,
    settings: SolveSettings,
    cases: Mapping[str, Case],
    label: str = "",
    ranks: Ranks | None = None,
    progress: Callable | None = None,
    also: Sequence[np.ndarray] = (),
    checkpoint: Checkpoint | None = None,
) -> Solved:
    """Allocations ``cases`` of one zone on common grids; the first, the market without taxes, is where the others start.

    ``label``: how messages name the zone, its id if empty. ``also``: further log productivities (T+1, I), under which
    `Allocation.others` are simulated. After a failure that larger grids may mend all cases are solved again on larger ones
    (`regspec.solves.attempts`). With a ``checkpoint``, not with ``also``, the solve goes on where an earlier process was ended.
    Raises ModelFailure; Interrupted when the checkpoint is told to stop.
    """
    ranks = ranks or Ranks()
    shocks = realized_shocks(national, settings)
    keeper = ZoneKeeper(checkpoint)

    def attempt(sizes: Sizes) -> Solved:
        keeper.begin(sizes)
        problem = build_problem(zone, national, settings, sizes.depth, sizes.margin)
        solved: dict[str, Allocation] = {}
        tails: dict[str, Policies] = {}
        for name, case in cases.items():
            kept = keeper.finished(name)
            if kept:
                solved[name], tails[name] = kept
                continue
            # the planner's iteration starts from the market's policies: cold starts may leave the domain
            start = next(iter(tails.values()), None)
            try:
                with ranks.memory():
                    solved[name], tails[name] = solve_allocation(
                        replace(problem, **case.changes),
                        case.planner,
                        settings,
                        shocks,
                        ranks,
                        f"{label or f'zone {zone.zone}'}, {_LABELS.get(name, name)}",
                        _told_of(progress, name),
                        start,
                        also,
                        keeper.steps(name),
                        sizes.bears_edges,
                    )
            except ModelFailure as failure:
                raise AttemptFailed(failure, problem, case.planner) from failure
            keeper.finish(name, solved[name], tails[name])
        return Solved(problem, solved, tails, sizes.attempt + 1)

    return on_larger_grids(attempt, keeper.left_at() or Sizes())


def _told_of(progress: Callable | None, case: str) -> Callable | None:
    """``progress`` for the events of a case, which name it."""
    return (lambda event: progress({"allocation": case, **event})) if progress else None
