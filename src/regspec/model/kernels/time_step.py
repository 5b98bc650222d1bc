"""Compiled time step: one backward step of the equilibrium or the plan on a block of lattice nodes.

Per (k, e) the kink b* is found first; solve nodes lie between the grid's end and b* (limit binds) and from b* upwards
(slack), so that regimes are known before a node is solved and every policy is smooth between its nodes.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from regspec.model.kernels.conditions import growth_target, limit_gap, limit_multiplier, production
from regspec.model.kernels.jit import inlined, njit
from regspec.model.kernels.lookup import bond_at
from regspec.model.kernels.newton import solve_state
from regspec.model.kernels.policy_rows import read_row, write_row
from regspec.model.kernels.records import OUT_B, Mode, Scratch, Search, State, Status

# entries of the statistics that a time step writes
DISTANCE, EVALUATIONS, FAILED, RESIDUAL, VIOLATION, LOWEST, STATES, EDGE_HITS, RESTARTED = range(9)
_STARTS = 5
_AT_EDGE = 1e-6  # of a lattice step: a choice this close touches the lattice's edge


class StepStatistics(NamedTuple):
    """What a time step measures, in the order of the entries above."""

    distance: float  # largest change of policies
    evaluations: float
    failed: float  # states without a solution
    residual: float
    violation: float  # largest violation of an inequality
    lowest: float  # b' chosen
    states: float  # solved or tried
    edge_hits: float  # choices that touch the lattice's edge
    restarted: float  # states that another start than their own last choice has solved


class Work(NamedTuple):
    """Work arrays of a time step, and the statistics that it writes."""

    scratch: Scratch
    y: np.ndarray  # (I,)
    stats: np.ndarray  # (9,)


class Place(NamedTuple):
    """Where the policy of a state stands."""

    rows: np.ndarray  # (below + above, I+5) of its portfolio and exogenous state
    other_rows: np.ndarray  # the same of the exogenous state solved before; empty at the first
    node: int


@inlined
def start(attempt, mode, place, state, const, y):
    """Write the start value number ``attempt`` of a node to ``y``; False when there is none.

    0: its own last choice; 1: the choice at the node solved before; 2: the last choice at the node on its other side; 3: the
    choice at the same node of the exogenous state solved before; 4: bonds and portfolio stay. All are on this rank whatever the
    number of ranks. A kink has no neighbours in bonds.
    """
    source = place.node
    if attempt == 1 or attempt == 2:
        source += 1 if (mode == Mode.BINDING) == (attempt == 1) else -1
        if mode == Mode.KINK or source < 0 or source >= len(place.rows):
            return False
    if attempt <= 2:
        read_row(place.rows[source], const, y)
    elif attempt == 3:
        if len(place.other_rows) == 0:
            return False
        read_row(place.other_rows[source], const, y)
    else:
        y[0] = state.b
        for r in range(1, len(const.a)):
            y[r] = 0.0
            for i in range(len(const.a)):
                y[r] += const.dx_dk[r, i] * state.k[i]
    return True


@inlined
def solve_node(mode, place, state, desired_growth, tax_k, next_year, const, search, work):
    """Solve a node from its start values in turn and count what that takes; returns (status, residual)."""
    status, residual = Status.STUCK, np.inf
    for attempt in range(_STARTS):
        if not start(attempt, mode, place, state, const, work.y):
            continue
        own = attempt == 0
        tried = Search(search.accept, search.loose if own else 0.0, search.limit if own else 4 * search.limit)
        status, residual, count = solve_state(mode, state, work.y, desired_growth, tax_k, next_year, const, work.scratch, tried)
        work.stats[EVALUATIONS] += count
        if status == Status.SOLVED:
            work.stats[RESTARTED] += min(attempt, 1)
            break
    return status, residual


@inlined
def record(binding, row, const, work):
    """Write the state just solved to its policy row."""
    distance = write_row(row, binding, work.y, const, work.scratch)
    work.stats[DISTANCE] = max(work.stats[DISTANCE], distance)
    work.stats[LOWEST] = min(work.stats[LOWEST], work.y[0])


@inlined
def check_inequality(mode, state, const, work):
    """Note how far the limit, or the sign of its multiplier, is violated."""
    if mode == Mode.BINDING:
        room = limit_multiplier(const, work.scratch)
    else:
        room = limit_gap(state, work.y, const, work.scratch)
    work.stats[VIOLATION] = max(work.stats[VIOLATION], -room)


@inlined
def count_edge_hits(const, work):
    """Note when the chosen portfolio touches the lattice's edge."""
    n, y = len(const.a), work.y
    for i in range(n):
        upper, lower = float(const.steps) if i == 0 else y[i], y[i + 1] if i < n - 1 else 0.0
        if n > 1 and upper - lower < _AT_EDGE:
            work.stats[EDGE_HITS] += 1.0


