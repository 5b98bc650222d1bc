"""From a zone's calibration and the settings to its numerical problem (docs/model.md, sections 4 and 5; docs/numerics.md)."""

from __future__ import annotations

import numpy as np

from regspec.calibration.records import NationalProcesses, ZoneCalibration
from regspec.calibration.technology import comparative_productivity
from regspec.config.model import Parameters
from regspec.errors import ModelFailure
from regspec.model.grids.bond_grid import bond_bounds
from regspec.model.grids.corners import ROOM, adjustment_speed, lattice_bounds, moving_corners, simplex
from regspec.model.markov import Chain, product_chain
from regspec.model.problem import Problem
from regspec.model.steady_state import output, regime_prices, steady_price, targets
from regspec.solves.detrending import detrended
from regspec.solves.settings import SolveSettings

_NATURAL_BELOW = 4  # bond nodes below the kink where the limit is the natural one, which nobody is near


def build_problem(
    zone: ZoneCalibration, national: NationalProcesses, settings: SolveSettings, widen: float = 1.0, margin: float = ROOM
) -> Problem:
    """The zone's numerical problem; ``widen`` enlarges the bond grid downwards, a smaller ``margin`` the lattice.

    Raises ModelFailure for parameters at which debt or the price of capital has no steady state.
    """
    parameters, grid, tech = settings.parameters, settings.grid, settings.technology
    a, k0, trend = tech.returns, zone.shares, national.trend
    beta, rate = detrended(parameters, national.interest.mean)
    natural = parameters.limit == "natural"
    if natural and rate <= 1.0:
        raise ModelFailure(f"limit: natural needs a positive net interest rate (R / growth = {rate:.4f})", "parameters")
    regimes, realized = _regimes(parameters, national.years)
    kappa = regimes[realized[0]] if regimes else parameters.theta * parameters.chi
    ztilde = comparative_productivity(zone.shares, a)
    chain, ahead, several = _chain(national, settings), parameters.collateral_price == "next", len(a) > 1
    widest = lattice_bounds(ztilde, a, tech.alpha, trend, k0, margin) if several else np.ones((len(trend), 1))
    inputs = {
        "alpha": tech.alpha,
        "beta": beta,
        "kappa": kappa,
        "a": a,
        "ztilde": ztilde,
        "trend": trend,
        "chain": chain,
        "rate": rate,
        "limit": parameters.limit,
        "b_max": grid.b_max,
        "lower": widest,
        "gamma": parameters.gamma,
        "regimes": regimes,
        "next_price": ahead,
    }
    if not _steady_price(inputs) > 0.0:
        raise ModelFailure(
            "capital has no steady-state price: R/G is too low, or theta chi too high (docs/model.md, section 5)", "parameters"
        )
    bonds, debt = bond_bounds(inputs, widen)
    corners, plan_corners = _followed(inputs, tech.phi, k0, margin) if several else (simplex(widest), None)
    return Problem(
        alpha=tech.alpha,
        beta=beta,
        gamma=parameters.gamma,
        kappa=kappa,
        a=a,
        phi=tech.phi,
        ztilde=ztilde,
        k0=k0,
        b0=_first_bonds(inputs, k0),
        trend=trend,
        chain=chain,
        rate=rate,
        limit=parameters.limit,
        bonds=bonds,
        debt=debt,
        corners=corners,
        steps=grid.k_steps,
        below=_NATURAL_BELOW if natural else grid.b_below,
        above=grid.b_below + grid.b_above - _NATURAL_BELOW if natural else grid.b_above,
        fine=grid.b_fine,
        regimes=regimes,
        realized=realized,
        next_price=ahead,
        plan_corners=plan_corners,
    )


def realized_shocks(national: NationalProcesses, settings: SolveSettings) -> np.ndarray:
    """Realized log productivities (T+1, I), scaled by ``shock_scale``."""
    return np.ascontiguousarray(settings.parameters.shock_scale * national.u)


def _chain(national: NationalProcesses, settings: SolveSettings) -> Chain:
    """Exogenous states: productivities of the industries, the interest rate, the regime of theta."""
    parameters = settings.parameters
    return product_chain(
        national.rho,
        parameters.shock_scale * national.sigma,
        settings.grid.u_nodes,
        national.interest.rho,
        national.interest.sigma,
        settings.rate_nodes,
        parameters.theta_regimes.stay if parameters.has_regimes else (),
    )


def _regimes(parameters: Parameters, years: range) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """kappa by regime and the regime, 0 or 1, of every year; both empty where kappa is constant or no limit depends on it."""
    if not parameters.has_regimes:
        return (), ()
    switches = np.array(parameters.theta_regimes.switch_years)
    realized = tuple(int(np.sum(switches <= year) % 2) for year in years)
    return tuple(theta * parameters.chi for theta in parameters.theta_regimes.values), realized


def _steady_price(inputs: dict) -> float:
    """Steady-state price of capital over output under the loosest limit; ``inputs`` are those of `bond_bounds`."""
    p = inputs
    kappa = max(p["regimes"] or (p["kappa"],))
    return steady_price(p["alpha"], p["beta"], kappa, p["rate"], 1.0, p["next_price"])


def _first_bonds(inputs: dict, k0: np.ndarray) -> float:
    """Bonds at the start of the first year: debt that the limit allows in its steady state."""
    p = inputs
    produced = float(output(p["ztilde"], k0, p["a"]))
    if not p["next_price"]:
        return -p["rate"] * p["kappa"] * steady_price(p["alpha"], p["beta"], p["kappa"], p["rate"], produced)
    # debt that the limit of the year before allowed on the path without shocks
    expected = output(p["ztilde"] * np.exp(p["trend"]), targets(p["ztilde"], p["a"], p["alpha"], p["trend"]), p["a"])
    return -p["rate"] * p["kappa"] * regime_prices(p, p["kappa"], np.append(produced, expected[1:]))[0]


def _followed(inputs: dict, phi: np.ndarray, k0: np.ndarray, margin: float) -> tuple[np.ndarray, np.ndarray]:
    """Lattice corners (T+1, I, I) of the market and of the plan; ``inputs`` are those of `bond_bounds`."""
    p = inputs
    speed = adjustment_speed(p["beta"], p["a"], phi, p["alpha"] / _steady_price(p))
    market, plan = (targets(p["ztilde"], p["a"], weight, p["trend"]) for weight in (p["alpha"], p["a"]))
    return moving_corners(market, k0, speed, margin), moving_corners(plan, k0, speed, margin)
