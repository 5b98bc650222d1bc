"""Where the model has no equilibrium, or several, the solver says so and gives no result (docs/model.md, section 5)."""

import re

import numpy as np
import pytest
from economies import economy, solve, still
from one_zone import config, content, national, one_industry, zone

from regspec.config.config import Config
from regspec.errors import ModelFailure
from regspec.model.kernels.columns import IMPLIED_C, PRODUCTIVITY, adjustment_column, price_column
from regspec.model.kernels.lookup import lookup
from regspec.model.kernels.period import state_in, static_roots
from regspec.model.kernels.records import B_NEXT, Search, X, make_scratch
from regspec.model.solver.options import SolverOptions
from regspec.model.solver.time_iteration import Solver
from regspec.solves.problem import build_problem
from regspec.solves.settings import solve_settings
from regspec.solves.zone import solve_zone


def single():
    """The small zone with one industry."""
    settings = content(scenarios={"market": {"planner": False}})
    del settings["calibration"]["industries"]["services"]
    return zone([1.0], industries=["goods"], level=1.0), one_industry(), settings


@pytest.mark.parametrize("theta", [0.35, 0.53])
@pytest.mark.parametrize("gamma", [2.0, 5.0])
@pytest.mark.parametrize("industries", [1, 2])
@pytest.mark.filterwarnings("ignore:invalid value encountered in divide")
def test_all_capital_as_collateral_ends_with_a_failure(industries, gamma, theta):
    """Section 5: chi = 1 from a cold start, J = kappa gamma q/c about 4-15: never a result."""
    at, record, settings = (
        single() if industries == 1 else (zone(), national(), content(scenarios={"market": {"planner": False}}))
    )
    settings["model"]["parameters"] = {"gamma": gamma, "theta": theta, "chi": 1.0}
    with pytest.raises(ModelFailure) as caught:
        solve_zone(at, record, solve_settings(Config.model_validate(settings), "market"))
    text = str(caught.value)
    assert text.startswith("zone 7, competitive equilibrium")
    assert f"theta chi = {theta:.4g}" in text and f"gamma = {gamma:g}" in text
    assert caught.value.exit_code == 3


def test_failures_name_the_amplification():
    """Section 5: the error names theta, chi, gamma and J."""
    ill = config(model__parameters__chi=1.0, model__parameters__gamma=5.0)
    with pytest.raises(ModelFailure) as caught:
        solve_zone(zone(), national(), solve_settings(ill, "market"))
    assert "J about 13.3" in str(caught.value) and "amplification J = kappa gamma q / c up to" in str(caught.value)


def test_states_that_never_have_a_solution_are_not_waited_for():
    """Section 5: J above one; iterations without a solution somewhere end the search, here at any distance."""
    ill = config(model__parameters__chi=0.2, model__parameters__gamma=5.0, model__parameters__theta=0.5)
    problem, settings = build_problem(zone(), national(), solve_settings(ill, "market")), ill.model.solver
    solver = Solver(problem, False)
    tail = solver.stationary(settings.tolerance, settings.residual, settings.max_sweeps)
    assert tail.failed.any() and solver.diagnostics.iterations > 12
    impatient = SolverOptions(far=0.0, most_failed=10)
    with pytest.raises(ModelFailure, match=r"tail cycles: after (\d+) sweeps .* states have no solution") as caught:
        Solver(problem, False, options=impatient).stationary(settings.tolerance, settings.residual, settings.max_sweeps)
    assert caught.value.kind == "not_converged"
    assert 10 < int(re.search(r"after (\d+) sweeps", str(caught.value))[1]) < solver.diagnostics.iterations


def test_well_posed_neighbour_is_solved():
    """The same zone at the same theta with little of its capital pledgeable: J below a half, one root everywhere."""
    solved = solve_zone(zone(), national(), solve_settings(config(model__parameters__chi=0.06), "market"))
    assert 0.1 < solved.ce.diagnostics["amplification_max"] < 0.5
    assert solved.ce.diagnostics["roots_max"] == 1


@pytest.mark.filterwarnings("ignore:invalid value encountered in divide")
def test_static_roots_are_counted():
    """Section 5: with J = kappa gamma q/c above one and expectations held fixed, several b' solve one state."""
    problem = economy((0.2,), gamma=2.0, kappa=0.02, chain=still(1))
    solution = solve(problem, False)
    _, grid, exogenous, const = solution.year

    def roots(b, kappa):
        state = state_in(b, np.ones(1), exogenous, 0, const)._replace(kappa=kappa, debt=0.0)
        return static_roots(state, np.empty(0), solution.next_year, const, make_scratch(const), np.empty(1), 400)

    assert [roots(b, 0.02) for b in (-0.12, 0.0, 0.3)] == [1, 1, 1]
    # counted by hand: sign changes of min(limit gap, Euler gap) on a fine grid of b'
    for b in (-0.12, -0.08, 0.0):
        for kappa in (0.02, 0.1, 0.2):
            levels = grid.bonds(np.linspace(0, grid.width, 4000))
            gaps = [gap(solution, b, level, kappa) for level in levels]
            signs = np.sign([g for g in gaps if np.isfinite(g)])
            assert roots(b, kappa) == np.count_nonzero(np.diff(signs))


