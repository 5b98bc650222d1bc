"""Where errors of interpolated expectations come from, in the stationary tail of one zone.

    python benchmarks/error_sources.py [--config FILE ..] [--zone 430] [--draws 8]

The economy is the default one, or that of the configuration files.

At random portfolios near the end of the realized path and random exogenous states, at bonds from the first to the last kink of
next year, (E u')^(-1/gamma) and the plan's (E lambda)^(-1/gamma) are formed with next year's equilibrium solved in every
exogenous state. Relative to that, one step of the approximation at a time:

- `nodes`: at the element's lattice nodes, policies interpolated between solve nodes instead of solved;
- `grid`: there, the spline on the common bond grid instead of those policies at the same bonds;
- `lattice`: values solved at the element's nodes, combined by its shape functions, instead of solved at the portfolio;
- `all`: what the solver uses, `lookup`.

Prints log10 of mean and 99th percentile; writes results/bench/error_sources.json.
"""

from __future__ import annotations

import argparse

import numpy as np
from common import OUTPUT, say, table

STEPS = ("nodes", "grid", "lattice", "all")
BONDS, SPREAD = 80, 0.04  # bonds of a draw; standard deviation of log shares around the path's last portfolio


class Tail:
    """The solved tail of one allocation: exact and interpolated policies, expectations."""

    def __init__(self, solver, policies):
        self.solver, self.policies, self.t = solver, policies, solver.problem.horizon + 1
        self.next_year = solver.grids.next_year(solver.expectations(policies, self.t), self.t)
        self.lattice, self.grid, self.exogenous, self.const = solver.grids.at(self.t)
        self.kinks = self.grid.bonds(policies.kink) + self.grid.shift[:, None]  # (N, E), one rank
        self.transition = solver.problem.chain.transition()

    def solved(self, bonds, k, e):
        """Policies (I+5, bonds) of the equilibrium at every one of ``bonds``."""
        from regspec.model.kernels.period import solve_point, state_in
        from regspec.model.kernels.records import Outcome, make_scratch
        from regspec.model.simulation.euler_errors import policy_at
        from regspec.model.simulation.paths import starts

        scratch, search, n = make_scratch(self.const), self.solver.options.state_search(), len(k)
        y, rows, last = np.empty(n), np.ones((len(bonds), n + 5)), None
        for row, b in zip(rows, bonds, strict=True):
            begin = starts(b, k, self.solver, self.t, last)
            state = state_in(b, k, self.exogenous, e, self.const)
            outcome = solve_point(state, begin, self.next_year, self.const, scratch, y, search)
            if outcome == Outcome.UNSOLVED:
                raise RuntimeError(f"no equilibrium at b = {b:.4f}, k = {k.round(4).tolist()}, exogenous state {e}")
            policy_at(outcome, y, self.const, scratch, row)
            last = y.copy()
        return np.ascontiguousarray(rows.T)

    def placed(self, bonds, node, e):
        """Policies (I+5, bonds) at a lattice node, interpolated between its solve nodes."""
        from regspec.model.kernels.policy_interpolation import place_nodes, place_side
        from regspec.model.kernels.simd import BLOCK

        grid, rows, at = self.grid, self.policies.pol[node, e], self.policies.kink[node, e]
        x = grid.coordinates(bonds - grid.shift[node])
        result, block, begin = np.empty((rows.shape[1], len(x))), np.empty((BLOCK, rows.shape[1])), grid.start[node]
        split = int(np.count_nonzero(x < at))
        sides = (
            (0, begin, at - begin, grid.below, 0, split),
            (len(grid.below), at, grid.width - at, grid.above, split, len(x)),
        )
        for first, start, length, relative, low, high in sides:
            nodes, scales = np.empty(len(relative)), np.empty((len(relative) - 3, 4))
            place_nodes(start, length, relative, grid, nodes, scales)
            place_side(rows, first, nodes, scales, x, (low, high), begin, block, (0.0,) * rows.shape[1], result)
        return result

    def marginal(self, policy, k, e):
        """u' and lambda (2, bonds) of policies (I+5, bonds) in exogenous state e."""
        from regspec.model.kernels.columns import IMPLIED_C, wealth_column
        from regspec.model.kernels.expectations import integrands

        n, count = len(k), policy.shape[1]
        work = np.zeros((len(self.const.columns), 1, count))
        integrands(policy, k, self.exogenous.z[e], self.exogenous.kappa[e], self.const, np.empty((n + 1, count)), work, 0)
        return work[[IMPLIED_C, wealth_column(n)], 0]

    def expected(self, policies, k, e):
        """Certainty equivalents (2, bonds), of u' and lambda, of policies [(I+5, bonds)] by exogenous state, given e."""
        total = sum(self.transition[e, other] * self.marginal(policy, k, other) for other, policy in enumerate(policies))
        return total ** (-1.0 / self.solver.problem.gamma)

    def looked_up(self, bonds, x, e):
        """The same from the solver's own expectations, at lattice coordinates ``x``."""
        from regspec.model.kernels.columns import IMPLIED_C, wealth_column
        from regspec.model.kernels.lookup import lookup
        from regspec.model.kernels.records import make_scratch

        s, found = make_scratch(self.const), []
        for b in bonds:
            lookup(self.next_year, e, b, x, self.const, s)
            found.append((s.value[IMPLIED_C], s.value[wealth_column(len(x) + 1)]))
        return np.array(found).T

    def errors(self, k, e) -> dict[str, list]:
        """Relative errors (2, bonds) of every step."""
        from regspec.model.grids.lattice import coordinates
        from regspec.model.kernels.lookup import locate
        from regspec.model.kernels.records import make_scratch

        s, states = make_scratch(self.const), range(len(self.transition))
        x = coordinates(k, self.lattice)
        count = locate(x, self.const, s.ids, s.weights, s.gradients, s.order, s.fractions)
        nodes, weights = self.lattice.table[s.ids[:count]], s.weights[:count]
        own = weights @ self.grid.shift[nodes]
        apart = self.kinks[nodes] - self.grid.shift[nodes, None]
        bonds = own + np.linspace(apart.min(), apart.max(), BONDS)
        exact = self.expected([self.solved(bonds, k, other) for other in states], k, e)
        combined, found = np.zeros_like(exact), {name: [] for name in STEPS}
        for node, weight in zip(nodes, weights, strict=True):
            there, at = self.lattice.capital[node], bonds - own + self.grid.shift[node]
            solved = self.expected([self.solved(at, there, other) for other in states], there, e)
            placed = self.expected([self.placed(at, node, other) for other in states], there, e)
            corner = np.clip(coordinates(there, self.lattice), 1e-9, self.lattice.steps - 1e-9)
            found["nodes"].append(placed / solved - 1.0)
            found["grid"].append(self.looked_up(at, corner, e) / placed - 1.0)
            combined += weight * solved
        found["lattice"].append(combined / exact - 1.0)
        found["all"].append(self.looked_up(bonds, x, e) / exact - 1.0)
        return found


