"""What a stationary tail that does not converge says: the states that still move, amplification, remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regspec.model.kernels import time_step as sw
from regspec.model.kernels.records import ETA, VALUE, C, Q

if TYPE_CHECKING:
    from regspec.model.problem import Problem
    from regspec.model.solver.policies import Policies
    from regspec.model.solver.time_iteration import Solver


def worst_changes(solver: Solver, before: Policies, after: Policies, most: int = 5) -> list[str]:
    """The states with the largest relative changes of a sweep over all ranks, one line each."""
    lattice, grid, _, _ = solver.year(solver.problem.horizon + 1)
    bonds = grid.at_nodes(after.kink, solver.first)
    new, old = after.pol[..., [C, Q, VALUE]], before.pol[..., [C, Q, VALUE]]
    change = np.abs(new - old) / np.maximum(np.abs(new), 1e-10)
    change[after.failed != 0] = 0.0  # they keep old policies: counted elsewhere
    found = []
    for flat in np.argsort(-change, axis=None, kind="stable")[:most]:
        node, e, j, column = np.unravel_index(flat, change.shape)
        b = float(bonds[node, e, j])
        side = "limit binds" if j < len(grid.below) else "slack"
        k = lattice.capital[solver.first + node].round(3).tolist()
        found.append((-float(change.flat[flat]), ("c", "q", "value")[column], k, int(e), round(b, 4), side))
    if solver.ranks.size > 1:
        found = [line for lines in solver.ranks.comm.allgather(found) for line in lines]
    return [
        f"  {name} by {-size:.1e} at k = {k}, exogenous state {e}, b = {b} ({side})"
        for size, name, k, e, b, side in sorted(found)[:most]
    ]


def no_convergence(solver: Solver, what: str, count: int, distance: float, policies: Policies, before: Policies, stats) -> str:
    """Message for a tail that does not converge: distance, amplification, remedy and the states that still move most."""
    lattice, grid, exo, _ = solver.year(solver.problem.horizon + 1)
    c, q = policies.pol[..., C], policies.pol[..., Q]
    binding = policies.pol[..., : len(grid.below), ETA]
    j = max(solver.problem.kappas()) * solver.problem.gamma * np.max(q / np.maximum(c, 1e-12))
    pull = f"amplification J = kappa gamma q / c up to {j:.2f}, " if solver.problem.has_feedback else ""
    worst = "\n".join(worst_changes(solver, before, policies))
    return (
        f"{solver.label}: the stationary tail {what}: after {count} sweeps the distance is {distance:.2e}, "
        f"{int(stats[sw.FAILED])} states have no solution, lowest b' - b_min = {stats[sw.LOWEST] - grid.low:.3g}\n"
        f"{solver.case()}, {pull}largest eta/u' = {np.max(binding):.2g}: "
        f"ill-posed (docs/model.md, section 5)?\n{remedy(solver.problem)}\nwhat still moves most:\n{worst}"
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
