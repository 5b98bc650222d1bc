"""Size of a solve before it runs, from the grid alone: for requests to a cluster and a line for users."""

from __future__ import annotations

from math import comb

from regspec.config import Config

_BASE_MB = 500  # Python, numba and the compilation of the kernels
_SNAKEMAKE_MB = 500  # Snakemake starts itself twice inside a Slurm job, which is charged for it


def states(config: Config) -> int:
    """States of one year and one allocation: lattice nodes x exogenous states x bond nodes (model section 6)."""
    grid, industries = config.model.grid, len(config.calibration.industries)
    lattice = comb(grid.k_steps + industries - 1, industries - 1)
    return lattice * _exogenous(config) * (grid.b_below + grid.b_above)


def memory_mb(config: Config) -> int:
    """Upper estimate of the memory of one solve job, all ranks and what starts them together, in MB.

    The policies of all years (I + 5 numbers a state), the planner's expectations on the fine bond grid of one
    year (5 I + 3 functions, padded), which the ranks of a node share, and as much again for work arrays.
    """
    grid, industries = config.model.grid, len(config.calibration.industries)
    years = config.calibration.last_year - config.calibration.first_year + 2
    policies = states(config) * (industries + 5) * years
    lattice = comb(grid.k_steps + industries - 1, industries - 1)
    expectations = lattice * _exogenous(config) * grid.b_fine * (5 * industries + 6)
    ranks = config.compute.ranks
    return _SNAKEMAKE_MB + ranks * _BASE_MB + round(2 * 8e-6 * (policies + expectations))


def minutes(config: Config) -> int:
    """Time to ask a cluster for, for one solve job: several times what it takes on a slow core, half an hour at least.

    A zone takes some 5 to 7 s with the 17,010 states of the default grid, both allocations and all years
    (`benchmarks/kernels.py`), so 2 ms a state are a fivefold margin.
    """
    return max(30, round(2e-3 * states(config) * config.compute.zones_per_job / config.compute.ranks / 60))


def size_text(config: Config) -> str:
    """One line for the start of a run: how many solves of which size."""
    chosen = config.model.zones
    count = chosen["sample"] if isinstance(chosen, dict) else len(chosen) if isinstance(chosen, list) else "all"
    return (
        f"{count} zones x {len(config.scenarios)} scenarios; a solve has {states(config):,} states in each of "
        f"{config.calibration.last_year - config.calibration.first_year + 1} years and needs up to "
        f"{memory_mb(config):,} MB"
    )


def _exogenous(config: Config) -> int:
    regimes = 2 if any(config.scenario_parameters(name).has_regimes for name in config.solve_names()) else 1
    return regimes * config.model.grid.u_nodes ** len(config.calibration.industries) * config.calibration.interest.nodes