def gap(solution, b, b_next, kappa):
    """min(b'/R + kappa q, u'(c)/(beta R E u') - 1 in consumption) at a choice b' of one industry without shocks."""
    exogenous, const = solution.year.exogenous, solution.year.constants
    s = make_scratch(const)
    lookup(solution.next_year, 0, b_next, np.empty(0), const, s)
    rate, p = exogenous.R[0], solution.solver.problem
    c = exogenous.z[0, 0] + b - b_next / rate
    if c <= 0:
        return np.nan
    q = (
        p.beta
        * (c / s.value[IMPLIED_C]) ** p.gamma
        * (s.value[price_column(1)] + s.value[adjustment_column(1)] + p.alpha * s.value[PRODUCTIVITY])
    )
    desired = s.value[IMPLIED_C] * (p.beta * rate) ** (-1 / p.gamma)
    return min(b_next / rate + kappa * q, 1 - c / desired)


def test_several_roots_are_an_error(monkeypatch):
    from regspec.solves import allocation as module

    real = module.euler_errors_at_random_states
    monkeypatch.setattr(module, "euler_errors_at_random_states", lambda *arguments: (real(*arguments)[0], 3))
    with pytest.raises(
        ModelFailure, match=r"3 static equilibria at a reachable state(.|\n)*J about 0\.\d+(.|\n)*smaller theta or chi"
    ):
        solve_zone(zone(), national(), solve_settings(config(), "market"))


def test_a_tail_that_needs_more_sweeps_is_an_error():
    solver = Solver(economy(), False)
    match = r"does not converge: after 3 sweeps the distance is(.|\n)*J = kappa gamma q / c up to"
    with pytest.raises(ModelFailure, match=match) as caught:
        solver.stationary(1e-9, 1e-10, 3)
    text, _, worst = str(caught.value).partition("what still moves most:\n")
    pattern = r"  (c|q|value) by (\S+) at k = \[.*\], exogenous state \d, b = .*"
    lines = [re.fullmatch(pattern, line) for line in worst.split("\n")]
    sizes = [float(line[2]) for line in lines]
    assert len(sizes) == 5 and sizes == sorted(sizes, reverse=True)
    assert sizes[0] == pytest.approx(float(re.search(r"distance is (\S+),", text)[1]), rel=0.1)


@pytest.mark.parametrize("planner", [False, True])
def test_a_state_that_its_own_start_does_not_solve_is_rescued_and_counted(planner):
    """Start values of `time_step.start`: a far start fails in few evaluations, another one solves the node all the same."""
    solution = solve(economy(), planner)
    solver, tail, t = solution.solver, solution.tail, solution.solver.problem.horizon + 1
    good, bad = tail.copy(), tail.copy()
    stats = solver.step(good, solution.next_year.expectations, t, Search(1e-9, 0.0, 3))
    assert stats.restarted == stats.failed == 0
    grid = solution.year.bonds
    below = len(grid.below)
    node, e, _ = np.argwhere(solution.in_use())[len(np.argwhere(solution.in_use())) // 2]
    damaged = bad.pol[node, e, below + 3]
    damaged[B_NEXT], damaged[X] = grid.high, 0.01
    stats = solver.step(bad, solution.next_year.expectations, t, Search(1e-9, 0.0, 3))
    assert stats.restarted == 1 and stats.failed == 0 and not bad.failed.any()
    np.testing.assert_allclose(bad.pol[node, e], good.pol[node, e], rtol=1e-6, atol=1e-7)


def test_choices_at_the_end_of_the_bond_grid_widen_it_and_then_fail(monkeypatch):
    """Section 5: debt that finds no bound (a bubble) is never a result."""
    from regspec.solves import zone as module

    tried = []
    real = module.build_problem

    def shallow(*arguments):
        tried.append(arguments[3])
        problem = real(*arguments)
        problem.bonds[:, 0] *= 0.35 / arguments[3]
        return problem

    monkeypatch.setattr(module, "build_problem", shallow)
    with pytest.raises(ModelFailure, match=r"tried 3 grids, the last with bonds 1\.4 times as deep") as caught:
        solve_zone(zone(), national(), solve_settings(config(), "market"))
    assert caught.value.kind == "no_equilibrium" and tried == [1.0, 1.0, 1.4]


def test_a_lattice_that_choices_leave_is_enlarged(monkeypatch):
    """docs/numerics.md, a second attempt: the result is that of a lattice large enough from the start."""
    from regspec.solves import attempts
    from regspec.solves import zone as module

    expected = solve_zone(zone(), national(), solve_settings(config(), "market"))
    margins, real = [], module.build_problem
    monkeypatch.setattr(module, "build_problem", lambda *arguments: margins.append(arguments[4]) or real(*arguments))
    monkeypatch.setattr(attempts, "ROOM", 0.98)
    found = solve_zone(zone(), national(), solve_settings(config(), "market"))
    assert len(margins) > 1 and margins == sorted(margins, reverse=True)
    np.testing.assert_allclose(found.ce.path.c, expected.ce.path.c, rtol=2e-3)
