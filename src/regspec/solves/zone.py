"""From a zone's calibration and a scenario to numbers: the problem, its two solutions, the simulated paths, welfare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from regspec.calibration.technology import scenario_zone, technology
from regspec.config.config import Config
from regspec.errors import ModelFailure
from regspec.model.grids.bond_grid import bond_bounds
from regspec.model.grids.corners import ROOM, adjustment_speed, lattice_bounds, moving_corners, simplex
from regspec.model.markov import product_chain
from regspec.model.problem import Problem
from regspec.model.solver.mpi import Ranks
from regspec.model.solver.policies import Policies
from regspec.model.steady_state import output, regime_prices, steady_price, targets
from regspec.solves.allocation import Allocation, solve_allocation
from regspec.solves.attempts import Sizes
from regspec.solves.checkpoint import Checkpoint
from regspec.solves.resume import ZoneKeeper

_LABELS = {"ce": "competitive equilibrium"}


@dataclass(frozen=True)
class ZoneSolution:
    """Both allocations of a zone (planner None when not asked for), its level and the welfare gain Lambda (M9).

    attempts: grids on which the zone was solved until it was (`regspec.solves.attempts`).
    """

    ce: Allocation
    planner: Allocation | None
    level: float
    attempts: int = 1

    @property
    def welfare_gain(self) -> float:
        """Lambda = (W_SP / W_CE)^(1/(1-gamma)) - 1: ratio of certainty-equivalent consumptions less one."""
        return np.nan if self.planner is None else self.planner.value / self.ce.value - 1.0


def build_problem(
    zone: dict, national: dict, config: Config, scenario: str, widen: float = 1.0, margin: float = ROOM
) -> Problem:
    """The zone's numerical problem under ``scenario``; ``widen`` enlarges the bond grid downwards, a smaller ``margin`` the
    lattice (docs/numerics.md).
    """
    parameters, grid = config.scenario_parameters(scenario), config.model.grid
    tech = technology(config, scenario)
    ztilde, _ = scenario_zone(zone, national, config, scenario)
    alpha, a = tech["alpha"], tech["alpha"] + tech["xi"]
    growth = parameters.growth
    beta = parameters.beta * growth ** (1.0 - parameters.gamma)
    rate = (1.0 + national["interest"]["mean"]) / growth
    regimes, realized = _regimes(config, scenario)
    kappa = regimes[realized[0]] if regimes else parameters.theta * parameters.chi
    ahead = parameters.collateral_price == "next"
    if beta * rate >= 1.0:
        raise ModelFailure(
            f"beta R = {beta * rate:.4f} must be below 1: debt has no steady state (docs/model.md, section 4)", "parameters"
        )
    if parameters.limit == "natural" and rate <= 1.0:
        raise ModelFailure(f"limit: natural needs a positive net interest rate (R / growth = {rate:.4f})", "parameters")
    trend, k0 = np.array(national["trend"], float).T, np.array(zone["k0"], float)
    sigma = parameters.shock_scale * np.array(national["sigma"], float)
    chain = product_chain(
        national["rho"],
        sigma,
        grid.u_nodes,
        national["interest"]["rho"],
        national["interest"]["sigma"],
        config.calibration.interest.nodes,
        parameters.theta_regimes.stay if regimes else (),
    )
    widest = lattice_bounds(ztilde, a, alpha, trend, k0, margin) if len(a) > 1 else np.ones((len(trend), 1))
    inputs = {
        "alpha": alpha,
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
    if not steady_price(alpha, beta, max(regimes or (kappa,)), rate, 1.0, ahead) > 0.0:
        raise ModelFailure(
            "capital has no steady-state price: R/G is too low, or theta chi too high (docs/model.md, section 5)", "parameters"
        )
    bonds, debt = bond_bounds(inputs, widen)
    produced = float(output(ztilde, k0, a))
    b0 = -rate * kappa * steady_price(alpha, beta, kappa, rate, produced)
    if ahead:  # debt that the limit of the year before allowed on the path without shocks
        expected = output(ztilde * np.exp(trend), targets(ztilde, a, alpha, trend), a)
        b0 = -rate * kappa * regime_prices(inputs, kappa, np.append(produced, expected[1:]))[0]
    natural = parameters.limit == "natural"
    corners, plan_corners = _followed(inputs, tech["phi"], k0, margin) if len(a) > 1 else (simplex(widest), None)
    return Problem(
        alpha=alpha,
        beta=beta,
        gamma=parameters.gamma,
        kappa=kappa,
        a=a,
        phi=tech["phi"],
        ztilde=ztilde,
        k0=k0,
        b0=b0,
        trend=trend,
        chain=chain,
        rate=rate,
        limit=parameters.limit,
        bonds=bonds,
        debt=debt,
        corners=corners,
        steps=grid.k_steps,
        below=4 if natural else grid.b_below,
        above=grid.b_below + grid.b_above - 4 if natural else grid.b_above,
        fine=grid.b_fine,
        regimes=regimes,
        realized=realized,
        next_price=ahead,
        plan_corners=plan_corners,
    )


def _followed(inputs: dict, phi: np.ndarray, k0: np.ndarray, margin: float) -> tuple[np.ndarray, np.ndarray]:
    """Lattice corners (T+1, I, I) of the market and of the plan; ``inputs`` are those of `bond_bounds`."""
    p = inputs
    price = steady_price(p["alpha"], p["beta"], max(p["regimes"] or (p["kappa"],)), p["rate"], 1.0, p["next_price"])
    speed = adjustment_speed(p["beta"], p["a"], phi, p["alpha"] / price)
    market, plan = (targets(p["ztilde"], p["a"], weight, p["trend"]) for weight in (p["alpha"], p["a"]))
    return moving_corners(market, k0, speed, margin), moving_corners(plan, k0, speed, margin)


def _regimes(config: Config, scenario: str) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """kappa by regime and the regime, 0 or 1, of every year; both empty where kappa is constant or no limit depends on it."""
    parameters, years = config.scenario_parameters(scenario), config.calibration
    if not parameters.has_regimes:
        return (), ()
    switches = np.array(parameters.theta_regimes.switch_years)
    realized = tuple(int(np.sum(switches <= year) % 2) for year in range(years.first_year, years.last_year + 1))
    return tuple(theta * parameters.chi for theta in parameters.theta_regimes.values), realized


@dataclass(frozen=True)
class Case:
    """One allocation to solve: the planner's or the market's problem, with the fields ``changes`` of `Problem` replaced."""

    planner: bool
    changes: Mapping[str, object] = field(default_factory=dict)


MARKET, PLANNER = Case(False), Case(True)


@dataclass(frozen=True)
class Solved:
    """Allocations by the names of their cases, on the same grids; ``problem`` has these grids, ``tails`` the policies."""

    problem: Problem
    level: float
    allocations: dict[str, Allocation]
    tails: dict[str, Policies]
    attempts: int = 1


def solve_zone(
    zone: dict,
    national: dict,
    config: Config,
    scenario: str,
    ranks: Ranks | None = None,
    progress: Callable | None = None,
    also: Sequence[np.ndarray] = (),
    checkpoint: Checkpoint | None = None,
) -> ZoneSolution:
    """Competitive equilibrium and planner of one zone under ``scenario`` with the realized productivity path; see
    `solve_cases`.
    """
    cases = {"ce": MARKET} | ({"planner": PLANNER} if config.scenario(scenario).planner else {})
    solved = solve_cases(zone, national, config, scenario, cases, ranks, progress, also, checkpoint)
    return ZoneSolution(solved.allocations["ce"], solved.allocations.get("planner"), solved.level, solved.attempts)


def solve_cases(
    zone: dict,
    national: dict,
    config: Config,
    scenario: str,
    cases: Mapping[str, Case],
    ranks: Ranks | None = None,
    progress: Callable | None = None,
    also: Sequence[np.ndarray] = (),
    checkpoint: Checkpoint | None = None,
) -> Solved:
    """Allocations ``cases`` of one zone on common grids; the first, the market without taxes, is where the others start.

    zone, national: the calibration's JSON contents (docs/architecture.md). ``also``: further log productivities (T+1, I),
    under which `Allocation.others` are simulated. After a failure that larger grids may mend all cases are solved again on
    larger ones (`regspec.solves.attempts`). With a ``checkpoint``, not with ``also``, the solve goes on where an earlier
    process was ended. Raises ModelFailure; Interrupted when the checkpoint is told to stop.
    """
    ranks = ranks or Ranks()
    scale = config.scenario_parameters(scenario).shock_scale
    shocks = np.ascontiguousarray(scale * np.array(national["u"], float).T)
    _, level = scenario_zone(zone, national, config, scenario)
    name = f"zone {zone['zone']}, scenario {scenario}"
    keeper = ZoneKeeper(checkpoint)
    sizes = Sizes(*keeper.place(Sizes().numbers()))
    while True:
        keeper.begin(sizes.numbers())
        problem = build_problem(zone, national, config, scenario, sizes.depth, sizes.margin)
        solved, tails = {}, {}
        for key, case in cases.items():
            kept = keeper.finished(key)
            if kept:
                solved[key], tails[key] = Allocation.from_record(kept[0]), kept[1]
                continue
            label = f"{name}, {_LABELS.get(key, key)}"
            tell = (lambda event, key=key: progress({"allocation": key, **event})) if progress else None
            # the planner's iteration starts from the market's policies: cold starts may leave the domain
            start = next(iter(tails.values()), None)
            try:
                with ranks.memory():
                    solved[key], tails[key] = solve_allocation(
                        replace(problem, **case.changes),
                        case.planner,
                        config,
                        shocks,
                        ranks,
                        label,
                        tell,
                        start,
                        also,
                        keeper.steps(key),
                        sizes.bears_edges,
                    )
            except ModelFailure as failure:
                larger = sizes.after(failure, problem, case.planner)
                if larger is None:
                    raise sizes.explained(failure) from None
                break
            keeper.finish(key, solved[key], tails[key])
        else:
            return Solved(problem, float(level), solved, tails, sizes.attempt + 1)
        sizes = larger
