"""What the next run would do, and why, in plain words: behind ``regspec explain``.

Snakemake's dry run decides which jobs run (:mod:`regspec.workflow.plan`); here its reasons are turned into words: which key of
the configuration, which input, which source file. For solves, the key of every zone is compared with its solution file, which
holds the settings that it was solved with.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from regspec.calibration.records import NationalProcesses, ZoneCalibration
from regspec.config.config import Config
from regspec.errors import DataError, SystemFault
from regspec.layout import Layout
from regspec.model.fingerprint import kernel_fingerprint
from regspec.solves.key import key_of, solution_inputs, solution_key
from regspec.solves.settings import SolveSettings, solve_settings

PRESENT, STORED, NEW = "already solved", "copied from the store", "not solved yet"
_UNKNOWN = "<TBD>"  # Snakemake's value of a param that waits for the calibration
_MOST = 4  # changed keys, files or zones that are named
_PARAMS = {
    "zones": "the zones of the run",
    "fingerprint": "the solver's code or its libraries",
    "industries": "number of industries",
    "planner": "whether the planner is solved",
    "config": "folder of the run",
    "digests": "keys of the solutions",
}
_PLACES = {
    "parameters": "model.parameters.",
    "grid": "model.grid.",
    "solver": "model.solver.",
    "seed": "run.seed",
    "technology": "calibration.industries, ",
    "planner": "planner",
    "rate_nodes": "calibration.interest.nodes",
}


def differences(old, new, prefix: str = "") -> list[str]:
    """``key: old -> new`` for every leaf in which two nested mappings differ."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        dot = f"{prefix}." if prefix and prefix[-1] not in ". " else prefix
        keys = [*new, *(key for key in old if key not in new)]
        return [text for key in keys for text in differences(old.get(key), new.get(key), f"{dot}{key}")]
    return [] if old == new else [f"{prefix}: {_short(old)} -> {_short(new)}"]


def _short(value) -> str:
    text = "none" if value is None else value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."


def several(found: Iterable, most: int = _MOST) -> str:
    """The first of them, and how many more."""
    found = list(map(str, found))
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more


def changed_params(recorded: Iterable[str], current: Mapping[str, Any]) -> list[str]:
    """Reasons in words for params that differ: ``recorded``, representations that only the last execution had;
    ``current``, the present params by name.
    """
    recorded, known = list(recorded), [_parsed(text) for text in recorded]
    reasons = []
    for name, value in current.items():
        if str(value) == _UNKNOWN:
            continue
        if name not in ("depends", "levels"):
            reasons.append(f"{_PARAMS.get(name, name)} changed")
            continue
        old = max((k for k in known if isinstance(k, dict)), key=lambda k: len(k.keys() & value.keys()), default={})
        reasons += dependency_changes(old, value) if name == "depends" else _level_changes(old, value)
    return reasons


def _parsed(text: str):
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None


def _level_changes(old: dict, new: dict) -> list[str]:
    """What is behind another digest of levels: other zones, other scenarios, or another level of a zone that was there."""
    before, now = old.get("levels"), new["levels"]
    if before is None:  # recorded by an older version
        return ["levels of the zones changed"]
    if old["zones"] != new["zones"]:
        return ["the zones of the run changed"]
    reasons = [f"scenarios added: {several(n for n in now if n not in before)}"] if now.keys() - before.keys() else []
    if before.keys() - now.keys():
        reasons.append(f"scenarios removed: {several(n for n in before if n not in now)}")
    moved = any(before[name] != digest for name, digest in now.items() if name in before)
    return [*reasons, "levels of the zones changed"] if moved else reasons


def dependency_changes(old: dict, new: dict) -> list[str]:
    """Reasons in words for a step whose keys and sources (:func:`regspec.workflow.triggers.dependencies`) were ``old``."""
    keys = differences({k: v for k, v in old.items() if k != "sources"}, {k: v for k, v in new.items() if k != "sources"})
    before, now = old.get("sources", {}), new.get("sources", {})
    before = before if isinstance(before, dict) else {}
    files = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    reasons = [several(keys)] if keys else []
    return [*reasons, f"code: {several(files)}"] if files else reasons


