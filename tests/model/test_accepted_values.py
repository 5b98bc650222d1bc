"""Every value that the configuration accepts ends with a solution or with a named failure of the model."""

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, seed, settings
from hypothesis import strategies as st
from one_zone import config, content, national, zone

from regspec.config.config import Config
from regspec.config.reading import load_config
from regspec.errors import ConfigError, ModelFailure
from regspec.solves.settings import solve_settings
from regspec.solves.zone import solve_zone


def between(low, high):
    """Finite numbers in a closed range, its ends included."""
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


shares = between(1e-6, 1.0 - 1e-6)
parameters = st.fixed_dictionaries(
    {},
    optional={
        "gamma": st.sampled_from([0.5, 1.0, 2.0, 5.0, 7.3, 20.0, 100.0]) | between(0.5, 100.0),
        "alpha": shares,
        "beta": between(0.8, 0.98) | between(0.5, 0.999),
        "theta": between(1e-6, 1.0),
        "chi": between(1e-6, 0.1) | between(1e-6, 1.0),
        "xi_scale": between(0.0, 2.0),
        "phi_scale": between(0.0, 10.0),
        "shock_scale": between(0.0, 5.0),
        "limit": st.sampled_from(["collateral", "fixed", "natural"]),
        "collateral_price": st.sampled_from(["current", "next"]),
        "growth": st.sampled_from([1.0, 1.0, 1.01, 0.9, 1.1]),
        "theta_regimes": st.fixed_dictionaries({"values": st.lists(between(0.01, 1.0), min_size=2, max_size=2)}),
    },
)
grids = st.fixed_dictionaries(
    {
        "k_steps": st.sampled_from([2, 4]),
        "u_nodes": st.integers(1, 3),
        "b_below": st.integers(4, 6),
        "b_above": st.integers(4, 8),
        "b_fine": st.integers(16, 48),
        "b_max": st.sampled_from([0.05, 0.6, 3.0]),
    }
)
solvers = st.fixed_dictionaries(
    {
        "max_sweeps": st.sampled_from([10, 150]),
        "tolerance": st.sampled_from([1e-10, 1e-4, 1e-2]),
        "residual": st.sampled_from([1e-9, 1e-4]),
        "largest_error": st.sampled_from([0.1, 10.0]),
    }
)


@pytest.mark.filterwarnings("ignore")
@seed(20260110)
@settings(max_examples=25, database=None, suppress_health_check=list(HealthCheck))
@given(parameters, grids, solvers, st.sampled_from([0.013, 0.02, 0.0, 0.09]), st.sampled_from([0.0, 0.5]))
def test_a_solution_or_a_named_failure(chosen, grid, solver, rate, correlation):
    """The defaults' neighbours and corners alike; coarse grids and few sweeps, so that most end soon."""
    record = national(rho=[correlation, 0.9], interest={"mean": rate, "rho": 0.0, "sigma": 0.0})
    raw = content(model__parameters=chosen, model__grid=grid, model__solver={"cloud": 10, **solver})
    try:
        solution = solve_zone(zone(), record, solve_settings(Config.model_validate(raw), "baseline"))
    except ConfigError as error:  # alpha + xi of one or more
        assert "alpha" in str(error)
        return
    except ModelFailure as failure:
        event(failure.kind)  # pytest --hypothesis-show-statistics
        assert failure.kind != "other" and failure.exit_code == 3
        return
    event("solved")
    assert np.isfinite(solution.welfare_gain)
    for own in (solution.ce, solution.planner):
        assert np.all(own.path.c > 0.0) and np.all(np.isfinite(own.path.q)) and own.path.errors.max() <= solver["largest_error"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("gamma", [40.0, 60.0, 100.0])
def test_large_risk_aversion_ends_with_a_name(gamma):
    """Marginal utilities overflow: differences of iterates are not finite."""
    large = solve_settings(config(model__parameters__gamma=gamma, model__parameters__chi=0.06), "baseline")
    with pytest.raises(ModelFailure) as caught:
        solve_zone(zone(), national(), large)
    assert caught.value.kind != "other"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("parameters.gamma", 0.1),
        ("parameters.gamma", 1000),
        ("solver.tolerance", 1),
        ("solver.residual", 0.1),
        ("solver.largest_error", 0),
        ("parameters.shock_scale", -1),
    ],
)
def test_values_that_make_no_sense_are_refused(tmp_path, key, value):
    (tmp_path / "my.yaml").write_text("run: {name: r}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=key.rpartition(".")[2]):
        load_config(tmp_path / "my.yaml", [f"model.{key}={value}"])
