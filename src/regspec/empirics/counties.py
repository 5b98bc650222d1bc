"""The step `counties`: tables of zones under ``data/``, exhibits under ``empirics/`` (docs/counties.md)."""

from __future__ import annotations

from regspec.config.config import Config
from regspec.data.counties.build import build
from regspec.empirics.exhibits.counties import write_exhibits
from regspec.io.provenance import stamp, write_json
from regspec.io.run_tables import write_table
from regspec.layout import Layout


def run(config: Config, layout: Layout, config_hash: str) -> None:
    """Write the files of :func:`regspec.exhibits.registry.counties`. Raises DataError, ConfigError.

    Nothing is written before all county files are read.
    """
    made, provenance = build(config), stamp(config_hash)
    for name, table in made.tables.items():
        write_table(table, name, layout.data_table(name), provenance)
    write_json(layout.county_report, {**made.report, "provenance": provenance})
    write_exhibits(config, layout, made.tables, made.report, provenance)
