"""Anderson acceleration of the stationary tail, bit-identical for any number of ranks.

Type II mixing (Walker and Ni 2011) of the last few sweeps. Inner products are summed per lattice node by the rank that owns
it, gathered, and then added in node order, so that the number of ranks cannot change a bit of the result.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from regspec.model.jit import njit
from regspec.model.parallel import Ranks


@njit
def node_products(history, slots, second, result):
    """Inner products by node, summed in storage order, of history[slot] (block, size) with ``second`` (block, size), written to
    ``result`` (block, slots). Four at a time: a sum waits for its own last addition only.
    """
    count = len(slots)
    for node in range(second.shape[0]):
        right = second[node]
        for column in range(0, count, 4):
            a = history[slots[column], node]
            b = history[slots[min(column + 1, count - 1)], node]
            c = history[slots[min(column + 2, count - 1)], node]
            d = history[slots[min(column + 3, count - 1)], node]
            ta, tb, tc, td = 0.0, 0.0, 0.0, 0.0
            for j in range(len(right)):
                ta += a[j] * right[j]
                tb += b[j] * right[j]
                tc += c[j] * right[j]
                td += d[j] * right[j]
            totals = (ta, tb, tc, td)
            for m in range(min(4, count - column)):
                result[node, column + m] = totals[m]


@njit
def subtract_combination(result, history, slots, coefficients):
    """Subtract sum_c coefficients[c] history[slots[c]] from ``result`` (block, size) in place."""
    for node in range(result.shape[0]):
        row = result[node]
        for c in range(len(slots)):
            weight, difference = coefficients[c], history[slots[c], node]
            for j in range(len(row)):
                row[j] -= weight * difference[j]


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

    def _dots(self, second: np.ndarray) -> np.ndarray:
        """Inner products (m,) of the residuals' differences with ``second``."""
        parts = np.zeros((self.nodes, len(self._slots)))
        low, high = self.ranks.block(self.nodes)
        node_products(self._steps, self._slots, second, parts[low:high])
        self.ranks.gather(parts)
        return np.add.accumulate(parts)[-1]

    def _remember(self, image: np.ndarray, residual: np.ndarray) -> None:
        if not len(self._steps):
            self._steps = np.empty((self.depth, *residual.shape))
            self._images = np.empty((self.depth, *image.shape))
        full = len(self._slots) == self.depth
        slot = self._slots[0] if full else len(self._slots)
        self._slots = np.append(self._slots[1:] if full else self._slots, slot)
        np.subtract(residual, self._last[0], out=self._steps[slot])
        np.subtract(image, self._last[1], out=self._images[slot])
        m = len(self._slots)
        gram = np.empty((m, m))
        gram[:-1, :-1] = self._gram[len(self._gram) - m + 1 :, len(self._gram) - m + 1 :]
        gram[-1] = gram[:, -1] = self._dots(self._steps[slot])
        self._gram = gram

    def mix(self, image: np.ndarray, residual: np.ndarray) -> np.ndarray:
        """Next iterate from the last one's image g(x) (block, size) and its residual (block, any size), g(x) - x in the
        units in which it is to be small.
        """
        if self._last is not None:
            self._remember(image, residual)
        self._last = (residual, image)
        m = len(self._slots)
        if m == 0:
            return image
        gram = self._gram + 1e-10 * np.trace(self._gram) / m * np.eye(m)
        result = image.copy()
        subtract_combination(result, self._images, self._slots, np.linalg.solve(gram, self._dots(residual)))
        return result
