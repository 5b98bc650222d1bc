"""MPI in one place: blocks of lattice nodes per rank, arrays shared by the ranks of a node, exact reductions.

Without MPI (one rank) nothing of mpi4py is imported. Every rank computes its own nodes only and minima, maxima and integer
counts are the only reductions, so results are bit-identical for any number of ranks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from regspec.errors import RegspecError


@dataclass(frozen=True)
class Ranks:
    """A communicator (None for one rank) with this rank's number and the number of ranks.

    node: communicator of the ranks that share memory with this one; leaders: of the first rank of every node, None on the
    other ranks; spans: half-open range of blocks that each node owns; places: number of every rank's block (empty: its rank).
    A node's blocks are neighbours however the launcher has placed the ranks, so that nodes exchange one piece each.
    """

    comm: Any = None
    rank: int = 0
    size: int = 1
    node: Any = None
    leaders: Any = None
    spans: tuple[tuple[int, int], ...] = ((0, 1),)
    places: tuple[int, ...] = ()
    _windows: list = field(default_factory=list)

    def block(self, n: int) -> tuple[int, int]:
        """Half-open range of the ``n`` lattice nodes that this rank owns (sizes differ by at most one)."""
        place = self.places[self.rank] if self.places else self.rank
        return self.edge(place, n), self.edge(place + 1, n)

    def edge(self, place: int, n: int) -> int:
        """First node of a place. Rounded up: the planner's last nodes cost most, and then are not in a larger block."""
        return -(-place * n // self.size)

    @contextmanager
    def memory(self) -> Iterator[None]:
        """Frees at its end, on every rank together, what `shared` has allocated."""
        try:
            yield
        except RegspecError:  # raised on all ranks; after any other error the others cannot be waited for
            self._free()
            raise
        self._free()

    def shared(self, shape: tuple[int, ...]) -> np.ndarray:
        """A new array that the ranks of a node have in common; collective. Call inside `memory`."""
        if self.size == 1:
            return np.empty(shape)
        from mpi4py import MPI

        count = int(np.prod(shape))
        window = MPI.Win.Allocate_shared(8 * count if self.node.Get_rank() == 0 else 0, 8, comm=self.node)
        window.Lock_all()  # direct stores need an epoch for Sync to act on
        self._windows.append(window)
        memory: Any = window.Shared_query(0)[0]
        return np.frombuffer(memory, dtype=float, count=count).reshape(shape)

    def wait(self) -> None:
        """Return when every rank of the node is here: before writing to a shared array that others may still read."""
        if self.size > 1:
            self.node.Barrier()

    def publish(self, array: np.ndarray) -> None:
        """Complete a `shared` array (N, ...), of which each rank has written its own block, on every node."""
        if self.size == 1:
            return
        self._synchronize()
        if len(self.spans) > 1:
            if self.leaders is not None:
                self._exchange(self.leaders, array, self.spans)
            self._synchronize()

    def gather(self, array: np.ndarray) -> None:
        """Complete an array (N, ...) of each rank's own, of which it has filled its block, in place on every rank."""
        if self.size == 1:
            return
        self._exchange(self.comm, array, [(place, place + 1) for place in self.places])

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

    def first(self, obj):
        """The first ``obj`` over ranks that is not None, on every rank: a failure that only one rank has seen."""
        found = [obj] if self.size == 1 else self.comm.allgather(obj)
        return next((o for o in found if o is not None), None)

    def _exchange(self, comm, array: np.ndarray, spans) -> None:
        from mpi4py import MPI

        row = int(np.prod(array.shape[1:]))
        edges = [(self.edge(low, len(array)), self.edge(high, len(array))) for low, high in spans]
        counts, starts = [(high - low) * row for low, high in edges], [low * row for low, _ in edges]
        comm.Allgatherv(MPI.IN_PLACE, [array, counts, starts, MPI.DOUBLE])

    def _synchronize(self) -> None:
        for window in self._windows:
            window.Sync()
        self.node.Barrier()
        for window in self._windows:
            window.Sync()

    def _free(self) -> None:
        while self._windows:
            window = self._windows.pop()
            window.Unlock_all()
            window.Free()


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
    return with_nodes(comm, comm.Split_type(MPI.COMM_TYPE_SHARED))


def with_nodes(comm, node) -> Ranks:
    """Ranks of ``comm``, of which those in ``node`` share memory; collective."""
    from mpi4py import MPI

    rank = comm.Get_rank()
    leads = node.Get_rank() == 0
    leaders = comm.Split(0 if leads else MPI.UNDEFINED, rank)
    members = comm.allgather(node.allgather(rank))
    nodes = sorted({tuple(group) for group in members})  # in the order of their leaders' ranks, as `leaders` is
    order = [r for group in nodes for r in group]
    ends = np.cumsum([0, *map(len, nodes)]).tolist()
    spans = tuple(zip(ends[:-1], ends[1:], strict=True))
    places = tuple(order.index(r) for r in range(comm.Get_size()))
    return Ranks(comm, rank, comm.Get_size(), node, leaders if leads else None, spans, places)
