"""From a zone's calibration and a scenario to numbers: the problem, its two solutions, the simulated paths, welfare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace

import numpy as np

from regspec.calibration.technology import scenario_zone, technology
from regspec.config import Config
from regspec.errors import ModelFailure
from regspec.experiments.checkpoint import Checkpoint
from regspec.experiments.keepers import ZoneKeeper
from regspec.model.accuracy import summarize
from regspec.model.backward import Solver
from regspec.model.bounds import ROOM, adjustment_speed, lattice_bounds, moving_corners, simplex
from regspec.model.keeper import Keeper
from regspec.model.parallel import Ranks
from regspec.model.policies import Diagnostics, Policies
from regspec.model.portfolio import targets
from regspec.model.problem import Problem, bond_bounds, output, regime_prices, steady_price
from regspec.model.shocks import product_chain
from regspec.model.simulate import Path, cloud_errors, simulate

_ATTEMPTS = 4
_LABELS = {"ce": "competitive equilibrium"}
_WIDER, _ROOMIER = 1.4, 0.92  # factors of the bond grid's depth and of `ROOM` between attempts


@dataclass(frozen=True)
class Allocation:
    """One allocation of a zone: its simulated path, certainty-equivalent value at the first state, and diagnostics.

    ``others``: paths under further shocks with the same policies, none but when asked for.
    """

    path: Path
    value: float
    diagnostics: dict[str, float]
    others: tuple[Path, ...] = ()

    def record(self) -> dict:
        """As lists and numbers, every bit kept, for JSON."""
        path = {name: series.tolist() for name, series in asdict(self.path).items()}
        return {"path": path, "value": self.value, "diagnostics": self.diagnostics}

    @staticmethod
    def from_record(record: dict) -> Allocation:
        """The allocation of a `record`."""
        path = Path(**{f.name: np.array(record["path"][f.name]) for f in fields(Path)})
        return Allocation(path, record["value"], record["diagnostics"])


@dataclass(frozen=True)
class ZoneSolution:
    """Both allocations of a zone (planner None when not asked for), its level and the welfare gain Lambda (M9)."""

    ce: Allocation
    planner: Allocation | None
    level: float

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
        raise ModelFailure(f"beta R = {beta * rate:.4f} must be below 1: debt has no steady state (docs/model.md, section 4)")
    if parameters.limit == "natural" and rate <= 1.0:
        raise ModelFailure(f"limit: natural needs a positive net interest rate (R / growth = {rate:.4f})")
    trend, k0 = np.array(national["trend"], float).T, np.array(zone["k0"], float)
    sigma = parameters.shock_scale * np.array(national["sigma"], float)
    chain = product_chain(
        national["rho"], sigma, grid.u_nodes, national["interest"]["rho"], national["interest"]["sigma"],
        config.calibration.interest.nodes, parameters.theta_regimes.stay if regimes else (),
    )  # fmt: skip
    widest = lattice_bounds(ztilde, a, alpha, trend, k0, margin) if len(a) > 1 else np.ones((len(trend), 1))
    inputs = {
        "alpha": alpha, "beta": beta, "kappa": kappa, "a": a, "ztilde": ztilde, "trend": trend, "chain": chain, "rate": rate,
        "limit": parameters.limit, "b_max": grid.b_max, "lower": widest, "gamma": parameters.gamma, "regimes": regimes,
        "next_price": ahead,
    }  # fmt: skip
    if not steady_price(alpha, beta, max(regimes or (kappa,)), rate, 1.0, ahead) > 0.0:
        raise ModelFailure(
            "capital has no steady-state price: R/G is too low, or theta chi too high (docs/model.md, section 5)"
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
        alpha=alpha, beta=beta, gamma=parameters.gamma, kappa=kappa, a=a, phi=tech["phi"], ztilde=ztilde, k0=k0, b0=b0,
        trend=trend, chain=chain, rate=rate, limit=parameters.limit, bonds=bonds, debt=debt, corners=corners,
        steps=grid.k_steps, below=4 if natural else grid.b_below,
        above=grid.b_below + grid.b_above - 4 if natural else grid.b_above, fine=grid.b_fine, regimes=regimes,
        realized=realized, next_price=ahead, plan_corners=plan_corners,
    )  # fmt: skip


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


def _years_reach(solver: Solver, years: list[Policies]) -> list[float]:
    """Lowest b' chosen in each year over all solved states (on every rank)."""
    lowest = []
    for policies in years:
        chosen = policies.pol[..., -1][policies.failed == 0]
        own = np.array([chosen.min() if chosen.size else np.inf])
        lowest.append(float(solver.ranks.reduce(own, "min")[0]))
    return lowest


