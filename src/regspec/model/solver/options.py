"""Tuning constants of the solver and the simulation (docs/numerics.md)."""

from __future__ import annotations

from dataclasses import dataclass

from regspec.model.kernels.records import Search


@dataclass(frozen=True)
class SolverOptions:
    """How the solver goes about a problem; what it aims at, such as its tolerance, comes from the configuration."""

    # Newton's method
    path_loose: float = 3e-5
    """A step of the path this short (in logs of bonds and units of capital) ends a search: it leaves a residual near 1e-9."""
    path_evaluations: int = 40
    """Most evaluations of a state's conditions from its first start, on the path."""
    first_evaluations: int = 60
    """The same in the first iterations of the stationary solution."""
    first_iterations: int = 3
    """How many these are."""
    later_evaluations: int = 25
    """The same in its later iterations."""
    residual_share: float = 0.1
    """Accepted residuals relative to the largest that the last iteration may leave."""
    residual_per_distance: float = 1e-3
    """Accepted residuals relative to the distance of the iteration before, while that is larger."""
    largest_loose: float = 1e-2
    """Longest step that ends a search while the iteration converges; shorter ones as distances fall."""
    loose_per_distance: float = 0.01
    """Square of the step that ends a search relative to the distance."""

    # Convergence of the stationary solution
    plain_iterations: int = 5
    """First iterations without acceleration and without an estimate of the contraction."""
    first_rate: float = 0.9
    """Rate of contraction that is assumed in these."""
    rate_weights: tuple[float, float] = (0.7, 0.3)
    """Weights of earlier iterations and of the last one in the estimated rate of contraction."""
    largest_ratio: float = 1.2
    """Largest ratio of two distances that enters this estimate."""
    slowest: float = 0.995
    """Largest rate of contraction for which the bound on the distance to the fixed point is computed."""
    progress: float = 0.98
    """A distance below this share of the best so far is progress."""
    stalled: int = 40
    """Iterations without progress after which half steps are taken; after ten times as many the iteration has failed."""
    far: float = 1e-3
    """Distance above which the iteration is not yet near its fixed point."""
    most_failed: int = 200
    """Iterations in a row, at distances above `far`, in which some states have no solution, before it has failed."""

    # Anderson acceleration
    memory: int = 10
    """Iterations that are mixed."""
    forget: float = 3.0
    """A distance larger by this factor than the last one: the history is forgotten."""
    largest_move: float = 0.2
    """Largest relative change of c, q and the value that a mixed iterate may make; at larger ones nothing is mixed."""

    # Grids
    align_below: float = 0.1
    """Distance below which the stationary bond grid follows the kinks: the shift converges, too."""
    largest_shift: float = 1.5
    """Largest shift of the bond grid, in units of its stretch."""
    reach: float = 0.1
    """How far around a portfolio expectations are built, in elements: portfolios seldom move farther within a year."""
    inside: float = 1e-6
    """Start values stay this far inside the lattice, in its steps."""

    # Simulation
    root_tolerance: float = 1e-11
    """Largest residual of a solved state off the grid."""
    root_evaluations: int = 80
    """Most evaluations of its conditions from each start."""
    error_evaluations: int = 60
    """The same for next year's states in Euler errors."""
    start_depths: tuple[float, ...] = (0.6, 0.9, 0.3)
    """Starts for b' in shares of the lowest bonds, beside bonds that stay and none."""
    root_scan: int = 200
    """Levels of b' at which static equilibria are counted."""

    def state_search(self) -> Search:
        """Search at a state off the grid."""
        return Search(self.root_tolerance, 0.0, self.root_evaluations)

    def error_search(self) -> Search:
        """Search at next year's states in Euler errors."""
        return Search(self.root_tolerance, 0.0, self.error_evaluations)

    def path_search(self, residual: float) -> Search:
        """Search at a state of the path."""
        return Search(residual, self.path_loose, self.path_evaluations)


DEFAULT_OPTIONS = SolverOptions()
