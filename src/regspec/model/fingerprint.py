"""Identity of the solver: what its code computes, and the libraries that it computes with.

Does not import numba, so that it can run before the cache folder is set.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version

from regspec.io.code_digest import code_digest
from regspec.io.remembered import remembered

_NUMERICAL = ("numba", "numpy", "llvmlite")
#: What a solution is made by, and the records that it is given: all that these reach by name is part of the solver.
ENTRIES = (
    "regspec.solves.zone.solve_zone",
    "regspec.solves.settings.SolveSettings",
    "regspec.calibration.records.NationalProcesses",
    "regspec.calibration.records.ZoneCalibration",
)
#: Where the solver ends: these keep and tell what it computes, and change none of it.
BESIDE = ("regspec.model.kernels.cache.cached", "regspec.solves.resume.ZoneKeeper")


@cache
def kernel_fingerprint() -> str:
    """Digest (16 hex digits) of everything that determines a solution besides its inputs: code and versions of libraries.

    A move, a type hint, a docstring or a renamed local keeps it (:mod:`regspec.io.code_digest`).
    """
    code = remembered("solver", " ".join((*ENTRIES, *BESIDE)), lambda: code_digest(ENTRIES, BESIDE))
    libraries = [f"{name}={version(name)}" for name in _NUMERICAL]
    return hashlib.sha256("\n".join([code, *libraries]).encode()).hexdigest()[:16]
