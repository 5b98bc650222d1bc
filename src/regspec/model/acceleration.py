"""Anderson acceleration of the stationary tail, bit-identical for any number of ranks.

Type II mixing (Walker and Ni 2011) of the last few sweeps. Inner products are summed per lattice node by the rank that owns
it, gathered, and then added in node order, so that the number of ranks cannot change a bit of the result.
"""

from __future__ import annotations

import numpy as np

from regspec.model.jit import njit
from regspec.model.parallel import Ranks


@njit
def node_products(first, second):
    """Inner products (block,) of two arrays (block, size), summed in storage order."""
    result = np.zeros(first.shape[0])
    for node in range(first.shape[0]):
        total = 0.0
        for j in range(first.shape[1]):
            total += first[node, j] * second[node, j]
        result[node] = total
    return result


class Anderson:
    """Mixes fixed-point iterates x -> g(x) of arrays (block, size) with a memory of ``depth`` differences."""

    def __init__(self, ranks: Ranks, nodes: int, depth: int = 10):
        self.ranks, self.nodes, self.depth = ranks, nodes, depth
        self.clear()

    def clear(self) -> None:
        """Forget the history (after a bad step)."""
        self._steps: list[np.ndarray] = []
        self._images: list[np.ndarray] = []
        self._last: tuple[np.ndarray, np.ndarray] | None = None

    def _dot(self, first: np.ndarray, second: np.ndarray) -> float:
        parts = np.zeros((self.nodes, 1))
        low, high = self.ranks.block(self.nodes)
        parts[low:high, 0] = node_products(first, second)
        self.ranks.gather(parts)
        return float(np.add.accumulate(parts[:, 0])[-1])

    def mix(self, x: np.ndarray, image: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Next iterate from ``x`` and its image g(x), both (block, size); ``weight`` scales residuals in the fit."""
        residual = (image - x) * weight
        if self._last is not None:
            self._steps.append(residual - self._last[0])
            self._images.append(image - self._last[1])
            del self._steps[: -self.depth], self._images[: -self.depth]
        self._last = (residual, image.copy())
        m = len(self._steps)
        if m == 0:
            return image
        gram, right = np.empty((m, m)), np.empty(m)
        for i in range(m):
            right[i] = self._dot(self._steps[i], residual)
            for j in range(i + 1):
                gram[i, j] = gram[j, i] = self._dot(self._steps[i], self._steps[j])
        gram += 1e-10 * np.trace(gram) / m * np.eye(m)
        coefficients = np.linalg.solve(gram, right)
        result = image.copy()
        for c, difference in zip(coefficients, self._images, strict=True):
            result -= c * difference
        return result
