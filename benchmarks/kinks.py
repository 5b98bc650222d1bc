"""Treatments of the kink where the limit starts to bind, compared: errors and time of one zone of the default economy.

Each method replaces one part of the solver and keeps everything else, the measure of the errors included
(docs/accuracy.md). A method runs in a process of its own with an empty kernel cache, because kernels are compiled
with the parts that they find.

- `fixed, linear` / `fixed, cubic`: nodes evenly spaced in the grid's own coordinate, the same for every (k, e), each solved
  in the regime whose inequality holds; policies interpolated straight across the kink.
- `kink, linear`: the kink located first and a node put on it, linear interpolation on either side.
- `kink, cubic, even`: cubic on either side, nodes evenly spaced on each.
- `kink, cubic, crowded`: the same with nodes crowded at the kink.
- `kink, cubic, aligned`: and the common grid follows the kink over portfolios; what the package does.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from common import OUTPUT, ROOT, say

METHODS = ("fixed, linear", "fixed, cubic", "kink, linear", "kink, cubic, even", "kink, cubic, crowded", "kink, cubic, aligned")
GRIDS = ((6, 4, 6, 48), (6, 10, 10, 112), (6, 14, 12, 192))


def fixed_time_step():
    """A time step on nodes that do not move: the regime is the one whose inequality holds. Signature of `time_step`."""
    import numpy as np

    from regspec.model.kernels import time_step as kernel
    from regspec.model.kernels.conditions import growth_target, limit_gap, production
    from regspec.model.kernels.jit import njit
    from regspec.model.kernels.lookup import bond_at
    from regspec.model.kernels.newton import solve_state
    from regspec.model.kernels.policy_rows import read_row
    from regspec.model.kernels.records import Mode, Search, State, Status

    record = kernel.record
    EVALUATIONS, FAILED, LOWEST, RESIDUAL, STATES = (
        kernel.EVALUATIONS,
        kernel.FAILED,
        kernel.LOWEST,
        kernel.RESIDUAL,
        kernel.STATES,
    )

    @njit
    def time_step(year, next_year, first, block, taxes, search, work):
        grid, exogenous, const = year.bonds, year.exogenous, year.constants
        s, y, stats, pol = work.scratch, work.y, work.stats, block.pol
        below, above = len(grid.below), len(grid.above)
        width = grid.dx * (grid.points - 1)
        at = width * (below - 1) / (below + above - 2)
        exact = Search(search.accept, 0.0, search.limit)
        for entry in range(len(stats)):
            stats[entry] = np.inf if entry == LOWEST else 0.0
        for e in range(pol.shape[1]):
            bond_price = 1.0 / exogenous.R[e]
            target = growth_target(bond_price, 0.0, const)
            for local in range(pol.shape[0]):
                k, rows = year.lattice.capital[first + local], pol[local, e]
                block.kink[local, e] = at
                output = production(k, exogenous.z[e], const)
                for step in range(below + above):
                    node = below + above - 1 - step  # from rich to poor
                    x = at * grid.below[node] if node < below else at + (width - at) * grid.above[node - below]
                    state = State(bond_at(x, grid), k, output, bond_price, exogenous.kappa[e], exogenous.debt[e], e)
                    stats[STATES] += 1.0
                    done = False
                    for attempt in range(4):  # own last choice, then the richer neighbour's; slack, then binding
                        source = node if attempt < 2 else min(node + 1, below + above - 1)
                        read_row(rows[source], const, y)
                        mode = Mode.SLACK if attempt % 2 == 0 else Mode.BINDING
                        status, worst, count = solve_state(mode, state, y, target, s.zeros, next_year, const, s, exact)
                        stats[EVALUATIONS] += count
                        if status == Status.SOLVED and (mode == Mode.BINDING or limit_gap(state, y, const, s) >= -1e-10):
                            done = True
                            break
                    block.failed[local, e, node] = 0 if done else 1
                    if done:
                        stats[RESIDUAL] = max(stats[RESIDUAL], worst)
                        record(mode == Mode.BINDING, rows[node], const, work)
                    else:
                        stats[FAILED] += 1.0

    return time_step


def linear_policy():
    """Linear interpolation of policies in place of `policy_interpolation.place_side`."""
    from regspec.model.kernels.jit import inlined

    @inlined
    def place_side(rows, first, nodes, scales, places, span, lowest, block, columns, result):
        cursor = 0
        for p in range(span[0], span[1]):
            at = max(places[p], lowest)
            while cursor < len(nodes) - 2 and at > nodes[cursor + 1]:
                cursor += 1
            share = (at - nodes[cursor]) / (nodes[cursor + 1] - nodes[cursor])
            left, right = rows[first + cursor], rows[first + cursor + 1]
            for col in range(len(columns)):
                result[col, p] = block[p % len(block), col] = (1.0 - share) * left[col] + share * right[col]

    return place_side


def install(method: str) -> None:
    """Put the method's parts in place of the package's own; before anything is compiled."""
    from regspec.model import problem
    from regspec.model.kernels import policy_interpolation
    from regspec.model.solver import time_iteration, year_grids

    def replace(owner, name: str, part) -> None:
        if name not in vars(owner):  # else a method would silently be the package's own
            raise AttributeError(f"{owner.__name__} has no {name}: method {method!r} replaces nothing")
        setattr(owner, name, part)

    if not method.endswith(("crowded", "aligned")):
        replace(problem, "_CLUSTERING", 1.0)
    if not method.endswith("aligned"):
        replace(year_grids.YearGrids, "aligned", lambda grids, policies, t: policies.shift)
    if method.endswith("linear"):
        replace(policy_interpolation, "place_side", linear_policy())
    if method.startswith("fixed"):
        replace(time_iteration, "time_step", fixed_time_step())


def child(method: str) -> None:
    """Measure one method and print its rows as JSON on the last line."""
    import precision
    from zone_times import CONFIG, OVERRIDES

    from regspec.workflow import steps

    config, _, layout = steps.load(CONFIG, OVERRIDES)
    steps.prepare_numba(layout)
    install(method)
    precision.measure(config, layout, GRIDS[:1])  # compiles
    rows = precision.measure(config, layout, GRIDS)
    print(json.dumps([{"method": method} | row for row in rows]))


def draw(rows: list[dict], stem: Path, provenance: dict) -> None:
    """Mean bond error against seconds: a panel for the market and one for the planner."""
    import precision

    from regspec.exhibits import figures
    from regspec.exhibits.writer import ExhibitWriter

    writer = ExhibitWriter(stem.parent, provenance, synthetic=True)
    with writer.figure(name=stem.name, width="double", height=3.1, ncols=2, sharey=True) as (figure, axes):
        markers = ("v", "^", "D", "s", "o", "*")
        for axis, allocation in zip(axes, ("market", "planner"), strict=True):
            for number, method in enumerate(METHODS):
                own = [
                    row for row in rows if row["method"] == method and row["allocation"] == allocation and "failure" not in row
                ]
                axis.plot(
                    [row["seconds"] for row in own],
                    [10 ** row["euler_bonds_mean_log10"] for row in own],
                    "--" if method.startswith("fixed") else "-",
                    color=figures.PALETTE[number],
                    marker=markers[number],
                    label=method,
                )
            axis.set(xscale="log", yscale="log", xlabel="solve time (seconds, one core)", title=allocation.capitalize())
            axis.grid(True, which="major", color="#DDDDDD", linewidth=0.5)
            precision.ticks(axis)
        axes[0].set_ylabel("mean bond error on the path (unit-free)")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3)


def run(quick: bool) -> list[dict]:
    """Rows of all methods; figure."""
    from regspec.io.provenance import code_version

    rows = []
    for method in METHODS[-2:] if quick else METHODS:
        say(f"kinks: {method} (compiles first)")
        with TemporaryDirectory() as cache:
            done = subprocess.run(
                [sys.executable, __file__, "--method", method],
                cwd=ROOT,
                capture_output=True,
                encoding="utf-8",
                env={**os.environ, "NUMBA_CACHE_DIR": cache},
            )
        if done.returncode:
            raise RuntimeError(f"{method}: {done.stderr[-2000:]}")
        rows += json.loads(done.stdout.splitlines()[-1])
    draw(rows, OUTPUT / "kinks" / "kinks", {"code_version": code_version()})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--method", choices=METHODS, required=True)
    child(parser.parse_args().method)


if __name__ == "__main__":
    main()
