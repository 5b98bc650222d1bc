"""The typed configuration: the one source of every default, its type, its range and its meaning.

``config/config.yaml`` is generated from it (``regspec config --write-default``) and a test fails when they drift.
Ids such as P, D5 or M9 refer to the research deck, section numbers to docs/model.md.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationError, model_validator

from regspec.config.base import Section
from regspec.config.calibration import Calibration
from regspec.config.data import Data
from regspec.config.empirics import Empirics
from regspec.config.model import Model, Parameters, merged
from regspec.config.run import Compute, Results, Run
from regspec.config.scenarios import Scenario, SolveName, Sweep
from regspec.config.studies import InternalCalibration, Multiplicity, PlannerStep, Responses, Theory
from regspec.errors import ConfigError


class Config(Section):
    """The whole configuration. Raises a ConfigError (through :func:`load_config`) on any unknown key or bad value."""

    run: Run = Run()
    data: Data = Data()
    empirics: Empirics = Empirics()
    calibration: Calibration = Calibration()
    model: Model = Model()
    scenarios: dict[Annotated[str, Field(pattern=r"^[a-z0-9_]+$")], Scenario] = Field(
        {"baseline": Scenario(), "no_collateral": Scenario(parameters={"limit": "natural"})},
        min_length=1,
        description="named sets of overrides of model.parameters; each is solved for each zone",
    )
    sweeps: dict[Annotated[str, Field(pattern=r"^[a-z0-9_]+$")], Sweep] = Field(
        {"theta_xi": Sweep(axes={"theta": [0.35, 0.395, 0.44, 0.485, 0.53], "xi_scale": [0.5, 0.75, 1.0, 1.25, 1.5]})},
        description="named sweeps, solved when asked for: `snakemake ... -- sweeps` (docs/workflow.md)",
    )
    results: Results = Results()
    multiplicity: Multiplicity = Multiplicity()
    responses: Responses = Responses()
    planner: PlannerStep = PlannerStep()
    theory: Theory = Theory()
    internal_calibration: InternalCalibration = InternalCalibration()
    compute: Compute = Compute()

    @model_validator(mode="after")
    def _cross_checks(self):
        if self.data.source != "synthetic" and self.data.crosswalk is None:
            raise ValueError(f"data.source: {self.data.source} needs data.crosswalk (county -> commuting zone)")
        owner: dict[str, str] = {}
        for group, spec in self.calibration.industries.items():
            for member in spec.members:
                if member in owner:
                    raise ValueError(f"calibration.industries: {member!r} is in both {owner[member]!r} and {group!r}")
                owner[member] = group
        if self.calibration.first_year >= self.calibration.last_year:
            raise ValueError("calibration.first_year must come before calibration.last_year")
        for name in self.sweeps:
            self._check_sweep(name)
        for name in self.solve_names():
            self._check_switches(name)
        chosen = self.multiplicity
        if chosen.industry is not None and chosen.industry not in self.calibration.industries:
            raise ValueError(f"multiplicity.industry: {chosen.industry!r} is not one of calibration.industries")
        if sorted(set(chosen.thetas)) != chosen.thetas:
            raise ValueError("multiplicity.thetas must increase")
        for name in self.responses.scenarios:
            if name not in self.scenarios:
                raise ValueError(f"responses.scenarios: {name!r} is not one of {', '.join(self.scenarios)}")
        return self

    def _check_sweep(self, name: str) -> None:
        spec = self.sweeps[name]
        unknown = [scenario for scenario in spec.scenarios if scenario not in self.scenarios]
        if unknown:
            raise ValueError(f"sweeps.{name}.scenarios: {unknown[0]!r} is not one of {', '.join(self.scenarios)}")
        for cell, values in spec.members().items():
            strange = [key for key in values if key not in Parameters.model_fields]
            if strange:
                known = ", ".join(Parameters.model_fields)
                raise ValueError(f"sweeps.{name}: {strange[0]!r} is not a key of model.parameters, which are {known}")
            for scenario in self.sweep_scenarios(name):
                try:
                    self.scenario_parameters(str(SolveName(name, cell, scenario)))
                except ValidationError as error:
                    first = error.errors()[0]
                    key = ".".join(map(str, first["loc"]))
                    raise ValueError(
                        f"sweeps.{name}, cell {cell}: {key} = {first['input']!r}: {first['msg'].lower()}"
                    ) from None

    def _check_switches(self, name: str) -> None:
        first, last = self.calibration.first_year, self.calibration.last_year
        for year in self.scenario_parameters(name).theta_regimes.switch_years:
            if not first < year <= last:
                raise ValueError(
                    f"theta_regimes.switch_years: {year} is not between {first + 1} and {last} (scenario {name!r})"
                )

    @property
    def baseline(self) -> str:
        """Name of the scenario that others are compared with: ``baseline`` if there is one, else the first."""
        return "baseline" if "baseline" in self.scenarios else next(iter(self.scenarios))

    def solve_names(self, sweep: str | None = None) -> list[str]:
        """What is solved, as text of `SolveName`: the scenarios, then every sweep's cells under its scenarios; or those of one
        ``sweep``.
        """
        names = [] if sweep else [SolveName(None, None, scenario) for scenario in self.scenarios]
        for each in [sweep] if sweep else self.sweeps:
            cells, scenarios = self.sweeps[each].members(), self.sweep_scenarios(each)
            names += [SolveName(each, cell, scenario) for cell in cells for scenario in scenarios]
        return [str(name) for name in names]

    def sweep_scenarios(self, sweep: str) -> list[str]:
        """Scenarios that each cell of ``sweep`` solves, the one that others are compared with first."""
        names = self.sweeps[sweep].scenarios or list(self.scenarios)
        return sorted(names, key=lambda name: name != self.baseline)

    def scenario(self, name: str) -> Scenario:
        """What is solved under a name of :meth:`solve_names`. Raises ConfigError for any other."""
        asked = SolveName.of(name)
        if asked.sweep is None and asked.scenario in self.scenarios:
            return self.scenarios[asked.scenario]
        members = self.sweeps[asked.sweep].members() if asked.sweep in self.sweeps else {}
        if asked.sweep is None or asked.cell not in members or asked.scenario not in self.sweep_scenarios(asked.sweep):
            raise ConfigError(f"{name}: unknown; scenarios: {', '.join(self.scenarios)}; sweeps: {', '.join(self.sweeps)}")
        own = self.scenarios[asked.scenario]
        return own.model_copy(update={"parameters": merged(members[asked.cell], own.parameters)})

    def missing_zones(self, name: str) -> str:
        """What a zone that cannot be solved means under a name of :meth:`solve_names`."""
        sweep = SolveName.of(name).sweep
        return self.sweeps[sweep].missing_zones if sweep else self.results.missing_zones

    def scenario_parameters(self, name: str) -> Parameters:
        """Model parameters under a name of :meth:`solve_names`: ``model.parameters`` with its overrides, validated."""
        base = self.model.parameters.model_dump()
        overrides = self.scenario(name).parameters
        unknown = set(overrides) - set(base)
        if unknown:
            raise ValueError(f"{name}: unknown key {sorted(unknown)[0]!r} of model.parameters")
        return Parameters.model_validate(merged(base, overrides))
