"""One allocation of a zone on given grids: solved backward, simulated, its errors measured, and refused where it is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np

from regspec.errors import ModelFailure
from regspec.model.problem import Problem
from regspec.model.simulation.euler_errors import summarize
from regspec.model.simulation.paths import SimulatedPath, euler_errors_at_random_states, simulate
from regspec.model.simulation.reach import check_states, reach_of
from regspec.model.solver.hooks import SolverHooks
from regspec.model.solver.mpi import Ranks
from regspec.model.solver.nonconvergence import remedy
from regspec.model.solver.policies import Policies
from regspec.model.solver.time_iteration import Solver
from regspec.solves.certify import amplification, check_choices, check_errors, check_grids
from regspec.solves.settings import SolveSettings


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
    settings: SolveSettings,
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
    bounds = settings.solver
    solver = Solver(problem, planner, ranks, label, keeper)
    tail = solver.stationary(bounds.tolerance, bounds.residual, bounds.max_sweeps, start, progress)
    years = solver.path(tail, bounds.residual, progress)
    check_grids(solver, bears_edges)
    reach = reach_of(solver, years)
    unreachable = check_states(solver, years, reach)
    path, *others = (simulate(solver, years, own) for own in (shocks, *also))
    check_choices(solver, [path, *others], reach)
    check_errors(solver, [path, *others], bounds.largest_error)
    cloud, roots = euler_errors_at_random_states(solver, tail, bounds.cloud, settings.seed, reach.lowest[-1])
    roots = max(roots, *(int(own.roots.max()) for own in (path, *others)))
    if roots > 1:
        raise ModelFailure(
            f"{label}: {roots} static equilibria at a reachable state; {problem.case()}\n{remedy(problem)}",
            "several_equilibria",
        )
    d = solver.diagnostics
    diagnostics = (
        summarize(path.errors, "")
        | summarize(cloud, "cloud_")
        | {
            "residual_max": d.residual,
            "violation_max": d.violation,
            "binding_share": float(path.binding.mean()),
            "amplification_max": amplification(solver, years, reach),
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
