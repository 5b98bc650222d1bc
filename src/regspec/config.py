"""The typed configuration: the one source of every default, its type, its range and its meaning.

``config/config.yaml`` is generated from it (``regspec config --write-default``) and a test fails when they drift.
Ids such as P, D5 or M9 refer to the research deck, section numbers to docs/model.md.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from regspec.config_base import Positive, Section, Share
from regspec.config_data import Data
from regspec.config_experiments import InternalCalibration, Multiplicity, PlannerStep, Responses, Theory
from regspec.config_sweeps import Overrides, Sweep, solve_name
from regspec.errors import ConfigError

GROUPS_17 = (
    "Agriculture", "Business services", "Communication", "Construction", "Durable manufacturing",
    "Entertainment", "Finance", "Mining", "Nondurable manufacturing", "Personal services",
    "Routine prof. services", "Non-routine prof. services", "Public", "Retail", "Transportation",
    "Utilities", "Wholesale",
)  # fmt: skip


class Run(Section):
    """Name, place and seed of a run."""

    name: str = Field("default", pattern=r"^[A-Za-z0-9_.-]+$", description="results go to <directory>/<name>/")
    directory: str = Field("results", description="root of everything the workflow writes")
    seed: int = Field(20260110, ge=0, description="seed of every random draw")


class Inference(Section):
    """Errors of Fact 1 beyond HC1 (docs/inference.md)."""

    conley_km: list[Positive] = Field([200.0, 500.0], description="distances in km from which errors are not correlated")
    conley_kernel: Literal["bartlett", "uniform"] = Field("bartlett", description="weight of nearer pairs: falling, or one")
    scpc_correlation: Share = Field(
        0.03, description="mean correlation of two zones' errors that spatial principal components allow for"
    )
    draws: int = Field(1999, ge=99, description="draws of the wild cluster bootstrap")


class Empirics(Section):
    """Facts of the data: measure, window, controls and errors (docs/empirics.md)."""

    variable: Literal["income", "employment", "value_added"] = Field(
        "income", description="shares from which specialization is measured (D5); the panel has employment only"
    )
    measure: Literal["gini", "hhi", "max_share"] = Field("gini", description="headline measure (D5)")
    base_year: int = Field(1950, description="year of specialization, level and controls in Fact 1")
    end_year: int = Field(2020, description="end of the growth window in Fact 1")
    controls: list[str] = Field(
        ["high_skill_share", "old_age_dependency", "female_labor_share", "population"],
        description="base-year controls Z of Fact 1 (E1); initial log income joins the growth regression",
    )
    shift_share: bool = Field(True, description="include predicted growth ghat (E1)")
    bins: int = Field(20, ge=5, description="number of quantile bins in the binned scatters")
    tradable: list[str] | None = Field(
        None, min_length=1, description="tradable data industries (D6); null: D6's of 17 groups or their counterparts of 8"
    )
    tradable_split: Literal["within", "parts"] = Field(
        "within",
        description="within: specialization over the tradable (non-tradable) industries alone; parts: their parts of the whole",
    )
    horizons: list[Annotated[int, Field(ge=1)]] = Field(
        [10, 20, 30, 40, 50, 60, 70], min_length=1, description="horizons in years (E3, E7)"
    )
    cluster: Literal["zone", "state"] = Field("zone", description="clusters of the intervals by horizon (E3)")
    inference: Inference = Inference()
    local_span: float = Field(0.5, ge=0.05, le=1, description="part of the observations in a local fit's neighbourhood (E5)")
    local_points: int = Field(61, ge=5, le=1000, description="incomes at which the local fit is evaluated (E5)")
    industry_groups: dict[str, Annotated[list[str], Field(min_length=1)]] | None = Field(
        None, min_length=1, description="industries of E4 and their data industries; null: the deck's six as far as there are"
    )


class IndustryGroup(Section):
    """One model industry: which data industries it holds and its technology (P)."""

    members: list[str] = Field(min_length=1, description="data industries; each belongs to exactly one group")
    xi: float = Field(ge=0, le=0.6, description="agglomeration elasticity xi_i (P: 0.1-0.29)")
    phi: float = Field(ge=0, le=50, description="adjustment cost phi_i (P: 0-3.26)")


_DEFAULT_GROUPS = {
    "primary": IndustryGroup(members=["Agriculture", "Mining"], xi=0.10, phi=2.0),
    "manufacturing": IndustryGroup(
        members=["Durable manufacturing", "Nondurable manufacturing", "Construction"], xi=0.29, phi=3.26
    ),
    "services": IndustryGroup(
        members=[g for g in GROUPS_17 if g not in (
            "Agriculture", "Mining", "Durable manufacturing", "Nondurable manufacturing", "Construction")],
        xi=0.20, phi=1.0,
    ),
}  # fmt: skip


class Tfp(Section):
    """Processes of the industries' productivity (M2, P)."""

    measure: Literal["TFPGO", "TFPVA"] = Field(
        "TFPGO", description="industry TFP series: gross output fits the deck's ranges, value added is too volatile"
    )
    process: Literal["estimated", "deck"] = Field(
        "estimated",
        description="rho_i, sigma_i: estimated on the detrended series, or the midpoints of the deck's ranges (P)",
    )
    trend: bool = Field(True, description="industry trends d_{i,t} (M2); false: no trend growth")
    rho_max: Share = Field(0.98, description="estimates of rho_i above it are set to it: a unit root has no stationary chain")


