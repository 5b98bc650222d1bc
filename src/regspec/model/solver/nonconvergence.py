"""What a stationary iteration that does not converge says: the states that still move, amplification, remedy."""

from __future__ import annotations

import numpy as np

from regspec.model.kernels.records import ETA, VALUE, C, Q
from regspec.model.kernels.time_step import StepStatistics
from regspec.model.problem import Problem
from regspec.model.solver.policies import Policies
from regspec.model.solver.year_grids import YearGrids


def worst_changes(grids: YearGrids, before: Policies, after: Policies, most: int = 5) -> list[str]:
    """The states with the largest relative changes of an iteration over all ranks, one line each; collective."""
    lattice, grid, ranks = grids.at(grids.stationary).lattice, grids.at(grids.stationary).bonds, grids.ranks
    bonds = grid.at_nodes(after.kink, grids.first)
    new, old = after.pol[..., [C, Q, VALUE]], before.pol[..., [C, Q, VALUE]]
    change = np.abs(new - old) / np.maximum(np.abs(new), 1e-10)
    change[after.failed != 0] = 0.0  # they keep old policies: counted elsewhere
    largest = []
    for flat in np.argsort(-change, axis=None, kind="stable")[:most]:
        node, e, j, column = np.unravel_index(flat, change.shape)
        b = float(bonds[node, e, j])
        side = "limit binds" if j < len(grid.below) else "slack"
        k = lattice.capital[grids.first + node].round(3).tolist()
        largest.append((-float(change.flat[flat]), ("c", "q", "value")[column], k, int(e), round(b, 4), side))
    if ranks.size > 1:
        largest = [line for lines in ranks.comm.allgather(largest) for line in lines]
    return [
        f"  {name} by {-size:.1e} at k = {k}, exogenous state {e}, b = {b} ({side})"
        for size, name, k, e, b, side in sorted(largest)[:most]
    ]


def no_convergence(grids: YearGrids, what: str, count: int, before: Policies, after: Policies, stats: StepStatistics) -> str:
    """Message for a stationary iteration that does not converge: distance, amplification, remedy and the states that still
    move most; collective.
    """
    problem, grid = grids.problem, grids.at(grids.stationary).bonds
    c, q = after.pol[..., C], after.pol[..., Q]
    binding = after.pol[..., : len(grid.below), ETA]
    j = max(problem.kappas()) * problem.gamma * np.max(q / np.maximum(c, 1e-12))
    feedback = f"amplification J = kappa gamma q / c up to {j:.2f}, " if problem.has_feedback else ""
    worst = "\n".join(worst_changes(grids, before, after))
    return (
        f"the stationary tail {what}: after {count} sweeps the distance is {stats.distance:.2e}, "
        f"{int(stats.failed)} states have no solution, lowest b' - b_min = {stats.lowest - grid.low:.3g}\n"
        f"{problem.case()}, {feedback}largest eta/u' = {np.max(binding):.2g}: "
        f"ill-posed (docs/model.md, section 5)?\n{remedy(problem)}\nwhat still moves most:\n{worst}"
    )


def remedy(problem: Problem, limits: frozenset[str] = frozenset()) -> str:
    """What to do about a failure; ``limits``: ends of the grids that choices want to pass (`ModelFailure.limits`)."""
    if limits == {"high"}:
        return (
            f"households there want more bonds than the grid holds (b up to {problem.bonds[:, 3].max():.3g}): "
            "raise model.grid.b_max"
        )
    if "lattice" in limits:
        return "portfolios there want to leave the lattice: a smaller shock_scale or a larger phi_scale keeps them together"
    if "low" in limits:
        return "households there want more debt than the bond grid holds"
    if problem.has_feedback:
        return "remedy: a smaller theta or chi (J below about 0.5)"
    if problem.limit == "natural":
        return "remedy: finer grids (model.grid), or a smaller shock_scale"
    return "remedy: finer grids (model.grid), or less debt (a smaller theta or chi)"
