"""The plan bunches: in years without a binding limit it chooses bonds at which next year's limit just starts to bind.

    python benchmarks/bunching.py [--config FILE ..] [--zones 430 ..]

First the one-industry economy of `kernels`, lowest productivity, on ever finer grids: a little below the kink b* the plan's
shadow value of wealth lambda is larger by a finite amount than at it, and above it b' hardly moves with b. Then zones of the
default economy, or of that of the configuration files: on the realized path, Euler errors of bonds beside errors of
consumption, the relative distance to the consumption at which the bond condition holds exactly, bonds moved with it within the
budget and next year's equilibrium solved afresh. Where lambda jumps, a condition that fails on both sides of a point can hold
only there, so that its error at a point next to it says little about the distance.

Writes results/bench/bunching.json and the figure bunching.pdf/.png.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import kernels
import numpy as np
import zone_times
from common import OUTPUT, say, table
from error_sources import Tail, solve_both
from scipy.optimize import brentq

#: nodes below and above the kink, points of the common grid
GRIDS = ((14, 12, 192), (40, 40, 800), (120, 120, 3200))
NEAR, FAR, WIDE = 5e-4, 0.01, 0.03  # distances from the kink, in years of output
_FIRST, _WIDEST = 1e-6, 0.2  # brackets of the move in bonds


def plan(grid: tuple[int, int, int]):
    """The `Tail` of the one-industry plan on a grid."""
    from regspec.model.solver.time_iteration import Solver

    below, above, fine = grid
    problem = replace(kernels.economy(1, 2, 3), below=below, above=above, fine=fine)
    solver = Solver(problem, True)
    return Tail(solver, solver.stationary(1e-7, 1e-9, 3000, Solver(problem, False).stationary(1e-7, 1e-9, 3000)))


def around(tail, distances: np.ndarray) -> dict[str, np.ndarray]:
    """lambda^(-1/gamma), the multiplier mu/u' and b' - b* at distances from the kink, in the lowest exogenous state."""
    from regspec.model.kernels.records import B_NEXT, MU

    k, kink = np.ones(1), tail.kinks[0, 0]
    policy = tail.solved(kink + distances, k, 0)
    value = tail.marginal(policy, k, 0)[1] ** (-1.0 / tail.solver.problem.gamma)
    return {"distance": distances, "value": value, "mu": policy[MU], "ahead": policy[B_NEXT] - kink}


def jumps() -> tuple[list[dict], list[dict]]:
    """A row for each grid, and what the figure shows."""
    rows, curves = [], []
    for grid in GRIDS:
        tail = plan(grid)
        at = around(tail, np.array([-NEAR, NEAR, FAR]))
        rows.append(
            {
                "b_below": grid[0],
                "b_above": grid[1],
                "b_fine": grid[2],
                "kink": float(tail.kinks[0, 0]),
                "below": float(at["value"][0]),
                "above": float(at["value"][1]),
                "mu_below": float(at["mu"][0]),
                "ahead_at": float(at["ahead"][1]),
                "ahead_far": float(at["ahead"][2]),
            }
        )
        curves.append(
            {"label": f"{grid[0]} + {grid[1]} nodes, {grid[2]:,} points"}
            | around(tail, np.linspace(-0.5 * FAR, WIDE - 0.5 * FAR, 241))
        )
    return rows, curves


def draw(curves: list[dict], stem: Path, provenance: dict) -> None:
    """lambda^(-1/gamma) and b' around the kink, a line for each grid."""
    from regspec.exhibits import figures
    from regspec.exhibits.writer import ExhibitWriter

    writer = ExhibitWriter(stem.parent, provenance, synthetic=True)
    with writer.figure(name=stem.name, width="double", height=3.1, ncols=2) as (figure, axes):
        for curve, colour, line in zip(curves, figures.PALETTE, (":", "--", "-"), strict=False):
            for axis, key in zip(axes, ("value", "ahead"), strict=True):
                axis.plot(curve["distance"], curve[key], line, color=colour, label=curve["label"])
        axes[0].set(title="Shadow value of wealth", ylabel=r"$\lambda^{-1/\gamma}$")
        axes[1].set(title="Bonds chosen", ylabel=r"$b' - b^*$ (years of output)")
        for axis in axes:
            axis.axvline(0.0, color="#999999", linewidth=0.6)
            axis.set_xlabel(r"$b - b^*$ (years of output)")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3)


def consumption_errors(solver, years, path, weights) -> np.ndarray:
    """Relative errors of consumption (T+1,); in years in which the limit binds, the Euler errors."""
    errors = path.errors[:, 0].copy()
    for t in np.flatnonzero(~path.binding):
        move = root(bond_condition(solver, years, path, weights, int(t)))
        errors[t] = abs(move) / (solver.problem.rate * path.c[t])
    return errors


