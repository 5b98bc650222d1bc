"""When the stationary iteration ends, accelerates, damps and fails (docs/numerics.md)."""

import numpy as np
import pytest

from regspec.model.solver.convergence import Convergence
from regspec.model.solver.hooks import StationaryState
from regspec.model.solver.options import SolverOptions


def course(tolerance=1e-6, beta=0.5, **options):
    return Convergence(StationaryState(), tolerance, beta, SolverOptions(**options))


def iterate(run, distances, failed=0.0):
    """Take in ``distances`` until it has converged."""
    for distance in distances:
        run.measure(distance)
        if run.converged:
            return run
        run.judge(failed)
    return run


def test_it_ends_one_iteration_after_the_bound_is_met():
    """The bound on the distance to the fixed point, not the distance, is compared; the last iteration is exact."""
    run = iterate(course(), 0.5 ** np.arange(1, 60.0))
    bound = run.distance * run.rate / (1 - run.rate)
    assert run.converged and bound < 1e-6 < 3 * run.previous
    assert run.rate == pytest.approx(0.5, abs=5e-3)


def test_a_slow_contraction_takes_smaller_distances():
    """Acceleration may hide the contraction: it is taken to be no faster than beta."""
    ends = [iterate(course(beta=beta), 0.5 ** np.arange(1, 60.0)).distance for beta in (0.5, 0.98)]
    assert ends[1] < ends[0] / 20


def test_searches_become_stricter_and_the_last_one_evaluates_every_residual():
    run = course()
    first = run.search(1e-8)
    iterate(run, 0.1 ** np.arange(1, 5.0))
    later = run.search(1e-8)
    assert later.accept < first.accept and later.loose < first.loose and later.limit < first.limit
    run.final = True
    assert run.search(1e-8).loose == 0.0 and run.search(1e-8).accept == pytest.approx(1e-9)


def test_it_stalls_in_turns_and_then_cycles():
    run = iterate(course(stalled=4), [0.1] * 5)
    assert run.since == 4 and run.stalls and not run.cycles
    iterate(run, [0.1] * 4)
    assert not run.stalls
    iterate(run, [0.1] * 32)
    assert run.nearly_failed and not run.cycles
    assert iterate(run, [0.1]).cycles


def test_states_without_a_solution_count_far_from_the_fixed_point_alone():
    falling = 0.99 ** np.arange(1, 12.0)
    assert iterate(course(most_failed=10), falling, failed=2.0).cycles
    assert not iterate(course(most_failed=10), falling, failed=0.0).cycles
    assert not iterate(course(most_failed=10, far=1.0), falling, failed=2.0).cycles


def test_it_goes_on_from_its_state():
    distances = 0.7 ** np.arange(1, 40.0)
    whole = iterate(course(), distances)
    half = iterate(course(), distances[:20])
    rest = iterate(Convergence(half.state(), 1e-6, 0.5, SolverOptions()), distances[20:])
    assert rest.state() == whole.state() and rest.count == whole.count
