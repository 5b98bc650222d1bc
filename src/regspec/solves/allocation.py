"""One allocation of a zone on given grids: solved backward, simulated, its errors measured, and refused where it is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np

from regspec.config.config import Config
from regspec.errors import ModelFailure
from regspec.model.kernels.records import C, Q
from regspec.model.problem import Problem
from regspec.model.simulation.euler_errors import summarize
from regspec.model.simulation.paths import SimulatedPath, euler_errors_at_random_states, simulate
from regspec.model.simulation.reach import Reach, check_states, reach_of
from regspec.model.solver.hooks import SolverHooks
from regspec.model.solver.mpi import Ranks
from regspec.model.solver.nonconvergence import remedy
from regspec.model.solver.policies import Policies
from regspec.model.solver.time_iteration import Solver

_BEYOND = 0.1  # of the largest debt that a solved state chooses: what a path may add to it


@dataclass(frozen=True)
class Allocation:
    """One allocation of a zone: its simulated path, certainty-equivalent value at the first state, and diagnostics.

    ``others``: paths under further shocks with the same policies, none but when asked for.
    """

    path: SimulatedPath
    value: float
    diagnostics: dict[str, float]
    others: tuple[SimulatedPath, ...] = ()

    def record(self) -> dict:
        """As lists and numbers, every bit kept, for JSON."""
        path = {name: series.tolist() for name, series in asdict(self.path).items()}
        return {"path": path, "value": self.value, "diagnostics": self.diagnostics}

    @staticmethod
    def from_record(record: dict) -> Allocation:
        """The allocation of a `record`."""
        path = SimulatedPath(**{f.name: np.array(record["path"][f.name]) for f in fields(SimulatedPath)})
        return Allocation(path, record["value"], record["diagnostics"])


def solve_allocation(
    problem: Problem,
    planner: bool,
    config: Config,
    shocks: np.ndarray,
    ranks: Ranks,
    label: str,
    progress: Callable | None = None,
    start: Policies | None = None,
    also: Sequence[np.ndarray] = (),
    keeper: SolverHooks | None = None,
    bears_edges: bool = True,
) -> tuple[Allocation, Policies]:
    """Solve, simulate and certify one allocation from the tail's ``start``; simulate it under the shocks in ``also``, too.

    Returns it and its tail. Raises ModelFailure naming the zone, the condition and the state, also where choices reach the end
    of the bond grid or, unless ``bears_edges``, touch the lattice's edge.
    """
    settings = config.model.solver
    solver = Solver(problem, planner, ranks, label, keeper)
    tail = solver.stationary(settings.tolerance, settings.residual, settings.max_sweeps, start, progress)
    years = solver.path(tail, settings.residual, progress)
    d = solver.diagnostics
    if problem.limit == "collateral" and d.lowest <= 0.0:
        limits = frozenset({"low"})
        raise ModelFailure(f"{label}: choices reach the end of the bond grid; {remedy(problem, limits)}", "bond_grid", limits)
    if d.edge_hits > 0 and not bears_edges:
        limits = frozenset({"lattice"})
        raise ModelFailure(f"{label}: choices touch the lattice's edge; {remedy(problem, limits)}", "portfolio_lattice", limits)
    reach = reach_of(solver, years)
    unreachable = check_states(solver, years, reach)
    path, *others = (simulate(solver, years, own) for own in (shocks, *also))
    check_choices(solver, [path, *others], reach)
    check_errors(solver, [path, *others], settings.largest_error)
    cloud, roots = euler_errors_at_random_states(solver, tail, settings.cloud, config.run.seed, reach.lowest[-1])
    roots = max(roots, *(int(own.roots.max()) for own in (path, *others)))
    if roots > 1:
        raise ModelFailure(
            f"{label}: {roots} static equilibria at a reachable state; {problem.case()}\n{remedy(problem)}",
            "several_equilibria",
        )
    diagnostics = (
        summarize(path.errors, "")
        | summarize(cloud, "cloud_")
        | {
            "residual_max": d.residual,
            "violation_max": d.violation,
            "binding_share": float(path.binding.mean()),
            "amplification_max": _amplification(solver, years, reach),
            "roots_max": roots,
            "unreachable_states": unreachable,
            "failed_states": 0,
            "lattice_hits": d.edge_hits,
            "rescued_states": d.restarted,
            "grid_margin": d.lowest,
            "contraction": d.contraction,
            "sweeps": d.iterations,
            "us_per_state_sweep": 1e6 * d.seconds / d.states,
        }
    )
    return Allocation(path, float(path.value[0]), diagnostics, tuple(others)), tail


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


def _amplification(solver: Solver, years: list[Policies], reach: Reach) -> float:
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
