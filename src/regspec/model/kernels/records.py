"""Plain records that the compiled kernels share. Names follow docs/model.md."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Tech(NamedTuple):
    """Constants of one zone's problem; tuples of length I make I a compile-time constant.

    ``slots`` is a dummy tuple whose length is the padded number of expectation functions; ``planner`` and ``timing``
    likewise mark variants of the kernels by length 2 instead of 1, so that all are constants for the compiler.
    """

    beta: float
    gamma: float
    gamma_int: int  # gamma when it is a small integer, else 0
    alpha: float
    a: tuple[float, ...]  # alpha + xi_i
    phi: tuple[float, ...]
    base: tuple[float, ...]  # portfolio at lattice coordinates zero
    steps: int  # lattice steps n per side (even)
    h: float  # largest change of any industry's capital in one step
    tilt: np.ndarray  # (I, I) dk_i / dx_r for r = 1..I-1; column 0 unused
    back: np.ndarray  # (I, I) coordinates x_r = sum_i back_ri k_i; row 0 unused
    strides: tuple[int, ...]  # of the dense index table, length I (last entry unused)
    debt_factor: float  # beta (1 + tau_b): weight of next year's u' in the households' choice of bonds, tau_b constant
    private: tuple[float, ...]  # alpha (1 + tau_k,i): share of z_i k_i^(a_i - 1) that the owner counts on, tau_k,i constant
    social: tuple[float, ...]  # the planner's: a_i, or alpha where it takes productivity as given
    pecuniary: float  # 1: the planner internalizes the price; 0: it takes it as given
    plans_portfolio: float  # 1: the planner chooses the portfolio; 0: households do, untaxed (variant `debt_only`)
    bounded: float  # 1: E lambda' is kept at or above E u', as lambda >= u' (3.3); interpolated one by one the two can cross
    slots: tuple[int, ...]
    planner: tuple[int, ...]
    timing: tuple[int, ...]  # length 2: next year's expected price values the collateral, not today's


class Exo(NamedTuple):
    """Exogenous states of one year. Arrays over e (E = number of exogenous states)."""

    z: np.ndarray  # (E, I) productivity zbar_i
    R: np.ndarray  # (E,) gross interest rate
    kappa: np.ndarray  # (E,) theta * chi
    debt: np.ndarray  # (E,) additive debt limit: b'/R + kappa q + debt >= 0


# Columns of the policy arrays pol[k, e, node, :]; then x_1..x_{I-1} (lattice coordinates of k'), then b'.
C, Q, ETA, MU, VALUE, X = 0, 1, 2, 3, 4, 5


def policy_columns(n_industries: int) -> int:
    """Columns of a policy array: c, q, eta/u', mu/u', value, I-1 lattice coordinates, b'."""
    return n_industries + 5


def slot_count(n_industries: int, planner: bool) -> int:
    """Expectation functions per state, padded to a multiple of four for vector units.

    Market: (E u')^(-1/gamma), value, I of E u' z / E u', I of k_i^2 E u' (-Phi_1) / E u', E u' q (1 + kappa eta) / E u'. The
    planner adds (E lambda)^(-1/gamma), I + I social counterparts, log sum_i k_i M_i and its I - 1 recovered slopes
    in capital moved from an industry to the next.
    With collateral at next year's price E q' takes the place of log sum_i k_i M_i; the market's is in the padding
    (`conditions.expected_price`).
    """
    used = 3 + 2 * n_industries + (1 + 3 * n_industries if planner else 0)
    return -(-used // 4) * 4


class Scratch(NamedTuple):
    """Work arrays of one thread, allocated once per block of states."""

    value: np.ndarray
    slope: np.ndarray
    ids: np.ndarray
    weights: np.ndarray
    gradients: np.ndarray
    order: np.ndarray
    fractions: np.ndarray
    k_next: np.ndarray
    worth: np.ndarray  # D_i: private valuation
    worth_grad: np.ndarray
    social: np.ndarray  # P_i: planner's valuation
    social_grad: np.ndarray
    c_grad: np.ndarray
    q_grad: np.ndarray
    rho_grad: np.ndarray
    e_grad: np.ndarray  # gradient of (c / E lambda term)^gamma
    res: np.ndarray
    jac: np.ndarray
    out: np.ndarray
    old: np.ndarray
    step: np.ndarray
    bend: np.ndarray  # gradient of d(E q')/db'
    zeros: np.ndarray
    shift: np.ndarray  # (I,) shift of the bond grid at the portfolio last looked up, and its gradient in x_1..x_{I-1}
    slope_grad: np.ndarray
    returns: np.ndarray  # k'_i^(a_i - 1)
    ratio: np.ndarray  # k'_i / k_i
    per_k: np.ndarray  # 1 / k_i