class Solves:
    """Why solves run, by comparing the present inputs of each with its solution file."""

    def __init__(self, config: Config, layout: Layout):
        self.config, self.layout = config, layout
        self.national = NationalProcesses.read(layout.national)

    def reason(self, scenario: str, zone: int) -> str:
        """Why the solve of a zone is due, in words; `PRESENT` when it is not."""
        at, settings = ZoneCalibration.read(self.layout.zone_json(zone)), solve_settings(self.config, scenario)
        key = solution_key(at, self.national, settings)
        path = self.layout.solution(scenario, zone)
        try:
            recorded = _recorded(path) if path.exists() else None
        except SystemFault as fault:
            return f"solution file cannot be read now ({fault.reason})"
        if recorded and recorded["key"] == key and recorded["status"] == "solved":
            return PRESENT
        stored = (self.layout.store / key[:2] / f"{key}.h5").exists()
        cause = self._cause(at, settings, key, recorded, self.layout.failure(scenario, zone), path)
        return cause + (f" ({STORED})" if stored else "")

    def _cause(
        self, at: ZoneCalibration, settings: SolveSettings, key: str, recorded: dict | None, marker: Path, path: Path
    ) -> str:
        if recorded is None:
            if marker.exists():
                return "failed before; will be retried"
            return "solution file damaged" if path.exists() else NEW
        if recorded["key"] == key:
            return "failed before; will be retried"
        return several(self._changes(at, settings, recorded))

    def _changes(self, at: ZoneCalibration, settings: SolveSettings, recorded: dict) -> list[str]:
        own, now = recorded["settings"], settings.record()
        scaled = any(own["parameters"].get(key) != now["parameters"][key] for key in ("alpha", "xi_scale", "phi_scale"))
        parts = [part for part in own if not (part == "technology" and scaled)]  # it follows from the parameters
        found = [text for part in parts for text in differences(own[part], now.get(part), _PLACES.get(part, f"{part} "))]
        if recorded["kernels"] != kernel_fingerprint():
            found.append("kernels (code of the solver or its libraries)")
        shares = recorded["shares"]
        if shares is not None and shares != at.shares.tolist():
            found.append("calibration of the zone (its shares)")
        complete = shares is not None and own.keys() == now.keys()
        if not complete:
            return found or ["calibration or settings not recorded in its file"]
        if self._key_then(at, settings, recorded) != recorded["key"]:
            found.append("national processes (productivity or interest)")
        return found

    def _key_then(self, at: ZoneCalibration, settings: SolveSettings, recorded: dict) -> str:
        """The key with the recorded settings, shares and kernels and the present national processes."""
        then = replace(at, industries=tuple(recorded["industries"]), shares=np.array(recorded["shares"]))
        inputs = solution_inputs(then, self.national, settings)
        return key_of({**inputs, "settings": recorded["settings"], "kernels": recorded["kernels"]})

    def grouped(self, wanted: Iterable[tuple[str, int]]) -> dict[str, dict[str, list[int]]]:
        """Zones by scenario and reason of the solves (scenario, zone)."""
        groups: dict[str, dict[str, list[int]]] = {}
        for scenario, zone in wanted:
            groups.setdefault(scenario, {}).setdefault(self.reason(scenario, zone), []).append(zone)
        return groups


def _recorded(path: Path) -> dict | None:
    """What a solution file says of its inputs; None when it cannot be read. Files of older versions say less."""
    from regspec.io.hdf5 import opened

    try:
        with opened(path) as file:
            own = (
                json.loads(file.attrs["settings"])
                if "settings" in file.attrs
                else {name: json.loads(file.attrs[name]) for name in ("parameters", "grid")}
            )
            return {
                "key": file.attrs["key"],
                "status": file.attrs["status"],
                "settings": own,
                "kernels": file.attrs["kernel_fingerprint"],
                "industries": json.loads(file.attrs["industries"]),
                "shares": file["ce/k"][0].tolist() if "ce" in file else None,
            }
    except (FileNotFoundError, DataError):
        return None


def solve_lines(groups: Mapping[str, Mapping[str, list[int]]]) -> list[str]:
    """One line for each scenario and reason. Scenarios (a sweep's cells, say) with the same zones and reasons share theirs."""
    alike: dict[str, list[str]] = {}
    for scenario, reasons in groups.items():
        text = "\n".join(
            f"{_zones(zones)}: {reason}" for reason, zones in sorted(reasons.items(), key=lambda item: item[0] == PRESENT)
        )
        alike.setdefault(text, []).append(scenario)
    return [f"{several(names, 3)}, {line}" for text, names in alike.items() for line in text.splitlines()]


def _zones(zones: list[int]) -> str:
    return f"zone {zones[0]}" if len(zones) == 1 else f"{len(zones)} zones ({several(sorted(zones))})"
