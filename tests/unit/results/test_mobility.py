"""Growth with immobile and with freely mobile capital (Q2): closed forms, zones and horizons of the slopes."""

import numpy as np
from results_run import make_run
from run_folder import layout_at

from regspec.results.collect import collect
from regspec.results.inputs import load
from regspec.results.mobility import growth, mobility

XI, ALPHA = np.array([0.1, 0.1]), 0.3


def test_equal_industries_have_the_closed_form():
    """Two equal industries with the same exponent a: mobile output is (z_1^e + z_2^e)^(1 - a) with e = 1/(1 - a)."""
    log_z, a = np.array([[0.0, 0.0], [0.5, 0.0]]), 0.4
    found = growth(np.array([[0.5, 0.5]]), log_z, XI, ALPHA)
    z = np.exp(log_z)
    immobile = np.log(z[1].sum() / z[0].sum())
    mobile = (1 - a) * np.log((z[1] ** (1 / (1 - a))).sum() / (z[0] ** (1 / (1 - a))).sum())
    np.testing.assert_allclose([found["immobile"][0, 0], found["mobile"][0, 0]], [immobile, mobile], rtol=1e-12)
    assert mobile > immobile


def test_common_productivity_moves_no_capital():
    found = growth(np.array([[0.3, 0.7], [0.9, 0.1]]), np.array([[0.0, 0.0], [0.2, 0.2]]), np.array([0.1, 0.25]), ALPHA)
    for values in found.values():
        np.testing.assert_allclose(values, 0.2, rtol=1e-12)


def test_slopes_of_all_zones_and_of_the_solved_market(tmp_path):
    """Growth is regressed on the same design, so that the slope of the difference is the difference of the slopes."""
    config, files = make_run(tmp_path, n=20)
    model = tmp_path / "model"
    collect(files, model / "paths.parquet", model / "solutions.parquet", "warn", "hash")
    inputs = load(config, layout_at(tmp_path), "hash")
    found = mobility(inputs)
    assert {h for _, h in found} == {1, 10, 70}
    for own in found.values():
        assert own["immobile"].n == own["market"].n == 20
        reach = own["mobile"].estimate - own["immobile"].estimate
        np.testing.assert_allclose(own["reach"].estimate, reach, atol=1e-12)