def _check_failed(solver: Solver, years: list[Policies], reach: list[float]) -> int:
    """Count states without a solution; raise when one of them can be reached (docs/model.md, section 5)."""
    count, message = 0, None
    for t, policies in enumerate(years):
        bad = np.argwhere(policies.failed != 0)
        count += len(bad)
        lattice, grid, _, _ = solver.year(t)
        deepest, bonds = min(reach[max(t - 1, 0)], reach[t]), grid.at_nodes(policies.kink, solver.first)
        for node, e, j in bad:
            b = float(bonds[node, e, j])
            if b >= deepest and message is None:
                k = lattice.capital[solver.first + node].round(4).tolist()
                message = (
                    f"{solver.label}: no equilibrium at the reachable state b = {b:.4f}, k = {k}, exogenous state {e}, "
                    f"year index {t}; {solver.case()}"
                )
    total = int(solver.ranks.reduce(np.array([float(count)]), "sum")[0])
    message = solver.ranks.first(message)
    if message:
        raise ModelFailure(message)
    return total


def _amplification(solver: Solver, years: list[Policies], reach: list[float]) -> float:
    """Largest J = kappa gamma q / c over binding reachable states (docs/model.md, section 5); none at next year's price."""
    worst = 0.0
    if solver.problem.next_price:
        return worst
    for t, policies in enumerate(years):
        _, grid, exo, _ = solver.year(t)
        below = len(grid.below)
        b = grid.at_nodes(policies.kink, solver.first)[..., :below]
        binds = policies.kink > grid.start[solver.first : solver.last, None]
        inside = (b >= reach[max(t - 1, 0)]) & binds[..., None]
        rows = policies.pol[:, :, :below]
        j = exo.kappa[None, :, None] * solver.problem.gamma * rows[..., 1] / rows[..., 0]
        if inside.any():
            worst = max(worst, float(j[inside].max()))
    return float(solver.ranks.reduce(np.array([worst]), "max")[0])