@inlined
def kink_position(moved, grid, s):
    """x of the kink just solved; ``moved``: the grid's shift at its portfolio."""
    return math.asinh((s.out[OUT_B] - moved - grid.centre) / grid.stretch) - grid.origin


@inlined
def keep_ready(node, below, rows):
    """Keep start values of a node that is not in use near those of the side that is."""
    for column in range(rows.shape[1]):
        rows[node, column] = rows[below if node < below else below - 1, column]


@njit
def time_step(year, next_year, first, block, taxes, search, work):
    """One backward step on the lattice nodes from ``first`` on; updates the policies of ``block`` in place, whose choices are
    the start values.

    With ``taxes`` the kinks and regimes are taken as given and the market's conditions hold under them. Writes
    ``work.stats``.
    """
    grid, exogenous, const = year.bonds, year.exogenous, year.constants
    s, stats, pol = work.scratch, work.stats, block.pol
    below, above = len(grid.below), len(grid.above)
    width = grid.dx * (grid.points - 1)
    for entry in range(len(stats)):
        stats[entry] = np.inf if entry == LOWEST else 0.0
    for e in range(pol.shape[1]):  # outermost: one exogenous state's expectations fit a core's cache
        for local in range(pol.shape[0]):
            k = year.lattice.capital[first + local]
            rows, other_rows = pol[local, e], pol[local, e - 1 if e > 0 else 0, : 0 if e == 0 else below + above]
            bond_price, kappa, debt = 1.0 / exogenous.R[e], exogenous.kappa[e], exogenous.debt[e]
            begin, moved = grid.start[first + local], grid.shift[first + local]
            untaxed = growth_target(bond_price, 0.0, const)
            output = production(k, exogenous.z[e], const)
            for step in range(-1 if taxes.none else 0, below + above):
                # the kink (-1), then from it outwards: below-1 .. 0 and below .. below+above-1
                at = block.kink[local, e]
                binding = step < below
                node = below if step < 0 else (below - 1 - step if binding else step)
                if step < 0:
                    mode, b = Mode.KINK, bond_at(at, grid) + moved
                else:
                    unused = at <= begin if binding else at >= width
                    if unused:
                        keep_ready(node, below, rows)
                        block.failed[local, e, node] = 0
                        continue
                    if (node == below - 1 or node == below) and at > begin and at < width and taxes.none:
                        continue  # the kink itself, just recorded
                    x = begin + (at - begin) * grid.below[node] if binding else at + (width - at) * grid.above[node - below]
                    mode, b = Mode.BINDING if binding else Mode.SLACK, bond_at(x, grid) + moved
                desired_growth = untaxed if taxes.none else growth_target(bond_price, taxes.tau_b[local, e, node], const)
                tax_k = s.zeros if taxes.none else taxes.tau_k[local, e, node]
                stats[STATES] += 1.0
                place, state = Place(rows, other_rows, node), State(b, k, output, bond_price, kappa, debt, e)
                status, residual = solve_node(mode, place, state, desired_growth, tax_k, next_year, const, search, work)
                if status != Status.SOLVED:  # it keeps its last policy, is counted, and is masked or an error later
                    block.failed[local, e, node] = 1
                    stats[FAILED] += 1.0
                    continue
                block.failed[local, e, node] = 0
                stats[RESIDUAL] = max(stats[RESIDUAL], residual)
                if step < 0:
                    at = kink_position(moved, grid, s)
                    block.kink[local, e] = min(max(at, begin), width)
                    if at > begin and at < width:
                        block.failed[local, e, below - 1] = 0
                        record(True, rows[below - 1], const, work)
                        record(False, rows[below], const, work)
                    continue
                check_inequality(mode, state, const, work)
                record(binding, rows[node], const, work)
                count_edge_hits(const, work)
