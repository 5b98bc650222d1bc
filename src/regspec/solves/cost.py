"""Size of a solve before it runs, from the grid alone: for requests to a cluster and a line for users."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import comb

from regspec.config.config import Config
from regspec.config.scenarios import SolveName
from regspec.layout import Layout

# Measured by benchmarks/solve_requests.py (docs/hpc.md).
_PROCESS_MB, _INDUSTRY_MB = 216, 5  # a process with its kernels loaded, without the arrays of the grid; more by industry
_SNAKEMAKE_MB = 410  # Snakemake starts itself twice inside a Slurm job, which is charged for it
_MARGIN = 1.6  # of the request over what is expected
# Core-microseconds of a state in a sweep of the tail, market and planner, by number of industries: half as much again as
# measured on a fast machine (benchmarks/kernels.py, docs/benchmarks.md).
_MICROSECONDS = {1: (3.6, 3.6), 2: (0.66, 0.93), 3: (0.77, 1.17), 4: (1.08, 1.73), 5: (1.50, 2.61)}
_TAIL, _PATH = 50, 1.4  # sweeps of a tail; a year of the path, solved and simulated, in sweeps
_OVERHEAD = 0.3  # s: simulation, Euler errors, the file
_FILE_KB = 23.0
# Core-seconds of a job besides its solves (benchmarks/job_size.py): Python, imports, kernels, Snakemake's own work; on a
# cluster two Snakemakes more, of 4 s each.
_START, _CLUSTER_START = 2.0, 10.0
_JOB_WORK = 12 * _CLUSTER_START  # s: starts are then a twelfth of a cluster's time at most (docs/hpc.md, Job size)
_SCENARIO_JOBS, _CELL_JOBS = 8, 2  # jobs of a scenario, and of a cell of a sweep, that has many of them, at least


def states(config: Config, name: str | None = None) -> int:
    """States of one year and one allocation: lattice nodes x exogenous states x bond nodes (model section 6); the most under
    any name of ``Config.solve_names``, or those under ``name``.
    """
    grid, industries = config.model.grid, len(config.calibration.industries)
    lattice = comb(grid.k_steps + industries - 1, industries - 1)
    return lattice * _exogenous(config, name) * (grid.b_below + grid.b_above)


def expected_mb(config: Config) -> int:
    """Memory that the solver of one job takes, all ranks, in MB.

    The policies of all years (I + 5 numbers a state) and the planner's expectations on the fine bond grid of one year
    (5 I + 3 functions, padded), which the ranks of a node share, besides the processes themselves.
    """
    grid, industries = config.model.grid, len(config.calibration.industries)
    years = config.calibration.last_year - config.calibration.first_year + 2
    policies = states(config) * (industries + 5) * years
    lattice = comb(grid.k_steps + industries - 1, industries - 1)
    expectations = lattice * _exogenous(config) * grid.b_fine * (5 * industries + 6)
    return config.compute.ranks * (_PROCESS_MB + _INDUSTRY_MB * industries) + round(8e-6 * (policies + expectations))


def memory_mb(config: Config) -> int:
    """Memory to ask a cluster for, for one solve job: what is expected of the solver and of the Snakemake that starts it there,
    with a margin.
    """
    return round(_MARGIN * (_SNAKEMAKE_MB + expected_mb(config)))


def zones_per_job(config: Config, name: str, zones: int) -> int:
    """Zones of one solve job under a name of ``Config.solve_names`` that has so many ``zones``.

    ``compute.zones_per_job``, or, where that is "auto", as many as take `_JOB_WORK` seconds, but so few that the jobs keep
    several cores busy. It does not depend on the other scenarios and cells: a new cell must not change the jobs of the old.
    """
    chosen = config.compute.zones_per_job
    if chosen != "auto":
        return chosen
    jobs = _CELL_JOBS if SolveName.of(name).sweep else _SCENARIO_JOBS
    return max(1, min(round(_JOB_WORK * config.compute.ranks / seconds(config, name)), -(-zones // jobs)))


def minutes(config: Config, name: str, zones: int) -> int:
    """Time to ask a cluster for, for a job of so many ``zones`` under ``name``: several times what it takes on a slow core,
    half an hour at least.

    A zone takes some 5 s with the 19,656 states of the default grid, both allocations and all years
    (`benchmarks/zone_times.py`), so 1.2 ms a state are a fivefold margin.
    """
    return max(30, round(1.2e-3 * states(config, name) * zones / config.compute.ranks / 60))


def size_text(config: Config) -> str:
    """One line for the start of a run: how many solves of which size."""
    chosen = config.model.zones
    count = chosen["sample"] if isinstance(chosen, dict) else len(chosen) if isinstance(chosen, list) else "all"
    return (
        f"{count} zones x {len(config.scenarios)} scenarios; a solve has {states(config):,} states in each of "
        f"{config.calibration.last_year - config.calibration.first_year + 1} years and takes about "
        f"{expected_mb(config):,} MB"
    )


# --------------------------------------------------------------------------------------- cost of many solves


@dataclass(frozen=True)
class Cost:
    """What solvers take, without a margin: core-hours, MB of memory of the largest job, MB on disk (the run's files and the
    store's).
    """

    solves: int
    core_hours: float
    memory_mb: float
    disk_mb: float

    def text(self) -> str:
        return (
            f"{_rounded(self.core_hours)} core-hours, {self.memory_mb:,.0f} MB of memory a job, {_size(self.disk_mb)} on disk"
        )


def seconds(config: Config, name: str) -> float:
    """Core-seconds of one solve under a name of ``Config.solve_names``: sweeps of the tail and years of the path, times
    states, times measured microseconds (`benchmarks/kernels.py`, docs/benchmarks.md); start-up of the job not included.
    """
    years = config.calibration.last_year - config.calibration.first_year
    market, planner = _MICROSECONDS[len(config.calibration.industries)]
    own = market + (planner if config.scenario(name).planner else 0.0)
    return _OVERHEAD + 1e-6 * states(config, name) * own * (_TAIL + _PATH * years)


def start_seconds(config: Config) -> float:
    """Core-seconds of a solve job besides its solves."""
    return _START * config.compute.ranks


def cost(config: Config, numbers: Mapping[str, int]) -> Cost:
    """Cost of solving ``numbers[name]`` zones under each name of ``Config.solve_names``."""
    solves = sum(numbers.values())
    jobs = sum(-(-n // zones_per_job(config, name, n)) for name, n in numbers.items())
    total = sum(n * seconds(config, name) for name, n in numbers.items()) + jobs * start_seconds(config)
    return Cost(solves, total / 3600.0, expected_mb(config), 2e-3 * solves * _file_kb(config))


def cost_text(config: Config, numbers: Mapping[str, int]) -> str:
    """One line for before the solves; solves that the store has already only take the time of a copy."""
    found = cost(config, numbers)
    return f"{found.solves:,} solves planned: about {found.text()}" if found.solves else ""


def used(layout: Layout) -> Cost:
    """What the finished solve jobs of a run took, as they say themselves: the last run of every job."""
    seconds, memory, solves = 0.0, 0.0, 0
    for path in sorted((layout.benchmarks / "solve").glob("*/*.json")):
        took = json.loads(path.read_text(encoding="utf-8"))
        seconds, memory = seconds + took["cpu_time"], max(memory, took["max_rss"])
    disk = 0
    for path in sorted((layout.root / "solutions").glob("*/*.h5")):
        disk, solves = disk + path.stat().st_size, solves + 1
    return Cost(solves, seconds / 3600.0, memory, 2e-6 * disk)


def comparison_text(config: Config, layout: Layout) -> list[str]:
    """Estimate and use, line by line, for a run that has solved something; none where nothing was measured."""
    found = used(layout)
    if not found.core_hours:
        return []
    folders = (path for path in (layout.root / "solutions").glob("*") if path.name in config.solve_names())
    numbers = {path.name: sum(1 for _ in path.glob("*.h5")) for path in folders}
    return [f"solves used: {found.text()}", f"estimate:    {cost(config, numbers).text()}, were all solved anew"]


def _file_kb(config: Config) -> float:
    """Size of a solution file: series of T + 1 years, of which some are a vector over industries."""
    years = config.calibration.last_year - config.calibration.first_year + 1
    return _FILE_KB + 2 * 8e-3 * years * (14 + 4 * len(config.calibration.industries))


def _rounded(number: float) -> str:
    return f"{number:.2g}" if number < 10 else f"{number:,.0f}"


def _size(mb: float) -> str:
    return f"{mb / 1000:,.1f} GB" if mb >= 1000 else f"{mb:,.0f} MB"


def _exogenous(config: Config, name: str | None = None) -> int:
    names = config.solve_names() if name is None else [name]
    regimes = 2 if any(config.scenario_parameters(each).has_regimes for each in names) else 1
    return regimes * config.model.grid.u_nodes ** len(config.calibration.industries) * config.calibration.interest.nodes
