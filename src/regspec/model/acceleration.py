"""Anderson acceleration of the stationary tail, bit-identical for any number of ranks.

Type II mixing (Walker and Ni 2011) of the last few sweeps. Inner products are summed per lattice node by the rank that owns
it, gathered, and then added in node order, so that the number of ranks cannot change a bit of the result.
"""

from __future__ import annotations

import numpy as np

from regspec.model.jit import njit
from regspec.model.parallel import Ranks


@njit
def node_products(first, second, result):
    """Write inner products of two arrays (block, size), summed in storage order, to ``result`` (block,)."""
    for node in range(first.shape[0]):
        total = 0.0
        for j in range(first.shape[1]):
            total += first[node, j] * second[node, j]
        result[node] = total


class Anderson:
    """Mixes fixed-point iterates x -> g(x) of arrays (block, size) with a memory of ``depth`` differences."""

    def __init__(self, ranks: Ranks, nodes: int, depth: int = 10):
        self.ranks, self.nodes, self.depth = ranks, nodes, depth
        self.clear()

    def clear(self) -> None:
        """Forget the history (after a bad step)."""
        self._steps: list[np.ndarray] = []
        self._images: list[np.ndarray] = []
        self._gram = np.zeros((0, 0))
        self._last: tuple[np.ndarray, np.ndarray] | None = None

    def _dots(self, second: np.ndarray) -> np.ndarray:
        """Inner products (m,) of the residuals' differences with ``second``."""
        parts = np.zeros((self.nodes, len(self._steps)))
        low, high = self.ranks.block(self.nodes)
        for column, first in enumerate(self._steps):
            node_products(first, second, parts[low:high, column])
        self.ranks.gather(parts)
        return np.add.accumulate(parts)[-1]

    def _remember(self, image: np.ndarray, residual: np.ndarray) -> None:
        self._steps.append(residual - self._last[0])
        self._images.append(image - self._last[1])
        del self._steps[: -self.depth], self._images[: -self.depth]
        m = len(self._steps)
        gram = np.empty((m, m))
        gram[:-1, :-1] = self._gram[len(self._gram) - m + 1 :, len(self._gram) - m + 1 :]
        gram[-1] = gram[:, -1] = self._dots(self._steps[-1])
        self._gram = gram

    def mix(self, image: np.ndarray, residual: np.ndarray) -> np.ndarray:
        """Next iterate from the last one's image g(x) (block, size) and its residual (block, any size), g(x) - x in the
        units in which it is to be small.
        """
        if self._last is not None:
            self._remember(image, residual)
        self._last = (residual, image)
        m = len(self._steps)
        if m == 0:
            return image
        gram = self._gram + 1e-10 * np.trace(self._gram) / m * np.eye(m)
        coefficients = np.linalg.solve(gram, self._dots(residual))
        result = image.copy()
        for c, difference in zip(coefficients, self._images, strict=True):
            result -= c * difference
        return result