class Interest(Section):
    """Process of the real interest rate (P)."""

    process: Literal["deck", "estimated"] = Field(
        "deck", description="deck: rho_R = 0.01, sigma_R = 0.0186 (P); estimated: AR(1) of the real T-bill rate"
    )
    mean: float = Field(0.013, gt=-0.5, lt=0.5, description="mean real interest rate Rbar - 1 (P: 1.3%), under either process")
    nodes: int = Field(1, ge=1, le=5, description="nodes n_R of the interest-rate chain; 1 = constant rate")


class Calibration(Section):
    """Years, industries and processes of the model (docs/calibration.md)."""

    first_year: int = Field(1950, description="first model year; shares are matched here (P)")
    last_year: int = Field(2020, description="last model year; productivity is flat afterwards")
    industries: dict[str, IndustryGroup] = Field(
        _DEFAULT_GROUPS, min_length=1, max_length=5, description="the I model industries (1..5), in order"
    )
    share_floor: Share = Field(0.02, description="smallest industry share; smaller ones are raised, then renormalized")
    level: Literal["predicted", "matched"] = Field(
        "predicted", description="1950 level: the model's own (section 4), or observed income"
    )
    tfp: Tfp = Tfp()
    interest: Interest = Interest()


Theta = Annotated[float, Field(gt=0, le=1)]
Probability = Annotated[float, Field(ge=0, le=1)]


class ThetaRegimes(Section):
    """A two-state Markov chain of theta in place of the constant (docs/model.md, section 1)."""

    values: list[Theta] = Field(
        [], description="theta in the first and in the second regime (deck: 0.35, 0.53); []: constant theta"
    )
    stay: list[Probability] = Field(
        [0.95, 0.95], min_length=2, max_length=2, description="probability of each regime to be that of the next year, too"
    )
    switch_years: list[int] = Field(
        [], description="years in which the realized regime changes; it begins with the first; []: never"
    )

    @model_validator(mode="after")
    def _checks(self):
        if len(self.values) not in (0, 2):
            raise ValueError(f"theta_regimes.values = {self.values}: give two values, or none for a constant theta")
        years = self.switch_years
        if years != sorted(set(years)):
            raise ValueError(f"theta_regimes.switch_years = {years}: years must increase")
        for number, year in enumerate(years):
            if self.stay[number % 2] == 1.0:
                raise ValueError(
                    f"theta_regimes.switch_years: {year} ends a regime that never ends (theta_regimes.stay = {self.stay})"
                )
        return self