def bond_condition(solver, years, path, weights, t: int):
    """Euler error in year index ``t`` as a function of a move in b', with consumption moved by the budget."""
    from regspec.model.kernels.columns import IMPLIED_C, wealth_column
    from regspec.model.kernels.conditions import growth_target
    from regspec.model.simulation.euler_errors import exact_expectations
    from regspec.model.simulation.paths import starts

    last, rate = len(path.b) - 1, solver.problem.rate
    next_year, _ = solver.expectations_at(years[min(t + 2, last)], t + 2, weights[min(t + 1, last)])
    _, _, exogenous, const = solver.grids.at(t + 1)
    columns = [IMPLIED_C, wealth_column(solver.problem.industries)] if solver.planner else [IMPLIED_C]
    exact, search = np.empty(len(const.columns)), solver.options.error_search()
    target = growth_target(1.0 / rate, 0.0, const)

    def gap(move: float) -> float:
        b, k = path.b_next[t] + move, path.k_next[t]
        begin = starts(b, k, solver, t + 1)
        if exact_expectations(b, k, weights[t], begin, exogenous, next_year, const, search, exact):
            raise RuntimeError(f"no equilibrium in year index {t + 1} at b = {b:.4f}")
        return exact[columns].min() / (target * (path.c[t] - move / rate)) - 1.0

    return gap


def root(gap) -> float:
    """Zero nearest to 0 of an increasing function with a jump perhaps, by doubling a bracket and Brent's method."""
    low, high, sign = 0.0, _FIRST, -1.0 if gap(0.0) > 0.0 else 1.0
    while sign * gap(sign * high) < 0.0:
        low, high = high, 2.0 * high
        if high > _WIDEST:
            raise RuntimeError("the bond condition holds nowhere near the choice")
    return brentq(gap, sign * low, sign * high, xtol=1e-10)


def zone_rows(config, layout, zones: list[int]) -> list[dict]:
    """A row for every zone and allocation: Euler errors of bonds and errors of consumption on the path, log10."""
    from regspec.solves.problem import build_problem
    from regspec.solves.settings import solve_settings

    rows = []
    for number in zones:
        zone, national = zone_times.inputs(layout, number)
        problem = build_problem(zone, national, solve_settings(config, "baseline"))
        shocks = np.ascontiguousarray(national.u)
        weights = [problem.chain.weights_off_grid(point) for point in problem.realized_state(shocks)]
        for solver, _, years, path in solve_both(problem, config.model.solver, shocks):
            row = {"zone": number, "allocation": "planner" if solver.planner else "market"}
            for name, errors in (("bonds", path.errors[:, 0]), ("c", consumption_errors(solver, years, path, weights))):
                size = np.maximum(np.abs(errors), 1e-16)
                row |= {f"{name}_mean": float(np.log10(size.mean())), f"{name}_p99": float(np.log10(np.quantile(size, 0.99)))}
            rows.append(row)
            say(" ".join(f"{value:.2f}" if isinstance(value, float) else str(value) for value in row.values()))
    return rows


def summary(rows: list[dict]) -> list[dict]:
    """Median and worst zone by allocation."""
    found = []
    for name in ("market", "planner"):
        own = [row for row in rows if row["allocation"] == name]
        keys = [key for key in own[0] if key.endswith(("_mean", "_p99"))]
        for label, measure in (("median", np.median), ("worst", np.max)):
            found.append(
                {"allocation": name, "zones": len(own), "of": label} | {k: float(measure([r[k] for r in own])) for k in keys}
            )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", nargs="*", default=[], help="configuration files on top of the default one")
    parser.add_argument("--zones", type=int, nargs="*", help="zones of the sample; all of it without this")
    options = parser.parse_args()
    config, layout = zone_times.prepare(True, options.config)
    from regspec.io.provenance import code_version, write_json

    grids, curves = jumps()
    columns = dict.fromkeys(("b_below", "b_above", "b_fine"), "d") | {"kink": ".5f"}
    columns |= dict.fromkeys(("below", "above", "mu_below"), ".4f") | dict.fromkeys(("ahead_at", "ahead_far"), ".6f")
    say(table(grids, columns))
    version = code_version()
    draw(curves, OUTPUT / "bunching", {"code_version": version})
    rows = zone_rows(config, layout, options.zones or layout.zone_ids())
    found = summary(rows)
    say(table(found, {"allocation": "s", "zones": "d", "of": "s"} | dict.fromkeys(list(found[0])[3:], ".2f")))
    write_json(OUTPUT / "bunching.json", {"grids": grids, "zones": rows, "summary": found, "code_version": version})


if __name__ == "__main__":
    main()
