"""Economies that need larger grids, none at all, or a name for why they fail (docs/numerics.md, a second attempt)."""

from dataclasses import replace

import numpy as np
import pytest
from one_zone import zone

from regspec.calibration.records import InterestProcess, NationalProcesses, ZoneCalibration
from regspec.config.config import Config
from regspec.errors import FAILURES, ModelFailure
from regspec.model.grids.corners import ROOM
from regspec.model.markov import product_chain
from regspec.solves import attempts
from regspec.solves.attempts import ATTEMPTS, Sizes
from regspec.solves.problem import build_problem, realized_shocks
from regspec.solves.settings import SolveSettings, solve_settings
from regspec.solves.zone import solve_zone

MEMBERS = (["Agriculture"], ["Retail"])
GRID = {"k_steps": 4, "u_nodes": 3, "b_below": 8, "b_above": 10, "b_fine": 96}


def settings(xi, phi=1.0, years=20, planner=True, grid=None, solver=None, **parameters) -> SolveSettings:
    """Settings of an economy of len(xi) industries."""
    groups = {f"i{j}": {"members": MEMBERS[j], "xi": value, "phi": phi} for j, value in enumerate(xi)}
    config = Config.model_validate(
        {
            "calibration": {"first_year": 1950, "last_year": 1950 + years, "industries": groups},
            "model": {"parameters": parameters, "grid": GRID | (grid or {}), "solver": {"cloud": 20, **(solver or {})}},
            "scenarios": {"baseline": {"planner": planner}},
        }
    )
    return solve_settings(config, "baseline")


def nation(rho, sigma, trend=0.0, years=20, seed=3) -> NationalProcesses:
    """National processes with realized shocks of the AR(1) and trends of ``trend`` a year."""
    rho, sigma = np.atleast_1d(rho).astype(float), np.atleast_1d(sigma).astype(float)
    n, rng = max(len(rho), len(sigma)), np.random.default_rng(seed)
    rho, sigma, trend = (np.broadcast_to(value, n).astype(float) for value in (rho, sigma, trend))
    u = np.zeros((n, years + 1))
    for t in range(years):
        u[:, t + 1] = rho * u[:, t] + sigma * rng.normal(size=n)
    return NationalProcesses(
        industries=tuple(f"i{j}" for j in range(n)),
        first_year=1950,
        rho=rho,
        sigma=sigma,
        trend=(trend[:, None] * np.arange(years + 1)).T,
        u=u.T,
        interest=InterestProcess(0.013, 0.0, 0.0),
        national_share=np.full(n, 1.0 / n),
    )


def place(n) -> ZoneCalibration:
    """A zone of ``n`` equal industries."""
    return zone([1.0 / n] * n, industries=[f"i{j}" for j in range(n)], level=1.0)


def test_an_economy_without_risk_is_solved():
    """shock_scale 0 and a series without variance: nodes of a chain would coincide. The limit of small shocks."""
    record, coarse = nation([0.8, 0.8], [0.02, 0.02], years=4), {"years": 4, "grid": {"b_below": 6, "b_fine": 64}}
    still, nearly = (solve_zone(place(2), record, settings([0.1, 0.25], shock_scale=scale, **coarse)) for scale in (0.0, 1e-4))
    assert still.welfare_gain == pytest.approx(nearly.welfare_gain, rel=2e-3)
    np.testing.assert_allclose(still.ce.path.c, nearly.ce.path.c, rtol=1e-4)
    one = solve_zone(place(2), nation([0.8, 0.8], [0.02, 0.0], years=4), settings([0.1, 0.25], **coarse))
    assert one.attempts == 1 and np.isfinite(one.welfare_gain)
    rows, shares = product_chain([0.8, 0.8], [0.0, 0.02], 3).weights_off_grid(np.array([0.0, 0.01, 0.0]))
    assert np.isfinite(rows).all() and shares.sum() == pytest.approx(1.0)


def test_a_bond_grid_that_is_too_shallow_is_made_deeper():
    """Falling productivity of one industry: states near the grid's low end want more debt than it holds."""
    found = solve_zone(place(2), nation(0.9, [0.015, 0.015], [0.0, -0.01]), settings([0.2, 0.2], planner=False))
    assert found.attempts == 2 and found.ce.diagnostics["unreachable_states"] == 0


def test_rich_states_that_nobody_reaches_do_not_matter():
    """A trend of -1% a year: at the top of the grid households want to save more; the path stays in debt."""
    record = replace(nation(0.8, 0.02), trend=-0.01 * np.minimum(np.arange(21.0), 10.0)[:, None])
    short, long = (solve_zone(place(1), record, settings([0.2], grid={"b_max": b})) for b in (0.6, 3.0))
    np.testing.assert_allclose(short.ce.path.b, long.ce.path.b, atol=2e-3)
    assert short.ce.diagnostics["unreachable_states"] > 0 and short.ce.path.b.max() < 0.0


