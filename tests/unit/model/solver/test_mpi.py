"""Blocks of ranks, the content identity of the kernels, and the acceleration of the tail (docs/model.md, section 6)."""

import subprocess
import sys

import numpy as np
import pytest

from regspec.model.solver.anderson import Anderson, largest_change, relative_changes
from regspec.model.solver.mpi import Ranks, world


@pytest.mark.parametrize("nodes", [1, 5, 28, 84])
@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_blocks_cover_the_nodes_once(nodes, size):
    blocks = [Ranks(None, rank, size).block(nodes) for rank in range(size)]
    assert blocks[0][0] == 0 and blocks[-1][1] == nodes
    assert all(left[1] == right[0] for left, right in zip(blocks, blocks[1:], strict=False))
    lengths = [high - low for low, high in blocks]
    assert max(lengths) - min(lengths) <= 1


def test_blocks_follow_the_places_of_the_ranks():
    """Ranks 0 and 2 on one node, 1 and 3 on the other: each node's blocks are neighbours."""
    ranks = [Ranks(None, rank, 4, places=(0, 2, 1, 3)) for rank in range(4)]
    assert [r.block(8) for r in ranks] == [(0, 2), (4, 6), (2, 4), (6, 8)]


def test_one_rank_needs_no_mpi():
    code = (
        "import sys\nfrom regspec.model.solver.mpi import world\nr = world(1)\n"
        "assert 'mpi4py' not in sys.modules\nprint(r.size)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True).stdout == "1\n"
    assert world(1).reduce(np.array([2.0]), "sum") == 2.0
    assert world(1).broadcast("same") == "same" and world(1).first(None) is None and world(1).first("x") == "x"
    with world(1).memory():
        assert world(1).shared((2, 3)).shape == (2, 3)


def test_acceleration_solves_linear_problems_in_few_steps():
    """Walker and Ni (2011): with memory m a linear fixed point in m dimensions takes m + 1 images, not hundreds."""
    rng = np.random.default_rng(0)
    matrix = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    matrix = matrix @ np.diag([0.99, 0.9, 0.5, -0.8]) @ matrix.T
    shift = rng.normal(size=4)
    solution = np.linalg.solve(np.eye(4) - matrix, shift)
    mixer, x = Anderson(Ranks(), 1), np.zeros((1, 4))
    for _ in range(9):
        image = x @ matrix.T + shift
        x = mixer.mix(image, image - x)
    np.testing.assert_allclose(x[0], solution, rtol=1e-4)
    plain = np.zeros(4)
    for _ in range(9):
        plain = matrix @ plain + shift
    assert np.abs(plain - solution).max() > 100 * np.abs(x[0] - solution).max()


def test_acceleration_starts_afresh_after_clear():
    mixer, image = Anderson(Ranks(), 1), np.ones((1, 3))
    assert np.array_equal(mixer.mix(image, image), image)
    assert not np.array_equal(mixer.mix(1.5 * image, 0.5 * image), 1.5 * image)
    mixer.clear()
    assert np.array_equal(mixer.mix(image, image), image)


def test_changes_are_relative_and_numbers_that_are_none_are_not_lost():
    """A NaN in any place is the largest change, so that the step is not taken."""
    rng, columns = np.random.default_rng(4), np.array([0, 2])
    new, old = rng.uniform(1.0, 2.0, (5, 4)), rng.uniform(1.0, 2.0, (5, 4))
    result = np.empty((5, 2))
    relative_changes(-new, -old, columns, result)
    np.testing.assert_allclose(result, -((new - old) / new)[:, columns], rtol=1e-14)
    np.testing.assert_allclose(largest_change(new, old, columns), np.abs(new / old - 1.0)[:, columns].max(), rtol=1e-12)
    for row in (0, 2, 4):
        broken = new.copy()
        broken[row, 2] = np.nan
        assert np.isnan(largest_change(broken, old, columns))
