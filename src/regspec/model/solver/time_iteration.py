"""Backward solution: the stationary solution after the last year, then one step a year back to the first.

docs/model.md, sections 4 and 6. A solution is the list of policies by year at the solve nodes; expectations are rebuilt from
them when needed (they are a deterministic function of the policies).
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from regspec.errors import ModelFailure
from regspec.model.grids.lattice import coordinates
from regspec.model.kernels import time_step as kernel
from regspec.model.kernels.records import ETA, MU, VALUE, C, NextYear, Q, Search, X, make_scratch, policy_columns
from regspec.model.kernels.time_step import StepStatistics, Work, time_step
from regspec.model.markov import OffGridWeights
from regspec.model.problem import Problem
from regspec.model.solver.anderson import Anderson, largest_change, relative_changes
from regspec.model.solver.convergence import Convergence
from regspec.model.solver.expectations import Expectations
from regspec.model.solver.hooks import SolverHooks, StationaryState
from regspec.model.solver.mpi import Ranks
from regspec.model.solver.nonconvergence import no_convergence
from regspec.model.solver.options import DEFAULT_OPTIONS, SolverOptions
from regspec.model.solver.policies import NO_TAXES, Diagnostics, Policies, Progress, Taxes
from regspec.model.solver.year_grids import YearGrids
from regspec.model.steady_state import output, static_portfolio, steady_price

Listener = Callable[[dict], None]


class Solver:
    """Backward solver of one problem for the competitive equilibrium or the planner."""

    def __init__(
        self,
        problem: Problem,
        planner: bool,
        ranks: Ranks | None = None,
        label: str = "",
        hooks: SolverHooks | None = None,
        options: SolverOptions = DEFAULT_OPTIONS,
    ):
        self.problem, self.planner, self.ranks = problem, planner, ranks or Ranks()
        self.label = label or ("planner" if planner else "competitive equilibrium")
        self.diagnostics, self.hooks, self.options = Diagnostics(), hooks or SolverHooks(), options
        self.progress = Progress(self.label, self.ranks, self.diagnostics)
        self.grids = YearGrids(problem, planner, self.ranks, options.largest_shift)
        self._expectations = Expectations(self.grids, self.label, options.reach)
        stats = np.empty(len(StepStatistics._fields))
        self._work = Work(make_scratch(problem.constants(0, planner)), np.empty(problem.industries), stats)

    def expectations(self, policies: Policies, t: int) -> np.ndarray:
        """Expectations (N, E, points, columns) of year index ``t`` given e in t - 1, on every rank (`Expectations.on_grid`)."""
        return self._expectations.on_grid(policies, t)

    def expectations_at(
        self, policies: Policies, t: int, weights: OffGridWeights, k: np.ndarray | None = None
    ) -> tuple[NextYear, NextYear]:
        """The same near a portfolio, and given a state in t - 1 off the grid (`Expectations.off_grid`)."""
        return self._expectations.off_grid(policies, t, weights, k)

    def step(
        self, policies: Policies, expectations: np.ndarray, t: int, search: Search, taxes: Taxes | None = None
    ) -> StepStatistics:
        """One step of year index ``t`` on ``policies`` (in place) given next year's ``expectations``; collective."""
        grids, work = self.grids, self._work
        grids.follow(t, policies.shift)
        next_year, rates = grids.next_year(expectations, t + 1), taxes.rates() if taxes else NO_TAXES
        time_step(grids.at(t), next_year, grids.first, policies.block(), rates, search, work)
        stats = self._merge(work.stats)
        self.diagnostics.evaluations += stats.evaluations
        self.diagnostics.states += stats.states
        return stats

    def _merge(self, stats: np.ndarray) -> StepStatistics:
        """Statistics over ranks."""
        merged = self.ranks.reduce(stats, "max").copy()
        merged[kernel.LOWEST] = self.ranks.reduce(stats, "min")[kernel.LOWEST]
        counts = [kernel.EVALUATIONS, kernel.FAILED, kernel.STATES, kernel.EDGE_HITS, kernel.RESTARTED]
        merged[counts] = self.ranks.reduce(stats, "sum")[counts]
        return StepStatistics(*merged)

    def initial(self) -> Policies:
        """First guess of the stationary policies: capital stays, debt rolls over at the limit, the price is at its steady-state
        ratio to output.
        """
        p = self.problem
        lattice, grid, exogenous, _ = self.grids.at(p.horizon)
        n_nodes = len(grid.below) + len(grid.above)
        pol = np.empty((self.grids.last - self.grids.first, p.chain.size, n_nodes, policy_columns(p.industries)))
        capital = lattice.capital[self.grids.own_nodes]
        produced = output(exogenous.z[None], capital[:, None], p.a)[..., None]
        valued = produced
        if p.next_price:  # such a limit hardly moves with the state: the first guess is that of the trend
            z = p.ztilde * np.exp(p.trend[-1])
            valued = np.full_like(produced, output(z, static_portfolio(z, p.a, p.alpha), p.a))
        q = steady_price(p.alpha, p.beta, p.kappas()[None, :, None], p.rate, valued, p.next_price)
        limit = -(exogenous.kappa[None, :, None] * q + exogenous.debt[None, :, None]) * p.rate
        at = np.clip(grid.coordinates(limit[..., 0]), 0.05 * grid.width, 0.9 * grid.width)
        b = grid.at_nodes(at, self.grids.first)
        # an impatient household without a limit would consume this share of its distance to the end of the grid
        share = 1.0 - (p.beta * p.rate) ** (1.0 / p.gamma) / p.rate
        c = np.maximum(produced + b - np.maximum(b, limit) / p.rate, share * (b - grid.low))
        b_next = np.maximum(p.rate * (produced + b - c), np.maximum(limit, grid.low))
        c = np.maximum(produced + b - b_next / p.rate, 0.05 * produced)
        pol[..., C], pol[..., Q], pol[..., VALUE] = c, q, c
        pol[..., ETA] = 0.0
        pol[..., MU] = 0.0
        inside = np.clip(coordinates(capital, lattice), self.options.inside, lattice.steps - self.options.inside)
        pol[..., X : X + p.industries - 1] = inside[:, None, None]
        pol[..., X + p.industries - 1] = b_next
        return Policies(pol, at, np.zeros(pol.shape[:3], np.uint8), np.zeros(self.grids.nodes))

    def stationary(
        self,
        tolerance: float,
        residual: float,
        max_iterations: int,
        start: Policies | None = None,
        progress: Listener | None = None,
        taxes: Taxes | None = None,
    ) -> Policies:
        """Stationary policies after the last year, to a bound ``tolerance`` on the distance to the fixed point.

        Raises ModelFailure when the iteration cycles, when ``max_iterations`` are not enough, or when a condition's residual
        stays above ``residual``.
        """
        mixer = Anderson(self.ranks, self.grids.nodes, self.options.memory)
        policies, left = self.hooks.resume(self.progress, mixer) or (
            start.copy() if start else self.initial(),
            StationaryState(),
        )
        if left.done:
            return policies
        began = time.perf_counter()
        course = Convergence(left, tolerance, self.problem.beta, self.options)
        while True:
            before = policies.copy()
            stats = self._iterate(policies, course, residual, taxes)
            # for the message
            image = policies.copy() if course.nearly_failed or course.count >= max_iterations else policies
            if progress:
                numbers = {"distance": float(course.distance), "rate": float(course.rate)}
                progress({"stage": "tail", "sweep": course.count, **numbers})
            if course.converged:
                break
            self._move(course, mixer, before, policies, taxes is not None)
            course.judge(stats.failed)
            if course.cycles:
                raise self._failed("cycles", course.count, before, image, stats)
            self.hooks.on_iteration(self.progress, policies, mixer, course.state(), time.perf_counter() - began)
            if course.count >= max_iterations:
                raise self._failed("does not converge", course.count, before, image, stats)
        self._record(course, stats, residual, time.perf_counter() - began)
        self.hooks.on_iteration(self.progress, policies, mixer, StationaryState(course.count, done=True), 0.0)
        return policies

    def _iterate(self, policies: Policies, course: Convergence, residual: float, taxes: Taxes | None) -> StepStatistics:
        """One iteration on ``policies``, in place; ``course`` takes in its distance. Raises ModelFailure if not finite."""
        t = self.grids.stationary
        stats = self.step(policies, self.expectations(policies, t), t, course.search(residual), taxes)
        course.measure(stats.distance)
        self.diagnostics.history.append(float(stats.distance))
        if not np.isfinite(stats.distance):
            raise ModelFailure(
                f"{self.label}: sweep {course.count} of the stationary tail is not finite; {self.problem.case()}", "not_finite"
            )
        return stats

    def _move(self, course: Convergence, mixer: Anderson, before: Policies, after: Policies, taxed: bool) -> None:
        """Move the iterate ``after`` from its place: by acceleration or, where it stalls, half way back; its grid as well."""
        if not course.moves:
            return
        if course.stalls:
            after.pol += 0.5 * (before.pol - after.pol)
            after.kink += 0.5 * (before.kink - after.kink)
            mixer.clear()
        else:
            if course.distance > self.options.forget * course.previous:
                mixer.clear()
            self._accelerate(mixer, before, after)
        if not taxed and course.distance < self.options.align_below:
            self.grids.align(after, self.grids.stationary)

    def _accelerate(self, mixer: Anderson, before: Policies, after: Policies) -> None:
        """Replace the iterate ``after`` by an Anderson step unless it moves too far; then the history is forgotten."""
        block, t = len(after.pol), self.grids.stationary
        sizes = int(np.prod(after.pol.shape[1:])), int(np.prod(after.kink.shape[1:]))
        kinks = self.grids.kinks(after, t)  # in bonds: coordinates move with the grid
        image = np.concatenate([after.pol.reshape(block, sizes[0]), kinks.reshape(block, sizes[1])], axis=1)
        # relative errors of consumption, price and value; coordinates of k' and b' follow from them
        new, columns = after.pol.reshape(-1, after.pol.shape[-1]), np.array([C, Q, VALUE])
        residual = np.empty((len(new), len(columns)))
        relative_changes(new, before.pol.reshape(new.shape), columns, residual)
        mixed = mixer.mix(image, residual.reshape(block, sizes[0] // new.shape[1] * len(columns)))
        pol = np.ascontiguousarray(mixed[:, : sizes[0]]).reshape(after.pol.shape)
        change = largest_change(pol.reshape(new.shape), new, columns)
        if not self.ranks.reduce(np.array([change]), "max")[0] < self.options.largest_move:
            mixer.clear()
            return
        after.pol[:] = pol
        self.grids.place(after, t, mixed[:, sizes[0] :].reshape(after.kink.shape))
        np.clip(after.pol[..., ETA], 0.0, None, out=after.pol[..., ETA])

    def _failed(self, what: str, count: int, before: Policies, after: Policies, stats: StepStatistics) -> ModelFailure:
        """The failure of a stationary iteration after ``count`` iterations; collective."""
        text = no_convergence(self.grids, what, count, before, after, stats)
        return ModelFailure(f"{self.label}: {text}", "not_converged")

    def _record(self, course: Convergence, stats: StepStatistics, residual: float, seconds: float) -> None:
        """Note the stationary solution in the diagnostics; raise when a condition does not hold."""
        d = self.diagnostics
        d.iterations, d.distance, d.contraction = course.count, float(course.distance), float(course.rate)
        self._close(stats, residual, self.grids.stationary)
        d.seconds += seconds

    def _close(self, stats: StepStatistics, residual: float, t: int) -> None:
        """Fold the last step of a year into the diagnostics; raise when a condition does not hold."""
        d = self.diagnostics
        low = self.grids.at(t + 1).bonds.low
        d.residual = max(d.residual, float(stats.residual))
        d.violation = max(d.violation, float(stats.violation))
        d.lowest = min(d.lowest, float(stats.lowest - low))
        d.failed += int(stats.failed)
        d.edge_hits += int(stats.edge_hits)
        d.restarted += int(stats.restarted)
        if stats.residual > residual:
            raise ModelFailure(
                f"{self.label}: residual {stats.residual:.2e} of an equilibrium condition exceeds {residual:.0e} in "
                f"year index {t}; {self.problem.case()}",
                "residual",
            )

    def path(self, last: Policies, residual: float, progress: Listener | None = None) -> list[Policies]:
        """Policies of the years 0..T (the last are the stationary ones), solved backward with productivity trends known in
        advance.

        Raises ModelFailure when a condition's residual stays above ``residual``.
        """
        began = time.perf_counter()
        years = [last] * (self.problem.horizon + 1)
        for t in range(self.problem.horizon - 1, -1, -1):
            kept = self.hooks.resume_year(self.progress, t)
            if kept:
                years[t] = kept
                continue
            expectations = self.expectations(years[t + 1], t + 1)
            policies = self._start(years, t)
            policies.shift = self.grids.aligned(years[t + 1], t + 1)
            stats = self.step(policies, expectations, t, self.options.path_search(residual))
            self._close(stats, residual, t)
            years[t] = policies
            if progress:
                progress({"stage": "path", "year": t, "distance": float(stats.distance)})
            self.hooks.on_year(self.progress, policies, t, time.perf_counter() - began)
        self.diagnostics.seconds += time.perf_counter() - began
        return years

    @staticmethod
    def _start(years: list[Policies], t: int) -> Policies:
        """Start values of year index ``t``: choices of up to three later years, extrapolated."""
        policies = years[t + 1].copy()
        chosen, later = policies.pol[..., X:], [year.pol[..., X:] for year in years[t + 2 : t + 4]]
        if len(later) == 2 and t + 4 < len(years):  # the last year's policies are stationary: a break in the path
            chosen -= later[0]
            chosen *= 3.0
            chosen += later[1]
        elif later:
            chosen *= 2.0
            chosen -= later[0]
        return policies
