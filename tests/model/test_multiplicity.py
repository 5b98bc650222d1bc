"""Several equilibria of a year, one selected: against the package's solver, brute force, and a cold start."""

import json

import numpy as np
import one_zone
import pandas as pd
import pytest
from economies import economy as zone_economy
from economies import solve as solve_zone
from run_folder import layout_at

from regspec.config.config import Config
from regspec.errors import ModelFailure
from regspec.exhibits.registry import MULTIPLICITY
from regspec.model.markov import product_chain
from regspec.studies.multiplicity.curve import Branches, bond_grid, crossings, economy, equilibrium_curve, simulate, solve
from regspec.studies.multiplicity.run import run

DECK = {"alpha": 0.3, "beta": 0.95, "gamma": 5.0, "rate": 1.013, "rho": 0.85, "sigma": 0.02, "nodes": 3}


def selected(kappa, selection="worst", start=None, points=801):
    own = economy(**DECK, kappa=kappa)
    return solve(own, selection, bond_grid(own.z.min(), points, 0.6), start)


def at(solution, b, e):
    """(number of equilibria, c, q, eta/u') at any bonds."""
    p, result = solution.economy, np.empty(3)
    branches = Branches(*(branch[e] for branch in equilibrium_curve(solution)))
    return crossings(b, solution.grid, branches, p.z[e], p, solution.selection == "worst", result), *result


@pytest.fixture(scope="module")
def all_pledged():
    """chi = 1, theta = .35, reached by continuation from theta = .15."""
    return selected(0.35, start=selected(0.15))


@pytest.mark.parametrize("selection", ["worst", "best"])
def test_with_one_equilibrium_it_is_the_market_of_the_package(selection):
    """J about .3: the same economy, solved by the package's solver for I = 1, with its Newton method and kinks."""
    solution = selected(0.01, selection)
    assert np.all(solution.roots == 1)
    chain = product_chain([DECK["rho"]], [DECK["sigma"]], DECK["nodes"])
    other = solve_zone(
        zone_economy((0.2,), gamma=5.0, kappa=0.01, chain=chain, ztilde=np.ones(1), below=16, above=40, fine=400), False
    )
    for b in (-0.07, -0.03, 0.02, 0.3):
        for e in range(DECK["nodes"]):
            count, c, q, eta = at(solution, b, e)
            own = other.at(b, [1.0], e)
            assert count == 1
            assert [c, q] == pytest.approx([own.c, own.q], rel=3e-4)
            assert eta == pytest.approx(own.eta, abs=2e-3)


def test_selected_and_counted_as_by_brute_force(all_pledged):
    """Equilibria of a state by a scan of b' with plain NumPy: expectations and both regimes from their definitions."""
    p, s = all_pledged.economy, all_pledged
    assert set(np.unique(s.roots)) >= {1, 3}
    for e in range(len(p.u)):
        marginal = p.transition[e] @ s.c**-p.gamma
        worth = p.transition[e] @ (s.c**-p.gamma * (p.alpha * p.z[:, None] + s.q * (1 + p.kappa * s.eta)))
        for b in np.random.default_rng(e).uniform(-0.8, 0.3, 12):
            ahead = s.grid
            binding_c = (np.maximum(-ahead, 0) / (p.rate * p.kappa * p.beta * worth)) ** (1 / p.gamma)
            slack_c = (p.beta * p.rate * marginal) ** (-1 / p.gamma)
            roots = []
            for own, other, sign in ((slack_c, binding_c, 1), (binding_c, slack_c, -1)):
                gap = own + ahead / p.rate - p.z[e] - b
                for j in np.flatnonzero(np.diff(np.sign(gap)) != 0):
                    w = gap[j] / (gap[j] - gap[j + 1])
                    c, limit = (1 - w) * own[j] + w * own[j + 1], (1 - w) * other[j] + w * other[j + 1]
                    if sign * (c - limit) >= 0 and c > 0:
                        roots.append(c)
            count, c, _, _ = at(s, b, e)
            assert count == len(roots)
            assert c == pytest.approx(min(roots), rel=1e-12)


def test_cold_start_ends_at_the_same_selection(all_pledged):
    cold = selected(0.35)
    np.testing.assert_allclose(cold.c, all_pledged.c, rtol=1e-6)
    np.testing.assert_array_equal(cold.roots, all_pledged.roots)


def test_finer_grids_agree_and_the_jump_is_real(all_pledged):
    """model.md, section 5: mean debt about half of income, a jump in c(b), robust to the grid."""
    fine = selected(0.35, points=1601)
    debts = [-simulate(s, 2000, 1).b.mean() for s in (all_pledged, fine)]
    assert debts[0] == pytest.approx(debts[1], abs=2e-3)
    assert 0.4 < debts[1] < 0.6
    for solution in (all_pledged, fine):
        assert np.abs(np.diff(np.log(solution.c), axis=1)).max() > 0.4


def test_best_equilibrium_with_all_capital_pledged_is_a_named_error():
    with pytest.raises(ModelFailure, match=r"selection best, kappa = theta chi = 0.35: no convergence"):
        selected(0.35, "best", points=101)


def national(folder):
    (folder / "calibration").mkdir(parents=True)
    (folder / "data").mkdir()
    content = one_zone.national(rho=[0.5, 0.85], sigma=[0.01, 0.02], national_share=[0.4, 0.6]).record()
    (folder / "calibration" / "national.json").write_text(json.dumps(content), encoding="utf-8")
    (folder / "data" / "meta.json").write_text(json.dumps({"synthetic": True, "source": "Synthetic."}), encoding="utf-8")


def test_exhibit_says_that_it_is_one_selection(tmp_path):
    national(tmp_path)
    config = Config.model_validate({"multiplicity": {"thetas": [0.05, 0.35], "points": 301, "years": 500}})
    run(config, layout_at(tmp_path), "0" * 16)
    files = [tmp_path / name for name in MULTIPLICITY]
    assert all(path.stat().st_size for path in files)
    table = pd.read_csv(files[0], comment="#")
    assert list(table["theta"]) == [0.05, 0.35]
    assert table["Several (grid)"].iloc[1] > table["Several (grid)"].iloc[0]
    assert "selection of many" in files[1].read_text(encoding="utf-8")


def test_failure_names_theta(tmp_path):
    national(tmp_path)
    config = Config.model_validate({"multiplicity": {"thetas": [0.35], "selection": "best", "points": 101}})
    with pytest.raises(ModelFailure, match=r"theta = 0.35, chi = 1"):
        run(config, layout_at(tmp_path), "0" * 16)
    assert not (tmp_path / "multiplicity").exists()


@pytest.mark.parametrize(
    "wrong", [{"thetas": [0.3, 0.2]}, {"thetas": [0.2, 0.2]}, {"industry": "nowhere"}, {"selection": "middle"}]
)
def test_wrong_keys(wrong):
    with pytest.raises(ValueError, match="multiplicity"):
        Config.model_validate({"multiplicity": wrong})
