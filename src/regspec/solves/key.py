"""The content key of a solution: everything that determines it, and nothing else (docs/hpc.md)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from regspec.calibration.technology import scenario_zone, technology, zone_technology
from regspec.config.config import Config
from regspec.io.provenance import canonical_text, content_hash, text_hash
from regspec.model.fingerprint import kernel_fingerprint

_ZONE = ("zone", "industries", "shares", "k0")
_NATIONAL = ("first_year", "last_year", "rho", "sigma", "trend", "u", "interest")


def solution_inputs(zone: dict, national: dict, config: Config, scenario: str) -> dict:
    """The inputs of one zone's solution under ``scenario`` as a JSON-serializable record.

    The level and the national shares behind it are not among them: solutions are in units of the zone's own 1950
    output, and the level is applied when they are gathered. So new rows of one zone, which move the national
    shares, do not touch the solutions of the others.
    """
    return {
        "zone": {name: zone[name] for name in _ZONE},
        "national": {name: national[name] for name in _NATIONAL},
        "ztilde": scenario_zone(zone, national, config, scenario)[0].tolist(),
        **settings(config, scenario),
        "kernels": kernel_fingerprint(),
    }


def settings(config: Config, scenario: str) -> dict:
    """What the configuration contributes to `solution_inputs`. Solution files carry it, so that it can be said later what
    has changed.
    """
    tech = technology(config, scenario)
    return {
        "technology": {"alpha": tech["alpha"], "xi": tech["xi"].tolist(), "phi": tech["phi"].tolist()},
        "parameters": config.scenario_parameters(scenario).model_dump(mode="json"),
        "planner": config.scenario(scenario).planner,
        "rate_nodes": config.calibration.interest.nodes,
        "grid": config.model.grid.model_dump(mode="json"),
        "solver": config.model.solver.model_dump(mode="json"),
        "seed": config.run.seed,
    }


def solution_keys(zones: Iterable[dict], national: dict, config: Config, scenario: str) -> list[str]:
    """`solution_key` of several zones; what they share is written once, which makes plans of many solves ten times as fast."""
    tech, share = technology(config, scenario), np.array(national["national_share"])
    shared = {
        "national": {name: national[name] for name in _NATIONAL},
        **settings(config, scenario),
        "kernels": kernel_fingerprint(),
    }
    head = canonical_text(shared)[:-1]  # its keys come before "zone" and "ztilde" in the alphabet
    keys = []
    for zone in zones:
        ztilde, _ = zone_technology(np.array(zone["shares"]), tech["xi"], tech["alpha"], share)
        own = {"zone": {name: zone[name] for name in _ZONE}, "ztilde": ztilde.tolist()}
        keys.append(text_hash(f"{head},{canonical_text(own)[1:]}", 24))
    return keys


def solution_key(zone: dict, national: dict, config: Config, scenario: str) -> str:
    """Key (24 hex digits) under which the solution is stored; ranks, paths and unrelated settings do not enter."""
    return content_hash(solution_inputs(zone, national, config, scenario), 24)
