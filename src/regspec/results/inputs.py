"""What every exhibit is made from: the tables of a run, read and checked once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from regspec.config.config import Config
from regspec.empirics.fact1 import fact1_design, fact1_outcomes
from regspec.errors import ConfigError
from regspec.io.provenance import stamp
from regspec.io.run_tables import read_meta, read_table


@dataclass(frozen=True)
class Inputs:
    """Tables of docs/architecture.md and the settings of the run.

    ``design``: Fact 1's right-hand side by zone; ``outcomes``: the data's level and growth by zone, in logs;
    ``meta``: ``data/meta.json``.
    """

    config: Config
    run_dir: Path
    provenance: dict
    meta: dict
    paths: pd.DataFrame
    solutions: pd.DataFrame
    specialization: pd.DataFrame
    design: pd.DataFrame
    outcomes: pd.DataFrame

    @property
    def synthetic(self) -> bool:
        """Whether the data are the embedded synthetic economy."""
        return self.meta["synthetic"]

    @property
    def baseline(self) -> str:
        """Name of the scenario that the others are compared with."""
        return self.config.baseline

    @cached_property
    def status(self) -> pd.DataFrame:
        """One row for each ``scenario, zone`` with its ``status`` and ``message``."""
        first = self.solutions.drop_duplicates(["scenario", "zone"])
        return first[["scenario", "zone", "status", "message"]].reset_index(drop=True)

    def zones(self, status: str, scenario: str) -> list[int]:
        """Zones of a scenario whose solve ended with ``status`` ("solved" or "failed"), in increasing
        order.
        """
        rows = self.status[(self.status["scenario"] == scenario) & (self.status["status"] == status)]
        return sorted(int(zone) for zone in rows["zone"])

    def counts(self, *scenarios: str) -> str:
        """Sentence for notes: how many zones were solved and failed in each of the scenarios."""
        parts = []
        for scenario in scenarios:
            solved, failed = self.zones("solved", scenario), self.zones("failed", scenario)
            parts.append(f"{scenario}: {len(solved)} zones solved" + (f", {len(failed)} failed" if failed else ""))
        return "; ".join(parts) + "."

    def path(self, scenario: str, allocation: str, variable: str) -> pd.DataFrame:
        """Simulated ``variable`` as zones x years, zones sorted; empty when the scenario has no such allocation."""
        rows = self.paths[(self.paths["scenario"] == scenario) & (self.paths["allocation"] == allocation)]
        return rows.pivot(index="zone", columns="year", values=variable).sort_index()

    def growth(self, scenario: str, allocation: str, start: int, end: int) -> pd.Series:
        """Model growth ``log(Y_end / Y_start)`` by zone, log points. Raises ConfigError outside the model's years."""
        log_output = np.log(self.path(scenario, allocation, "Y"))
        for year in (start, end):
            if len(log_output) and year not in log_output.columns:
                raise ConfigError(
                    f"results: year {year} is outside the simulated years "
                    f"{log_output.columns.min()}-{log_output.columns.max()}.\n"
                    "Check empirics.base_year, empirics.end_year and results.friction_horizons."
                )
        if log_output.empty:
            return pd.Series(dtype=float)
        return log_output[end] - log_output[start]

    def level(self, scenario: str, allocation: str, year: int) -> pd.Series:
        """Model log output of ``year`` by zone."""
        return np.log(self.path(scenario, allocation, "Y"))[year]


def load(config: Config, run_dir: Path, config_hash: str, solved: Path | None = None) -> Inputs:
    """Read everything under ``run_dir``; ``solved``: folder of paths and solutions, ``model`` by default.

    Raises DataError naming the first file that is missing or unusable.
    """
    run_dir = Path(run_dir)
    solved = solved or run_dir / "model"
    data = run_dir / "data"
    meta = read_meta(data)
    industry = read_table(data / "industry.parquet", "industry")
    controls = read_table(data / "controls.parquet", "controls")
    national = read_table(data / "national.parquet", "national")
    specialization = read_table(run_dir / "empirics/specialization.parquet", "specialization")
    return Inputs(
        config=config,
        run_dir=run_dir,
        provenance=stamp(config_hash),
        meta=meta,
        paths=read_table(solved / "paths.parquet", "paths"),
        solutions=read_table(solved / "solutions.parquet", "solutions"),
        specialization=specialization,
        design=fact1_design(industry, specialization, controls, national, config.empirics),
        outcomes=fact1_outcomes(controls, config.empirics),
    )
