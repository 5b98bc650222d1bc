"""Anderson acceleration of the stationary iteration, bit-identical for any number of ranks.

Type II mixing (Walker and Ni 2011) of the last few iterations. Inner products are summed per lattice node by the rank that owns
it, gathered, and then added in node order, so that the number of ranks cannot change a bit of the result.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from regspec.model.kernels.jit import njit
from regspec.model.solver.mpi import Ranks


@njit
def node_products(history, slots, first, second, result):
    """Inner products by node, summed in storage order, of history[slot] (block, size) with ``first`` and ``second`` (block,
    size), written to ``result`` (block, 2, slots). Eight at a time: a sum waits for its own last addition only.
    """
    count = len(slots)
    for node in range(first.shape[0]):
        left, right = first[node], second[node]
        for column in range(0, count, 4):
            a = history[slots[column], node]
            b = history[slots[min(column + 1, count - 1)], node]
            c = history[slots[min(column + 2, count - 1)], node]
            d = history[slots[min(column + 3, count - 1)], node]
            la, lb, lc, ld, ra, rb, rc, rd = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
            for j in range(len(right)):
                la += a[j] * left[j]
                lb += b[j] * left[j]
                lc += c[j] * left[j]
                ld += d[j] * left[j]
                ra += a[j] * right[j]
                rb += b[j] * right[j]
                rc += c[j] * right[j]
                rd += d[j] * right[j]
            left_sums, right_sums = (la, lb, lc, ld), (ra, rb, rc, rd)
            for m in range(min(4, count - column)):
                result[node, 0, column + m] = left_sums[m]
                result[node, 1, column + m] = right_sums[m]


@njit
def subtract_combination(result, history, slots, coefficients):
    """Subtract sum_c coefficients[c] history[slots[c]] from ``result`` (block, size) in place, four at a time."""
    count = len(slots)
    for node in range(result.shape[0]):
        row = result[node]
        whole = count - count % 4
        for c in range(0, whole, 4):
            p, q = history[slots[c], node], history[slots[c + 1], node]
            r, s = history[slots[c + 2], node], history[slots[c + 3], node]
            wp, wq, wr, ws = coefficients[c], coefficients[c + 1], coefficients[c + 2], coefficients[c + 3]
            for j in range(len(row)):
                row[j] -= wp * p[j] + wq * q[j] + wr * r[j] + ws * s[j]
        for c in range(whole, count):
            weight, difference = coefficients[c], history[slots[c], node]
            for j in range(len(row)):
                row[j] -= weight * difference[j]


@njit
def relative_changes(new, old, columns, result):
    """Changes of some ``columns`` from ``old`` to ``new`` (rows, entries), relative to the new, to ``result``."""
    for row in range(new.shape[0]):
        for n in range(len(columns)):
            now = new[row, columns[n]]
            result[row, n] = (now - old[row, columns[n]]) / abs(now)


@njit
def largest_change(new, old, columns):
    """Largest |new / old - 1| of ``columns`` over the rows of ``new`` and ``old`` (rows, entries); NaN where one is none."""
    worst = 0.0
    for row in range(new.shape[0]):
        for column in columns:
            change = abs(new[row, column] / old[row, column] - 1.0)
            if change != change:
                return change
            worst = max(worst, change)
    return worst


class Anderson:
    """Mixes fixed-point iterates x -> g(x) of arrays (block, size) with a memory of ``depth`` differences."""

    def __init__(self, ranks: Ranks, nodes: int, depth: int = 10):
        self.ranks, self.nodes, self.depth = ranks, nodes, depth
        self._steps = self._images = np.empty((0, 0, 0))  # (depth, block, size): differences of residuals and of images
        self.clear()

    def clear(self) -> None:
        """Forget the history (after a bad step)."""
        self._slots = np.empty(0, np.int64)  # places in use, the oldest first
        self._gram = np.zeros((0, 0))
        self._last: tuple[np.ndarray, np.ndarray] | None = None

    def state(self) -> dict[str, np.ndarray]:
        """The history: ``gram`` (m, m), and arrays (block, size) of the last image and residual and of the m differences, the
        oldest first. They change with the next `mix`.
        """
        if self._last is None:
            return {}
        found = {"gram": self._gram, "residual": self._last[0], "image": self._last[1]}
        for n, slot in enumerate(self._slots):
            found |= {f"step{n}": self._steps[slot], f"change{n}": self._images[slot]}
        return found

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Take over the history of another's `state`."""
        self.clear()
        if not state:
            return
        self._last, self._gram = (state["residual"], state["image"]), state["gram"]
        self._slots = np.arange(len(self._gram))
        self._steps = np.empty((self.depth, *state["residual"].shape))
        self._images = np.empty((self.depth, *state["image"].shape))
        for n in self._slots:
            self._steps[n], self._images[n] = state[f"step{n}"], state[f"change{n}"]

    def _dots(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Inner products (2, m) of the residuals' differences with ``first`` and ``second``."""
        parts = np.zeros((self.nodes, 2, len(self._slots)))
        low, high = self.ranks.block(self.nodes)
        node_products(self._steps, self._slots, first, second, parts[low:high])
        self.ranks.gather(parts)
        return np.add.accumulate(parts)[-1]

    def _remember(self, last: tuple[np.ndarray, np.ndarray], image: np.ndarray, residual: np.ndarray) -> np.ndarray:
        """Add the differences to the ``last`` residual and image; returns the products (m,) of all with ``residual``."""
        if not len(self._steps):
            self._steps = np.empty((self.depth, *residual.shape))
            self._images = np.empty((self.depth, *image.shape))
        full = len(self._slots) == self.depth
        slot = self._slots[0] if full else len(self._slots)
        self._slots = np.append(self._slots[1:] if full else self._slots, slot)
        np.subtract(residual, last[0], out=self._steps[slot])
        np.subtract(image, last[1], out=self._images[slot])
        m = len(self._slots)
        gram = np.empty((m, m))
        gram[:-1, :-1] = self._gram[len(self._gram) - m + 1 :, len(self._gram) - m + 1 :]
        gram[-1], products = self._dots(self._steps[slot], residual)
        gram[:, -1] = gram[-1]
        self._gram = gram
        return products

    def mix(self, image: np.ndarray, residual: np.ndarray) -> np.ndarray:
        """Next iterate from the last one's image g(x) (block, size) and its residual (block, any size), g(x) - x in the
        units in which it is to be small.
        """
        products = self._remember(self._last, image, residual) if self._last is not None else None
        self._last = (residual, image)
        if products is None:
            return image
        m = len(products)
        gram = self._gram + 1e-10 * np.trace(self._gram) / m * np.eye(m)
        try:
            coefficients = np.linalg.solve(gram, products)
        except np.linalg.LinAlgError:  # no differences, or none that are finite: nothing to mix
            return image
        result = image.copy()
        subtract_combination(result, self._images, self._slots, coefficients)
        return result
