"""Strong and weak scaling over MPI ranks, bytes moved per sweep, the serial share, and a prediction for more ranks.

    mpiexec -n 2 python -m mpi4py benchmarks/scaling.py --steps 8 --output ranks2.json      (what bench.py starts)

The stationary tail of the three-industry economy of kernels.py is solved on 1 and 2 ranks: the same lattice (strong), and one
with twice the nodes on two ranks (weak). Milliseconds per sweep are split, by wrapping functions from outside, into `parallel`
(expectations, slopes and states of a rank's own nodes), `communication` (publish, gather and reduce, waiting for the other
rank included) and the `rest` (replicated on every rank: the driver; partly divided: checks, acceleration, copies). Bytes are
those of the arrays in `Ranks.publish` and `Ranks.gather`: a rank that shares its node's memory with no other receives
(P - 1)/P of each; ranks of one node move nothing for the former. Four ranks run for the count alone where the machine has
fewer cores. `imbalance`: evaluations of the equilibrium conditions on the busiest rank over the mean, less one; a count, which
other work on the machine does not change.

Model of a sweep on P ranks, N nodes:   W ceil(N/P)/N + s + p/P + calls log2(P) L + bytes (P - 1)/P / B,
with W the parallel part on one rank; s the replicated part of the rest, which two ranks do not halve; p what is left of the
rest; L = 5 us and B = 10 GB/s assumed for a cluster's network, every rank on a node of its own. Other cases
scale W with the number of states, s and p with the size of the gathered functions.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
from common import OUTPUT, ROOT, clocked, mpiexec, say

STEPS, WEAK_STEPS, SHOCK_NODES = 8, 12, 3  # 45 and 91 lattice nodes
LATENCY, BANDWIDTH = 5e-6, 1e10  # seconds per call and doubling of ranks; bytes per second and rank: assumed
RANKS = (2, 4, 8, 16, 32, 64, 128, 256, 512)
CASES = {  # name: industries, lattice steps, shock nodes per industry
    "I3, 6 steps (default)": (3, 6, 3),
    "I3, 8 steps": (3, 8, 3),
    "I3, 16 steps": (3, 16, 3),
    "I4, 16 steps": (4, 16, 3),
    "I5, 12 steps": (5, 12, 2),
}


# ------------------------------------------------------------------------------------------------ one rank


def _counted(ranks):
    """``ranks`` with a log of calls, bytes and seconds."""
    from regspec.model.kernels.time_step import EVALUATIONS, StepStatistics
    from regspec.model.solver.mpi import Ranks

    @dataclass(frozen=True)
    class Counted(Ranks):
        log: dict = field(default_factory=lambda: dict.fromkeys(("calls", "gathered", "reduced", "seconds", "work"), 0.0))

        def gather(self, array: np.ndarray) -> None:
            self._moved(super().gather, array)

        def publish(self, array: np.ndarray) -> None:
            self._moved(super().publish, array)

        def wait(self) -> None:
            began = time.perf_counter()
            super().wait()
            self.log["seconds"] += time.perf_counter() - began

        def _moved(self, share, array: np.ndarray) -> None:
            began = time.perf_counter()
            share(array)
            self.log["seconds"] += time.perf_counter() - began
            self.log["calls"] += 1
            self.log["gathered"] += array.nbytes

        def reduce(self, values: np.ndarray, op: str) -> np.ndarray:
            if op == "sum" and len(values) == len(StepStatistics._fields):  # of a time step
                self.log["work"] += values[EVALUATIONS]
            began = time.perf_counter()
            result = super().reduce(values, op)
            self.log["seconds"] += time.perf_counter() - began
            self.log["calls"] += 1
            self.log["reduced"] += values.nbytes
            return result

    return Counted(*(getattr(ranks, entry.name) for entry in fields(Ranks)))


def measure(ranks, steps: int, repeat: int) -> list[dict]:
    """Milliseconds per sweep of the tail's parts on this rank, the best of ``repeat`` tails, for both allocations."""
    import kernels

    from regspec.model.solver.time_iteration import Solver

    problem, start, rows = kernels.economy(3, steps, SHOCK_NODES), None, []
    for planner in (False, True):
        with ranks.memory():
            Solver(problem, planner, ranks).stationary(1e-2, 1e-6, 1500, start)  # loads kernels
        best = None
        for _ in range(repeat):
            counted = _counted(ranks)
            with counted.memory(), clocked() as log:
                solver = Solver(problem, planner, counted)
                ranks.broadcast(None)  # ranks start together
                began = time.perf_counter()
                tail = solver.stationary(1e-6, 1e-8, 1500, start)
                seconds = time.perf_counter() - began
                size = solver._expectations.array.nbytes
            sweeps = solver.diagnostics.iterations
            inside = sum(log.values())
            work = np.array([counted.log["work"]])
            busiest, mean = float(ranks.reduce(work, "max")[0]), float(ranks.reduce(work, "sum")[0]) / ranks.size
            row = {
                "allocation": "planner" if planner else "market",
                "ranks": ranks.size,
                "lattice_steps": steps,
                "nodes": solver.grids.nodes,
                "states": solver.diagnostics.states / sweeps,
                "sweeps": sweeps,
                "ms_per_sweep": 1e3 * seconds / sweeps,
                "parallel_ms": 1e3 * inside / sweeps,
                "communication_ms": 1e3 * counted.log["seconds"] / sweeps,
                "rest_ms": 1e3 * (seconds - inside - counted.log["seconds"]) / sweeps,
                "imbalance": busiest / mean - 1.0,
                "gathered_mb_per_sweep": counted.log["gathered"] / sweeps / 1e6,
                "received_mb_per_sweep": counted.log["gathered"] / sweeps / 1e6 * (1.0 - 1.0 / ranks.size),
                "reduced_bytes_per_sweep": counted.log["reduced"] / sweeps,
                "calls_per_sweep": counted.log["calls"] / sweeps,
                "functions_mb": size / 1e6,
            }
            best = row if best is None or row["ms_per_sweep"] < best["ms_per_sweep"] else best
        start = tail
        rows.append(best)
    return rows


