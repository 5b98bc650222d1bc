"""Reading what the calibration wrote for the nation and for each zone (docs/architecture.md)."""

from __future__ import annotations

import json
from pathlib import Path

from regspec.errors import DataError, fail_for_system


def read_record(path: Path) -> dict:
    """A JSON file of the calibration. Raises DataError when it is missing or damaged."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        fail_for_system(path, error)
        raise DataError(f"{path}: not a readable calibration file ({error}).\nRun `regspec calibrate` again.") from error


def read_national(run: Path) -> dict:
    """``calibration/national.json`` of the folder of a run. Raises DataError."""
    return read_record(Path(run) / "calibration" / "national.json")


def read_ginis(run: Path) -> dict[int, float]:
    """Base-year Gini (0 to 1) of the run's zones, in increasing order of their ids. Raises DataError."""
    chosen = read_record(Path(run) / "calibration" / "zones.json")
    return dict(zip(chosen["zones"], chosen["gini"], strict=True))


def read_zone(run: Path, zone: int) -> dict:
    """Calibration of one zone of the run. Raises DataError."""
    return read_record(Path(run) / "calibration" / "zones" / f"{zone}.json")
