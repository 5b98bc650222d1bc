"""Compiled sweep over states: one backward step of the equilibrium or the plan on a block of lattice nodes.

Per (k, e) the kink b* is found first; solve nodes lie between the grid's end and b* (limit binds) and from b* upwards
(slack), so that regimes are known before a node is solved and every policy is smooth between its nodes.
"""

from __future__ import annotations

import math

import numpy as np

from regspec.model.kernels.conditions import (
    BINDING,
    KINK,
    OUT_B,
    OUT_C,
    OUT_ETA,
    OUT_MU,
    OUT_Q,
    SLACK,
    growth_target,
    pledged_price,
    power,
    value_root,
)
from regspec.model.kernels.jit import inlined, njit
from regspec.model.kernels.lookup import bond_at
from regspec.model.kernels.newton import SOLVED, STUCK, solve_state
from regspec.model.kernels.records import ETA, MU, VALUE, C, Q, X

# entries of the statistics that a sweep returns
DISTANCE, EVALUATIONS, FAILED, RESIDUAL, VIOLATION, LOWEST, STATES, HITS, RESCUED = range(9)
STATISTICS = 9
_STARTS = 5


@inlined
def utility_level(v, tech):
    """(1 - beta) W as a function of certainty-equivalent consumption v: v^(1-gamma)/(1-gamma), or log v."""
    if tech.gamma == 1.0:
        return math.log(v)
    return v / power(v, tech.gamma, tech.gamma_int) / (1.0 - tech.gamma)


@inlined
def certainty_equivalent(level, tech):
    """Inverse of `utility_level`."""
    if tech.gamma == 1.0:
        return math.exp(level)
    return value_root((1.0 - tech.gamma) * level, tech)


@inlined
def record(side_binding, row, y, tech, s, stats):
    """Write one node's results to its policy row and update the distance."""
    n = len(tech.a)
    c, q = s.out[OUT_C], s.out[OUT_Q]
    eta = max(0.0, s.out[OUT_ETA]) if side_binding else 0.0
    level = (1.0 - tech.beta) * utility_level(c, tech) + tech.beta * utility_level(s.value[1], tech)
    v = certainty_equivalent(level, tech)
    distance = max(abs(c - row[C]) / c, abs(q - row[Q]) / (abs(q) + 1e-10), abs(v - row[VALUE]) / v)
    for j in range(n - 1):
        distance = max(distance, tech.h * abs(y[j + 1] - row[X + j]))
    stats[DISTANCE] = max(stats[DISTANCE], distance)
    stats[LOWEST] = min(stats[LOWEST], y[0])
    row[C], row[Q], row[ETA], row[VALUE] = c, q, eta, v
    row[MU] = s.out[OUT_MU] if side_binding else 0.0
    for j in range(n - 1):
        row[X + j] = y[j + 1]
    row[X + n - 1] = y[0]


@inlined
def load(row, tech, y):
    """Copy the unknowns of a policy row to ``y``."""
    n = len(tech.a)
    y[0] = row[X + n - 1]
    for j in range(n - 1):
        y[j + 1] = row[X + j]


@inlined
def start(attempt, rows, other_rows, node, binding, kink, b, k, tech, y):
    """Write the start value number ``attempt`` of a node to ``y``; False when there is none.

    0: its own last choice; 1: the choice at the node solved before; 2: the last choice at the node on its other side; 3: the
    choice at the same node of the exogenous state solved before (``other_rows``, empty at the first); 4: bonds and portfolio
    stay. All are on this rank whatever the number of ranks. A kink has no neighbours in bonds.
    """
    source = node
    if attempt == 1 or attempt == 2:
        source = node + 1 if binding == (attempt == 1) else node - 1
        if kink or source < 0 or source >= len(rows):
            return False
    if attempt <= 2:
        load(rows[source], tech, y)
    elif attempt == 3:
        if len(other_rows) == 0:
            return False
        load(other_rows[node], tech, y)
    else:
        y[0] = b
        for r in range(1, len(tech.a)):
            y[r] = 0.0
            for i in range(len(tech.a)):
                y[r] += tech.back[r, i] * k[i]
    return True