def worker() -> None:
    """Run on every rank; rank 0 writes its rows."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--ranks", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    from regspec.model.solver.mpi import world

    ranks = world(options.ranks)
    rows = measure(ranks, options.steps, options.repeat)
    if ranks.rank == 0:
        options.output.write_text(json.dumps(rows), encoding="utf-8")


# ------------------------------------------------------------------------------------------------ the benchmark


def _start(ranks: int, steps: int, repeat: int) -> list[dict]:
    output = OUTPUT / f"scaling_{ranks}_{steps}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.unlink(missing_ok=True)
    launcher = [mpiexec(), "-n", str(ranks), sys.executable, "-m", "mpi4py"] if ranks > 1 else [sys.executable]
    arguments = [__file__, "--ranks", ranks, "--steps", steps, "--repeat", repeat, "--output", output]
    subprocess.run([*launcher, *map(str, arguments)], check=True, cwd=ROOT, env=dict(os.environ))
    rows = json.loads(output.read_text(encoding="utf-8"))
    output.unlink()
    return rows


def shape(industries: int, steps: int, nodes: int, planner: bool) -> tuple[int, int, int]:
    """(lattice nodes, states of a sweep with every solve node in use, bytes of the expectations) of a case."""
    from regspec.model.kernels.columns import column_count

    lattice, exogenous = math.comb(steps + industries - 1, industries - 1), nodes**industries
    return lattice, lattice * exogenous * 14, 8 * lattice * exogenous * 48 * column_count(industries, planner)


def predict(one: dict, two: dict, us_per_state: dict[int, float]) -> tuple[list[dict], dict]:
    """PREDICTIONS for more ranks from rows on one and two ranks; ``us_per_state``: kernel time by number of industries."""
    replicated = min(max(0.0, 2.0 * two["rest_ms"] - one["rest_ms"]), one["rest_ms"])
    divided = one["rest_ms"] - replicated
    fit = {"parallel_ms": one["parallel_ms"], "replicated_ms": replicated, "divided_ms": divided}
    planner, rows = one["allocation"] == "planner", []
    _, base_states, base_bytes = shape(3, STEPS, SHOCK_NODES, planner)
    for case, (industries, steps, nodes) in CASES.items():
        lattice, states, size = shape(industries, steps, nodes, planner)
        work = fit["parallel_ms"] * states / base_states * us_per_state[industries] / us_per_state[3]
        other, scale = one["gathered_mb_per_sweep"] - one["functions_mb"], size / base_bytes
        moved = size + 1e6 * max(0.0, other) * lattice / one["nodes"]
        alone = work + (replicated + divided) * scale
        for ranks in RANKS:
            if ranks > lattice:
                continue
            network = two["calls_per_sweep"] * math.log2(ranks) * LATENCY + moved * (1.0 - 1.0 / ranks) / BANDWIDTH
            time_ms = work * math.ceil(lattice / ranks) / lattice + (replicated + divided / ranks) * scale + 1e3 * network
            row = {"case": case, "allocation": one["allocation"], "nodes": lattice, "ranks": ranks, "ms_per_sweep": time_ms}
            rows.append(row | {"speedup": alone / time_ms, "efficiency": alone / time_ms / ranks})
    return rows, fit


def run(quick: bool, kernel_rows: list[dict]) -> dict:
    """Rows of all runs, efficiencies, serial shares, predictions (from the rows of kernels.py)."""
    if mpiexec() is None:
        return {"scaling_skipped": "no mpiexec beside this Python or on the path"}
    repeat, cores, rows = (1 if quick else 4), os.cpu_count() or 1, []
    plan = [("strong", 1, STEPS), ("strong", 2, STEPS), ("weak", 2, WEAK_STEPS), ("count", 4, STEPS)]
    for kind, ranks, steps in plan[: 3 if quick else None]:
        for row in _start(ranks, steps, 1 if kind == "count" else repeat):
            rows.append({"kind": kind, "oversubscribed": "yes" if ranks > cores else "no", **row})
        say(
            f"{kind}, ranks {ranks}, {rows[-1]['nodes']} nodes: {rows[-2]['ms_per_sweep']:.1f} ms per sweep (market), "
            f"{rows[-1]['ms_per_sweep']:.1f} ms (planner)"
        )
    found = {"scaling": rows, "scaling_prediction": [], "scaling_fit": {}}
    for name, short in (("market", "ce"), ("planner", "sp")):
        own = {(row["kind"], row["ranks"]): row for row in rows if row["allocation"] == name}
        one, two, weak = own["strong", 1], own["strong", 2], own["weak", 2]
        one["efficiency"] = 1.0
        two["efficiency"] = one["ms_per_sweep"] / two["ms_per_sweep"] / 2.0
        # per state and rank: the larger lattice has 91 nodes, not 90
        weak["efficiency"] = one["ms_per_sweep"] * weak["states"] / one["states"] / 2.0 / weak["ms_per_sweep"]
        speed = {row["industries"]: row["tail"] for row in kernel_rows if row["allocation"] == name}
        predicted, fit = predict(one, two, speed)
        found["scaling_prediction"] += predicted
        found["scaling_fit"][name] = fit
        found[f"{short}_strong_efficiency_2_ranks"] = two["efficiency"]
        found[f"{short}_weak_efficiency_2_ranks"] = weak["efficiency"]
        found[f"{short}_serial_share"] = fit["replicated_ms"] / one["ms_per_sweep"]
        found[f"{short}_gathered_mb_per_sweep"] = two["gathered_mb_per_sweep"]
    return found


if __name__ == "__main__":
    worker()
