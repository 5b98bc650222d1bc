"""Where the files of a run are (docs/architecture.md). Nothing here reads anything but the list of zones."""

from __future__ import annotations

import json
import os
from pathlib import Path

from regspec.config.config import Config
from regspec.errors import ConfigError, DataError


class Layout:
    """Paths of the run ``<run.directory>/<run.name>`` of a configuration."""

    def __init__(self, config: Config):
        self.directory = Path(config.run.directory)
        self.root = self.directory / config.run.name
        self.store = self.directory / "store"
        self.config = self.root / "config.yaml"
        self.data = self.root / "data"
        self.map = self.data / "zones.gpkg"
        self.county_report = self.data / "counties.json"
        self.empirics = self.root / "empirics"
        self.specialization = self.empirics / "specialization.parquet"
        self.calibration = self.root / "calibration"
        self.national = self.calibration / "national.json"
        self.zone_list = self.calibration / "zones.json"
        self.precompile = self.root / "precompile.json"
        self.paths = self.root / "model" / "paths.parquet"
        self.solutions = self.root / "model" / "solutions.parquet"
        self.tables = self.root / "tables"
        self.figures = self.root / "figures"
        self.summary = self.root / "summary.json"
        self.report = self.root / "report.html"
        self.logs = self.root / "logs"
        self.benchmarks = self.root / "benchmarks"

    def data_table(self, name: str) -> Path:
        """One of the data step's tables, such as ``industry``, or of the county files."""
        return self.data / f"{name}.parquet"

    def sweep(self, name: str) -> Path:
        """Folder of a sweep's tables and figures."""
        return self.root / "sweeps" / name

    def sweep_paths(self, name: str) -> Path:
        """Simulated paths of a sweep's solves."""
        return self.sweep(name) / "paths.parquet"

    def sweep_solutions(self, name: str) -> Path:
        """A row for each of a sweep's solves."""
        return self.sweep(name) / "solutions.parquet"

    def zone_json(self, zone: int | str) -> Path:
        """Calibration of a zone."""
        return self.calibration / "zones" / f"{zone}.json"

    def solution(self, scenario: str, zone: int | str) -> Path:
        """Solution file of a zone under a name of ``Config.solve_names``."""
        return self.root / "solutions" / scenario / f"{zone}.h5"

    def progress(self, scenario: str, zone: int | str) -> Path:
        """JSON lines that a running solve appends."""
        return self.logs / "solve" / scenario / f"{zone}.jsonl"

    def failure(self, scenario: str, zone: int | str) -> Path:
        """What the model said when it failed here: an automatic retry reads it instead of trying again."""
        return self.logs / "solve" / scenario / f"{zone}.failure.json"

    def batch(self, scenario: str, number: int | str) -> Path:
        """What a solve job leaves when all its zones have their files: keys of their solutions."""
        return self.root / "solutions" / scenario / f"batch_{number}.json"

    def resources_used(self, scenario: str, number: int | str) -> Path:
        """Time and memory of a solve job as it says itself, beside Snakemake's benchmark file."""
        return self.benchmarks / "solve" / scenario / f"{number}.json"

    def batch_log(self, scenario: str, number: int | str) -> Path:
        """What a solve job prints."""
        return self.logs / "solve" / scenario / f"batch_{number}.log"

    def zone_ids(self) -> list[int]:
        """The selected zones in increasing order; empty before the calibration has run."""
        return sorted(self.zone_ginis())

    def zone_ginis(self) -> dict[int, float]:
        """Base-year Gini of the selected zones; empty before the calibration has run."""
        if not self.zone_list.exists():
            return {}
        try:
            content = json.loads(self.zone_list.read_text(encoding="utf-8"))
            # A list of an older version, without Ginis, is as good as none: the calibration's new sources make it anew.
            ginis = content.get("gini", ())
            return {int(z): float(g) for z, g in zip(content["zones"] if ginis else (), ginis, strict=True)}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise DataError(f"{self.zone_list}: damaged; delete it and run `regspec calibrate`") from None

    def check_writable(self) -> None:
        """Raise ConfigError when nothing can be written where the run's results go."""
        place = self.root.absolute()
        while not place.exists():
            place = place.parent
            if place.is_file():
                break
        if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
            reason = "no permission to write there" if place.is_dir() else "not a folder"
            raise ConfigError(f"{place}: {reason}\n  results go to {self.root}: choose another run.directory")

    def require(self, path: Path, step: str) -> None:
        """Raise ConfigError when the output ``path`` of an earlier step is missing."""
        if not path.exists():
            raise ConfigError(f"{path}: missing; run `regspec {step}` first (Snakemake orders the steps)")
