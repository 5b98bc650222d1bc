"""Values of suppressed and omitted cells from the published ones around them, down the tree of industry codes.

All arrays are counties x nodes. A parent's published children keep their values; what is left of the parent goes to its
suppressed children, each within its bounds and as nearly as the bounds allow in proportion to its guess. If there is more
left, it belongs to children that the file does not have (since 2017 cells with fewer than three establishments are left out):
it is spread over them in proportion to the nation, or over all children if none is absent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regspec.data.counties.codes import CodeTree

_SLACK = 0.5  # of a person, a thousand dollars, an establishment: less than any published unit
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Cells:
    """What a file says of a quantity: value where published, else a guess and bounds; all (C, K)."""

    value: np.ndarray
    published: np.ndarray
    suppressed: np.ndarray
    guess: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Allocation:
    """Values of all cells, the part of each that was not published, and how many parents are smaller than their children."""

    value: np.ndarray
    imputed: np.ndarray
    conflicts: int


def allocate(cells: Cells, tree: CodeTree) -> Allocation:
    """Fill every cell so that children add up to their parent (see the module). The root must be published or suppressed."""
    low = _raised(cells, tree)
    high = np.maximum(cells.high, low)
    value, imputed = np.where(cells.published, cells.value, 0.0), np.zeros_like(cells.value)
    root = cells.suppressed[:, 0]
    value[root, 0] = np.clip(cells.guess, low, high)[root, 0]
    imputed[root, 0] = value[root, 0]
    national = np.where(cells.published, cells.value, 0.0).sum(axis=0)
    conflicts = 0
    for node in tree.inner:
        at = tree.children(node)
        left = value[:, node] - np.where(cells.published, cells.value, 0.0)[:, at].sum(axis=1)
        filled = fill(left, cells.guess[:, at], low[:, at], high[:, at], cells.suppressed[:, at])
        value[:, at] += filled
        rest = left - filled.sum(axis=1)
        conflicts += int((rest < -_SLACK).sum())
        spare = np.where(rest > _ROUNDING, rest, 0.0)[:, None] * _weights(cells, national, value, at)
        value[:, at] += spare
        imputed[:, at] += filled + spare
    return Allocation(value, imputed, conflicts)


def _raised(cells: Cells, tree: CodeTree) -> np.ndarray:
    """Lower bounds, a suppressed parent's raised to that of the sum of its children."""
    low = np.where(cells.published, cells.value, np.where(cells.suppressed, cells.low, 0.0))
    for node in reversed(tree.inner):
        below = low[:, tree.children(node)].sum(axis=1)
        low[:, node] = np.where(cells.published[:, node], low[:, node], np.maximum(low[:, node], below))
    return low


def _weights(cells: Cells, national: np.ndarray, value: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Shares in which the children ``at`` take what no cell of the file accounts for; rows sum to one."""
    absent = ~(cells.published | cells.suppressed)[:, at]
    none = ~absent.any(axis=1)
    base = np.where(absent, np.maximum(national[at], 1e-9), 0.0)
    base[none] = np.maximum(value[none][:, at], 1e-9)
    return base / base.sum(axis=1, keepdims=True)


def fill(total: np.ndarray, guess: np.ndarray, low: np.ndarray, high: np.ndarray, free: np.ndarray) -> np.ndarray:
    """x with low <= x <= high, sum ``total`` and x = clip(lambda guess) where ``free``, else 0; arrays (C, n), total (C,).

    Where the total is outside the sum of the bounds, all x are at that bound.
    """
    low, ceiling = np.where(free, low, 0.0), np.maximum(total, 0.0)[:, None]
    # No cell is larger than the whole: infinite bounds become finite.
    high = np.where(free, np.maximum(np.minimum(high, ceiling), low), 0.0)
    guess = np.where(free, np.maximum(guess, 1e-6), 0.0)
    x = np.where((total <= low.sum(axis=1))[:, None], low, high)
    inside = np.flatnonzero((total > low.sum(axis=1)) & (total < high.sum(axis=1)))
    below, above = np.full(len(inside), -60.0), np.full(len(inside), 60.0)
    parts = guess[inside], low[inside], high[inside]
    for _ in range(80):
        middle = (below + above) / 2
        short = _clipped(middle, *parts).sum(axis=1) < total[inside]
        below, above = np.where(short, middle, below), np.where(short, above, middle)
    x[inside] = _clipped((below + above) / 2, *parts)
    return x


def _clipped(log_factor: np.ndarray, guess: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return np.clip(np.exp(log_factor)[:, None] * guess, low, high)
