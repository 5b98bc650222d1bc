"""Sweeps: sets of cells, each of which solves scenarios under parameters of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Annotated

from pydantic import Field, model_validator

from regspec.config.base import MissingZones, Section

Name = Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
Overrides = dict[str, float | str | dict[str, list[int | float]]]


class Sweep(Section):
    """Cells are the combinations of ``axes``, or the named ``cells``."""

    axes: dict[str, Annotated[list[float | str], Field(min_length=1)]] = Field(
        {}, description="keys of model.parameters and the values they take; each combination is a cell"
    )
    cells: dict[Name, Overrides] = Field({}, description="instead of axes: named cells, keys of model.parameters with values")
    scenarios: list[str] = Field(
        [], description="scenarios solved in each cell, their own overrides on top of the cell's; []: all of them"
    )
    zones: Annotated[int, Field(ge=1)] | None = Field(
        None, description="number of zones, a sample of the run's stratified by base-year Gini; null: all of them"
    )
    missing_zones: MissingZones = Field(
        "warn", description="as results.missing_zones; a cell that the model cannot solve is a finding as well"
    )

    @model_validator(mode="after")
    def _one_form(self):
        if bool(self.axes) == bool(self.cells):
            raise ValueError("a sweep needs either axes or cells")
        for key, values in self.axes.items():
            if len(set(values)) < len(values):
                raise ValueError(f"axes.{key} = {values}: a value appears twice")
        if len(set(self.scenarios)) < len(self.scenarios):
            raise ValueError(f"scenarios = {self.scenarios}: a name appears twice")
        return self

    def members(self) -> dict[str, dict]:
        """Overrides of ``model.parameters`` by cell; a cell's name says its values, so that another cell changes none."""
        if self.cells:
            return dict(self.cells)
        return dict(_combinations(json.dumps(self.axes)))


@lru_cache(maxsize=256)  # asked for with every solve of a plan; by content, because sections may be copied and changed
def _combinations(axes: str) -> dict[str, dict]:
    values = json.loads(axes)
    combinations = (dict(zip(values, combination, strict=True)) for combination in product(*values.values()))
    return {"-".join(f"{key}_{_text(value)}" for key, value in cell.items()): cell for cell in combinations}


@dataclass(frozen=True)
class SolveName:
    """What is solved: a scenario, in a cell of a sweep or on its own. As text it is the folder of the solutions."""

    sweep: str | None
    """Name of the sweep; None for a scenario on its own."""
    cell: str | None
    """Name of the sweep's cell."""
    scenario: str
    """Name of the scenario."""

    def __str__(self) -> str:
        return self.scenario if self.sweep is None else f"{self.sweep}-{self.cell}-{self.scenario}"

    @staticmethod
    def of(text: str) -> SolveName:
        """The name of a folder. Names of sweeps and scenarios have no hyphen, those of cells may have some."""
        if "-" not in text:
            return SolveName(None, None, text)
        sweep, _, rest = text.partition("-")
        cell, _, scenario = rest.rpartition("-")
        return SolveName(sweep, cell, scenario)


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.12g}"


class Scenario(Section):
    """A named set of overrides of ``model.parameters`` (and of the planner switch)."""

    parameters: Overrides = Field({}, description="keys of model.parameters and their values")
    planner: bool = Field(True, description="solve the constrained-efficient planner, too")
