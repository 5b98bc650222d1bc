"""What the solver is given: settings of a scenario, the economy without growth, the economy without trend."""

import numpy as np
import pytest
from one_zone import YEARS, config, national, zone

from regspec.config.model import Parameters
from regspec.errors import ConfigError, ModelFailure
from regspec.solves.detrending import detrended
from regspec.solves.no_trend import without_trend
from regspec.solves.problem import build_problem, realized_shocks
from regspec.solves.settings import solve_settings

REGIMES = {"values": [0.35, 0.53], "stay": [0.9, 0.8], "switch_years": [1952]}


def test_settings_are_those_of_the_scenario():
    own = config(scenarios={"baseline": {}, "other": {"parameters": {"theta": 0.5, "xi_scale": 0.5}, "planner": False}})
    base, other = solve_settings(own, "baseline"), solve_settings(own, "other")
    assert base.planner and not other.planner
    assert (base.parameters.theta, other.parameters.theta) == (0.35, 0.5)
    np.testing.assert_array_equal(other.technology.xi, 0.5 * base.technology.xi)
    np.testing.assert_allclose(base.technology.returns, [0.4, 0.55])
    assert base.grid == own.model.grid and base.seed == own.run.seed
    with pytest.raises(ConfigError, match="unknown"):
        solve_settings(own, "third")


def test_growth_is_taken_out_of_beta_and_the_interest_rate():
    """docs/model.md, (1.3)."""
    beta, rate = detrended(Parameters(beta=0.95, growth=1.02, gamma=3.0), 0.03)
    assert beta == pytest.approx(0.95 / 1.02**2) and rate == pytest.approx(1.03 / 1.02)
    with pytest.raises(ModelFailure, match=r"beta R = 1\.0094 must be below 1") as caught:
        detrended(Parameters(beta=0.98), 0.03)
    assert caught.value.kind == "parameters"


def test_a_natural_limit_needs_interest():
    settings = solve_settings(config(model__parameters__limit="natural"), "baseline")
    with pytest.raises(ModelFailure, match="positive net interest rate"):
        build_problem(zone(), national(interest={"mean": 0.0, "rho": 0.0, "sigma": 0.0}), settings)


def test_without_trend_nothing_changes_but_what_is_drawn():
    """Trend, realized shocks and changes of regime go; the processes, the regimes and the choice of the planner stay."""
    before = solve_settings(config(model__parameters__theta_regimes=REGIMES), "market")
    nation, settings = without_trend(national(), before, 9)
    assert nation.years == range(1950, 1960) and not nation.trend.any() and not nation.u.any()
    np.testing.assert_array_equal(nation.rho, national().rho)
    assert settings.planner is before.planner is False
    problem, other = build_problem(zone(), nation, settings), build_problem(zone(), national(), before)
    assert problem.realized == (0,) * 10 and other.realized == (0, 0, 1, 1, 1)
    assert problem.regimes == other.regimes and problem.b0 == other.b0


def test_realized_shocks_are_scaled():
    settings = solve_settings(config(model__parameters__shock_scale=0.5), "baseline")
    found = realized_shocks(national(), settings)
    assert found.shape == (YEARS + 1, 2) and found.flags.c_contiguous
    np.testing.assert_array_equal(found, 0.5 * national().u)
