"""What every exhibit is made from: the tables of a run, read and checked once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from regspec.config.config import Config
from regspec.empirics.fact1 import fact1_design, fact1_outcomes
from regspec.errors import ConfigError
from regspec.exhibits.registry import Exhibit
from regspec.exhibits.writer import ExhibitWriter
from regspec.io.provenance import stamp
from regspec.io.run_tables import read_meta, read_table
from regspec.layout import Layout

T = TypeVar("T")


@dataclass(frozen=True)
class ModelInputs:
    """Tables of docs/architecture.md and the settings of the run.

    ``design``: Fact 1's right-hand side by zone; ``outcomes``: the data's level and growth by zone, in logs;
    ``meta``: ``data/meta.json``; ``known``: results that several exhibits share (`once`).

    An exhibit is a module with ``write(inputs)``, which writes the files that the registry names (:attr:`making`).
    """

    config: Config
    layout: Layout
    writer: ExhibitWriter
    meta: dict
    paths: pd.DataFrame
    solutions: pd.DataFrame
    specialization: pd.DataFrame
    design: pd.DataFrame
    outcomes: pd.DataFrame
    exhibit: Exhibit | None = None
    known: dict[Callable, Any] = field(default_factory=dict)

    @property
    def making(self) -> Exhibit:
        """The exhibit that is being made."""
        if self.exhibit is None:
            raise ValueError("ModelInputs: no exhibit is being made")
        return self.exhibit

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


def once(function: Callable[[ModelInputs], T]) -> Callable[[ModelInputs], T]:
    """Decorator: ``function`` is computed once for all exhibits that are made from the same inputs."""

    @wraps(function)
    def computed(inputs: ModelInputs) -> T:
        if function not in inputs.known:
            inputs.known[function] = function(inputs)
        return inputs.known[function]

    return computed


def load(config: Config, layout: Layout, config_hash: str, sweep: str | None = None) -> ModelInputs:
    """Read the run's tables; with ``sweep``, the solves of that sweep, whose folder the exhibits go to.

    Raises DataError naming the first file that is missing or unusable.
    """
    meta = read_meta(layout.data)
    industry, controls, national = (read_table(layout.data_table(n), n) for n in ("industry", "controls", "national"))
    specialization = read_table(layout.specialization, "specialization")
    folder, paths, solutions = layout.root, layout.paths, layout.solutions
    if sweep is not None:
        folder, paths, solutions = layout.sweep(sweep), layout.sweep_paths(sweep), layout.sweep_solutions(sweep)
    return ModelInputs(
        config=config,
        layout=layout,
        writer=ExhibitWriter(folder, stamp(config_hash), meta["synthetic"]),
        meta=meta,
        paths=read_table(paths, "paths"),
        solutions=read_table(solutions, "solutions"),
        specialization=specialization,
        design=fact1_design(industry, specialization, controls, national, config.empirics),
        outcomes=fact1_outcomes(controls, config.empirics),
    )
