"""All that the solver reads of the configuration."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from pydantic import BaseModel

from regspec.calibration.technology import Technology, technology
from regspec.config.config import Config
from regspec.config.model import Grid, Parameters, Solver


@dataclass(frozen=True, eq=False)
class SolveSettings:
    """What is solved, on which grids, and when it is done. Every field is part of a solution's key (`regspec.solves.key`)."""

    parameters: Parameters
    """Parameters of the model with the overrides of the scenario."""
    technology: Technology
    """alpha, xi and phi; the scales of ``parameters`` are in it already."""
    planner: bool
    """Whether the planner is solved beside the market."""
    rate_nodes: int
    """Nodes of the interest rate's chain."""
    grid: Grid
    """Sizes of the grids."""
    solver: Solver
    """Tolerances, and the number of states on which errors are reported."""
    seed: int
    """Seed of the draw of these states."""

    def record(self) -> dict:
        """As numbers, texts and lists, for JSON."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


def solve_settings(config: Config, scenario: str) -> SolveSettings:
    """Settings under a name of ``Config.solve_names``. Raises ConfigError for any other, and as `technology` does."""
    return SolveSettings(
        parameters=config.scenario_parameters(scenario),
        technology=technology(config, scenario),
        planner=config.scenario(scenario).planner,
        rate_nodes=config.calibration.interest.nodes,
        grid=config.model.grid,
        solver=config.model.solver,
        seed=config.run.seed,
    )


def _plain(value):
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Technology):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value.tolist() if isinstance(value, np.ndarray) else value
