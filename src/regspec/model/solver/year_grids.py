"""Grids of every year: portfolio lattice, bond grid, exogenous states; and how bond grids follow the policies on them."""

from __future__ import annotations

import numpy as np

from regspec.model.kernels.records import NextYear, Year
from regspec.model.problem import Problem
from regspec.model.solver.mpi import Ranks
from regspec.model.solver.policies import Policies


class YearGrids:
    """Grids of one problem for the market or the planner, on the block of lattice nodes that a rank owns."""

    def __init__(self, problem: Problem, planner: bool, ranks: Ranks, largest_shift: float):
        """``largest_shift`` of a bond grid, in units of its stretch."""
        self.problem, self.planner, self.ranks, self.largest_shift = problem, planner, ranks, largest_shift
        self.nodes = len(problem.lattice(0, planner).capital)
        self.first, self.last = ranks.block(self.nodes)
        self._years: dict[int, Year] = {}

    @property
    def own_nodes(self) -> slice:
        """This rank's lattice nodes."""
        return slice(self.first, self.last)

    @property
    def stationary(self) -> int:
        """Year index of the stationary solution, after the last year."""
        return self.problem.horizon + 1

    def at(self, t: int) -> Year:
        """What holds in year index ``t`` (the stationary solution's for later ones)."""
        p, t = self.problem, min(t, self.stationary)
        if t not in self._years:
            self._years[t] = Year(p.lattice(t, self.planner), p.bond_grid(t), p.exogenous(t), p.constants(t + 1, self.planner))
        return self._years[t]

    def next_year(self, expectations: np.ndarray, t: int, table: np.ndarray | None = None) -> NextYear:
        """``expectations`` of year index ``t`` on its grids; ``table``: the one to look them up with, if not the lattice's."""
        year = self.at(t)
        return NextYear(expectations, year.lattice.table if table is None else table, year.bonds)

    def follow(self, t: int, shift: np.ndarray) -> None:
        """Give the bond grid of year index ``t`` the ``shift`` (N,) of the policies that live on it."""
        year = self.at(t)
        if year.bonds.shift is not shift:
            around = shift[year.lattice.neighbours]
            slopes = np.ascontiguousarray(np.einsum("nmj,nm->nj", year.lattice.slopes, around))
            grid = self.problem.bond_grid(t).shifted(shift, slopes, around.max(axis=1))
            self._years[min(t, self.stationary)] = year._replace(bonds=grid)

    def aligned(self, policies: Policies, t: int) -> np.ndarray:
        """Shift (N,) that lets the grid follow the kinks of ``policies`` over portfolios: their mean over e, less its minimum;
        collective.

        Portfolios are then combined at equal distance from their kinks (docs/numerics.md).
        """
        if self.problem.limit == "natural":  # it binds at the grid's end alone
            return policies.shift
        kinks = self.kinks(policies, t)
        mean = np.empty(self.nodes)
        mean[self.own_nodes] = np.add.accumulate(kinks, axis=1)[:, -1] / kinks.shape[1]
        self.ranks.gather(mean)
        return np.minimum(mean - mean.min(), self.largest_shift * self.at(t).bonds.stretch)

    def align(self, policies: Policies, t: int) -> None:
        """Move the grid of ``policies`` to the shift of `aligned`; bonds at the kinks stay what they are. Collective."""
        bonds = self.kinks(policies, t)
        policies.shift = self.aligned(policies, t)
        self.follow(t, policies.shift)
        self.place(policies, t, bonds)

    def kinks(self, policies: Policies, t: int) -> np.ndarray:
        """Bonds (block, E) at the kinks."""
        return self.at(t).bonds.bonds(policies.kink) + policies.shift[self.own_nodes, None]

    def place(self, policies: Policies, t: int, bonds: np.ndarray) -> None:
        """Put the kinks at ``bonds`` (block, E), inside the grid."""
        grid = self.at(t).bonds
        at = grid.coordinates(bonds - policies.shift[self.own_nodes, None])
        policies.kink[:] = np.clip(at, grid.start[self.own_nodes, None], grid.width)
