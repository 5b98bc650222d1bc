"""What a zone's solve keeps in its checkpoint, and how it is taken up again: attempts, allocations, the solver's steps."""

from __future__ import annotations

from dataclasses import asdict, fields

import numpy as np

from regspec.model.solver.anderson import Anderson
from regspec.model.solver.hooks import Keeper, TailState
from regspec.model.solver.mpi import Ranks
from regspec.model.solver.policies import Policies
from regspec.model.solver.time_iteration import Solver
from regspec.solves.allocation import Allocation
from regspec.solves.attempts import Sizes
from regspec.solves.checkpoint import Checkpoint


def arrays_of(policies: Policies, ranks: Ranks) -> dict[str, np.ndarray]:
    """Arrays (block, ...) of a piece: the shift, which every rank has whole, is cut as the others are."""
    low, high = ranks.block(len(policies.shift))
    return vars(policies) | {"shift": policies.shift[low:high]}


def policies_of(own: dict[str, np.ndarray], ranks: Ranks) -> Policies:
    """Policies from the arrays of a piece; collective."""
    shift = np.empty(int(ranks.reduce(np.array([float(len(own["shift"]))]), "sum")[0]))
    low, high = ranks.block(len(shift))
    shift[low:high] = own["shift"]
    ranks.gather(shift)
    return Policies(*({**own, "shift": shift}[f.name] for f in fields(Policies)))


class Kept(Keeper):
    """Keeps the steps of one allocation, pieces ``name``-tail and ``name``-<year index>, in a checkpoint."""

    def __init__(self, checkpoint: Checkpoint, name: str):
        self.checkpoint, self.name = checkpoint, name

    def tail(self, solver: Solver, mixer: Anderson) -> tuple[Policies, TailState] | None:
        found = self.checkpoint.read(f"{self.name}-tail")
        if found is None:
            return None
        header, own = found
        self._take(solver, header)
        if "gram" in header:
            m = len(header["gram"])
            mixer.restore({**own, "gram": np.array(header["gram"]).reshape(m, m)})
        state = TailState(*header["state"])
        self.checkpoint.tell(f"{solver.label}: goes on after sweep {state.count} of the tail")
        return policies_of(own, solver.ranks), state._replace(distance=np.float64(state.distance))

    def swept(self, solver: Solver, policies: Policies, mixer: Anderson, state: TailState, seconds: float) -> None:
        due = self.checkpoint.due()
        if state.done:
            self._note(solver, "tail", policies, seconds, {"state": state})
        elif due:
            history = mixer.state()
            gram = {"gram": history.pop("gram").tolist()} if history else {}
            self._note(solver, "tail", policies, seconds, {"state": state, **gram}, history)
        if due:
            self.checkpoint.save(due)

    def year(self, solver: Solver, t: int) -> Policies | None:
        found = self.checkpoint.read(f"{self.name}-{t:04d}")
        if found is None:
            return None
        self._take(solver, found[0])
        return policies_of(found[1], solver.ranks)

    def solved(self, solver: Solver, policies: Policies, t: int, seconds: float) -> None:
        self._note(solver, f"{t:04d}", policies, seconds, {})
        due = self.checkpoint.due()
        if due:
            self.checkpoint.save(due)

    def _note(self, solver, piece: str, policies: Policies, seconds: float, header: dict, more: dict | None = None) -> None:
        diagnostics = asdict(solver.diagnostics)
        diagnostics["seconds"] += seconds
        self.checkpoint.note(
            f"{self.name}-{piece}", {"diagnostics": diagnostics, **header}, arrays_of(policies, solver.ranks) | (more or {})
        )

    @staticmethod
    def _take(solver: Solver, header: dict) -> None:
        vars(solver.diagnostics).update(header["diagnostics"])


class ZoneKeeper:
    """Keeps what `regspec.solves.zone.solve_cases` has done; without a checkpoint, nothing."""

    def __init__(self, checkpoint: Checkpoint | None):
        self.checkpoint = checkpoint
        self._attempt = 0

    def left_at(self) -> Sizes | None:
        """Sizes of the attempt where the solve was left; None where it has not come to a second."""
        found = self.checkpoint.read("attempt") if self.checkpoint else None
        return Sizes(**found[0]["sizes"]) if found else None

    def begin(self, sizes: Sizes) -> None:
        """An attempt begins; what earlier ones have left is not needed."""
        self._attempt = sizes.attempt
        if self.checkpoint and self._attempt:
            self.checkpoint.outdated(f"{self._attempt - 1}-*")
            self.checkpoint.note("attempt", {"sizes": asdict(sizes)})

    def steps(self, case: str) -> Keeper:
        """For the solver of a case."""
        return Kept(self.checkpoint, self._name(case)) if self.checkpoint else Keeper()

    def finish(self, case: str, allocation: Allocation, tail: Policies) -> None:
        """An allocation is done: it and its tail are all that is needed of the case."""
        if self.checkpoint:
            self.checkpoint.outdated(f"{self._name(case)}-*")
            self.checkpoint.note(
                f"{self._name(case)}.done", {"record": allocation.record()}, arrays_of(tail, self.checkpoint.ranks)
            )
            due = self.checkpoint.due()
            if due:
                self.checkpoint.save(due)

    def finished(self, case: str) -> tuple[Allocation, Policies] | None:
        """A case that `finish` was told of, and its tail."""
        if self.checkpoint is None:
            return None
        found = self.checkpoint.read(f"{self._name(case)}.done")
        if found is None:
            return None
        header, own = found
        return Allocation.from_record(header["record"]), policies_of(own, self.checkpoint.ranks)

    def _name(self, case: str) -> str:
        return f"{self._attempt}-{case}"
