"""Backward solution: the stationary tail after the last year, then one step a year back to the first.

docs/model.md, sections 4 and 6. A solution is the list of policies by year at the solve nodes; expectation functions are
rebuilt from them when needed (they are a deterministic function of the policies).
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from regspec.errors import ModelFailure
from regspec.model.grids.lattice import Part, coordinates, near, whole
from regspec.model.kernels import time_step as sw
from regspec.model.kernels.conditions import make_scratch
from regspec.model.kernels.expectations import expand, recover_slopes, slope_source, workspace
from regspec.model.kernels.records import ETA, VALUE, C, Q, X, policy_columns, slot_count
from regspec.model.markov import Mixture
from regspec.model.problem import Problem
from regspec.model.solver.anderson import Anderson, largest_change, relative_changes
from regspec.model.solver.hooks import Keeper, TailState
from regspec.model.solver.mpi import Ranks
from regspec.model.solver.nonconvergence import no_convergence
from regspec.model.solver.policies import Diagnostics, Policies, Taxes
from regspec.model.steady_state import output, static_portfolio, steady_price

Progress = Callable[[dict], None]
_LOOSE = 3e-5  # a Newton step this short (in logs of bonds and units of capital) leaves a residual near 1e-9
_EMPTY_B = np.zeros((0, 0, 0))
_EMPTY_K = np.zeros((0, 0, 0, 0))
_ALIGN = 0.1  # distance below which the tail's bond grid follows the kinks: the shift converges, too
_FAR = 1e-3  # distance above which a tail is not yet near its fixed point
_FARTHEST = 1.5  # largest shift of the bond grid, in units of its stretch
_REACH = 0.1  # of an element: portfolios seldom move farther within a year
_STALLED = 40  # sweeps without a shorter distance
_LOST = 200  # sweeps in which some states have no solution and distances are above `_FAR`
_NO_ROWS, _NOT_MIXED = np.zeros((0, 0)), np.zeros((0, 0, 0, 0))


class Solver:
    """Backward solver of one problem for the competitive equilibrium or the planner."""

    def __init__(
        self, problem: Problem, planner: bool, ranks: Ranks | None = None, label: str = "", keeper: Keeper | None = None
    ):
        self.problem, self.planner, self.ranks = problem, planner, ranks or Ranks()
        self.label = label or ("planner" if planner else "competitive equilibrium")
        self.diagnostics, self.keeper = Diagnostics(), keeper or Keeper()
        self.nodes = len(problem.lattice(0, planner).capital)
        self.first, self.last = self.ranks.block(self.nodes)
        slots = slot_count(problem.industries, planner)
        self._functions = self.ranks.shared((self.nodes, problem.chain.size, problem.fine, slots))
        self._singles: list[np.ndarray] = []
        wedge = planner and problem.industries > 1
        self._logs = self.ranks.shared((self.nodes * problem.chain.size * problem.fine,)) if wedge else None
        self._years: dict[int, tuple] = {}
        self._spaces: dict[int, tuple] = {}
        self._scratch = make_scratch(problem.tech(0, planner))

    def year(self, t: int) -> tuple:
        """(lattice, bond grid, exogenous states, tech whose lattice is that of choices made in year index t)."""
        p = self.problem
        t = min(t, p.horizon + 1)
        if t not in self._years:
            self._years[t] = (p.lattice(t, self.planner), p.bond_grid(t), p.exo(t), p.tech(t + 1, self.planner))
        return self._years[t]

    def _follow(self, t: int, shift: np.ndarray) -> None:
        """Give the bond grid of year index ``t`` the shift of the policies that live on it."""
        lattice, grid, exo, tech = self.year(t)
        if grid.shift is not shift:
            around = shift[lattice.neighbours]
            slopes = np.ascontiguousarray(np.einsum("nmj,nm->nj", lattice.slopes, around))
            grid = self.problem.bond_grid(t).shifted(shift, slopes, around.max(axis=1))
            self._years[min(t, self.problem.horizon + 1)] = (lattice, grid, exo, tech)

    def _aligned(self, policies: Policies, t: int) -> np.ndarray:
        """Shift (N,) that lets the grid follow the kinks of ``policies`` over portfolios: their mean over e, less its minimum.

        Portfolios are then combined at equal distance from their kinks (docs/numerics.md).
        """
        if self.problem.limit == "natural":  # it binds at the grid's end alone
            return policies.shift
        grid = self.year(t)[1]
        own = self._kinks(policies, t)
        mean = np.empty(self.nodes)
        mean[self.first : self.last] = np.add.accumulate(own, axis=1)[:, -1] / own.shape[1]
        self.ranks.gather(mean)
        return np.minimum(mean - mean.min(), _FARTHEST * grid.stretch)

    def _align(self, policies: Policies, t: int) -> None:
        """Move the grid of ``policies`` to the shift of `_aligned`; bonds at the kinks stay what they are."""
        bonds = self._kinks(policies, t)
        policies.shift = self._aligned(policies, t)
        self._follow(t, policies.shift)
        self._place(policies, t, bonds)

    def _kinks(self, policies: Policies, t: int) -> np.ndarray:
        """Bonds (block, E) at the kinks."""
        return self.year(t)[1].bonds(policies.kink) + policies.shift[self.first : self.last, None]

    def _place(self, policies: Policies, t: int, bonds: np.ndarray) -> None:
        """Put the kinks at ``bonds`` (block, E), inside the grid."""
        grid, own = self.year(t)[1], slice(self.first, self.last)
        policies.kink[:] = np.clip(grid.coordinates(bonds - policies.shift[own, None]), grid.start[own, None], grid.width)

    def expectations(self, policies: Policies, t: int) -> np.ndarray:
        """Expectation functions (N, E, points, slots) of year index ``t`` given e in t - 1, on every rank.

        The array is reused by the next call. Raises ModelFailure when one is not finite.
        """
        return self._expand(policies, t, _NO_ROWS, _NOT_MIXED, whole(self.year(t)[0]))

    def expectations_at(
        self, policies: Policies, t: int, mixture: Mixture, k=None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The same, and (N, 1, points, slots) given a state in t - 1 off the grid, described by `Chain.mixture`.

        The second array lasts until the second next call. With ``k`` (I,) both are made on the elements near that portfolio
        only. The third is the table to look them up with: elsewhere it finds no numbers.
        """
        rows, shares = mixture
        lattice = self.year(t)[0]
        part = whole(lattice) if k is None else near(k, lattice, _REACH, self._logs is not None)
        mixed = np.empty((self.last - self.first, len(rows), *self._functions.shape[2:]))
        functions = self._expand(policies, t, rows, mixed, part)
        if len(self._singles) < 2:
            self._singles.append(self.ranks.shared((self.nodes, 1, *self._functions.shape[2:])))
        else:
            self._singles.reverse()
        single = self._singles[-1]
        own, built = single[self.first : self.last], part.built[self.first : self.last]
        own[built] = shares[0] * mixed[built, :1]
        for m in range(1, len(rows)):
            own[built] += shares[m] * mixed[built, m : m + 1]
        self._complete(single, t, bool(np.isfinite(own[built]).all()), part)
        return functions, single, part.table

    def _expand(self, policies: Policies, t: int, rows: np.ndarray, mixed: np.ndarray, part: Part) -> np.ndarray:
        self._follow(t, policies.shift)
        lattice, grid, exo, tech = self.year(t)
        self.ranks.wait()
        finite = expand(
            lattice.capital,
            self.first,
            part.built,
            policies.pol,
            policies.kink,
            exo,
            tech,
            grid,
            self.problem.chain.transitions,
            self._functions,
            rows,
            mixed,
            self._space(len(rows)),
        )
        self._complete(self._functions, t, finite, part)
        return self._functions

    def _space(self, rows: int) -> tuple[np.ndarray, ...]:
        if rows not in self._spaces:
            _, grid, _, tech = self.year(0)
            self._spaces[rows] = workspace(tech, grid, self.problem.chain.size, rows)
        return self._spaces[rows]

    def _complete(self, functions: np.ndarray, t: int, finite: bool, part: Part) -> None:
        """Fill the slots that need neighbours and share all nodes with all ranks; raise when something is not finite.

        ``finite``: whether this rank's other slots are.
        """
        lattice, grid, _, tech = self.year(t)
        own = slice(self.first, self.last)
        if self._logs is not None:
            states, points = functions.shape[1:3]
            logs = self._logs[: self.nodes * states * points].reshape(self.nodes, states * points)
            logs[own].reshape(-1, states, points)[:] = slope_source(functions[own], tech)
            self.ranks.publish(logs)
            finite &= recover_slopes(
                functions,
                logs,
                self.first,
                self.last,
                part.wanted,
                lattice.neighbours,
                lattice.slopes @ lattice.moves,
                grid.shift_slopes @ lattice.moves,
                tech,
                grid,
                np.empty(states * points),
                np.empty(points),
            )
        message = None if finite else self._not_finite(functions, t, part)
        if self.first <= part.hole < self.last:
            functions[part.hole] = np.nan
        self.ranks.publish(functions)
        if self.ranks.reduce(np.array([float(not finite)]), "max")[0] > 0.0:
            raise ModelFailure(self.ranks.first(message), "not_finite")

    def _not_finite(self, functions: np.ndarray, t: int, part: Part) -> str:
        own = slice(self.first, self.last)
        node, e = np.argwhere(~np.isfinite(functions[own]) & part.built[own, None, None, None])[0][:2]
        k = self.year(t)[0].capital[self.first + node].round(4).tolist()
        return (
            f"{self.label}: expectations are not finite at k = {k}, exogenous state {e}, year index {t}: no equilibrium near "
            f"the debt limit? {self.case()}"
        )

    def case(self) -> str:
        """The parameters that decide well-posedness, for messages."""
        p = self.problem
        kappas = p.regimes or (p.kappa,)
        size = " or ".join(f"{kappa:.4g}" for kappa in kappas)
        feedback = f", J about {p.steady_amplification:.2f} in steady state" if p.has_feedback else ""
        if p.next_price:
            feedback = ", collateral at next year's price"
        return f"kappa = theta chi = {size}, gamma = {p.gamma:g}, limit = {p.limit}{feedback}"

    def step(self, policies: Policies, functions, t: int, accept, loose, limit, taxes: Taxes | None = None):
        """One sweep of year index ``t`` on ``policies`` (in place) given next year's ``functions``; returns statistics."""
        self._follow(t, policies.shift)
        lattice, grid, exo, tech = self.year(t)
        ahead = self.year(t + 1)
        stats = np.empty(sw.STATISTICS)
        sw.sweep(
            lattice.capital,
            self.first,
            exo,
            tech,
            ahead[0].table,
            functions,
            grid,
            ahead[1],
            policies.pol,
            policies.kink,
            policies.failed,
            taxes is not None,
            taxes.tau_b if taxes else _EMPTY_B,
            taxes.tau_k if taxes else _EMPTY_K,
            accept,
            loose,
            limit,
            self._scratch,
            np.empty(self.problem.industries),
            stats,
        )
        return self._merge(stats, ahead[1].low)

    def _merge(self, stats: np.ndarray, low: float) -> np.ndarray:
        largest = self.ranks.reduce(stats, "max")
        least = self.ranks.reduce(stats, "min")
        total = self.ranks.reduce(stats, "sum")
        merged = largest.copy()
        merged[sw.LOWEST] = least[sw.LOWEST]
        counts = [sw.EVALUATIONS, sw.FAILED, sw.STATES, sw.HITS, sw.RESCUED]
        merged[counts] = total[counts]
        d = self.diagnostics
        d.evaluations += merged[sw.EVALUATIONS]
        d.states += merged[sw.STATES]
        return merged

    def initial(self) -> Policies:
        """First guess of the tail: capital stays, debt rolls over at the limit, prices at their steady-state ratio."""
        p, t = self.problem, self.problem.horizon
        lattice, grid, exo, tech = self.year(t)
        n_nodes = len(grid.below) + len(grid.above)
        pol = np.empty((self.last - self.first, p.chain.size, n_nodes, policy_columns(p.industries)))
        capital = lattice.capital[self.first : self.last]
        produced = output(exo.z[None], capital[:, None], p.a)[..., None]
        valued = produced
        if p.next_price:  # such a limit hardly moves with the state: the first guess is that of the trend
            z = p.ztilde * np.exp(p.trend[-1])
            valued = np.full_like(produced, output(z, static_portfolio(z, p.a, p.alpha), p.a))
        q = steady_price(p.alpha, p.beta, p.kappas()[None, :, None], p.rate, valued, p.next_price)
        limit = -(exo.kappa[None, :, None] * q + exo.debt[None, :, None]) * p.rate
        at = np.clip(grid.coordinates(limit[..., 0]), 0.05 * grid.width, 0.9 * grid.width)
        b = grid.at_nodes(at, self.first)
        # an impatient household without a limit would consume this share of its distance to the end of the grid
        share = 1.0 - (p.beta * p.rate) ** (1.0 / p.gamma) / p.rate
        c = np.maximum(produced + b - np.maximum(b, limit) / p.rate, share * (b - grid.low))
        b_next = np.maximum(p.rate * (produced + b - c), np.maximum(limit, grid.low))
        c = np.maximum(produced + b - b_next / p.rate, 0.05 * produced)
        pol[..., C], pol[..., Q], pol[..., VALUE] = c, q, c
        pol[..., ETA] = 0.0
        pol[..., ETA + 1] = 0.0
        inside = np.clip(coordinates(capital, lattice), 1e-6, lattice.steps - 1e-6)
        pol[..., X : X + p.industries - 1] = inside[:, None, None]
        pol[..., X + p.industries - 1] = b_next
        return Policies(pol, at, np.zeros(pol.shape[:3], np.uint8), np.zeros(self.nodes))

    def tail(
        self,
        tolerance: float,
        residual: float,
        max_sweeps: int,
        start: Policies | None = None,
        progress: Progress | None = None,
        taxes: Taxes | None = None,
    ) -> Policies:
        """Stationary policies after the last year, to a bound ``tolerance`` on the distance to the fixed point.

        Raises ModelFailure when the iteration cycles, when ``max_sweeps`` are not enough, or when a condition's residual
        stays above ``residual``.
        """
        d, t = self.diagnostics, self.problem.horizon + 1
        mixer = Anderson(self.ranks, self.nodes)
        policies, left = self.keeper.tail(self, mixer) or (start.copy() if start else self.initial(), TailState())
        if left.done:
            return policies
        began = time.perf_counter()
        _, distance, rate, best, since, lost, final, _ = left
        for count in range(left.count + 1, max_sweeps + 1):
            functions = self.expectations(policies, t)
            accept = 0.1 * residual if final else max(0.1 * residual, 1e-3 * distance)
            # the last sweep's residuals are evaluated, not estimated
            loose = 0.0 if final else min(1e-2, np.sqrt(0.01 * distance))
            before = policies.copy()
            stats = self.step(policies, functions, t, accept, loose, 25 if count > 3 else 60, taxes)
            previous, distance = distance, stats[sw.DISTANCE]
            # for the message
            image = policies.copy() if since >= 10 * _STALLED or lost >= _LOST or count == max_sweeps else policies
            d.history.append(float(distance))
            ratio = min(distance / previous, 1.2)
            rate = 0.7 * rate + 0.3 * ratio if count > 5 else 0.9
            slowest = min(max(rate, self.problem.beta), 0.995)  # acceleration hides the contraction: beta bounds it below
            bound = distance * slowest / (1.0 - slowest)
            if progress:
                progress({"stage": "tail", "sweep": count, "distance": float(distance), "rate": float(rate)})
            if final and bound < tolerance:
                break
            final = bound < tolerance
            if not np.isfinite(distance):
                raise ModelFailure(
                    f"{self.label}: sweep {count} of the stationary tail is not finite; {self.case()}", "not_finite"
                )
            if not final and count > 5 and since % (2 * _STALLED) < _STALLED:
                self._accelerate(mixer, before, policies, distance, previous)
            elif not final and count > 5:  # it stalls: half steps damp a cycle between two elements of the lattice
                policies.pol += 0.5 * (before.pol - policies.pol)
                policies.kink += 0.5 * (before.kink - policies.kink)
                mixer.clear()
            if taxes is None and count > 5 and not final and distance < _ALIGN:
                self._align(policies, t)
            best, since = (distance, 0) if distance < 0.98 * best else (best, since + 1)
            lost = lost + 1 if stats[sw.FAILED] and distance > _FAR else 0
            if since > 10 * _STALLED or lost > _LOST:
                text = no_convergence(self, "cycles", count, distance, image, before, stats)
                raise ModelFailure(text, "not_converged")
            state = TailState(count, float(distance), float(rate), float(best), since, lost, bool(final))
            self.keeper.swept(self, policies, mixer, state, time.perf_counter() - began)
        else:
            text = no_convergence(self, "does not converge", count, distance, image, before, stats)
            raise ModelFailure(text, "not_converged")
        d.sweeps, d.distance, d.contraction = count, float(distance), float(rate)
        self._close(stats, residual, t)
        d.seconds += time.perf_counter() - began
        self.keeper.swept(self, policies, mixer, TailState(count, done=True), 0.0)
        return policies

    def _accelerate(self, mixer: Anderson, before: Policies, after: Policies, distance: float, previous: float) -> None:
        """Replace the sweep's result by an Anderson step unless it leaves the domain; forget history after a bad step."""
        if distance > 3.0 * previous:
            mixer.clear()
        block = len(after.pol)
        sizes = int(np.prod(after.pol.shape[1:])), int(np.prod(after.kink.shape[1:]))
        t = self.problem.horizon + 1  # kinks in bonds: coordinates move with the grid
        image = np.concatenate([after.pol.reshape(block, sizes[0]), self._kinks(after, t).reshape(block, sizes[1])], axis=1)
        # relative errors of consumption, price and value; coordinates of k' and b' follow from them
        new, columns = after.pol.reshape(-1, after.pol.shape[-1]), np.array([C, Q, VALUE])
        residual = np.empty((len(new), len(columns)))
        relative_changes(new, before.pol.reshape(new.shape), columns, residual)
        mixed = mixer.mix(image, residual.reshape(block, sizes[0] // new.shape[1] * len(columns)))
        pol = np.ascontiguousarray(mixed[:, : sizes[0]]).reshape(after.pol.shape)
        change = largest_change(pol.reshape(new.shape), new, columns)
        if not self.ranks.reduce(np.array([change]), "max")[0] < 0.2:
            mixer.clear()
            return
        after.pol[:] = pol
        self._place(after, t, mixed[:, sizes[0] :].reshape(after.kink.shape))
        np.clip(after.pol[..., ETA], 0.0, None, out=after.pol[..., ETA])

    def _close(self, stats, residual: float, t: int) -> None:
        """Fold one certified sweep into the diagnostics; raise when a condition does not hold."""
        d = self.diagnostics
        low = self.year(t + 1)[1].low
        d.residual = max(d.residual, float(stats[sw.RESIDUAL]))
        d.violation = max(d.violation, float(stats[sw.VIOLATION]))
        d.lowest = min(d.lowest, float(stats[sw.LOWEST] - low))
        d.failed += int(stats[sw.FAILED])
        d.hits += int(stats[sw.HITS])
        d.rescued += int(stats[sw.RESCUED])
        if stats[sw.RESIDUAL] > residual:
            raise ModelFailure(
                f"{self.label}: residual {stats[sw.RESIDUAL]:.2e} of an equilibrium condition exceeds {residual:.0e} in "
                f"year index {t}; {self.case()}",
                "residual",
            )

    def path(self, tail: Policies, residual: float, progress: Progress | None = None) -> list[Policies]:
        """Policies of the years 0..T (the last is the tail), solved backward with productivity trends known in advance."""
        began = time.perf_counter()
        p = self.problem
        years = [tail] * (p.horizon + 1)
        for t in range(p.horizon - 1, -1, -1):
            kept = self.keeper.year(self, t)
            if kept:
                years[t] = kept
                continue
            functions = self.expectations(years[t + 1], t + 1)
            policies = self._start(years, t)
            policies.shift = self._aligned(years[t + 1], t + 1)
            stats = self.step(policies, functions, t, residual, _LOOSE, 40)
            self._close(stats, residual, t)
            years[t] = policies
            if progress:
                progress({"stage": "path", "year": t, "distance": float(stats[sw.DISTANCE])})
            self.keeper.solved(self, policies, t, time.perf_counter() - began)
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
