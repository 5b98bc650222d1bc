"""Exogenous chains (docs/model.md, section 1)."""

import numpy as np
import pytest
from quantecon.markov import rouwenhorst as reference

from regspec.model.markov import Chain, product_chain, rouwenhorst


def stationary(transition):
    values, vectors = np.linalg.eig(transition.T)
    vector = np.real(vectors[:, np.argmax(np.real(values))])
    return vector / vector.sum()


@pytest.mark.filterwarnings("ignore:The API of rouwenhorst has changed")
@pytest.mark.parametrize("nodes", [2, 3, 5, 9])
@pytest.mark.parametrize(("rho", "sigma"), [(0.71, 0.013), (0.9, 0.027), (0.01, 0.0186), (-0.4, 0.1)])
def test_rouwenhorst_agrees_with_quantecon(rho, sigma, nodes):
    """Section 1; Kopecky and Suen (2010)."""
    values, transition = rouwenhorst(rho, sigma, nodes)
    chain = reference(nodes, rho, sigma)
    np.testing.assert_allclose(values, chain.state_values, atol=1e-15)
    np.testing.assert_allclose(transition, chain.P, atol=1e-15)


@pytest.mark.parametrize("nodes", [2, 3, 7])
def test_rouwenhorst_moments_are_exact(nodes):
    """Section 1: conditional mean rho u at every node, unconditional variance sigma^2/(1-rho^2), autocorrelation rho."""
    rho, sigma = 0.83, 0.021
    values, transition = rouwenhorst(rho, sigma, nodes)
    weights = stationary(transition)
    variance = weights @ values**2
    np.testing.assert_allclose(transition.sum(axis=1), 1.0, rtol=1e-14)
    np.testing.assert_allclose(transition @ values, rho * values, atol=1e-15)
    assert weights @ values == pytest.approx(0.0, abs=1e-15)
    assert variance == pytest.approx(sigma**2 / (1 - rho**2), rel=1e-12)
    assert weights @ (values * (transition @ values)) / variance == pytest.approx(rho, rel=1e-12)
    np.testing.assert_allclose(transition @ values**2 - (rho * values) ** 2, sigma**2, rtol=1e-9)


def test_one_node_has_no_shocks():
    values, transition = rouwenhorst(0.9, 0.02, 1)
    assert values.tolist() == [0.0] and transition.tolist() == [[1.0]]


@pytest.mark.parametrize(("rho", "sigma"), [(1.0, 0.02), (-1.2, 0.02), (0.5, -0.1)])
def test_processes_without_a_stationary_chain_are_refused(rho, sigma):
    with pytest.raises(ValueError, match=r"AR\(1\) needs"):
        rouwenhorst(rho, sigma, 3)


@pytest.fixture
def chain():
    return product_chain([0.71, 0.9], [0.013, 0.027], 3, 0.2, 0.0186, 2)


def test_states_and_transition_use_one_order(chain):
    """Section 1: P is the Kronecker product, first factor slowest; each factor's conditional mean is its own AR(1)'s."""
    states, transition = chain.states(), chain.transition()
    assert chain.size == 18 and states.shape == (18, 3) and transition.shape == (18, 18)
    assert states[0].tolist() == [v[0] for v in chain.values]
    assert states[1].tolist() == [chain.values[0][0], chain.values[1][0], chain.values[2][1]]
    np.testing.assert_allclose(transition.sum(axis=1), 1.0, rtol=1e-14)
    np.testing.assert_allclose(transition @ states, states * [0.71, 0.9, 0.2], atol=1e-15)
    e, later = 7, 16  # one entry by hand: product of the factors' own probabilities
    at, to = (np.unravel_index(s, (3, 3, 2)) for s in (e, later))
    by_hand = np.prod([m[i, j] for m, i, j in zip(chain.transitions, at, to, strict=True)])
    assert transition[e, later] == pytest.approx(by_hand, rel=1e-14)


def test_a_node_of_the_grid_has_its_own_row(chain):
    for e, point in enumerate(chain.states()):
        rows, shares = chain.weights_off_grid(point)
        assert shares.tolist() == [1.0]
        np.testing.assert_allclose(rows[0], chain.transition()[e], atol=1e-12)


@pytest.mark.parametrize("u", [(0.004, -0.011), (0.001, 0.05), (-0.08, -0.2), (0.2, 0.2)])
def test_mixtures_keep_the_conditional_mean(chain, u):
    """Sections 4 and 6: off the grid, and beyond its ends, the rows taken together have the AR(1)'s own mean."""
    point = np.array([*u, 0.003])
    rows, shares = chain.weights_off_grid(point)
    assert shares.sum() == pytest.approx(1.0, rel=1e-14)
    np.testing.assert_allclose(shares @ rows @ chain.states(), point * [0.71, 0.9, 0.2], atol=1e-14)


@pytest.mark.parametrize("nodes", [3, 5])
@pytest.mark.parametrize("reach", [0.5, 1.0, 1.8])
def test_expectations_at_realized_productivities_use_probabilities(nodes, reach):
    """Section 4: a series of 71 years leaves three Rouwenhorst nodes (1.4 sd) about every other year, by up to 1.8 times."""
    chain = product_chain([0.75, 0.9], [0.02, 0.015], nodes)
    rows, shares = chain.weights_off_grid(reach * np.array([v[-1] for v in chain.values]))
    assert rows.min() >= 0.0
    np.testing.assert_allclose(rows.sum(axis=1), 1.0, rtol=1e-14)
    assert len(shares) == (3 if reach > 1 else 1)


def test_a_factor_with_one_node_takes_all_weight():
    lone = Chain((np.zeros(1), np.array([-0.1, 0.1])), (np.ones((1, 1)), np.eye(2)))
    rows, shares = lone.weights_off_grid(np.array([0.7, 0.05]))
    np.testing.assert_allclose(rows, [[0.25, 0.75]])
    assert shares.tolist() == [1.0]
