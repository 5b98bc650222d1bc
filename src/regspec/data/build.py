"""The data step: the files of ``data/`` (docs/architecture.md) from any source of ``data.source``."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from regspec.config.config import Config
from regspec.data import geography, panel, tidy
from regspec.data.microdata import source
from regspec.data.standin import stand_in_zones
from regspec.data.synthetic.economy import SOURCE, Economy, synthetic_economy
from regspec.errors import ConfigError
from regspec.io.geopackage import write_layers
from regspec.io.provenance import stamp, write_json
from regspec.io.run_tables import write_table
from regspec.io.schemas import validate

TABLES = ("industry", "controls", "national", "tfp", "interest")


def build(config: Config, out: Path, config_hash: str) -> None:
    """Write the run's ``data`` folder ``out``: five tables, ``zones.gpkg`` and ``meta.json``.

    Files are written one by one, each atomically, ``meta.json`` last. Raises DataError for unusable input
    tables, ConfigError for settings that cannot be met; nothing is written in either case.
    """
    out, provenance = Path(out), stamp(config_hash)
    crosswalk = None if config.data.crosswalk is None else panel.read_crosswalk(config)
    counties = geography.load_counties()
    zone_of = _zones(config, counties, crosswalk)
    source, tables = _tables(config, out, zone_of, geography.zone_states(counties, zone_of), provenance)
    polygons = geography.dissolve(counties, zone_of, "zone")
    polygons = polygons[polygons["zone"].isin(tables.industry["zone"])].reset_index(drop=True)
    validate(pd.DataFrame(polygons), "zones", "zones.gpkg")
    for name in TABLES:
        validate(getattr(tables, name), name, f"{name}.parquet")
    states = geography.dissolve(counties, counties["state"].to_numpy(), "state")
    for name in TABLES:
        write_table(getattr(tables, name), name, out / f"{name}.parquet", provenance)
    write_layers(out / "zones.gpkg", {"zones": polygons, "states": states}, dict(provenance))
    write_json(
        out / "meta.json",
        {
            "synthetic": config.data.source == "synthetic",
            "source": source,
            "stand_in_zones": config.data.crosswalk is None,
            "zones": len(polygons),
            "truth": tables.truth if isinstance(tables, Economy) else None,
            "provenance": provenance,
        },
    )


def _tables(
    config: Config, out: Path, zone_of: np.ndarray, states: pd.Series, provenance: dict
) -> tuple[str, panel.Panel | Economy]:
    """The sentence that names the source, and its tables; ``zone_of``: zone of each county, ``states``: state of each zone."""
    zones = set(zone_of)
    if config.data.source == "panel":
        return panel.SOURCE, panel.read_panel(config, zones)
    if config.data.source == "tidy":
        return tidy.citation(config), tidy.read_tidy(config, zones, states)
    if config.data.source == "microdata":
        return source.citation(config), source.read_microdata(config, out, zones, states, provenance)
    return SOURCE, synthetic_economy(config, states)


def _zones(config: Config, counties: gpd.GeoDataFrame, crosswalk: pd.DataFrame | None) -> np.ndarray:
    """Zone id of each county of the map (array): by the crosswalk if there is one, else stand-ins."""
    if crosswalk is None:
        zones = stand_in_zones(counties, config.data.synthetic.zones, config.run.seed)
        return zones.loc[counties["fips"]].to_numpy()
    zones = geography.crosswalk_zones(counties, crosswalk, str(config.data.crosswalk))
    if config.data.source == "synthetic" and zones.nunique() != config.data.synthetic.zones:
        raise ConfigError(
            f"data.synthetic.zones: {config.data.synthetic.zones}, but the crosswalk has {zones.nunique()}.\n"
            f"Use {zones.nunique()}, or data.crosswalk: null for stand-in zones."
        )
    return zones.loc[counties["fips"]].to_numpy()