def test_a_top_of_the_grid_that_is_reached_is_named():
    with pytest.raises(ModelFailure, match=r"raise model\.grid\.b_max") as caught:
        solve_zone(place(1), nation(0.95, 0.05, -0.01), settings([0.2], grid={"b_max": 0.05}, planner=False))
    assert caught.value.kind == "bond_grid" and caught.value.limits == {"high"}


def test_a_lattice_that_is_too_small_is_enlarged_or_named(monkeypatch):
    """rho .99, sigma .03: shocks move portfolios beyond the first lattices."""
    economy = place(2), nation(0.99, [0.03, 0.03]), settings([0.1, 0.2], 0.3, planner=False, grid={"b_max": 8.0})
    assert solve_zone(*economy).attempts > 2
    monkeypatch.setattr(attempts, "_LARGEST", 0)
    with pytest.raises(ModelFailure, match="leave the lattice") as caught:
        solve_zone(*economy)
    assert caught.value.kind == "portfolio_lattice" and "lattice" in caught.value.limits


def test_the_plan_on_a_deep_bond_grid_is_the_same():
    """With a grid 1.96 times as deep a second root lies at b' = -.28, far below all solved choices."""
    from regspec.model.solver.mpi import Ranks
    from regspec.solves.allocation import solve_allocation

    grid = {"k_steps": 6, "b_below": 14, "b_above": 12, "b_fine": 192}
    record, own = nation(0.8, [0.02, 0.02]), settings([0.1, 0.25], grid=grid)
    values = []
    for widen in (1.0, 1.96):
        problem, tail = build_problem(place(2), record, own, widen), None
        for planner in (False, True):
            found, tail = solve_allocation(problem, planner, own, realized_shocks(record, own), Ranks(), "plan", None, tail)
        values.append(found.value)
        assert found.path.b_next.min() > -0.15
    assert values[1] == pytest.approx(values[0], rel=1e-5)


@pytest.mark.parametrize("scale", [0.0, 1.0, 2.0])
def test_the_tax_on_debt_is_not_negative(scale):
    """(3.10): 1 + tau_b = E lambda'/E u' >= 1, also where realized productivity lies beyond the chain's end nodes."""
    record = nation([0.8, 0.8], [0.02, 0.02], [0.004, -0.004], seed=5)
    found = solve_zone(place(2), record, settings([0.1, 0.25], shock_scale=scale)).planner.path
    assert found.tau_b.min() > -1e-9 and found.tau_b.max() > 1e-3


def test_errors_above_their_limit_are_a_failure():
    with pytest.raises(ModelFailure, match=r"Euler error of .* above model\.solver\.largest_error = 1e-06") as caught:
        solve_zone(place(2), nation(0.8, [0.02, 0.02]), settings([0.1, 0.25], solver={"largest_error": 1e-6}))
    assert caught.value.kind == "inaccurate"


def test_a_fixed_limit_is_not_told_about_the_price():
    with pytest.raises(ModelFailure) as caught:
        solve_zone(place(2), nation(0.8, [0.02, 0.02]), settings([0.1, 0.25], limit="fixed", solver={"max_sweeps": 10}))
    assert caught.value.kind == "not_converged"
    assert "less debt" in str(caught.value) and "J below" not in str(caught.value) and "amplification" not in str(caught.value)


def test_sizes_of_attempts():
    """Guided by what choices want to pass; in turn without a guide; a bubble only after three deeper grids."""
    problem = build_problem(place(2), nation(0.8, [0.02, 0.02]), settings([0.1, 0.25]))
    low, both, high = (ModelFailure("x", "bond_grid", frozenset(names)) for names in ({"low"}, {"low", "lattice"}, {"high"}))
    blind, several = ModelFailure("x", "not_converged"), ModelFailure("x", "several_equilibria")
    assert Sizes().after(low, problem, False) == Sizes(1, 1, 0)
    assert Sizes().after(both, problem, False) == Sizes(1, 1, 1)
    assert Sizes().after(high, problem, False) is None and Sizes().after(several, problem, True) is None
    assert Sizes().after(blind, problem, False) == Sizes(1, 0, 1) and Sizes(1, 0, 1).after(blind, problem, False) == Sizes(
        2, 1, 1
    )
    assert Sizes(2, 1, 1).after(blind, problem, False) is None and Sizes(2, 1, 1).after(blind, problem, True) == Sizes(3, 1, 2)
    assert Sizes(ATTEMPTS - 1, 2, 2).after(low, problem, False) is None
    assert [Sizes(0, 0, n).margin / ROOM for n in range(4)] == pytest.approx([1.0, 0.92, 0.92**2, 0.92**4])
    assert Sizes(1, 1, 0).explained(low).kind == "bond_grid" and Sizes(3, 3, 0).explained(low).kind == "unbounded_debt"
    assert set(FAILURES) >= {"bond_grid", "unbounded_debt", "not_converged", "several_equilibria"}
