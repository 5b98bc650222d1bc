"""What the calibration writes for the nation and for each zone, as records and as JSON (docs/architecture.md)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from regspec.errors import DataError, fail_for_system
from regspec.layout import Layout

_Record = TypeVar("_Record")


@dataclass(frozen=True)
class InterestProcess:
    """AR(1) of the log gross interest rate."""

    mean: float
    """Mean net rate, fraction a year."""
    rho: float
    """Persistence."""
    sigma: float
    """Standard deviation of the innovations."""


@dataclass(frozen=True, eq=False)
class NationalProcesses:
    """Processes that all zones share, by model industry."""

    industries: tuple[str, ...]
    """Names of the model industries (I,)."""
    first_year: int
    """First year of trend and shocks, the base year."""
    rho: np.ndarray
    """Persistence of log productivity u (I,)."""
    sigma: np.ndarray
    """Standard deviation of its innovations (I,), log points."""
    trend: np.ndarray
    """Trend d (T+1, I), log points, zero in the first year."""
    u: np.ndarray
    """Realized log productivity u (T+1, I), log points."""
    interest: InterestProcess
    """The interest rate."""
    national_share: np.ndarray
    """The nation's base-year shares (I,), sum 1."""

    @property
    def last_year(self) -> int:
        """Last year of trend and shocks."""
        return self.first_year + len(self.trend) - 1

    @property
    def years(self) -> range:
        """First to last year."""
        return range(self.first_year, self.last_year + 1)

    def record(self) -> dict:
        """As numbers and lists, every bit kept, for JSON; trend and shocks as one list for each industry."""
        return {
            "industries": list(self.industries),
            "first_year": self.first_year,
            "last_year": self.last_year,
            "rho": self.rho.tolist(),
            "sigma": self.sigma.tolist(),
            "trend": self.trend.T.tolist(),
            "u": self.u.T.tolist(),
            "interest": asdict(self.interest),
            "national_share": self.national_share.tolist(),
        }

    @staticmethod
    def read(path: Path) -> NationalProcesses:
        """The content of a ``national.json``. Raises DataError when it is missing or damaged."""
        return _read(path, NationalProcesses.from_record)

    @staticmethod
    def from_record(record: dict) -> NationalProcesses:
        """The processes of a `record`, with which others may lie. Raises KeyError, TypeError or ValueError for another."""
        interest = record["interest"]
        return NationalProcesses(
            industries=tuple(record["industries"]),
            first_year=record["first_year"],
            rho=np.array(record["rho"], float),
            sigma=np.array(record["sigma"], float),
            trend=np.array(record["trend"], float).T,
            u=np.array(record["u"], float).T,
            interest=InterestProcess(interest["mean"], interest["rho"], interest["sigma"]),
            national_share=np.array(record["national_share"], float),
        )


@dataclass(frozen=True, eq=False)
class ZoneCalibration:
    """Calibration of one zone."""

    zone: int
    """Its id."""
    industries: tuple[str, ...]
    """Names of the model industries (I,)."""
    shares: np.ndarray
    """Base-year shares (I,) after the floor, sum 1: the portfolio with which the first year begins."""
    level: float
    """First-year output relative to a zone with the nation's shares: predicted at the baseline's technology, or matched."""
    gini_data: float
    """Base-year specialization in the data industries, 0 to 1."""

    def record(self) -> dict:
        """As numbers and lists, every bit kept, for JSON."""
        return {
            "zone": self.zone,
            "industries": list(self.industries),
            "shares": self.shares.tolist(),
            "level": self.level,
            "gini_data": self.gini_data,
        }

    @staticmethod
    def read(path: Path) -> ZoneCalibration:
        """The content of a ``zones/<zone>.json``. Raises DataError when it is missing or damaged."""
        return _read(path, ZoneCalibration.from_record)

    @staticmethod
    def from_record(record: dict) -> ZoneCalibration:
        """The zone of a `record`, with which others may lie. Raises KeyError, TypeError or ValueError for another."""
        return ZoneCalibration(
            zone=record["zone"],
            industries=tuple(record["industries"]),
            shares=np.array(record["shares"], float),
            level=float(record["level"]),
            gini_data=float(record["gini_data"]),
        )


def read_national(layout: Layout) -> NationalProcesses:
    """The nation's processes. Raises DataError."""
    return NationalProcesses.read(layout.national)


def read_zone(layout: Layout, zone: int) -> ZoneCalibration:
    """Calibration of one zone of the run. Raises DataError."""
    return ZoneCalibration.read(layout.zone_json(zone))


def read_ginis(layout: Layout) -> dict[int, float]:
    """Base-year Gini (0 to 1) of the run's zones, in increasing order of their ids. Raises DataError."""
    return _read(layout.zone_list, lambda record: dict(zip(record["zones"], record["gini"], strict=True)))


def _read(path: Path, made: Callable[[dict], _Record]) -> _Record:
    """What ``made`` makes of a JSON file. Raises DataError when it is missing or damaged."""
    try:
        return made(json.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:  # not there, no JSON, or not what a calibration writes
        fail_for_system(path, error)
        raise DataError(f"{path}: not a readable calibration file ({error}).\nRun `regspec calibrate` again.") from error


def by_specialization(ginis: Mapping[int, float]) -> list[int]:
    """Zones in increasing order of their base-year Gini, ties by their ids."""
    return sorted(ginis, key=lambda zone: (ginis[zone], zone))