class Parameters(Section):
    """Parameters of the model, which scenarios and sweeps override (docs/model.md)."""

    gamma: float = Field(5.0, ge=0.5, le=100, description="relative risk aversion (P)")
    alpha: Share = Field(0.3, description="capital exponent (P)")
    beta: Share = Field(0.95, description="discount factor (P)")
    theta: float = Field(0.35, gt=0, le=1, description="loan-to-value limit (P: 0.35-0.53)")
    chi: float = Field(0.06, gt=0, le=1, description="pledgeable share of capital (section 5); kappa = theta chi")
    xi_scale: float = Field(1.0, ge=0, description="multiplies every xi_i")
    phi_scale: float = Field(1.0, ge=0, description="multiplies every phi_i")
    shock_scale: float = Field(1.0, ge=0, description="multiplies every sigma_i and the realized shocks u_i")
    limit: Literal["collateral", "fixed", "natural"] = Field(
        "collateral", description="borrowing limit: collateral value, a constant at the same initial debt, or none"
    )
    collateral_price: Literal["current", "next"] = Field(
        "current", description="price that values collateral: today's, or next year's expected one (section 5)"
    )
    growth: Positive = Field(1.0, description="common gross growth rate G per year (section 1)")
    theta_regimes: ThetaRegimes = ThetaRegimes()

    @property
    def has_regimes(self) -> bool:
        """Whether theta follows a chain that matters: without a limit that depends on it, it does not."""
        return bool(self.theta_regimes.values) and self.limit != "natural"


def merged(base: dict, overrides: dict) -> dict:
    """Parameters with a scenario's overrides; a section's keys that the scenario leaves out keep their values."""
    return base | {
        name: base[name] | value if isinstance(value, dict) and isinstance(base.get(name), dict) else value
        for name, value in overrides.items()
    }


class Grid(Section):
    """Grids on which a zone is solved (docs/numerics.md)."""

    k_steps: int = Field(6, ge=2, le=40, multiple_of=2, description="lattice steps n per side of the simplex (even)")
    u_nodes: int = Field(3, ge=1, le=9, description="Rouwenhorst nodes of each industry's productivity")
    b_below: int = Field(14, ge=4, le=100, description="bond nodes between the grid's end and the kink, per (k, e)")
    b_above: int = Field(12, ge=4, le=200, description="bond nodes from the kink upwards, per (k, e)")
    b_fine: int = Field(192, ge=16, le=1000, description="points of the common bond grid that carries expectations")
    b_max: Positive = Field(0.6, description="largest bond position, in years of the zone's trend output")


class Solver(Section):
    """When a solve is done, and on how many states its errors are reported (docs/numerics.md)."""

    tolerance: float = Field(1e-6, gt=0, le=1e-2, description="bound on the distance to the fixed point (relative)")
    residual: float = Field(1e-8, gt=0, le=1e-4, description="largest residual of an equilibrium condition in the final sweep")
    largest_error: Positive = Field(
        0.1, description="largest Euler error on the realized path, relative to consumption and price; above it is a failure"
    )
    max_sweeps: int = Field(1500, ge=10, description="sweeps of the stationary tail before it is an error")
    cloud: int = Field(500, ge=10, description="random off-grid states on which Euler errors are reported")


class Model(Section):
    """Which zones are solved, with which parameters and grids."""

    zones: Literal["all"] | dict[Literal["sample"], Annotated[int, Field(ge=1)]] | list[int] = Field(
        {"sample": 20}, description="all | {sample: n} (stratified by base-year Gini, seeded) | [zone ids]"
    )
    parameters: Parameters = Parameters()
    grid: Grid = Grid()
    solver: Solver = Solver()


