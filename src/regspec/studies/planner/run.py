"""The step ``planner``: chosen zones of the baseline; tables and figure (docs/results.md)."""

from __future__ import annotations

import numpy as np

from regspec.calibration.records import by_specialization, read_ginis, read_national, read_zone
from regspec.config.config import Config
from regspec.errors import ConfigError
from regspec.exhibits.registry import PLANNER_EXHIBIT
from regspec.exhibits.writer import ExhibitWriter
from regspec.io.provenance import stamp
from regspec.io.run_tables import read_meta
from regspec.layout import Layout
from regspec.studies.planner.exhibits import draw, write_externalities, write_rules, write_states, write_taxes
from regspec.studies.planner.portfolios import write_portfolios
from regspec.studies.planner.solve import compute


def chosen_zones(config: Config, ginis: dict[int, float]) -> list[int]:
    """``planner.zones`` zones evenly spaced in the order of base-year Gini, its ends included; all when there are fewer."""
    order = by_specialization(ginis)
    if config.planner.zones == 1:
        return [order[(len(order) - 1) // 2]]
    places = np.linspace(0, len(order) - 1, min(config.planner.zones, len(order)))
    return [order[round(place)] for place in places]


def run(config: Config, layout: Layout, config_hash: str) -> None:
    """Write tables and figures of `regspec.exhibits.registry.PLANNER_EXHIBIT`.

    Raises ConfigError when the baseline has no planner, DataError for unreadable files of earlier steps, ModelFailure that
    names zone and condition.
    """
    if not config.scenario(config.baseline).planner:
        raise ConfigError(f"scenarios.{config.baseline}.planner is false: the step needs the baseline's planner")
    national, ginis = read_national(layout), read_ginis(layout)
    writer = ExhibitWriter(layout.root, stamp(config_hash), read_meta(layout.data)["synthetic"])
    table = compute(config, national, [read_zone(layout, zone) for zone in chosen_zones(config, ginis)], ginis)
    industries = list(national.industries)
    externalities, rules, taxes, states, portfolios = PLANNER_EXHIBIT.tables
    write_externalities(writer, externalities, table, config)
    write_rules(writer, rules, table, industries)
    write_taxes(writer, taxes, table, industries, config)
    write_states(writer, states, table, industries, config)
    write_portfolios(writer, portfolios, table, industries, config)
    draw(writer, PLANNER_EXHIBIT.figures[0], table)
