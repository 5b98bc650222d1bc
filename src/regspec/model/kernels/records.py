"""Plain records that the compiled kernels share. Names follow docs/model.md."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from regspec.model.grids.bond_grid import BondGrid
from regspec.model.grids.lattice import Lattice


class Mode(IntEnum):
    """Which bond condition holds: the Euler equation, the limit with equality, or both, where the limit starts to bind."""

    SLACK = 0
    BINDING = 1
    KINK = 2


class Status(IntEnum):
    """How Newton's method has ended."""

    SOLVED = 0
    STUCK = 1
    NOT_FINITE = 2


class Outcome(IntEnum):
    """What the solution of a period is."""

    UNSOLVED = 0
    SLACK = 1
    BINDING = 2


class Constants(NamedTuple):
    """Constants of one zone's problem; tuples of length I make I a compile-time constant.

    ``columns`` is a dummy tuple whose length is the padded number of columns of the expectations. ``planner`` and
    ``next_price`` are dummies, too: a variant of the kernels is asked for by the length 2 instead of 1, so that the compiler
    knows it and leaves out what the other variant needs (`columns.is_planner`, `columns.has_next_price`).
    """

    beta: float
    gamma: float
    gamma_int: int  # gamma when it is a small integer, else 0
    alpha: float
    a: tuple[float, ...]  # alpha + xi_i
    phi: tuple[float, ...]
    base: tuple[float, ...]  # portfolio at lattice coordinates zero
    steps: int  # lattice steps n per side (even)
    largest_step: float  # largest change of any industry's capital in one step
    dk_dx: np.ndarray  # (I, I) dk_i / dx_r for r = 1..I-1; column 0 unused
    dx_dk: np.ndarray  # (I, I) coordinates x_r = sum_i dx_dk_ri k_i; row 0 unused
    strides: tuple[int, ...]  # of the dense index table, length I (last entry unused)
    debt_factor: float  # beta (1 + tau_b): weight of next year's u' in the households' choice of bonds, tau_b constant
    private: tuple[float, ...]  # alpha (1 + tau_k,i): share of z_i k_i^(a_i - 1) that the owner counts on, tau_k,i constant
    social: tuple[float, ...]  # the planner's: a_i, or alpha where it takes productivity as given
    pecuniary: float  # 1: the planner internalizes the price; 0: it takes it as given
    plans_portfolio: float  # 1: the planner chooses the portfolio; 0: households do, untaxed (variant `debt_only`)
    bounded: float  # 1: E lambda' is kept at or above E u', as lambda >= u' (3.3); interpolated one by one the two can cross
    columns: tuple[int, ...]
    planner: tuple[int, ...]
    next_price: tuple[int, ...]  # length 2: next year's expected price values the collateral, not today's


class ExogenousStates(NamedTuple):
    """Exogenous states of one year. Arrays over e (E = number of exogenous states)."""

    z: np.ndarray  # (E, I) productivity zbar_i
    R: np.ndarray  # (E,) gross interest rate
    kappa: np.ndarray  # (E,) theta * chi
    debt: np.ndarray  # (E,) additive debt limit: b'/R + kappa q + debt >= 0


class Year(NamedTuple):
    """What holds in a year: the grids of its states, its exogenous states, and constants with the lattice of its choices."""

    lattice: Lattice
    bonds: BondGrid
    exogenous: ExogenousStates
    constants: Constants


class NextYear(NamedTuple):
    """What this year's choices are valued by: expectations on the grids of next year."""

    expectations: np.ndarray  # (N, E, points, columns) spline coefficients, given this year's exogenous state
    table: np.ndarray  # index table of the lattice
    grid: BondGrid


class State(NamedTuple):
    """A state at the start of a year and the prices and limit of that year."""

    b: float  # bonds
    k: np.ndarray  # (I,) portfolio
    output: float  # Y(k, z)
    bond_price: float  # 1/R
    kappa: float
    debt: float  # additive debt limit
    e: int  # exogenous state, given which next year is expected


class Search(NamedTuple):
    """When Newton's method ends: a residual below ``accept``, a step below ``loose`` (0: never), ``limit`` evaluations."""

    accept: float
    loose: float
    limit: int


class PolicyBlock(NamedTuple):
    """Policies of a year on a block of lattice nodes."""

    pol: np.ndarray  # (block, E, below + above, I+5), see the columns below
    kink: np.ndarray  # (block, E) position of b* in x, inside the grid
    failed: np.ndarray  # (block, E, below + above) uint8: nodes without a solution


class TaxRates(NamedTuple):
    """Taxes at the solve nodes; empty arrays where there are ``none``."""

    none: bool
    tau_b: np.ndarray  # (block, E, below + above)
    tau_k: np.ndarray  # (block, E, below + above, I)


# Columns of the policy arrays pol[k, e, node, :]; then x_1..x_{I-1} (lattice coordinates of k'), then b'.
C, Q, ETA, MU, VALUE, X = 0, 1, 2, 3, 4, 5
B_NEXT = -1


def policy_columns(n_industries: int) -> int:
    """Columns of a policy array: c, q, eta/u', mu/u', value, I-1 lattice coordinates, b'."""
    return n_industries + 5


class Scratch(NamedTuple):
    """Work arrays of one thread, allocated once per block of states."""

    value: np.ndarray  # (columns,) expectations at the choice last looked up
    slope: np.ndarray  # (I, columns) their slopes in b', x_1..x_{I-1}
    ids: np.ndarray
    weights: np.ndarray
    gradients: np.ndarray
    order: np.ndarray
    fractions: np.ndarray
    k_next: np.ndarray
    private_value: np.ndarray  # D_i: private valuation
    private_grad: np.ndarray
    social_value: np.ndarray  # P_i: planner's valuation
    social_grad: np.ndarray
    c_grad: np.ndarray
    q_grad: np.ndarray
    ratio_grad: np.ndarray
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
    growth: np.ndarray  # k'_i / k_i
    per_k: np.ndarray  # 1 / k_i


# Entries of Scratch.out: c, q, E u'(c')/u'(c), planner's mu/u'(c), bonds b, private eta/u'(c) if the limit binds
OUT_C, OUT_Q, OUT_RATIO, OUT_MU, OUT_B, OUT_ETA = range(6)


def make_scratch(const: Constants) -> Scratch:
    """Work arrays of the kernels for one block of states."""
    n, columns = len(const.a), len(const.columns)
    pairs, dims = n * (n + 1) // 2, max(n - 1, 1)
    return Scratch(
        value=np.empty(columns),
        slope=np.empty((n, columns)),
        ids=np.empty(pairs, np.int64),
        weights=np.empty(pairs),
        gradients=np.empty((pairs, dims)),
        order=np.empty(dims, np.int64),
        fractions=np.empty(dims),
        k_next=np.empty(n),
        private_value=np.empty(n),
        private_grad=np.empty((n, n)),
        social_value=np.empty(n),
        social_grad=np.empty((n, n)),
        c_grad=np.empty(n),
        q_grad=np.empty(n),
        ratio_grad=np.empty(n),
        e_grad=np.empty(n),
        res=np.empty(n),
        jac=np.empty((n, n)),
        out=np.empty(6),
        old=np.empty(n),
        step=np.empty(n),
        bend=np.empty(n),
        zeros=np.zeros(n),
        shift=np.zeros(n),
        slope_grad=np.empty(n),
        returns=np.empty(n),
        growth=np.empty(n),
        per_k=np.empty(n),
    )