class Scenario(Section):
    """A named set of overrides of ``model.parameters`` (and of the planner switch)."""

    parameters: Overrides = Field({}, description="keys of model.parameters and their values")
    planner: bool = Field(True, description="solve the constrained-efficient planner, too")


class Results(Section):
    """Horizons and intervals of the exhibits, and what a zone that was not solved means for them."""

    horizons: list[int] = Field([10, 20, 30, 40, 50, 60, 70], description="horizons in years (Q1, Q2)")
    friction_horizons: list[Annotated[int, Field(ge=1)]] = Field(
        [1, 5, 10, 20, 30, 40, 50, 60, 70],
        description="horizons in years of the friction's share of the growth effect (Q2)",
    )
    missing_zones: Literal["error", "warn", "drop"] = Field(
        "error", description="when a zone's solve failed: stop, or go on and print the count on every exhibit"
    )
    confidence: Share = Field(0.95, description="level of the confidence intervals")
    bootstrap: int = Field(999, ge=99, description="bootstrap draws over zones")


class Compute(Section):
    """Ranks, jobs and checkpoints: none of them changes a result."""

    ranks: int = Field(1, ge=1, description="MPI ranks of a solve job (1 = no MPI)")
    zones_per_job: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(
        "auto", description="zones that a solve job takes one after the other; auto: some two minutes of work (docs/hpc.md)"
    )
    checkpoint_minutes: float = Field(
        10.0, ge=0.0, description="minutes between two checkpoints of a solve; 0: only when the job is told to end"
    )


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
                    self.scenario_parameters(solve_name(name, cell, scenario))
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
        """Names of what is solved: the scenarios, then every sweep's cells under its scenarios; or those of one ``sweep``."""
        own = [] if sweep else list(self.scenarios)
        for name in [sweep] if sweep else self.sweeps:
            spec = self.sweeps[name]
            own += [solve_name(name, cell, scenario) for cell in spec.members() for scenario in self.sweep_scenarios(name)]
        return own

    def sweep_scenarios(self, sweep: str) -> list[str]:
        """Scenarios that each cell of ``sweep`` solves, the one that others are compared with first."""
        names = self.sweeps[sweep].scenarios or list(self.scenarios)
        return sorted(names, key=lambda name: name != self.baseline)

    def sweep_of(self, name: str) -> str | None:
        """The sweep that a name of :meth:`solve_names` belongs to; None for a scenario."""
        return None if name in self.scenarios else name.partition("-")[0]

    def scenario(self, name: str) -> Scenario:
        """What is solved under a name of :meth:`solve_names`. Raises ConfigError for any other."""
        if name in self.scenarios:
            return self.scenarios[name]
        sweep, _, rest = name.partition("-")
        cell, _, scenario = rest.rpartition("-")
        members = self.sweeps[sweep].members() if sweep in self.sweeps else {}
        if cell not in members or scenario not in self.sweep_scenarios(sweep):
            raise ConfigError(f"{name}: unknown; scenarios: {', '.join(self.scenarios)}; sweeps: {', '.join(self.sweeps)}")
        own = self.scenarios[scenario]
        return own.model_copy(update={"parameters": merged(members[cell], own.parameters)})

    def missing_zones(self, name: str) -> str:
        """What a zone that cannot be solved means under a name of :meth:`solve_names`."""
        sweep = self.sweep_of(name)
        return self.sweeps[sweep].missing_zones if sweep else self.results.missing_zones

    def scenario_parameters(self, name: str) -> Parameters:
        """Model parameters under a name of :meth:`solve_names`: ``model.parameters`` with its overrides, validated."""
        base = self.model.parameters.model_dump()
        overrides = self.scenario(name).parameters
        unknown = set(overrides) - set(base)
        if unknown:
            raise ValueError(f"{name}: unknown key {sorted(unknown)[0]!r} of model.parameters")
        return Parameters.model_validate(merged(base, overrides))
