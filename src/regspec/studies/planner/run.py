"""The step ``planner``: chosen zones of the baseline; tables and figure (docs/results.md)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from regspec.calibration.records import read_ginis, read_national, read_zone
from regspec.config.config import Config
from regspec.errors import ConfigError
from regspec.io.provenance import stamp
from regspec.io.run_tables import read_meta
from regspec.studies.planner.exhibits import draw, write_externalities, write_rules, write_states, write_taxes
from regspec.studies.planner.portfolios import write_portfolios
from regspec.studies.planner.solve import compute


def chosen_zones(config: Config, ginis: dict[int, float]) -> list[int]:
    """``planner.zones`` zones evenly spaced in the order of base-year Gini, its ends included; all when there are fewer."""
    order = sorted(ginis, key=lambda zone: (ginis[zone], zone))
    if config.planner.zones == 1:
        return [order[(len(order) - 1) // 2]]
    places = np.linspace(0, len(order) - 1, min(config.planner.zones, len(order)))
    return [order[round(place)] for place in places]


def run(config: Config, root: Path, digest: str) -> list[Path]:
    """Write tables and figure below ``root``/planner; returns the files.

    Raises ConfigError when the baseline has no planner, DataError for unreadable files of earlier steps, ModelFailure that
    names zone and condition.
    """
    root = Path(root)
    if not config.scenario(config.baseline).planner:
        raise ConfigError(f"scenarios.{config.baseline}.planner is false: the step needs the baseline's planner")
    national, ginis, synthetic = read_national(root), read_ginis(root), read_meta(root / "data")["synthetic"]
    zones = [read_zone(root, zone) for zone in chosen_zones(config, ginis)]
    table = compute(config, national, zones, ginis)
    industries, provenance, folder = list(national.industries), stamp(digest), root / "planner"
    return [
        *write_externalities(table, folder / "externalities", config, provenance, synthetic),
        *write_rules(table, folder / "rules", industries, provenance, synthetic),
        *write_taxes(table, folder / "long_run_taxes", industries, config, provenance, synthetic),
        *write_states(table, folder / "taxes_by_state", industries, config, provenance, synthetic),
        *write_portfolios(table, folder / "efficient_portfolio", industries, config, provenance, synthetic),
        *draw(table, folder / "planner", provenance, synthetic),
    ]
