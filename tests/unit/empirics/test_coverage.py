"""Coverage of every method where it should hold and where it should fail: less of benchmarks/interval_coverage.py."""

import importlib.util
import sys

import pytest
from repository import ROOT

SOURCE = ROOT / "benchmarks" / "interval_coverage.py"


@pytest.fixture(scope="module")
def rates(tmp_path_factory):
    spec = importlib.util.spec_from_file_location("coverage_benchmark", SOURCE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    own = module.places(tmp_path_factory.mktemp("coverage"), zones=240)
    table = module.coverage(own, 300, 7, wild_draws=199)
    assert (table["draws"] == 300).all()
    return {(row.design, row.method): row.coverage for row in table.itertuples()}


# Binomial standard error of 300 draws at 95%: .0126; bounds are three of them wider than 93-97%.
HOLDS = (0.91, 0.99)


@pytest.mark.parametrize(
    ("design", "method"),
    [
        ("independent, heteroskedastic", "HC1"),
        ("independent, heteroskedastic", "wild bootstrap by state"),
        ("effects of states", "wild bootstrap by state"),
        ("independent, heteroskedastic", "spatial components"),
        ("correlated over distance", "spatial components"),
        ("shocks to 17 industries", "AKM0"),
        ("shocks to 200 industries", "AKM0"),
        ("shocks to 200 industries", "AKM"),
        ("shocks to 200 industries", "BHJ"),
    ],
)
def test_holds(rates, design, method):
    assert HOLDS[0] <= rates[design, method] <= HOLDS[1]


@pytest.mark.parametrize(
    ("design", "method", "most"),
    [
        ("effects of states", "HC1", 0.85),
        ("a policy of six states", "HC1", 0.85),
        ("correlated over distance", "HC1", 0.85),
        ("shocks to 17 industries", "HC1", 0.6),
        ("shocks to 17 industries", "clustered by state", 0.6),
        ("shocks to 17 industries", "spatial components", 0.6),
        ("shocks to 17 industries", "AKM", 0.9),
        ("shocks to 200 industries", "HC1", 0.91),
    ],
)
def test_fails(rates, design, method, most):
    assert rates[design, method] < most


def test_the_bootstrap_is_better_than_the_formula_with_few_treated_states(rates):
    design = "a policy of six states"
    assert rates[design, "wild bootstrap by state"] > rates[design, "clustered by state"] + 0.01


def test_distance_is_better_than_nothing(rates):
    design = "correlated over distance"
    assert rates[design, "Conley, 500 km"] > rates[design, "HC1"] + 0.05
