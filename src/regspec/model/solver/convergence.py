"""Whether the stationary iteration converges: contraction, bound on the distance to the fixed point, stalls and failures."""

from __future__ import annotations

import numpy as np

from regspec.model.kernels.records import Search
from regspec.model.solver.hooks import StationaryState
from regspec.model.solver.options import SolverOptions


class Convergence:
    """Where the iteration stands, and what follows for the next one."""

    def __init__(self, state: StationaryState, tolerance: float, beta: float, options: SolverOptions):
        """From where ``state`` was left, to a bound ``tolerance``; ``beta``: the least rate of contraction believed in."""
        self.count, self.distance, self.rate, self.best, self.since, self.failed, self.final, self.converged = state
        self.previous = self.distance
        self.tolerance, self.beta, self.options = tolerance, beta, options

    def state(self) -> StationaryState:
        """The numbers to go on from."""
        numbers = float(self.distance), float(self.rate), float(self.best)
        return StationaryState(self.count, *numbers, self.since, self.failed, bool(self.final), self.converged)

    def search(self, residual: float) -> Search:
        """Newton's method in the next iteration; ``residual``: the largest that the last one may leave."""
        o, least = self.options, self.options.residual_share * residual
        limit = o.later_evaluations if self.count >= o.first_iterations else o.first_evaluations
        if self.final:  # the last iteration's residuals are evaluated, not estimated
            return Search(least, 0.0, limit)
        loose = min(o.largest_loose, np.sqrt(o.loose_per_distance * self.distance))
        return Search(max(least, o.residual_per_distance * self.distance), float(loose), limit)

    def measure(self, distance: float) -> None:
        """Take in the distance of one more iteration."""
        o = self.options
        self.count += 1
        self.previous, self.distance = self.distance, distance
        ratio = min(distance / self.previous, o.largest_ratio)
        earlier, last = o.rate_weights
        self.rate = earlier * self.rate + last * ratio if self.count > o.plain_iterations else o.first_rate
        slowest = min(max(self.rate, self.beta), o.slowest)
        near = distance * slowest / (1.0 - slowest) < self.tolerance
        self.converged, self.final = bool(self.final and near), near

    def judge(self, failed: float) -> None:
        """Note progress, or that there is none; ``failed``: states without a solution."""
        o = self.options
        self.best, self.since = (self.distance, 0) if self.distance < o.progress * self.best else (self.best, self.since + 1)
        self.failed = self.failed + 1 if failed and self.distance > o.far else 0

    @property
    def moves(self) -> bool:
        """Whether the iterate may be moved beside the iteration: not in the first iterations, nor before the last."""
        return self.count > self.options.plain_iterations and not self.final

    @property
    def stalls(self) -> bool:
        """Whether it is a turn of half steps, which damp a cycle between two elements of the lattice."""
        return self.since % (2 * self.options.stalled) >= self.options.stalled

    @property
    def nearly_failed(self) -> bool:
        """Whether the next judgement may be the last."""
        return self.since >= 10 * self.options.stalled or self.failed >= self.options.most_failed

    @property
    def cycles(self) -> bool:
        """Whether the iteration has failed."""
        return self.since > 10 * self.options.stalled or self.failed > self.options.most_failed
