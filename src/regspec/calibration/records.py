"""Reading what the calibration wrote for the nation and for each zone (docs/architecture.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from regspec.errors import DataError, fail_for_system
from regspec.layout import Layout


def read_record(path: Path) -> dict:
    """A JSON file of the calibration. Raises DataError when it is missing or damaged."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        fail_for_system(path, error)
        raise DataError(f"{path}: not a readable calibration file ({error}).\nRun `regspec calibrate` again.") from error


def read_national(layout: Layout) -> dict:
    """The nation's processes. Raises DataError."""
    return read_record(layout.national)


def read_ginis(layout: Layout) -> dict[int, float]:
    """Base-year Gini (0 to 1) of the run's zones, in increasing order of their ids. Raises DataError."""
    selected = read_record(layout.zone_list)
    return dict(zip(selected["zones"], selected["gini"], strict=True))


def read_zone(layout: Layout, zone: int) -> dict:
    """Calibration of one zone of the run. Raises DataError."""
    return read_record(layout.zone_json(zone))


def by_specialization(ginis: Mapping[int, float]) -> list[int]:
    """Zones in increasing order of their base-year Gini, ties by their ids."""
    return sorted(ginis, key=lambda zone: (ginis[zone], zone))
