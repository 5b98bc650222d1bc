"""Expectations from policies, on all ranks: built block by block, completed by the slopes that need neighbours."""

from __future__ import annotations

import numpy as np

from regspec.errors import ModelFailure
from regspec.model.grids.lattice import NodeSubset, all_nodes, nodes_near
from regspec.model.kernels.columns import column_count
from regspec.model.kernels.expectations import OffGrid, Recovery, Workspace, expand, recover_slopes, slope_source, workspace
from regspec.model.kernels.records import NextYear
from regspec.model.markov import OffGridWeights
from regspec.model.solver.policies import Policies
from regspec.model.solver.year_grids import YearGrids

_NO_ROWS = OffGrid(np.zeros((0, 0)), np.zeros((0, 0, 0, 0)))


class Expectations:
    """Builds expectations (N, E, points, columns) from a year's policies, in arrays that it uses again."""

    def __init__(self, grids: YearGrids, label: str, reach: float):
        """``reach``: how far around a portfolio expectations are built, in elements."""
        problem = grids.problem
        self.grids, self.ranks, self.label, self.reach = grids, grids.ranks, label, reach
        columns = column_count(problem.industries, grids.planner)
        self.array = self.ranks.shared((grids.nodes, problem.chain.size, problem.fine, columns))
        self._singles: list[np.ndarray] = []
        self._needs_slopes = grids.planner and problem.industries > 1
        size = grids.nodes * problem.chain.size * problem.fine
        self._logs = self.ranks.shared((size,)) if self._needs_slopes else np.empty(0)
        self._spaces: dict[int, Workspace] = {}

    def on_grid(self, policies: Policies, t: int) -> np.ndarray:
        """Expectations of year index ``t`` given e in t - 1, on every rank; collective.

        The array is reused by the next call. Raises ModelFailure when one is not finite.
        """
        return self._expand(policies, t, _NO_ROWS, all_nodes(self.grids.at(t).lattice))

    def off_grid(
        self, policies: Policies, t: int, weights: OffGridWeights, k: np.ndarray | None = None
    ) -> tuple[NextYear, NextYear]:
        """The same, and (N, 1, points, columns) given a state in t - 1 off the grid, each on its grids; collective.

        The second array lasts until the second next call. With ``k`` (I,) both are made on the elements near that portfolio
        only: elsewhere the tables find no numbers. Raises ModelFailure when one is not finite.
        """
        grids, lattice = self.grids, self.grids.at(t).lattice
        subset = all_nodes(lattice) if k is None else nodes_near(k, lattice, self.reach, self._needs_slopes)
        mixed = np.empty((grids.last - grids.first, len(weights.rows), *self.array.shape[2:]))
        every = self._expand(policies, t, OffGrid(weights.rows, mixed), subset)
        single = self._spare_array()
        block, built = single[grids.own_nodes], subset.built[grids.own_nodes]
        block[built] = weights.shares[0] * mixed[built, :1]
        for m in range(1, len(weights.rows)):
            block[built] += weights.shares[m] * mixed[built, m : m + 1]
        self._complete(single, t, bool(np.isfinite(block[built]).all()), subset)
        return grids.next_year(every, t, subset.table), grids.next_year(single, t, subset.table)

    def _spare_array(self) -> np.ndarray:
        """One of two arrays (N, 1, points, columns), in turn."""
        if len(self._singles) < 2:
            self._singles.append(self.ranks.shared((self.grids.nodes, 1, *self.array.shape[2:])))
        else:
            self._singles.reverse()
        return self._singles[-1]

    def _expand(self, policies: Policies, t: int, off_grid: OffGrid, subset: NodeSubset) -> np.ndarray:
        grids, factors = self.grids, self.grids.problem.chain.transitions
        grids.follow(t, policies.shift)
        self.ranks.wait()
        space = self._space(len(off_grid.rows))
        block = policies.block()
        finite = expand(grids.at(t), grids.first, subset.built, block, factors, self.array, off_grid, space)
        self._complete(self.array, t, finite, subset)
        return self.array

    def _space(self, rows: int) -> Workspace:
        if rows not in self._spaces:
            year = self.grids.at(0)
            self._spaces[rows] = workspace(year.constants, year.bonds, self.grids.problem.chain.size, rows)
        return self._spaces[rows]

    def _complete(self, expectations: np.ndarray, t: int, finite: bool, subset: NodeSubset) -> None:
        """Fill the columns that need neighbours and share all nodes with all ranks; raise when something is not finite.

        ``finite``: whether this rank's other columns are.
        """
        if self._needs_slopes:
            finite &= self._recover(expectations, t, subset.wanted)
        message = None if finite else self._not_finite(expectations, t, subset)
        if self.grids.first <= subset.unused_node < self.grids.last:
            expectations[subset.unused_node] = np.nan
        self.ranks.publish(expectations)
        if self.ranks.reduce(np.array([float(not finite)]), "max")[0] > 0.0:
            raise ModelFailure(self.ranks.first(message), "not_finite")

    def _recover(self, expectations: np.ndarray, t: int, wanted: np.ndarray) -> bool:
        """Fill the columns of slopes; whether this rank's are finite."""
        grids, (lattice, bonds, _, const) = self.grids, self.grids.at(t)
        states, points = expectations.shape[1:3]
        logs = self._logs[: grids.nodes * states * points].reshape(grids.nodes, states * points)
        logs[grids.own_nodes].reshape(-1, states, points)[:] = slope_source(expectations[grids.own_nodes], const)
        self.ranks.publish(logs)
        recovery = Recovery(lattice.neighbours, lattice.slopes @ lattice.moves, bonds.shift_slopes @ lattice.moves)
        span, line, per_b = (grids.first, grids.last), np.empty(states * points), np.empty(points)
        return recover_slopes(expectations, logs, span, wanted, recovery, const, bonds, line, per_b)

    def _not_finite(self, expectations: np.ndarray, t: int, subset: NodeSubset) -> str:
        own = self.grids.own_nodes
        node, e = np.argwhere(~np.isfinite(expectations[own]) & subset.built[own, None, None, None])[0][:2]
        k = self.grids.at(t).lattice.capital[self.grids.first + node].round(4).tolist()
        return (
            f"{self.label}: expectations are not finite at k = {k}, exogenous state {e}, year index {t}: no equilibrium near "
            f"the debt limit? {self.grids.problem.case()}"
        )
