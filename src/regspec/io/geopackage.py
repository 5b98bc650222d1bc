"""Reading and writing GeoPackages.

GDAL takes ``!`` in a path for a mark of its own, so it only sees copies of plain name; SQLite's own file layer would lock them,
and not every file system can.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import pyogrio

from regspec.io.provenance import atomic_path


@contextmanager
def _plain(**more: str) -> Iterator[Path]:
    """A path of plain name in a folder of its own, while GDAL takes no locks."""
    options = {"SQLITE_USE_OGR_VFS": "YES", **more}
    pyogrio.set_gdal_config_options(options)
    try:
        with TemporaryDirectory() as folder:
            yield Path(folder) / "layers.gpkg"
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(options))


def read_layer(path: Path, layer: str) -> gpd.GeoDataFrame:
    """A layer of a GeoPackage; of ``zones`` with whole numbers as ids. Errors are pyogrio's and the system's."""
    with _plain() as copy:
        found = gpd.read_file(shutil.copyfile(path, copy), layer=layer)
    return found.astype({"zone": int}) if layer == "zones" else found


def write_layers(path: Path, layers: dict[str, gpd.GeoDataFrame], metadata: dict[str, str]) -> None:
    """Write a GeoPackage with ``layers`` by name; the same input gives the same bytes."""
    # GeoPackages carry the time of writing unless GDAL is told another one.
    with _plain(OGR_CURRENT_DATE="1950-01-01T00:00:00.000Z") as copy:
        for number, (name, frame) in enumerate(layers.items()):
            pyogrio.write_dataframe(
                frame, copy, layer=name, driver="GPKG", append=number > 0, layer_metadata=metadata, promote_to_multi=True
            )
        with atomic_path(path) as temporary:
            shutil.copyfile(copy, temporary)
