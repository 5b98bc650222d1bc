"""Work and precision: Euler errors of one zone of the default economy against solve time, on grids from coarse to fine.

Seconds are those of the backward solution (tail and path; the planner's tail starts from the market's, whose time is not
included); errors are those of docs/accuracy.md on the realized path and on the random cloud.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from common import OUTPUT, say
from zone_times import inputs

#: lattice steps, bond nodes below and above the kink, points of the common bond grid; the fourth is the default grid
GRIDS = (
    (4, 6, 8, 64),
    (4, 10, 10, 112),
    (6, 10, 10, 112),
    (6, 14, 12, 192),
    (6, 16, 16, 256),
    (8, 16, 16, 256),
    (10, 20, 20, 320),
)
FIELDS = (
    "scenario",
    "allocation",
    "k_steps",
    "b_below",
    "b_above",
    "b_fine",
    "states",
    "sweeps",
    "seconds",
    "us_per_state_sweep",
)


def _with_grid(settings, grid):
    steps, below, above, fine = grid
    sizes = settings.grid.model_copy(update={"k_steps": steps, "b_below": below, "b_above": above, "b_fine": fine})
    return replace(settings, grid=sizes)


def measure(config, layout, grids, scenario: str = "baseline") -> list[dict]:
    """A row for every grid and allocation; one that fails is a row with the reason under ``failure``."""
    from regspec.errors import ModelFailure
    from regspec.model.solver.mpi import Ranks
    from regspec.solves.allocation import solve_allocation
    from regspec.solves.problem import build_problem, realized_shocks
    from regspec.solves.settings import solve_settings

    zone, national = inputs(layout)
    settings, rows = solve_settings(config, scenario), []
    shocks = realized_shocks(national, settings)
    for grid in grids:
        sized, tail = _with_grid(settings, grid), None
        problem = build_problem(zone, national, sized)
        for planner in (False, True):
            name = "planner" if planner else "market"
            row = {"scenario": scenario, "allocation": name}
            row |= dict(zip(("k_steps", "b_below", "b_above", "b_fine"), grid, strict=True))
            rows.append(row)
            try:
                found, tail, d = solve_allocation(problem, planner, sized, shocks, Ranks(), name, None, tail)
            except ModelFailure as failure:
                row["failure"] = str(failure).splitlines()[0]
                say(f"grid {grid}, {name}: {row['failure']}")
                break
            if found is None:
                row["failure"] = "a choice reaches the end of the bond grid"
                break
            row |= {"states": round(d.states / (d.iterations + problem.horizon)), "sweeps": d.iterations, "seconds": d.seconds}
            row["us_per_state_sweep"] = 1e6 * d.seconds / d.states
            row |= {key: value for key, value in found.diagnostics.items() if "euler" in key}
            say(
                f"grid {grid}, {name}: {d.seconds:.2f} s, bonds 10^{row['euler_bonds_mean_log10']:.2f}, "
                f"portfolio 10^{row['euler_portfolio_mean_log10']:.2f} on the path"
            )
    return rows


def write(rows: list[dict], path: Path) -> None:
    """The rows as CSV, atomically."""
    from regspec.io.provenance import atomic_path

    extra = sorted({key for row in rows for key in row} - set(FIELDS))
    with atomic_path(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, [*FIELDS, *extra], restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def draw(rows: list[dict], stem: Path, provenance: dict) -> None:
    """Errors against seconds, both on log axes: a panel for bonds and one for the portfolio."""
    from regspec.exhibits import figures
    from regspec.exhibits.writer import ExhibitWriter

    writer = ExhibitWriter(stem.parent, provenance, synthetic=True)
    with writer.figure(name=stem.name, width="double", height=3.1, ncols=2, sharey=True) as (figure, axes):
        styles = {"market": (figures.PALETTE[0], "o"), "planner": (figures.PALETTE[1], "s")}
        solved = [row for row in rows if "failure" not in row]
        for axis, condition, title in zip(axes, ("bonds", "portfolio"), ("Bond condition", "Portfolio condition"), strict=True):
            for name, (colour, marker) in styles.items():
                own = [row for row in solved if row["allocation"] == name]
                for statistic, line, fill in (("mean", "-", colour), ("p99", "--", "white")):
                    axis.plot(
                        [row["seconds"] for row in own],
                        [10 ** row[f"euler_{condition}_{statistic}_log10"] for row in own],
                        line,
                        color=colour,
                        marker=marker,
                        markerfacecolor=fill,
                        label=f"{name}, {statistic}",
                    )
            axis.set(xscale="log", yscale="log", xlabel="solve time (seconds, one core)", title=title)
            axis.grid(True, which="major", color="#DDDDDD", linewidth=0.5)
            ticks(axis)
        axes[0].set_ylabel("Euler error on the path (unit-free)")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)


def ticks(axis) -> None:
    """Seconds at 1, 2, 5 times powers of ten, written as numbers; errors at powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    for which in (axis.xaxis, axis.yaxis):
        which.set_minor_formatter(NullFormatter())


def run(config, layout, quick: bool) -> list[dict]:
    """Rows, CSV and figure."""
    from regspec.io.provenance import code_version
    from regspec.solves.precompile import precompile

    precompile(config)  # the first grid's time must not contain the loading of kernels
    rows = measure(config, layout, GRIDS[:2] if quick else GRIDS)
    write(rows, OUTPUT / "work_precision.csv")
    draw(rows, OUTPUT / "work_precision", {"code_version": code_version()})
    return rows
