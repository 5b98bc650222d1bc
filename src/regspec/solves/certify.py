"""What a solution is refused for: grids that end too soon, paths that the solution does not know, errors that are too large."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regspec.errors import ModelFailure
from regspec.model.kernels.records import C, Q
from regspec.model.simulation.paths import SimulatedPath
from regspec.model.simulation.reach import Reach
from regspec.model.solver.nonconvergence import remedy
from regspec.model.solver.policies import Policies
from regspec.model.solver.time_iteration import Solver

_BEYOND = 0.1  # of the largest debt that a solved state chooses: what a path may add to it


def check_grids(solver: Solver, bears_edges: bool) -> None:
    """Raise ModelFailure where choices reach the end of the bond grid or, unless ``bears_edges``, touch the lattice's edge."""
    problem, d = solver.problem, solver.diagnostics
    if problem.limit == "collateral" and d.lowest <= 0.0:
        limits = frozenset({"low"})
        text = f"{solver.label}: choices reach the end of the bond grid; {remedy(problem, limits)}"
        raise ModelFailure(text, "bond_grid", limits)
    if d.edge_hits > 0 and not bears_edges:
        limits = frozenset({"lattice"})
        text = f"{solver.label}: choices touch the lattice's edge; {remedy(problem, limits)}"
        raise ModelFailure(text, "portfolio_lattice", limits)


def check_choices(solver: Solver, paths: Sequence[SimulatedPath], reach: Reach) -> None:
    """Raise ModelFailure where a path holds more debt than any solved state chooses: its equilibrium is one that the backward
    solution does not know, and so are the expectations that it rests on. Productivities off the chain may take a path
    beyond those states a little, by less than the width of the bond grid's dense part or a tenth of the debt.
    """
    for path in paths:
        for t, b in enumerate(path.b_next):
            lowest = reach.lowest[t]
            if b < lowest - max(solver.grids.at(t + 1).bonds.stretch, _BEYOND * abs(lowest)):
                raise ModelFailure(
                    f"{solver.label}: in year index {t} of the realized path b' = {b:.4f} is below the lowest choice of a "
                    f"solved state, {lowest:.4f}: another equilibrium; {solver.problem.case()}",
                    "inaccurate",
                )


def check_errors(solver: Solver, paths: Sequence[SimulatedPath], largest: float) -> None:
    """Raise ModelFailure where an Euler error on a path exceeds ``largest`` (key ``model.solver.largest_error``)."""
    for path in paths:
        t, column = np.unravel_index(np.argmax(path.errors), path.errors.shape)
        error = path.errors[t, column]
        if not error <= largest:
            raise ModelFailure(
                f"{solver.label}: the Euler error of {('bonds', 'the portfolio')[column]} is {error:.2g} in year index {t} "
                f"of the realized path, above model.solver.largest_error = {largest:g}, at b = {path.b[t]:.4f}, "
                f"k = {path.k[t].round(4).tolist()}; {solver.problem.case()}\nremedy: finer grids (model.grid)",
                "inaccurate",
            )


def amplification(solver: Solver, years: list[Policies], reach: Reach) -> float:
    """Largest J = kappa gamma q / c over binding reachable states (docs/model.md, section 5); none at next year's price."""
    worst = 0.0
    if solver.problem.next_price:
        return worst
    for t, policies in enumerate(years):
        _, grid, exogenous, _ = solver.grids.at(t)
        below = len(grid.below)
        b = grid.at_nodes(policies.kink, solver.grids.first)[..., :below]
        binds = policies.kink > grid.start[solver.grids.own_nodes, None]
        inside = (b >= min(reach.lowest[max(t - 1, 0)], reach.lowest[t])) & binds[..., None]
        rows = policies.pol[:, :, :below]
        j = exogenous.kappa[None, :, None] * solver.problem.gamma * rows[..., Q] / rows[..., C]
        if inside.any():
            worst = max(worst, float(j[inside].max()))
    return float(solver.ranks.reduce(np.array([worst]), "max")[0])
