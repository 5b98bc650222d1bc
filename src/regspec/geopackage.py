"""Reading and writing GeoPackages through GDAL's own file layer: SQLite's would lock them, and not every file system can."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pyogrio


@contextmanager
def _without_locks(**more: str) -> Iterator[None]:
    options = {"SQLITE_USE_OGR_VFS": "YES", **more}
    pyogrio.set_gdal_config_options(options)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(options))


def read_layer(path: Path, layer: str) -> gpd.GeoDataFrame:
    """A layer of a GeoPackage. Errors are pyogrio's."""
    with _without_locks():
        return gpd.read_file(path, layer=layer)


def write_layers(path: Path, layers: dict[str, gpd.GeoDataFrame], metadata: dict[str, str]) -> None:
    """Write a GeoPackage at ``path``, where no file is, with ``layers`` by name; the same input gives the same bytes."""
    # GeoPackages carry the time of writing unless GDAL is told another one.
    with _without_locks(OGR_CURRENT_DATE="1950-01-01T00:00:00.000Z"):
        for number, (name, frame) in enumerate(layers.items()):
            pyogrio.write_dataframe(
                frame, path, layer=name, driver="GPKG", append=number > 0, layer_metadata=metadata, promote_to_multi=True
            )
