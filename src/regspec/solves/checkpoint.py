"""Checkpoints of a solve: what is needed to go on in another process with the same bits (docs/hpc.md, Checkpoints).

A folder for each solution key, a file for each piece: the tail's iterate, each year of the path, a finished allocation. A
piece is a function of the key and of its place alone, whoever wrote it, with however many ranks; one that is missing or
damaged is computed again.
"""

from __future__ import annotations

import json
import shutil
import signal
import struct
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from regspec.errors import Interrupted
from regspec.io.provenance import atomic_path, content_hash
from regspec.io.sources import logic_digests
from regspec.model.solver.mpi import Ranks

_UNREADABLE = (OSError, ValueError, KeyError, EOFError, RuntimeError, struct.error, zipfile.BadZipFile)
_GO_ON, _SAVE, _STOP = range(3)
Piece = tuple[dict, dict[str, np.ndarray]]


def checkpoint_folder(store: Path, key: str) -> Path:
    """Where the checkpoint of the solution ``key`` is."""
    return Path(store) / "checkpoints" / key


@contextmanager
def termination() -> Iterator[Callable[[], bool]]:
    """Inside the block SIGTERM is noted and does not end the process; yields the function that says whether it came."""
    came: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: came.append(number))
    try:
        yield lambda: bool(came)
    finally:
        signal.signal(signal.SIGTERM, before)


class Checkpoint:
    """Checkpoint in ``folder`` of the solve of one key, called by all ranks together.

    It is written every ``minutes`` (0: never) and when ``ended()`` says on any rank that the process was asked to end; then
    Interrupted is raised on all. ``spent``: seconds of the processes before this one.
    """

    def __init__(self, folder: Path, key: str, minutes: float, ranks: Ranks, ended: Callable[[], bool] = lambda: False):
        self.folder, self.minutes, self.ranks, self.ended = folder, minutes, ranks, ended
        self.identity = f"{key} {content_hash(logic_digests('solves/checkpoint.py', 'solves/resume.py'))}"
        self.spent = 0.0
        self._began = self._saved = time.monotonic()
        self._pending: dict[str, Piece] = {}
        self._obsolete: list[str] = []
        self._begins: bool | None = None  # nothing was kept when this process came

    def tell(self, text: str) -> None:
        """A line of the job's log."""
        if self.ranks.rank == 0:
            print(text, flush=True)

    def note(self, name: str, header: dict, own: dict[str, np.ndarray] | None = None) -> None:
        """A piece that is to be written at the next occasion; ``own``: arrays (block, ...) of this rank's lattice nodes."""
        self._pending[name] = header, own or {}

    def outdated(self, pattern: str) -> None:
        """Pieces that nothing needs any more: forgotten now, removed at the next occasion."""
        self._pending = {name: piece for name, piece in self._pending.items() if not Path(name).match(pattern)}
        self._obsolete.append(f"{pattern}.npz")

    def due(self) -> int:
        """What all ranks are to do now: 0 go on, 1 save, 2 save and stop. Collective."""
        late = self.minutes > 0 and time.monotonic() - self._saved >= 60.0 * self.minutes
        wish = _STOP if self.ended() else _SAVE if late else _GO_ON
        return int(self.ranks.reduce(np.array([float(wish)]), "max")[0])

    def save(self, due: int) -> None:
        """Write what is pending, the oldest first; a disk that is full does not end the solve. Raises Interrupted when ``due``
        says so.
        """
        written = True
        for name, (header, own) in self._pending.items():
            whole = {n: self._whole(array) for n, array in own.items()}
            if self.ranks.rank == 0 and written:
                written = self._write(name, header, whole)
        if self.ranks.broadcast(written):
            self._pending.clear()
            if self.ranks.rank == 0:
                self._remove_obsolete()
            self._obsolete.clear()
        self._saved = time.monotonic()
        if due == _STOP:
            raise Interrupted(f"ended by SIGTERM; {self.folder} keeps what was done: the same command goes on from there")

    def read(self, name: str) -> Piece | None:
        """A piece with the arrays of this rank's lattice nodes; None where there is none that can be used. Collective."""
        if self._begins is None:
            self._begins = self.ranks.broadcast(not self.folder.is_dir())
        if self._begins:
            return None
        found = self._load(name) if self.ranks.rank == 0 else None
        header = self.ranks.broadcast(found[0] if found else None)
        if header is None:
            return None
        self.spent = max(self.spent, header["spent"])
        arrays = found[1] if found else {}
        return header, {n: self._block(arrays.get(n)) for n in header["own"]}

    def remove(self) -> None:
        """The solve is done: nothing is left."""
        if self.ranks.rank == 0:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, name: str, header: dict, whole: dict[str, Any]) -> bool:
        spent = self.spent + time.monotonic() - self._began
        text = json.dumps({**header, "identity": self.identity, "own": list(whole), "spent": spent})
        try:
            with atomic_path(self.folder / f"{name}.npz") as temporary, open(temporary, "wb") as stream:
                np.savez(stream, header=np.array(text), **whole)
        except OSError as error:
            self.tell(f"checkpoint {self.folder / name}.npz not written: {error}")
            return False
        return True

    def _load(self, name: str) -> Piece | None:
        path = self.folder / f"{name}.npz"
        try:
            with np.load(path, allow_pickle=False) as file:  # a zip archive: its checksums are compared
                header = json.loads(str(file["header"]))
                if header["identity"] != self.identity:
                    raise ValueError("of another solve or version")
                return header, {n: file[n] for n in header["own"]}
        except FileNotFoundError:
            return None
        except _UNREADABLE as error:
            self.tell(f"checkpoint {path} ignored: {' '.join(str(error).split())}")
            return None

    def _remove_obsolete(self) -> None:
        for pattern in self._obsolete:
            for path in self.folder.glob(pattern):
                path.unlink(missing_ok=True)

    def _whole(self, own: np.ndarray) -> np.ndarray:
        """An array (N, ...) over all lattice nodes on rank 0."""
        if self.ranks.size == 1:
            return own
        parts = self.ranks.comm.gather(own, root=0)
        return own if parts is None else np.concatenate([parts[r] for r in np.argsort(self.ranks.places)])

    def _block(self, whole: np.ndarray | None) -> np.ndarray:
        """This rank's block (block, ...) of an array (N, ...) that rank 0 has."""
        if self.ranks.size == 1 and whole is not None:
            return whole
        parts, size = None, self.ranks.size
        if whole is not None:
            edges = [self.ranks.edge(place, len(whole)) for place in range(size + 1)]
            parts = [whole[edges[place] : edges[place + 1]] for place in self.ranks.places]
        return np.ascontiguousarray(self.ranks.comm.scatter(parts, root=0))
