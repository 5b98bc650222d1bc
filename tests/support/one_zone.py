"""One small zone for the tests of the solve step: two industries, few years, coarse grids."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from regspec.calibration.records import NationalProcesses, ZoneCalibration
from regspec.calibration.technology import predicted_level
from regspec.config.config import Config

SHARES, NATIONAL_SHARES, XI = [0.35, 0.65], [0.5, 0.5], [0.1, 0.25]
YEARS = 4


def national(**overrides) -> NationalProcesses:
    """National processes over five years: trends, realized shocks off the grid, a constant interest rate.

    ``overrides`` replace entries of the record in `NationalProcesses.record`.
    """
    rng = np.random.default_rng(3)
    record = {
        "industries": ["goods", "services"],
        "first_year": 1950,
        "rho": [0.8, 0.75],
        "sigma": [0.02, 0.015],
        "trend": [np.linspace(0, 0.08, YEARS + 1).tolist(), np.linspace(0, -0.03, YEARS + 1).tolist()],
        "u": (0.02 * rng.normal(size=(2, YEARS + 1))).tolist(),
        "interest": {"mean": 0.013, "rho": 0.0, "sigma": 0.0},
        "national_share": NATIONAL_SHARES,
    }
    return NationalProcesses.from_record(record | overrides)


def one_industry() -> NationalProcesses:
    """The first industry of `national` alone."""
    record = national().record()
    own = {name: record[name][:1] for name in ("industries", "rho", "sigma", "trend", "u")}
    return national(**own, national_share=[1.0])


def zone(shares=SHARES, **overrides) -> ZoneCalibration:
    """The zone's calibration at k_1950 = shares; ``overrides`` replace entries of `ZoneCalibration.record`."""
    level = predicted_level(shares, 0.3 + np.array(XI), np.array(NATIONAL_SHARES))
    record = {"zone": 7, "industries": ["goods", "services"], "shares": shares, "level": level, "gini_data": 0.4}
    return ZoneCalibration.from_record(record | overrides)


def content(**overrides) -> dict:
    """A configuration as nested mappings; ``overrides`` are "section.key" paths with dots written as double underscores."""
    groups = {
        "goods": {"members": ["Agriculture", "Mining"], "xi": XI[0], "phi": 1.0},
        "services": {"members": ["Retail", "Wholesale"], "xi": XI[1], "phi": 2.0},
    }
    result = {
        "calibration": {"first_year": 1950, "last_year": 1950 + YEARS, "industries": groups},
        "model": {
            "parameters": {"gamma": 2.0},
            "grid": {"k_steps": 4, "u_nodes": 2, "b_below": 4, "b_above": 8, "b_fine": 40},
            "solver": {"cloud": 10},
        },
        "scenarios": {"baseline": {}, "market": {"planner": False}},
    }
    for path, value in overrides.items():
        *sections, key = path.split("__")
        place = result
        for section in sections:
            place = place.setdefault(section, {})
        place[key] = value
    return result


def config(**overrides) -> Config:
    """The small zone's configuration."""
    return Config.model_validate(content(**overrides))


def write(folder: Path, **overrides) -> tuple[Path, Path]:
    """Write the zone's and the national JSON; ``overrides`` replace entries of the zone's. Returns both paths."""
    paths = folder / "7.json", folder / "national.json"
    for path, record in zip(paths, (zone(**overrides), national()), strict=True):
        path.write_text(json.dumps(record.record()), encoding="utf-8")
    return paths
