"""MPI in one place: blocks of lattice nodes per rank, gathered functions, exact reductions.

Without MPI (one rank) nothing of mpi4py is imported. Every rank computes its own nodes only and minima, maxima and integer
counts are the only reductions, so results are bit-identical for any number of ranks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from regspec.errors import RegspecError


@dataclass(frozen=True)
class Ranks:
    """A communicator (None for one rank) with this rank's number and the number of ranks."""

    comm: Any = None
    rank: int = 0
    size: int = 1

    def block(self, n: int) -> tuple[int, int]:
        """Half-open range of the ``n`` lattice nodes that this rank owns (sizes differ by at most one)."""
        return self.rank * n // self.size, (self.rank + 1) * n // self.size

    def gather(self, array: np.ndarray) -> None:
        """Complete ``array`` (N, ...), of which each rank filled its own block, in place on every rank."""
        if self.size == 1:
            return
        from mpi4py import MPI

        n = len(array)
        row = int(np.prod(array.shape[1:]))
        edges = [r * n // self.size for r in range(self.size + 1)]
        counts = [(edges[r + 1] - edges[r]) * row for r in range(self.size)]
        starts = [e * row for e in edges[:-1]]
        self.comm.Allgatherv(MPI.IN_PLACE, [array, counts, starts, MPI.DOUBLE])

    def reduce(self, values: np.ndarray, op: str) -> np.ndarray:
        """Elementwise "max", "min" or "sum" (of integers held in floats) over ranks."""
        if self.size == 1:
            return values
        from mpi4py import MPI

        result = np.empty_like(values)
        self.comm.Allreduce(values, result, {"max": MPI.MAX, "min": MPI.MIN, "sum": MPI.SUM}[op])
        return result

    def broadcast(self, obj):
        """``obj`` of rank 0 on every rank."""
        return obj if self.size == 1 else self.comm.bcast(obj, root=0)


def world(expected: int) -> Ranks:
    """The communicator of this process with ``expected`` ranks.

    Raises RegspecError when the launcher started another number: a wrong PMI type silently gives N runs of size one.
    """
    if expected == 1:
        return Ranks()
    from mpi4py import MPI

    comm = MPI.COMM_WORLD
    if comm.Get_size() != expected:
        raise RegspecError(
            f"expected {expected} MPI ranks but the launcher started {comm.Get_size()}: start with "
            f"`mpiexec -n {expected}` or `srun --mpi=pmi2 -n {expected}`, or set compute.ranks"
        )
    return Ranks(comm, comm.Get_rank(), comm.Get_size())
