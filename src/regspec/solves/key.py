"""The content key of a solution: everything that determines it, and nothing else (docs/hpc.md)."""

from __future__ import annotations

from collections.abc import Iterable

from regspec.calibration.records import NationalProcesses, ZoneCalibration
from regspec.io.provenance import canonical_text, content_hash, text_hash
from regspec.model.fingerprint import kernel_fingerprint
from regspec.solves.settings import SolveSettings

_DIGITS = 24
# Solutions are in units of the zone's own first-year output; the level is applied when they are gathered. So new rows of one
# zone, which move the national shares, do not touch the solutions of the others.
_ZONE = ("zone", "industries", "shares")
_NATIONAL = ("first_year", "last_year", "rho", "sigma", "trend", "u", "interest")


def solution_inputs(zone: ZoneCalibration, national: NationalProcesses, settings: SolveSettings) -> dict:
    """The inputs of one zone's solution as a JSON-serializable record, the solver itself among them.

    The levels and the national shares behind them are not: no solution depends on them.
    """
    return {**_shared(national, settings), "zone": _of_zone(zone)}


def solution_key(zone: ZoneCalibration, national: NationalProcesses, settings: SolveSettings) -> str:
    """Key (24 hex digits) under which the solution is stored; ranks, paths and unrelated settings do not enter."""
    return key_of(solution_inputs(zone, national, settings))


def key_of(inputs: dict) -> str:
    """The key of `solution_inputs`."""
    return content_hash(inputs, _DIGITS)


def solution_keys(zones: Iterable[ZoneCalibration], national: NationalProcesses, settings: SolveSettings) -> list[str]:
    """`solution_key` of several zones; what they share is written once, which makes plans of many solves ten times as fast."""
    head = canonical_text(_shared(national, settings))[:-1]  # "zone" comes after its keys in the alphabet
    return [text_hash(f"{head},{canonical_text({'zone': _of_zone(zone)})[1:]}", _DIGITS) for zone in zones]


def _shared(national: NationalProcesses, settings: SolveSettings) -> dict:
    record = national.record()
    return {
        "kernels": kernel_fingerprint(),
        "national": {name: record[name] for name in _NATIONAL},
        "settings": settings.record(),
    }


def _of_zone(zone: ZoneCalibration) -> dict:
    record = zone.record()
    return {name: record[name] for name in _ZONE}