@njit
def sweep(
    capital,
    first,
    exo,
    tech,
    table,
    functions,
    here,
    ahead,
    pol,
    kink,
    failed,
    taxed,
    tax_b,
    tax_k,
    accept,
    loose,
    limit,
    s,
    y,
    stats,
):
    """One backward step on the lattice nodes ``first .. first + len(pol) - 1``; updates pol, kink, failed in place.

    functions: (N, E, points, slots) expectation functions of the next year on the grid ``ahead``; ``here`` is this year's
    bond grid. pol: (block, E, below + above, I+5), whose choices are the start values;
    kink: (block, E) position of b* in x, clipped to the grid; failed: the same nodes, uint8.
    With ``taxed`` the kinks and regimes are taken as given and the market's conditions hold under tax_b (block, E, nodes)
    and tax_k (block, E, nodes, I). Writes ``stats`` (STATISTICS,); ``s``, ``y`` (I,) are scratch.
    """
    n = len(tech.a)
    below, above = len(here.below), len(here.above)
    width = here.dx * (here.points - 1)
    for entry in range(STATISTICS):
        stats[entry] = np.inf if entry == LOWEST else 0.0
    for e in range(pol.shape[1]):  # outermost: one exogenous state's expectation functions fit a core's cache
        for local in range(pol.shape[0]):
            k = capital[first + local]
            rows, other_rows = pol[local, e], pol[local, e - 1 if e > 0 else 0, : 0 if e == 0 else below + above]
            bond_price, kappa = 1.0 / exo.R[e], exo.kappa[e]
            begin, moved = here.start[first + local], here.shift[first + local]
            untaxed = growth_target(bond_price, 0.0, tech)
            cash = 0.0
            for i in range(n):
                cash += exo.z[e, i] * math.exp(tech.a[i] * math.log(k[i]))
            for step in range(0 if taxed else -1, below + above):
                # the kink (-1), then from it outwards: below-1 .. 0 and below .. below+above-1
                at = kink[local, e]
                binding = step < below
                node = below if step < 0 else (below - 1 - step if binding else step)
                if step < 0:
                    mode, b = KINK, 0.0
                else:
                    unused = at <= begin if binding else at >= width
                    if unused:  # keep start values near the side in use
                        for col in range(rows.shape[1]):
                            rows[node, col] = rows[below if binding else below - 1, col]
                        failed[local, e, node] = 0
                        continue
                    if (node == below - 1 or node == below) and at > begin and at < width and not taxed:
                        continue  # the kink itself, just recorded
                    x = begin + (at - begin) * here.below[node] if binding else at + (width - at) * here.above[node - below]
                    mode, b = BINDING if binding else SLACK, bond_at(x, here) + moved
                target = growth_target(bond_price, tax_b[local, e, node], tech) if taxed else untaxed
                tau_k = tax_k[local, e, node] if taxed else s.zeros
                stats[STATES] += 1.0
                status, worst = STUCK, np.inf
                for attempt in range(_STARTS):
                    stay = bond_at(at, here) + moved if step < 0 else b
                    if not start(attempt, rows, other_rows, node, binding, step < 0, stay, k, tech, y):
                        continue
                    status, worst, count = solve_state(
                        mode,
                        b,
                        k,
                        cash,
                        bond_price,
                        kappa,
                        exo.debt[e],
                        e,
                        y,
                        target,
                        tau_k,
                        functions,
                        table,
                        tech,
                        ahead,
                        s,
                        accept,
                        loose if attempt == 0 else 0.0,
                        limit if attempt == 0 else 4 * limit,
                    )
                    stats[EVALUATIONS] += count
                    if status == SOLVED:
                        stats[RESCUED] += min(attempt, 1)
                        break
                if status != SOLVED:  # it keeps its last policy, is counted, and is masked or an error later
                    failed[local, e, node] = 1
                    stats[FAILED] += 1.0
                    continue
                failed[local, e, node] = 0
                stats[RESIDUAL] = max(stats[RESIDUAL], worst)
                if step < 0:
                    at = math.asinh((s.out[OUT_B] - moved - here.centre) / here.stretch) - here.origin
                    kink[local, e] = min(max(at, begin), width)
                    if at > begin and at < width:
                        failed[local, e, below - 1] = 0
                        record(True, rows[below - 1], y, tech, s, stats)
                        record(False, rows[below], y, tech, s, stats)
                    continue
                if binding:
                    multiplier = s.out[OUT_MU] if len(tech.planner) == 2 else s.out[OUT_ETA]
                    stats[VIOLATION] = max(stats[VIOLATION], -multiplier)
                else:
                    gap = y[0] * bond_price + kappa * pledged_price(tech, s) + exo.debt[e]
                    stats[VIOLATION] = max(stats[VIOLATION], -gap)
                record(binding, rows[node], y, tech, s, stats)
                for i in range(n):
                    upper, lower = float(tech.steps) if i == 0 else y[i], y[i + 1] if i < n - 1 else 0.0
                    if n > 1 and upper - lower < 1e-6:
                        stats[HITS] += 1.0
