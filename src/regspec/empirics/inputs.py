"""What every exhibit of the empirics is made from: the tables of the data step, read and checked once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from regspec.config.config import Config
from regspec.empirics.fact1 import by_zone, check_controls
from regspec.empirics.specialization import select, specialization
from regspec.errors import ConfigError
from regspec.exhibits.listing import Missing
from regspec.exhibits.registry import Exhibit
from regspec.exhibits.writer import ExhibitWriter
from regspec.io.geopackage import read_layer
from regspec.io.provenance import stamp
from regspec.io.run_tables import cited, read_meta, read_table
from regspec.layout import Layout


class NotComputable(Exception):
    """The data do not allow an exhibit; the text says why. Its files are written with the reason in them."""


@dataclass(frozen=True)
class DataInputs:
    """Tables of docs/architecture.md, specialization measured on them, and the settings of the run.

    ``places``: ``longitude, latitude`` of zones' centroids in degrees, by zone; None without a map.

    An exhibit is a module with ``write(inputs)``. It writes the files that the registry names (:attr:`making`), calls
    :meth:`miss` for each part that it cannot compute and raises :class:`NotComputable` when that is all of it.
    """

    config: Config
    writer: ExhibitWriter
    industry: pd.DataFrame
    controls: pd.DataFrame
    national: pd.DataFrame
    specialization: pd.DataFrame
    calibrated: bool = True
    places: pd.DataFrame | None = None
    exhibit: Exhibit | None = None
    missing: list[Missing] = field(default_factory=list)

    @property
    def making(self) -> Exhibit:
        """The exhibit that is being made."""
        if self.exhibit is None:
            raise ValueError("DataInputs: no exhibit is being made")
        return self.exhibit

    def miss(self, part: str, reason: str) -> None:
        """Record once that ``part`` (empty: all) of the exhibit that is being made is not computed."""
        item = Missing(self.making.deck, self.making.title, part, reason)
        if item not in self.missing:
            self.missing.append(item)

    def miss_variables(self, *names: str) -> None:
        """Record those of the variables ``names`` of which the data have no shares."""
        for name in names:
            if name not in self.variables:
                self.miss(f"{name} shares", f"the data have {' and '.join(self.variables)} only")

    @property
    def variables(self) -> list[str]:
        """Variables of which the data have shares, that of the configuration first."""
        headline = self.config.empirics.variable
        return sorted(self.industry["variable"].unique(), key=lambda name: (name != headline, name))

    @property
    def has_income(self) -> bool:
        """Whether there is an outcome: log income in base and end year for any zone."""
        empirics = self.config.empirics
        wide = self.controls.pivot(index="zone", columns="year", values="log_income")
        return bool(wide.reindex(columns=[empirics.base_year, empirics.end_year]).notna().all(axis=1).any())

    def require_income(self) -> None:
        """Raise :class:`NotComputable` when the data have no outcome."""
        if not self.has_income:
            raise NotComputable(
                f"the data have no income per capita in {self.config.empirics.base_year} and {self.config.empirics.end_year}"
            )


def centroids(path: Path) -> pd.DataFrame | None:
    """Centroids of the zones of a map (taken in its own projection), degrees; None when there is no map."""
    if not path.exists():
        return None
    zones = read_layer(path, "zones").set_index("zone").sort_index()
    points = zones.geometry.centroid.to_crs("EPSG:4326")
    return pd.DataFrame({"longitude": points.x, "latitude": points.y})


def load(config: Config, layout: Layout, config_hash: str) -> DataInputs:
    """Read ``industry, controls, national, tfp`` (parquet) and ``meta.json`` of the data step.

    Raises DataError for unusable tables, ConfigError for a variable, year or control that they do not have.
    """
    industry, controls, national = (read_table(layout.data_table(n), n) for n in ("industry", "controls", "national"))
    meta = read_meta(layout.data)
    measured = specialization(industry)
    _check(config, measured, controls)
    return DataInputs(
        config=config,
        writer=ExhibitWriter(layout.empirics, stamp(config_hash), meta["synthetic"], cited(meta)),
        industry=industry,
        controls=controls,
        national=national,
        specialization=measured,
        places=centroids(layout.map),
        calibrated=len(read_table(layout.data_table("tfp"), "tfp")) > 0,
    )


def _check(config: Config, measured: pd.DataFrame, controls: pd.DataFrame) -> None:
    """The configuration asks for what the data have: before the first exhibit is written."""
    empirics = config.empirics
    check_controls(controls, empirics)
    for year in (empirics.base_year, empirics.end_year):
        by_zone(controls, year, [])
    base = select(measured, empirics.variable, empirics.measure, empirics.base_year).index
    rows = by_zone(controls, empirics.base_year, list(empirics.controls)).reindex(base)
    for name in empirics.controls:
        if rows[name].isna().all():
            raise ConfigError(
                f"empirics.controls: {name!r} is missing for every zone in {empirics.base_year}.\n"
                "Remedy: take it out of empirics.controls, or add it to the data."
            )
