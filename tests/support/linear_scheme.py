"""Another interpolation scheme in the place of the package's: `python linear_scheme.py STEPS ...` prints c and q of an economy
at some states for each number of lattice steps, as JSON.

Linear (P1) elements on the cells of the lattice. A process of its own with an empty kernel cache: kernels are compiled with
the scheme that they find.
"""

import json
import math
import sys

import numpy as np

from regspec.model.kernels import lookup
from regspec.model.kernels.jit import inlined

STATES = [(b, k, e) for b in (-0.1, 0.1) for k in ([0.47, 0.53], [0.55, 0.45]) for e in (0, 3)]


@inlined
def linear(x, const, ids, weights, gradients, order, fractions):
    """Signature of `lookup.locate`: I vertices carry weight, the other places of the stencil none."""
    dims = len(const.a) - 1
    node = 0
    for j in range(dims):
        cell = min(max(int(math.floor(x[j])), 0), const.steps - 1)
        node += cell * const.strides[j]
        slot, fraction = j, x[j] - cell
        while slot > 0 and fractions[slot - 1] < fraction:
            fractions[slot], order[slot] = fractions[slot - 1], order[slot - 1]
            slot -= 1
        fractions[slot], order[slot] = fraction, j
    for p in range(len(ids)):
        ids[p], weights[p] = node, 0.0
        for j in range(dims):
            gradients[p, j] = 0.0
    for u in range(dims + 1):
        if u > 0:
            node += const.strides[order[u - 1]]
            gradients[u, order[u - 1]] = 1.0
        if u < dims:
            gradients[u, order[u]] = -1.0
        ids[u] = node
        weights[u] = (1.0 if u == 0 else fractions[u - 1]) - (0.0 if u == dims else fractions[u])
    return len(ids)


def measure(steps: int) -> list[list[float]]:
    """c and q at `STATES`."""
    from economies import economy, solve

    solution = solve(economy(steps=steps), False, tolerance=1e-7)
    found = [solution.at(b, np.array(k), e) for b, k, e in STATES]
    return [[state.c, state.q] for state in found]


if __name__ == "__main__":
    lookup.locate = linear
    print(json.dumps([measure(int(steps)) for steps in sys.argv[1:]]))
