"""Speed of the solver by number of industries: microseconds per state and sweep, sweeps, seconds.

    python benchmarks/kernels.py [--industries 2 3 4] [--steps N]

The bond grid is the default one. A state is one equilibrium solved in one sweep, kinks included; the time of a sweep includes
the expectations of all grid points, as the columns newton, expectations and driver (acceleration, copies, checks) say. The tail
is iterated from a cold start to the default tolerance, the path has ten years. The best of three repetitions counts: the
machine may be shared.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from functools import partial

import numpy as np
from common import clocked

from regspec.config.model import Grid
from regspec.model.grids.bond_grid import bond_bounds
from regspec.model.grids.corners import lattice_bounds, simplex
from regspec.model.markov import product_chain
from regspec.model.problem import Problem
from regspec.model.solver.time_iteration import Solver

YEARS, GRID = 11, Grid()


def economy(industries: int, steps: int, nodes: int) -> Problem:
    """A zone with unequal industries, trends and the default parameters (gamma 5, kappa .021)."""
    xi = np.linspace(0.10, 0.29, industries)
    a, alpha = 0.3 + xi, 0.3
    shares = np.arange(1.0, industries + 1.0)
    k0 = shares / shares.sum()
    ztilde = k0 ** (1.0 - a)
    trend = np.linspace(0.0, 0.08, YEARS)[:, None] * np.linspace(1.0, 0.5, industries)
    chain = product_chain([0.85] * industries, [0.015] * industries, nodes)
    lower = lattice_bounds(ztilde, a, alpha, trend, k0) if industries > 1 else np.ones((YEARS, 1))
    inputs = {
        "alpha": alpha,
        "beta": 0.95,
        "kappa": 0.021,
        "a": a,
        "ztilde": ztilde,
        "trend": trend,
        "chain": chain,
        "rate": 1.013,
        "limit": "collateral",
        "b_max": 0.6,
        "lower": lower,
    }
    bonds, debt = bond_bounds(inputs)
    return Problem(
        alpha=alpha,
        beta=0.95,
        gamma=5.0,
        kappa=0.021,
        a=a,
        phi=np.linspace(1.0, 3.26, industries),
        ztilde=ztilde,
        k0=k0,
        b0=-0.12,
        trend=trend,
        chain=chain,
        rate=1.013,
        limit="collateral",
        bonds=bonds,
        debt=debt,
        corners=simplex(lower),
        steps=steps,
        below=GRID.b_below,
        above=GRID.b_above,
        fine=GRID.b_fine,
    )


def measure(problem: Problem, planner: bool, start) -> tuple[dict, object]:
    """Time the tail and the path of one allocation; returns the figures and the tail."""
    solver = Solver(problem, planner)
    with clocked() as log:
        began = time.perf_counter()
        tail = solver.stationary(1e-6, 1e-8, 1500, start)
        tail_seconds, tail_states = time.perf_counter() - began, solver.diagnostics.states
    parts = {"newton": log["time_step"], "expectations": log["expand"] + log["recover_slopes"]}
    parts["driver"] = tail_seconds - sum(parts.values())
    began = time.perf_counter()
    solver.path(tail, 1e-8)
    path_seconds, path_states = time.perf_counter() - began, solver.diagnostics.states - tail_states
    d = solver.diagnostics
    return {
        "tail": 1e6 * tail_seconds / tail_states,
        "path": 1e6 * path_seconds / path_states,
        "sweeps": d.iterations,
        "states": tail_states / d.iterations,
        "evaluations": d.evaluations / d.states,
        **{name: 1e6 * seconds / tail_states for name, seconds in parts.items()},
        "tail_seconds": tail_seconds,
        "failed": d.failed,
        "residual": d.residual,
    }, tail


def sizes(industries: int) -> tuple[int, int]:
    """(lattice steps, shock nodes per industry): those of the default up to three industries, fewer above."""
    return (GRID.k_steps, GRID.u_nodes) if industries <= 3 else (4, 2)


def run(industries: int, steps: int, nodes: int, repeat: int, show=print) -> list[dict]:
    """Rows of the table, market and planner; the best of ``repeat`` runs counts."""
    problem = economy(industries, steps, nodes)
    start, coarse, rows = None, None, []
    for planner in (False, True):
        _, coarse = measure(replace(problem, steps=2), planner, coarse)  # compiles
        runs = [measure(problem, planner, start) for _ in range(repeat)]
        start = runs[0][1]
        best = min((r for r, _ in runs), key=lambda r: r["tail"] + r["path"])
        name = "planner" if planner else "market"
        rows.append({"industries": industries, "allocation": name, "lattice_steps": steps, "shock_nodes": nodes} | best)
        show(
            f"{industries}  {problem.chain.size:8d}  {name:10s}  {best['states']:12.0f}  {best['tail']:19.2f}"
            f"  {best['path']:18.2f}  {best['sweeps']:6d}  {best['tail_seconds']:6.2f}  {best['evaluations']:17.2f}"
            f"  {best['newton']:6.2f}  {best['expectations']:12.2f}  {best['driver']:6.2f}"
        )
    return rows


HEADER = "I  e-states  allocation  states/sweep  tail us/state/sweep  path us/state/year  sweeps  tail s  evaluations/state"
HEADER += "  newton  expectations  driver"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--industries", type=int, nargs="+", default=[2, 3, 4])
    parser.add_argument("--steps", type=int, help="lattice steps [those of the default grid up to three industries, else 4]")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    print(HEADER)
    for industries in options.industries:
        steps, nodes = sizes(industries)
        run(industries, options.steps or steps, nodes, options.repeat, partial(print, flush=True))


if __name__ == "__main__":
    main()