def solve_both(problem, settings, shocks) -> list[tuple]:
    """(solver, policies of the tail, of all years, path with log productivities ``shocks``) of market and plan."""
    from regspec.model.simulation.paths import simulate
    from regspec.model.solver.time_iteration import Solver

    found, tail = [], None
    for planner in (False, True):
        solver = Solver(problem, planner)
        tail = solver.stationary(settings.tolerance, settings.residual, settings.max_sweeps, tail)
        years = solver.path(tail, settings.residual)
        found.append((solver, tail, years, simulate(solver, years, shocks)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", nargs="*", default=[], help="configuration files on top of the default one")
    parser.add_argument("--zone", type=int, help="a zone of the sample")
    parser.add_argument("--draws", type=int, default=8)
    options = parser.parse_args()
    import zone_times

    config, layout = zone_times.prepare(True, options.config)
    from regspec.io.provenance import code_version, write_json
    from regspec.solves.problem import build_problem
    from regspec.solves.settings import solve_settings

    zone, national = zone_times.inputs(layout, options.zone)
    problem = build_problem(zone, national, solve_settings(config, "baseline"))
    shocks = np.ascontiguousarray(national.u)
    solver, policies, _, path = solve_both(problem, config.model.solver, shocks)[1]
    tail, rng = Tail(solver, policies), np.random.default_rng(config.run.seed)
    found = {name: [] for name in STEPS}
    for draw in range(options.draws):
        k = path.k[-1] * np.exp(SPREAD * rng.normal(size=problem.industries))
        for name, errors in tail.errors(k / k.sum(), int(rng.integers(problem.chain.size))).items():
            found[name] += errors
        say(f"draw {draw + 1} of {options.draws}")
    rows = []
    for name in STEPS:
        size = np.abs(np.array(found[name]))  # (m, 2, bonds)
        row = {"step": name}
        for column, label in enumerate(("u", "lambda")):
            values = size[:, column]
            row |= {f"{label}_mean": float(np.log10(values.mean())), f"{label}_p99": float(np.log10(np.quantile(values, 0.99)))}
        rows.append(row)
    say(table(rows, {"step": "s", **dict.fromkeys(list(rows[0])[1:], ".2f")}))
    write_json(OUTPUT / "error_sources.json", {"zone": zone.zone, "rows": rows, "code_version": code_version()})


if __name__ == "__main__":
    main()
