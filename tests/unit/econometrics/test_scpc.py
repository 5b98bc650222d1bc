"""Spatial principal components: the critical value is exact for the benchmark's worst case, and for nothing stronger."""

import numpy as np
import pytest
from scipy.stats import t as student

from regspec.econometrics.conley import distances
from regspec.econometrics.ols import Ols
from regspec.econometrics.scpc import Components, components, rejection, scpc

N, LEVEL, CORRELATION = 90, 0.95, 0.05


@pytest.fixture(scope="module")
def distance():
    rng = np.random.default_rng(5)
    return distances(rng.uniform(-110, -80, N), rng.uniform(30, 48, N))


@pytest.fixture(scope="module")
def found(distance):
    return components(distance, CORRELATION, LEVEL)


def rates(found, distance, decay, draws=20_000):
    """Part of draws of a normal field exp(-decay d) in which the mean's interval holds zero, by the definition of the test."""
    rng = np.random.default_rng(6)
    field = np.linalg.cholesky(np.exp(-decay * distance) + 1e-10 * np.eye(N)) @ rng.normal(size=(N, draws))
    scale = np.sqrt(((found.vectors.T @ field) ** 2).mean(axis=0) / N)
    return float(np.mean(np.abs(field.mean(axis=0)) <= found.critical * scale))


def decay_of(distance, correlation):
    """The decay whose mean correlation over pairs is ``correlation``, by bisection."""
    low, high = 1e-6, 1.0
    for _ in range(80):
        middle = np.sqrt(low * high)
        mean = (np.exp(-middle * distance).sum() - N) / (N * (N - 1))
        low, high = (middle, high) if mean > correlation else (low, middle)
    return low


def test_components_are_orthonormal_and_sum_to_zero(found):
    q = found.vectors.shape[1]
    assert 2 <= q <= 20
    np.testing.assert_allclose(found.vectors.T @ found.vectors, np.eye(q), atol=1e-10)
    np.testing.assert_allclose(found.vectors.sum(axis=0), 0, atol=1e-8)


def test_one_component_without_correlation_is_a_t_statistic():
    """With independent Z the ratio is Student's t with q degrees, whatever q: Bakirov and Szekely's formula knows that."""
    for q in (1, 2, 5, 12):
        for critical in (0.7, 2.0, 6.0):
            got = rejection(np.eye(q + 1)[None], critical)
            assert got == pytest.approx(2 * student(q).sf(critical), abs=2e-4)


def test_the_worst_case_has_the_nominal_size(found, distance):
    """Simulated, not from the formula: exact where the benchmark is worst, above elsewhere, below beyond the benchmark."""
    strongest = decay_of(distance, CORRELATION)
    inside = [rates(found, distance, strongest * factor) for factor in (1.0, 2.0, 10.0)]
    assert min(inside) == pytest.approx(LEVEL, abs=0.006)
    assert all(rate > LEVEL - 0.006 for rate in inside)
    assert rates(found, distance, strongest / 6) < LEVEL - 0.05


def test_scales_of_length_do_not_matter(found, distance):
    again = components(distance / 1.609, CORRELATION, LEVEL)
    assert again.critical == pytest.approx(found.critical, rel=1e-6)
    assert again.vectors.shape == found.vectors.shape


def test_more_correlation_and_more_confidence_are_wider(found, distance):
    assert components(distance, 0.15, LEVEL).critical > found.critical
    assert components(distance, CORRELATION, 0.99).critical > found.critical


def test_the_interval_of_a_mean_and_of_a_coefficient(found):
    """A mean by its definition; a coefficient as the mean of estimate + n x~ e / x~'x~, with units that cancel."""
    rng = np.random.default_rng(2)
    y = rng.normal(3, 1, N)
    mean = scpc(Ols(y, np.ones((N, 1)), 0), found)
    scale = np.sqrt(((found.vectors.T @ y) ** 2).mean())
    assert mean.se == pytest.approx(scale / np.sqrt(N))
    assert (mean.low + mean.high) / 2 == pytest.approx(y.mean())
    x = np.column_stack([np.ones(N), rng.normal(size=N), rng.normal(size=N)])
    one, other = (scpc(Ols(y, x * np.array([1, f, 1]), 1), found) for f in (1.0, 100.0))
    assert other.low == pytest.approx(one.low / 100) and other.p == pytest.approx(one.p)
    edge = Components(found.vectors, found.critical, found.covariances)
    zero = Ols(y - x[:, 1] * one.low, x, 1)
    assert scpc(zero, edge).p == pytest.approx(1 - LEVEL, abs=1e-6)
