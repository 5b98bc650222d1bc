"""The GeoPackage of a run. Its library takes ``!`` in a path for a mark of its own, so it only sees a copy of plain name."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import pyogrio

from regspec.provenance import atomic_path


def write_layers(zones: gpd.GeoDataFrame, states: gpd.GeoDataFrame, path: Path, provenance: Mapping[str, str]) -> None:
    """Write layers ``zones`` and ``states`` of one GeoPackage; the same input gives the same bytes."""
    # GeoPackages carry the time of writing unless GDAL is told another one.
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "1950-01-01T00:00:00.000Z"})
    try:
        with TemporaryDirectory() as folder, atomic_path(path) as temporary:
            plain = Path(folder) / "layers.gpkg"
            for layer, frame in (("zones", zones), ("states", states)):
                pyogrio.write_dataframe(
                    frame, plain, layer=layer, driver="GPKG", append=layer != "zones",
                    layer_metadata=dict(provenance), promote_to_multi=True,
                )  # fmt: skip
            shutil.copyfile(plain, temporary)
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def read_layer(path: Path, layer: str) -> gpd.GeoDataFrame:
    """A layer of a GeoPackage; of ``zones`` with whole numbers as ids."""
    with TemporaryDirectory() as folder:
        plain = shutil.copyfile(path, Path(folder) / "layers.gpkg")
        found = gpd.read_file(plain, layer=layer)
    return found.astype({"zone": int}) if layer == "zones" else found