def solve_allocation(
    problem: Problem, planner: bool, config: Config, shocks: np.ndarray, ranks: Ranks, label: str,
    progress: Callable | None = None, start: Policies | None = None, final: bool = True, also: Sequence[np.ndarray] = (),
    keeper: Keeper | None = None, scaled: bool = False,
) -> tuple[Allocation | None, Policies, Diagnostics]:  # fmt: skip
    """Solve, simulate and certify one allocation from the tail's ``start``; simulate it under the shocks in ``also``, too.

    Returns it, its tail and the diagnostics. It is None when a choice reaches the end of the bond grid and, unless the
    attempt is ``final``, when choices touch the lattice's edge, reachable states have no solution, or the iteration fails for a
    planner whose market was solved or on a lattice that is ``scaled`` by industry. Raises ModelFailure naming the zone, the
    condition and the state.
    """
    settings = config.model.solver
    solver = Solver(problem, planner, ranks, label, keeper)
    try:
        tail = solver.tail(settings.tolerance, settings.residual, settings.max_sweeps, start, progress)
        years = solver.path(tail, settings.residual, progress)
    except ModelFailure:
        if final or not (planner or scaled):
            raise
        return None, start, solver.diagnostics
    reach = _years_reach(solver, years)
    d = solver.diagnostics
    if problem.limit == "collateral" and d.lowest <= 0.0:
        return None, tail, d
    if not final and d.hits > 0:
        return None, tail, d
    try:
        unreachable = _check_failed(solver, years, reach)
    except ModelFailure:
        if final:
            raise
        return None, tail, d
    path, *others = (simulate(solver, years, own) for own in (shocks, *also))
    cloud, roots = cloud_errors(solver, tail, settings.cloud, config.run.seed, reach[-1])
    roots = max(roots, *(int(own.roots.max()) for own in (path, *others)))
    if roots > 1:
        raise ModelFailure(
            f"{label}: {roots} static equilibria at a reachable state; {solver.case()}, "
            f"J = {_amplification(solver, years, reach):.2f}\nremedy: a smaller theta or chi"
        )
    diagnostics = summarize(path.errors, "") | summarize(cloud, "cloud_") | {
        "residual_max": d.residual, "violation_max": d.violation, "binding_share": float(path.binding.mean()),
        "amplification_max": _amplification(solver, years, reach), "roots_max": roots, "unreachable_states": unreachable,
        "failed_states": 0, "lattice_hits": d.hits, "rescued_states": d.rescued,
        "grid_margin": d.lowest, "contraction": d.contraction,
        "sweeps": d.sweeps, "us_per_state_sweep": 1e6 * d.seconds / d.states,
    }  # fmt: skip
    return Allocation(path, float(path.value[0]), diagnostics, tuple(others)), tail, d


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
    return ZoneSolution(solved.allocations["ce"], solved.allocations.get("planner"), solved.level)


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
    under which `Allocation.others` are simulated. The bond grid is widened and all cases are solved
    again when a choice reaches its end, the lattice when a choice touches its edge, a reachable state has no solution, or the
    planner's iteration cycles, which it does on some lattices only. With a ``checkpoint``, not with ``also``, the solve goes
    on where an earlier process was ended. Raises ModelFailure; Interrupted when the checkpoint is told to stop.
    """
    ranks = ranks or Ranks()
    scale = config.scenario_parameters(scenario).shock_scale
    shocks = np.ascontiguousarray(scale * np.array(national["u"], float).T)
    _, level = scenario_zone(zone, national, config, scenario)
    name = f"zone {zone['zone']}, scenario {scenario}"
    keeper = ZoneKeeper(checkpoint)
    first, widen, margin = keeper.place((0, 1.0, ROOM))
    for attempt in range(first, _ATTEMPTS):
        keeper.begin(attempt, widen, margin)
        problem = build_problem(zone, national, config, scenario, widen, margin)
        solved, tails = {}, {}
        for key, case in cases.items():
            kept = keeper.finished(key)
            if kept:
                solved[key], tails[key] = Allocation.from_record(kept[0]), kept[1]
                continue
            label = f"{name}, {_LABELS.get(key, key)}"
            tell = (lambda event, key=key: progress({"allocation": key, **event})) if progress else None
            # the planner's iteration starts from the market's policies: cold starts may leave the domain
            start, final = next(iter(tails.values()), None), attempt == _ATTEMPTS - 1
            with ranks.memory():
                allocation, tail, found = solve_allocation(
                    replace(problem, **case.changes), case.planner, config, shocks, ranks, label, tell, start, final, also,
                    keeper.steps(key), margin >= ROOM,
                )  # fmt: skip
            if allocation is None:
                break
            solved[key], tails[key] = allocation, tail
            keeper.finish(key, allocation, tail)
        else:
            return Solved(problem, float(level), solved, tails)
        if found.lowest <= 0.0 and problem.limit == "collateral":
            widen *= _WIDER
        else:
            margin *= _ROOMIER
    raise ModelFailure(
        f"{name}: choices reach the end of the bond grid (min b' - b_min = {found.lowest:.3g}) although "
        f"it was made {widen / _WIDER:.3g} times as deep: debt has no bound here (a bubble); "
        f"theta chi = {max(problem.regimes or (problem.kappa,)):.4g}, gamma = {problem.gamma:g}"
    )
