"""Compiled: rows of the policy arrays, written from a solved state and read as unknowns."""

from __future__ import annotations

import math

from regspec.model.kernels.columns import FUTURE_VALUE
from regspec.model.kernels.conditions import power, value_root
from regspec.model.kernels.jit import inlined
from regspec.model.kernels.records import ETA, MU, OUT_C, OUT_ETA, OUT_MU, OUT_Q, VALUE, C, Q, X


@inlined
def utility_level(v, const):
    """(1 - beta) W as a function of certainty-equivalent consumption v: v^(1-gamma)/(1-gamma), or log v."""
    if const.gamma == 1.0:
        return math.log(v)
    return v / power(v, const.gamma, const.gamma_int) / (1.0 - const.gamma)


@inlined
def certainty_equivalent(level, const):
    """Inverse of `utility_level`."""
    if const.gamma == 1.0:
        return math.exp(level)
    return value_root((1.0 - const.gamma) * level, const)


@inlined
def write_row(row, binding, y, const, s):
    """Write the state just solved to a policy row (I+5,); returns the largest relative change of c, q and the value, or
    change of the portfolio, from what the row held.
    """
    n = len(const.a)
    c, q = s.out[OUT_C], s.out[OUT_Q]
    eta = max(0.0, s.out[OUT_ETA]) if binding else 0.0
    level = (1.0 - const.beta) * utility_level(c, const) + const.beta * utility_level(s.value[FUTURE_VALUE], const)
    v = certainty_equivalent(level, const)
    distance = max(abs(c - row[C]) / c, abs(q - row[Q]) / (abs(q) + 1e-10), abs(v - row[VALUE]) / v)
    for j in range(n - 1):
        distance = max(distance, const.largest_step * abs(y[j + 1] - row[X + j]))
    row[C], row[Q], row[ETA], row[VALUE] = c, q, eta, v
    row[MU] = s.out[OUT_MU] if binding else 0.0
    for j in range(n - 1):
        row[X + j] = y[j + 1]
    row[X + n - 1] = y[0]
    return distance


@inlined
def read_row(row, const, y):
    """Copy the unknowns of a policy row to ``y``."""
    n = len(const.a)
    y[0] = row[X + n - 1]
    for j in range(n - 1):
        y[j + 1] = row[X + j]
