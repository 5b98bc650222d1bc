"""Compile every kernel that a configuration needs, once, before jobs fan out (docs/hpc.md)."""

from __future__ import annotations

import numpy as np

from regspec.config.config import Config
from regspec.model.grids.bond_grid import bond_bounds
from regspec.model.grids.corners import lattice_bounds, simplex
from regspec.model.markov import product_chain
from regspec.model.problem import Problem
from regspec.model.simulation.paths import euler_errors_at_random_states, simulate
from regspec.model.solver.time_iteration import Solver
from regspec.model.steady_state import static_portfolio


def small_problem(industries: int, regimes: bool = False, next_price: bool = False) -> Problem:
    """A well-posed economy on the coarsest grids: two exogenous states per industry, three years; ``regimes``: kappa takes
    two values; ``next_price``: next year's price values the collateral.
    """
    xi = np.linspace(0.1, 0.2, industries)
    a, years = 0.3 + xi, 3
    k0 = np.full(industries, 1.0 / industries)
    ztilde = k0 ** (1.0 - a)
    trend = np.zeros((years, industries))
    chain = product_chain([0.8] * industries, [0.02] * industries, 2, stay=(0.9, 0.9) if regimes else ())
    lower = lattice_bounds(ztilde, a, 0.3, trend, k0) if industries > 1 else np.ones((years, 1))
    bonds, debt = bond_bounds(
        {
            "alpha": 0.3,
            "beta": 0.95,
            "kappa": 0.02,
            "a": a,
            "ztilde": ztilde,
            "trend": trend,
            "chain": chain,
            "rate": 1.013,
            "limit": "collateral",
            "b_max": 0.6,
            "lower": lower,
            "gamma": 2.0,
            "next_price": next_price,
        }
    )
    return Problem(
        alpha=0.3,
        beta=0.95,
        gamma=2.0,
        kappa=0.02,
        a=a,
        phi=np.full(industries, 1.0),
        ztilde=ztilde,
        k0=static_portfolio(ztilde, a, np.full(industries, 0.3)) if industries > 1 else k0,
        b0=-0.1,
        trend=trend,
        chain=chain,
        rate=1.013,
        limit="collateral",
        bonds=bonds,
        debt=debt,
        corners=simplex(lower),
        steps=2,
        below=4,
        above=6,
        fine=24,
        regimes=(0.02, 0.02) if regimes else (),
        realized=(0,) * years if regimes else (),
        next_price=next_price,
    )


def precompile(config: Config) -> None:
    """Compile into NUMBA_CACHE_DIR the kernels of both allocations for the configured industries and variants."""
    chosen = [config.scenario_parameters(name) for name in config.solve_names()]
    for variant in sorted({(p.has_regimes, p.collateral_price == "next") for p in chosen}):
        _compile(small_problem(len(config.calibration.industries), *variant))


def _compile(problem: Problem) -> None:
    tail = None
    for planner in (False, True):
        solver = Solver(problem, planner)
        tail = solver.stationary(1e-3, 1e-6, 500, tail)
        years = solver.path(tail, 1e-6)
        simulate(solver, years, np.zeros((len(problem.trend), problem.industries)))
        euler_errors_at_random_states(solver, tail, 1, 0, -0.1)
