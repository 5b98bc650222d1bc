"""What a solve leaves in its solution file (docs/architecture.md): both allocations, or why the model failed."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from regspec.calibration.records import ZoneCalibration
from regspec.errors import ModelFailure
from regspec.io.provenance import stamp
from regspec.model.fingerprint import kernel_fingerprint
from regspec.solves.allocation import Allocation
from regspec.solves.settings import SolveSettings
from regspec.solves.solution_file import in_memory
from regspec.solves.zone import ZoneSolution

_SERIES = {
    "Y": "output",
    "c": "c",
    "b": "b",
    "b_next": "b_next",
    "q": "q",
    "eta": "eta",
    "mu": "mu",
    "binding": "binding",
    "tau_b": "tau_b",
    "k": "k",
    "k_next": "k_next",
    "tau_k": "tau_k",
    "value": "value",
    "euler_errors": "errors",
}


@dataclass(frozen=True)
class SolveIdentity:
    """What was solved, as its file says."""

    zone: ZoneCalibration
    scenario: str
    settings: SolveSettings
    key: str
    config_hash: str
    ranks: int

    def attributes(self) -> dict:
        """Attributes of the file."""
        settings = self.settings.record()
        return {
            "zone": self.zone.zone,
            "scenario": self.scenario,
            "key": self.key,
            "kernel_fingerprint": kernel_fingerprint(),
            "parameters": json.dumps(settings["parameters"]),
            "grid": json.dumps(settings["grid"]),
            "settings": json.dumps(settings),
            "industries": json.dumps(self.zone.industries),
            "ranks": self.ranks,
            **stamp(self.config_hash),
        }


def write_solution(
    path: Path, identity: SolveIdentity, solution: ZoneSolution, first_year: int, level: float, seconds: float
) -> None:
    """Write a solved zone with its ``level``, to a temporary name first; ``seconds``: wall time of the solve."""
    with in_memory(path) as file:
        file.attrs.update(identity.attributes())
        file.attrs.update(
            {
                "status": "solved",
                "message": "",
                "seconds": seconds,
                "attempts": solution.attempts,
                "level": level,
                "welfare_gain": solution.welfare_gain,
            }
        )
        _write_allocation(file.create_group("ce"), solution.ce, first_year)
        if solution.planner is not None:
            _write_allocation(file.create_group("planner"), solution.planner, first_year)


def write_failure(path: Path, identity: SolveIdentity, failure: ModelFailure, seconds: float) -> None:
    """Write the record of a zone that the model could not solve: status "failed", why, and the kind of failure."""
    with in_memory(path) as file:
        file.attrs.update(identity.attributes())
        file.attrs.update({"status": "failed", "message": str(failure), "failure": failure.kind, "seconds": seconds})
        file.attrs.update({"level": np.nan, "welfare_gain": np.nan})


def _write_allocation(group: h5py.Group, allocation: Allocation, first_year: int) -> None:
    group["year"] = np.arange(first_year, first_year + len(allocation.path.c))
    for name, attribute in _SERIES.items():
        group[name] = getattr(allocation.path, attribute)
    group.attrs["value"] = allocation.value
    for name, number in allocation.diagnostics.items():
        if not math.isfinite(number):
            raise ValueError(f"diagnostic {name} is {number}")
        group.attrs[name] = number
