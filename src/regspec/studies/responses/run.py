"""The step ``responses``: chosen zones, scenarios and both allocations; table and figures (docs/results.md)."""

from __future__ import annotations

import pandas as pd

from regspec.calibration.records import (
    NationalProcesses,
    ZoneCalibration,
    by_specialization,
    read_ginis,
    read_national,
    read_zone,
)
from regspec.config.config import Config
from regspec.errors import ConfigError
from regspec.exhibits.registry import response_exhibit
from regspec.exhibits.writer import ExhibitWriter
from regspec.io.provenance import stamp
from regspec.io.run_tables import read_meta
from regspec.layout import Layout
from regspec.studies.responses.exhibits import draw, write_table
from regspec.studies.responses.solve import long_table, solve

_HIGH, _LOW = 0.9, 0.1  # quantiles of specialization at which zones are taken


def chosen_zones(config: Config, ginis: dict[int, float]) -> dict[int, str]:
    """Zones and how they are named on exhibits, the most specialized first.

    ``ginis``: base-year Gini of the run's zones. Without zones of the configuration, those at two quantiles. Raises
    ConfigError for a zone that is not one of the run's.
    """
    order = by_specialization(ginis)
    ends = [order[round(q * (len(order) - 1))] for q in (_HIGH, _LOW)]
    for zone in config.responses.zones:
        if zone not in ginis:
            raise ConfigError(
                f"responses.zones: zone {zone} is not among the {len(ginis)} zones of this run\nremedy: add it to model.zones"
            )
    zones = config.responses.zones or list(dict.fromkeys(ends))
    return {zone: f"zone {zone} (Gini {ginis[zone]:.3f})" for zone in sorted(zones, key=lambda zone: (-ginis[zone], zone))}


def compute(config: Config, national: NationalProcesses, zones: list[ZoneCalibration]) -> pd.DataFrame:
    """All responses in long form (`long_table`). Raises ModelFailure that names zone, scenario and condition."""
    own = config.responses
    parts: list[pd.DataFrame] = []
    for zone in zones:
        for scenario in own.scenarios or config.scenarios:
            solution = solve(zone, national, config, scenario)
            parts += long_table(zone.zone, scenario, solution, national.industries)
            print(f"responses: zone {zone.zone}, scenario {scenario} solved", flush=True)
    return pd.concat(parts, ignore_index=True)


def notes(config: Config) -> str:
    """What the numbers are."""
    own = config.responses
    later = f"means over {own.draws} draws of all later shocks" if own.draws else "no later shocks"
    return (
        f"Log productivity of one industry falls by {own.size:g} of its standard deviations and returns at its persistence. "
        "The equilibrium of each year is solved on paths with and without the shock. Paths start from the bonds and the "
        f"portfolio of the first year and have no trend; {later}. Responses are differences of the two paths over 0 to "
        f"{own.horizon} years. Y, c, q and k (capital of the industry hit): 100 log points; eta: percent of marginal utility; "
        "debt: percent of output. Columns Y, c, q and eta are for the year of the shock; Sum c is over all years. The CSV has "
        "all responses, with simulation standard errors."
    )


def run(config: Config, layout: Layout, config_hash: str) -> None:
    """Write table and figures of `regspec.exhibits.registry.response_exhibit`.

    Raises ConfigError for a zone that is not one of the run's, DataError for unreadable files of earlier steps, ModelFailure
    that names zone, scenario and condition.
    """
    national, exhibit = read_national(layout), response_exhibit(config)
    writer = ExhibitWriter(layout.root, stamp(config_hash), read_meta(layout.data)["synthetic"])
    zones = chosen_zones(config, read_ginis(layout))
    table = compute(config, national, [read_zone(layout, zone) for zone in zones])
    write_table(writer, exhibit.table, table, zones, notes(config))
    for name, industry in zip(exhibit.figures, national.industries, strict=True):
        draw(writer, name, table, industry, zones, config)
