"""Planner variants and constant taxes (docs/model.md, section 3): conditions solved afresh, limits, what taxes can do."""

import numpy as np
import pytest
from conditions_afresh import variant_gaps
from economies import economy, solve

from regspec.model.problem import VARIANTS

XI, PHI = (0.1, 0.29), (1.0, 2.0)
TOLERANCE = 1e-8
GRID = {"steps": 8, "fine": 160, "below": 12, "above": 20}
STATES = [(b, k, e) for b in (-0.12, -0.1, 0.1) for k in ((0.45, 0.55), (0.54, 0.46)) for e in (0, 3)]


def of(variant, **changes):
    return economy(changes.pop("xi", XI), changes.pop("phi", PHI), variant=variant, **{**GRID, **changes})


@pytest.fixture(scope="module")
def market():
    return solve(of("full"), False, tolerance=TOLERANCE)


@pytest.fixture(scope="module")
def plans(market):
    return {name: solve(of(name), True, start=market.tail, tolerance=TOLERANCE) for name in VARIANTS}


def numbers(solution, states=STATES, columns=(0, 1, 4, 5, 6, 7)):
    """c, q, value, k', b' by state."""
    return np.array([solution.at(*state).numbers()[list(columns)] for state in states])


@pytest.mark.parametrize("variant", VARIANTS)
def test_conditions_with_next_years_equilibria_solved_afresh(plans, variant):
    """(2.9), (3.5), (3.6), (3.8) of each variant; those of the others do not hold."""
    own = [variant_gaps(plans[variant], *state, variant) for state in STATES]
    assert any(gap.binding for gap in own) and not all(gap.binding for gap in own)
    worst = {name: max(getattr(gap, name) for gap in own) for name in ("price", "bonds", "portfolio")}
    assert worst["price"] < 5e-4 and worst["bonds"] < 2e-3 and worst["portfolio"] < 2e-4
    for other in set(VARIANTS) - {variant}:
        gaps = [variant_gaps(plans[variant], *state, other) for state in STATES]
        assert any(getattr(gap, name) > 5 * worst[name] for gap in gaps for name in ("bonds", "portfolio")), other


def test_agglomeration_is_what_the_plan_gains(market, plans):
    """Welfare in every state. Neglect of prices costs next to nothing; neglect of agglomeration costs the gain, and a
    little more because the pecuniary wedge of the portfolio then works against it."""
    gain = {name: numbers(plan)[:, 2] / numbers(market)[:, 2] - 1 for name, plan in plans.items()}
    assert gain["full"].min() > 0.01
    assert np.abs(gain["full"] - gain["no_pecuniary"]).max() < 3e-5
    assert np.abs(gain["debt_only"]).max() < 3e-5
    assert -2e-4 < gain["pecuniary_only"].min() <= gain["pecuniary_only"].max() < 0.0


def test_without_agglomeration_the_plan_is_the_pecuniary_one():
    """xi = 0: there is no productivity to take as given or not."""
    full, alone = (solve(of(name, xi=(0.0, 0.0), kappa=0.03), True, tolerance=TOLERANCE) for name in ("full", "pecuniary_only"))
    np.testing.assert_allclose(numbers(full), numbers(alone), rtol=1e-12)


def test_where_the_limit_never_binds_only_agglomeration_is_left():
    """A slack limit: full = no_pecuniary, and pecuniary_only = debt_only = market."""
    slack = {"limit": "natural", "b_max": 3.0, "fine": 32, "below": 4, "above": 8, "b0": 0.0}
    market = solve(of("full", **slack), False)
    found = {name: numbers(solve(of(name, **slack), True, start=market.tail)) for name in VARIANTS}
    np.testing.assert_allclose(found["full"], found["no_pecuniary"], rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(found["pecuniary_only"], numbers(market), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(found["debt_only"], numbers(market), rtol=1e-6, atol=1e-7)
    assert (found["full"][:, 2] > numbers(market)[:, 2]).all()


def test_with_one_industry_debt_is_all_there_is_to_plan():
    """I = 1: debt_only = full = pecuniary_only; no_pecuniary is the market."""
    one = {"xi": (0.2,), "phi": 1.0, "kappa": 0.03}
    states = [(b, [1.0], e) for b in (-0.15, -0.05, 0.3) for e in (0, 1)]
    market = solve(of("full", **one), False)
    found = {name: numbers(solve(of(name, **one), True, start=market.tail), states, (0, 1, 4, 6)) for name in VARIANTS}
    for name in ("debt_only", "pecuniary_only"):
        np.testing.assert_allclose(found[name], found["full"], rtol=1e-12)
    own = numbers(market, states, (0, 1, 4, 6))
    np.testing.assert_allclose(found["no_pecuniary"], own, rtol=1e-6, atol=1e-7)
    assert np.abs(found["full"] - own).max() > 1e-3


def test_constant_taxes_enter_the_household_s_conditions(market):
    """(3.10), (3.11) with constant rates: Euler equation, values of the industries, eta; no tax is the market itself."""
    tax_b, tax_k = 0.01, (-0.1, 0.15)
    taxed = solve(of("full", tax_b=tax_b, tax_k=tax_k), False, start=market.tail)
    p, gaps = taxed.solver.problem, []
    for b, k, e in STATES:
        now = taxed.at(b, k, e)
        exogenous, probabilities = taxed.year.exogenous, p.chain.transition()[e]
        then = [taxed.at(now.b_next, now.k_next, later) for later in range(p.chain.size)]
        growth = np.array([(state.c / now.c) ** -p.gamma for state in then])
        eta = 1 - p.beta * exogenous.R[e] * (1 + tax_b) * probabilities @ growth
        assert now.eta == pytest.approx(max(eta, 0.0) if now.binding else 0.0, abs=2e-3)
        worth = np.zeros(2)
        for chance, ratio, state, z, kappa in zip(probabilities, growth, then, exogenous.z, exogenous.kappa, strict=True):
            held = p.phi / 2 * ((state.k_next / now.k_next) ** 2 - 1) + state.q * (1 + kappa * state.eta)
            income = p.alpha * (1 + np.array(tax_k)) * z * now.k_next ** (p.a - 1)
            worth += p.beta * chance * ratio * (held + income)
        gaps.append(np.abs((worth - p.phi * (now.k_next / np.array(k) - 1)) / now.q - 1).max())
    assert max(gaps) < 2e-3
    none = solve(of("full", tax_k=(0.0, 0.0)), False, start=market.tail)
    np.testing.assert_allclose(numbers(none), numbers(market), rtol=1e-7, atol=1e-8)
    assert np.abs(numbers(taxed) - numbers(market)).max() > 1e-2


def test_without_shocks_constant_taxes_are_the_plan_where_the_limit_is_slack():
    """tau_k,i = a_i/abar - 1 makes private returns proportional to social ones: the same portfolio in the long run."""
    a, slack = (
        0.3 + np.array(XI),
        {"limit": "natural", "b_max": 3.0, "fine": 32, "below": 4, "above": 8, "nodes": 1, "sigma": 0.0},
    )
    market = solve(of("full", **slack), False)
    plan = solve(of("full", **slack), True, start=market.tail)
    taxed = solve(of("full", tax_k=tuple(a / a.mean() - 1), **slack), False, start=market.tail)
    rest = [solution.simulate(0.2, [0.5, 0.5], 60).k_next for solution in (plan, taxed, market)]
    np.testing.assert_allclose(rest[0], rest[1], atol=3e-5)
    assert np.abs(rest[0] - rest[2]).max() > 0.05


def test_unknown_variants_are_refused():
    with pytest.raises(ValueError, match="allowed: full"):
        of("debt")
