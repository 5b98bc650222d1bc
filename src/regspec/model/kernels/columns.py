"""Columns of the expectations, and the variants of the kernels on which they depend.

Market: (E u')^(-1/gamma), value, I of E u' z / E u', I of k_i^2 E u' (-Phi_1) / E u', E u' q (1 + kappa eta) / E u'. The
planner adds (E lambda)^(-1/gamma), I + I social counterparts, log sum_i k_i M_i and its I - 1 recovered slopes in capital moved
from an industry to the next. With collateral at next year's price E q' takes the place of log sum_i k_i M_i; the market's is in
the padding.
"""

from __future__ import annotations

from regspec.model.kernels.jit import inlined

IMPLIED_C = 0  # (E u')^(-1/gamma): consumption that the Euler equation implies at beta R = 1
FUTURE_VALUE = 1  # certainty equivalent of next year's value
PRODUCTIVITY = 2  # the first of I: E u' z_i / E u'


def column_count(n_industries: int, planner: bool) -> int:
    """Columns of the expectations, padded to a multiple of four for vector units."""
    used = 3 + 2 * n_industries + (1 + 3 * n_industries if planner else 0)
    return -(-used // 4) * 4


@inlined
def is_planner(const):
    """Whether the conditions are the planner's: a constant for the compiler."""
    return len(const.planner) == 2


@inlined
def has_next_price(const):
    """Whether next year's expected price values the collateral: a constant for the compiler."""
    return len(const.next_price) == 2


@inlined
def adjustment_column(n):
    """The first of I: k_i^2 E u' (-Phi_1) / E u'."""
    return 2 + n


@inlined
def price_column(n):
    """E u' q (1 + kappa eta) / E u'."""
    return 2 + 2 * n


@inlined
def wealth_column(n):
    """(E lambda)^(-1/gamma), the planner's counterpart of `IMPLIED_C`."""
    return 3 + 2 * n


@inlined
def social_productivity_column(n):
    """The first of I: E lambda z_i / E lambda."""
    return 4 + 2 * n


@inlined
def social_adjustment_column(n):
    """The first of I: the planner's counterpart of `adjustment_column`."""
    return 4 + 3 * n


@inlined
def log_value_column(n):
    """log sum_i k_i M_i, the planner's; in the columns after it its slopes."""
    return 4 + 4 * n


@inlined
def price_slope_column(n, j):
    """Slope of `log_value_column`, or of E q', in capital moved from industry j - 1 to j (counted from 0)."""
    return 4 + 4 * n + j


@inlined
def expected_price_column(const):
    """E q' of the variant with collateral at next year's price."""
    n = len(const.a)
    return log_value_column(n) if is_planner(const) else wealth_column(n)


@inlined
def integrated_columns(const):
    """Number of the columns that are expectations; those after them follow from these."""
    n, more = len(const.a), len(const.next_price) - 1
    return (log_value_column(n) if is_planner(const) else wealth_column(n)) + more
