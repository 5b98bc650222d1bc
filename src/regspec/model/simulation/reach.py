"""Which bonds a zone can come to hold, and whether every state there has an equilibrium (docs/model.md, section 5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regspec.errors import ModelFailure
from regspec.model.kernels.period import attempt, state_in
from regspec.model.kernels.records import B_NEXT, Mode, NextYear, Search, make_scratch
from regspec.model.simulation.paths import starts
from regspec.model.solver.nonconvergence import remedy
from regspec.model.solver.policies import Policies
from regspec.model.solver.time_iteration import Solver

_SAMPLE = 24  # states without a solution that are looked at again
_SEVERAL = 0.1  # part of them that must want to pass an end of the grids for that to be the reason
_STOPPED = Search(1e-9, 0.0, 100)  # iterations after which it is looked where they have stopped
_LONG = 500  # years of the stationary solution after which reachable bonds have stopped growing, or are taken to reach the top


@dataclass(frozen=True)
class Reach:
    """Bonds that can be held by year: ``lowest`` choice over all solved states (T+1), ``highest`` (T+1) at the start of a year
    on any path from the first year's bonds.
    """

    lowest: list[float]
    highest: list[float]

    def contains(self, t: int, below: np.ndarray, bonds: np.ndarray) -> np.ndarray:
        """Whether states of year index ``t`` with ``bonds`` matter; ``below``: bonds at the node before each, which matters
        where a reachable state lies between the two.
        """
        return (bonds >= min(self.lowest[max(t - 1, 0)], self.lowest[t])) & (below <= self.highest[t])


def reach_of(solver: Solver, years: list[Policies]) -> Reach:
    """Reachable bonds of a backward solution; collective."""
    lowest = [_extreme(solver, policies, np.ones(1, bool), "min") for policies in years]
    highest, held = [], solver.problem.b0
    for t, policies in enumerate(years):
        highest.append(held)
        held = _extreme(solver, policies, _before(solver, t, policies) <= held, "max", held)
    for _ in range(_LONG):  # the last year's policies hold for ever
        highest[-1] = max(highest[-1], held)
        further = _extreme(solver, years[-1], _before(solver, len(years) - 1, years[-1]) <= highest[-1], "max", held)
        if further <= highest[-1]:
            break
        held = further
    else:
        highest[-1] = np.inf
    return Reach(lowest, highest)


def _bonds(solver: Solver, t: int, policies: Policies) -> np.ndarray:
    """Bonds (block, E, nodes) at the solve nodes of year index ``t``."""
    return solver.grids.at(t).bonds.at_nodes(policies.kink, solver.grids.first)


def _before(solver: Solver, t: int, policies: Policies) -> np.ndarray:
    """Bonds (block, E, nodes) at the node before each; the first has none."""
    bonds = _bonds(solver, t, policies)
    return np.concatenate([np.full_like(bonds[..., :1], -np.inf), bonds[..., :-1]], axis=-1)


def _extreme(solver: Solver, policies: Policies, among: np.ndarray, op: str, otherwise: float | None = None) -> float:
    """Lowest or highest b' over the solved states ``among``, on every rank."""
    chosen = policies.pol[..., B_NEXT][(policies.failed == 0) & among]
    none = np.inf if op == "min" else -np.inf
    own = (chosen.min() if op == "min" else chosen.max()) if chosen.size else none
    found = float(solver.ranks.reduce(np.array([own]), op)[0])
    return found if otherwise is None or np.isfinite(found) else otherwise


def check_states(solver: Solver, years: list[Policies], reach: Reach) -> int:
    """Number of states without a solution, on every rank. Raises ModelFailure when one of them can be reached; it says which
    end of the grids the choices there want to pass, if any.
    """
    count, found = 0, []
    for t, policies in enumerate(years):
        bad = np.argwhere(policies.failed != 0)
        count += len(bad)
        if len(bad):
            bonds = _bonds(solver, t, policies)
            matters = reach.contains(t, _before(solver, t, policies), bonds)
            found += [(t, solver.grids.first + int(n), int(e), float(bonds[n, e, j])) for n, e, j in bad if matters[n, e, j]]
    total = int(solver.ranks.reduce(np.array([float(count)]), "sum")[0])
    everywhere = sorted(found if solver.ranks.size == 1 else sum(solver.ranks.comm.allgather(found), []))
    if everywhere:
        limits = passed_limits(solver, years, everywhere)
        t, node, e, b = everywhere[0]
        k = solver.grids.at(t).lattice.capital[node].round(4).tolist()
        kind = {0: "no_equilibrium"}.get(len(limits), "portfolio_lattice" if "lattice" in limits else "bond_grid")
        raise ModelFailure(
            f"{solver.label}: no equilibrium at the reachable state b = {b:.4f}, k = {k}, exogenous state {e}, "
            f"year index {t}; {solver.problem.case()}\n{remedy(solver.problem, limits)}",
            kind,
            limits,
        )
    return total


def passed_limits(solver: Solver, years: list[Policies], states: list[tuple[int, int, int, float]]) -> frozenset[str]:
    """Ends of the grids, of "low", "high" and "lattice", at which Newton's iterations stop in ``states`` (year index, node,
    exogenous state, bonds); collective, the same on every rank.
    """
    sample = [states[i] for i in np.unique(np.linspace(0, len(states) - 1, _SAMPLE).astype(int))]
    counts = {"low": 0, "high": 0, "lattice": 0}
    next_year, year = None, -1
    for t, node, e, b in sample:
        if next_year is None or t != year:
            expectations = solver.expectations(years[min(t + 1, len(years) - 1)], t + 1)
            next_year, year = solver.grids.next_year(expectations, t + 1), t
        for name in _stops(solver, next_year, t, solver.grids.at(t).lattice.capital[node], e, b):
            counts[name] += 1
    passed = {name for name, count in counts.items() if count > _SEVERAL * len(sample)}
    return frozenset(passed - {"high"} if len(passed) > 1 else passed)


def _stops(solver: Solver, next_year: NextYear, t: int, k: np.ndarray, e: int, b: float) -> set[str]:
    """Ends of the grids at which the state's iterations stop, under either regime and from several starts."""
    year = solver.grids.at(t)
    state, scratch = state_in(b, k, year.exogenous, e, year.constants), make_scratch(year.constants)
    ends: set[str] = set()
    for start in starts(b, k, solver, t)[:3]:
        for mode in (Mode.SLACK, Mode.BINDING):
            y = start.copy()
            attempt(mode, state, y, next_year, year.constants, scratch, _STOPPED)
            ends |= _ends(y, next_year.grid, year.lattice.steps)
    return ends


def _ends(y: np.ndarray, grid, steps: int) -> set[str]:
    """Which ends of the grids the choice ``y`` (b', x) lies at."""
    at = (y[0] - grid.low) / (grid.high - grid.low)
    between = -np.diff(np.concatenate([[float(steps)], y[1:], [0.0]]))
    touches = {"low": at < 1e-9, "high": at > 1.0 - 1e-9, "lattice": len(y) > 1 and between.min() < 1e-6}
    return {name for name, here in touches.items() if here}
