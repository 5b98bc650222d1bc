"""Compiled equilibrium conditions of one state: residuals and Jacobian (docs/model.md, sections 2 and 3).

Unknowns y = (b', x_1..x_{I-1}); q is the market price sum_i k_i' D_i with D_i the private valuation of industry i.
Three modes (`records.Mode`): SLACK (Euler equation in bonds), BINDING (the limit holds with equality), and KINK (both hold, and
bonds b are what the budget then requires), which locates the state where the constraint starts to bind.
"""

from __future__ import annotations

import math

from regspec.model.kernels.columns import (
    IMPLIED_C,
    PRODUCTIVITY,
    adjustment_column,
    expected_price_column,
    has_next_price,
    is_planner,
    price_column,
    price_slope_column,
    social_adjustment_column,
    social_productivity_column,
    wealth_column,
)
from regspec.model.kernels.jit import inlined
from regspec.model.kernels.records import OUT_B, OUT_C, OUT_ETA, OUT_MU, OUT_Q, OUT_RATIO, Mode


@inlined
def power(base, exponent, integer):
    """base**exponent, by multiplication when ``integer`` (the exponent as a small integer) is positive."""
    if integer > 0:
        result = base
        for _ in range(integer - 1):
            result *= base
        return result
    return math.exp(exponent * math.log(base))


@inlined
def value_root(moment, const):
    """moment^(1/(1-gamma)), by square roots for the usual gamma; gamma other than one."""
    if const.gamma_int == 5:
        return 1.0 / math.sqrt(math.sqrt(moment))
    if const.gamma_int == 3:
        return 1.0 / math.sqrt(moment)
    if const.gamma_int == 2:
        return 1.0 / moment
    return math.exp(math.log(moment) / (1.0 - const.gamma))


@inlined
def production(k, z, const):
    """Output Y(k, z) = sum_i z_i k_i^(a_i) of a portfolio and productivities (I,)."""
    total = 0.0
    for i in range(len(const.a)):
        total += z[i] * math.exp(const.a[i] * math.log(k[i]))
    return total


@inlined
def growth_target(bond_price, tax_b, const):
    """(beta R (1 + tau_b))^(1/gamma): desired growth of consumption where the limit is slack; beside a constant tax."""
    return math.exp(math.log(const.debt_factor / bond_price * (1.0 + tax_b)) / const.gamma)


@inlined
def portfolio(x, const, capital):
    """Write the portfolio k' (I,) of lattice coordinates x (I-1,) to ``capital``."""
    n = len(const.a)
    for i in range(n):
        total = const.base[i]
        for r in range(1, n):
            total += const.dk_dx[i, r] * x[r - 1]
        capital[i] = total


@inlined
def pledged_price(const, s):
    """Price that values the collateral at the state last evaluated: today's, or next year's expected one."""
    return s.value[expected_price_column(const)] if has_next_price(const) else s.out[OUT_Q]


@inlined
def limit_gap(state, y, const, s):
    """b'/R + kappa q + debt at the unknowns last evaluated: what the limit leaves, negative where it is broken."""
    return y[0] * state.bond_price + state.kappa * pledged_price(const, s) + state.debt


@inlined
def limit_multiplier(const, s):
    """mu/u' of the planner, eta/u' of the market at the binding state last evaluated."""
    return s.out[OUT_MU] if is_planner(const) else s.out[OUT_ETA]


@inlined
def pledge(kappa, eta, eta_grad, factor, const, s):
    """Add to every private valuation what a unit of capital bought today adds to today's limit, (eta/u') kappa E q'.

    The gradient of ``eta`` is ``factor`` times ``eta_grad`` (I,).
    """
    n = len(const.a)
    column = expected_price_column(const)
    for r in range(n):
        slope = kappa * (eta * s.slope[r, column] + factor * eta_grad[r] * s.value[column])
        for i in range(n):
            s.private_grad[i, r] += slope
    for i in range(n):
        s.private_value[i] += eta * kappa * s.value[column]


@inlined
def consumption(mode, state, desired_growth, implied_column, y, const, s):
    """Consumption and its gradient: from the budget, or from the bond Euler equation at the kink. Returns (c, b)."""
    n = len(const.a)
    spent = 0.0
    for i in range(n):
        change = s.growth[i] - 1.0
        spent += 0.5 * const.phi[i] * change * change * state.k[i]
    if mode == Mode.KINK:
        per_target = 1.0 / desired_growth
        c = s.value[implied_column] * per_target
        for r in range(n):
            s.c_grad[r] = s.slope[r, implied_column] * per_target
        return c, c + spent + y[0] * state.bond_price - state.output
    s.c_grad[0] = -state.bond_price
    for r in range(1, n):
        marginal = 0.0
        for i in range(n):
            marginal += const.dk_dx[i, r] * const.phi[i] * (s.growth[i] - 1.0)
        s.c_grad[r] = -marginal
    return state.output + state.b - spent - y[0] * state.bond_price, state.b


@inlined
def valuations(ratio, ratio_grad, private, tax_k, const, s, values, gradients):
    """Valuations beta ratio m_i - Phi_2 and their gradients; m_i = H_i/k_i'^2 + mpk_i Z_i, privately plus the price.

    ``ratio`` (gradient ``ratio_grad``) is next year's expected marginal utility of wealth, private or social, over u'(c).
    """
    n = len(const.a)
    z_column = PRODUCTIVITY if private else social_productivity_column(n)
    held_column = adjustment_column(n) if private else social_adjustment_column(n)
    for i in range(n):
        exponent = const.a[i] - 1.0
        factor = (const.private[i] * (1.0 + tax_k[i]) if private else const.social[i]) * s.returns[i]
        z_value = s.value[z_column + i]
        inverse = 1.0 / s.k_next[i]
        held = s.value[held_column + i] * inverse * inverse
        m = held + factor * z_value
        if private:
            m += s.value[price_column(n)]
        curvature = (factor * exponent * z_value - 2.0 * held) * inverse
        values[i] = const.beta * ratio * m - const.phi[i] * (s.growth[i] - 1.0)
        for r in range(n):
            slope = s.slope[r, held_column + i] * inverse * inverse + factor * s.slope[r, z_column + i]
            if private:
                slope += s.slope[r, price_column(n)]
            adjust = 0.0
            if r > 0:
                dk = const.dk_dx[i, r]
                slope += curvature * dk
                adjust = const.phi[i] * dk * s.per_k[i]
            gradients[i, r] = const.beta * (ratio_grad[r] * m + ratio * slope) - adjust


@inlined
def gross_gradient(r, const, s):
    """Derivative of sum_i k_i' beta M_i / u'(c), the price before costs of adjustment, in unknown r."""
    slope = s.q_grad[r]
    if r > 0:
        for i in range(len(const.a)):
            slope += const.phi[i] * const.dk_dx[i, r] * (2.0 * s.growth[i] - 1.0)
    return slope


@inlined
def price_slope(j, c, gross, const, s):
    """Slope of the price that values collateral in capital moved from industry j - 1 to j (counted from 0), at given state;
    its gradient goes to ``s.slope_grad``.

    Today's price moves through expectations and consumption: ``gross`` = sum_i k_i' beta M_i / u'(c), and the slope of
    log sum k' M comes from its own continuous column.
    """
    n = len(const.a)
    column = price_slope_column(n, j)
    if has_next_price(const):  # of E q' itself, in the same columns
        for r in range(n):
            s.slope_grad[r] = s.slope[r, column]
        return s.value[column]
    more, less = const.phi[j] * (s.growth[j] - 1.0), const.phi[j - 1] * (s.growth[j - 1] - 1.0)
    moved = less - more  # of consumption
    log_slope = const.gamma * moved / c + s.value[column]
    slope = gross * log_slope - (2.0 * more + const.phi[j]) + (2.0 * less + const.phi[j - 1])
    for r in range(n):
        second = 0.0  # of costs of adjustment
        if r > 0:
            second = const.phi[j] * const.dk_dx[j, r] * s.per_k[j] - const.phi[j - 1] * const.dk_dx[j - 1, r] * s.per_k[j - 1]
        bend = const.gamma * (-second - moved * s.c_grad[r] / c) / c + s.slope[r, column]
        s.slope_grad[r] = gross_gradient(r, const, s) * log_slope + gross * bend - 2.0 * second
    return slope


@inlined
def price_in_bonds(c, gross, const, s):
    """Slope in b' of the price that values collateral; its gradient goes to ``s.bend`` (I,), which holds that of the slope of
    log sum k' M or, with collateral at next year's price, of E q'. ``gross`` as in `price_slope`.
    """
    column = expected_price_column(const)
    if has_next_price(const):
        return s.slope[0, column]
    log_slope = const.gamma * s.c_grad[0] / c + s.slope[0, column]
    for r in range(len(const.a)):
        bend = s.bend[r] - const.gamma * s.c_grad[0] * s.c_grad[r] / (c * c)
        s.bend[r] = gross_gradient(r, const, s) * log_slope + gross * bend
    return gross * log_slope


@inlined
def growth_ratio(column, c, const, s, gradient):
    """(c / implied c)^gamma, the expected marginal utility of the implied consumption in ``column`` over u'(c); its gradient
    goes to ``gradient`` (I,).
    """
    per_c, per_implied = 1.0 / c, 1.0 / s.value[column]
    ratio = power(c * per_implied, const.gamma, const.gamma_int)
    for r in range(len(const.a)):
        gradient[r] = ratio * const.gamma * (s.c_grad[r] * per_c - s.slope[r, column] * per_implied)
    return ratio


@inlined
def market_price(const, s):
    """q = sum_i k_i' D_i and sum_i k_i' Phi_2,i; the gradient of q goes to ``s.q_grad``."""
    n = len(const.a)
    q, costs = 0.0, 0.0
    for r in range(n):
        s.q_grad[r] = 0.0
    for i in range(n):
        ki = s.k_next[i]
        q += ki * s.private_value[i]
        costs += ki * const.phi[i] * (s.growth[i] - 1.0)
        for r in range(n):
            s.q_grad[r] += ki * s.private_grad[i, r]
            if r > 0:
                s.q_grad[r] += s.private_value[i] * const.dk_dx[i, r]
    return q, costs


@inlined
def equal_values(values, gradients, const, s):
    """Residuals and Jacobian of equal valuations (I,) of neighbouring industries, to rows 0..I-2."""
    n = len(const.a)
    for j in range(1, n):
        s.res[j - 1] = values[j] - values[j - 1]
        for r in range(n):
            s.jac[j - 1, r] = gradients[j, r] - gradients[j - 1, r]


@inlined
def add_price_effects(c, gross, weight, mu, bond_effect, const, s):
    """Add to the planner's portfolio conditions at a binding limit what a move of capital does to it, mu weight dq/dk'.

    ``weight``: kappa where the planner internalizes the price, else 0; ``bond_effect``: 1/R + weight dq/db', of which mu is a
    share.
    """
    n = len(const.a)
    for j in range(1, n):
        slope = price_slope(j, c, gross, const, s)
        s.res[j - 1] += mu * weight * slope
        for r in range(n):
            s.jac[j - 1, r] += weight * (mu * s.slope_grad[r] - const.beta * s.e_grad[r] / bond_effect * slope)
            s.jac[j - 1, r] -= weight * slope * mu * weight * s.bend[r] / bond_effect


@inlined
def bond_condition(mode, state, y, c, q, desired_growth, implied_column, const, s):
    """Residual and Jacobian of the Euler equation in consumption or of the limit, to row I-1."""
    n = len(const.a)
    if mode == Mode.SLACK:
        implied_c = s.value[implied_column]
        ratio, growth = desired_growth / implied_c, c / implied_c
        s.res[n - 1] = c * ratio - 1.0
        for r in range(n):
            s.jac[n - 1, r] = ratio * (s.c_grad[r] - growth * s.slope[r, implied_column])
    else:
        column = expected_price_column(const)
        pledged = s.value[column] if has_next_price(const) else q
        s.res[n - 1] = y[0] * state.bond_price + state.kappa * pledged + state.debt
        for r in range(n):
            s.jac[n - 1, r] = state.kappa * (s.slope[r, column] if has_next_price(const) else s.q_grad[r])
        s.jac[n - 1, 0] += state.bond_price


@inlined
def conditions(mode, state, y, desired_growth, tax_k, const, s):
    """Residuals ``s.res`` (I,) and Jacobian ``s.jac`` (I, I) at unknowns ``y`` after `lookup` filled value and slope.

    ``desired_growth`` is `growth_target`. Row I-1 is the bond condition, rows 0..I-2 equalize valuations along
    x_1..x_{I-1}. Returns False where consumption or an expectation is not positive. Source: docs/model.md, sections 2 and 3.
    """
    n = len(const.a)
    planner = is_planner(const)
    implied_column = wealth_column(n) if planner else IMPLIED_C
    if const.bounded > 0.0 and s.value[IMPLIED_C] < s.value[implied_column]:
        implied_column = IMPLIED_C
    if not (s.value[IMPLIED_C] > 0.0 and s.value[implied_column] > 0.0):
        return False
    portfolio(y[1:], const, s.k_next)
    for i in range(n):
        s.per_k[i] = 1.0 / state.k[i]
        s.growth[i] = s.k_next[i] * s.per_k[i]
        s.returns[i] = math.exp((const.a[i] - 1.0) * math.log(s.k_next[i]))
    c, bonds = consumption(mode, state, desired_growth, implied_column, y, const, s)
    if not c > 0.0:
        return False
    ratio = growth_ratio(IMPLIED_C, c, const, s, s.ratio_grad)
    valuations(ratio, s.ratio_grad, True, tax_k, const, s, s.private_value, s.private_grad)
    discounted_return = power(desired_growth, const.gamma, const.gamma_int)  # beta R (1 + tau_b)
    e_ratio = ratio
    if planner:
        e_ratio = growth_ratio(implied_column, c, const, s, s.e_grad)
    eta = 1.0 - discounted_return * e_ratio
    if has_next_price(const) and mode == Mode.BINDING:
        pledge(state.kappa, eta, s.e_grad if planner else s.ratio_grad, -discounted_return, const, s)
    q, costs = market_price(const, s)
    mu = 0.0
    price_effect = state.bond_price
    if planner:
        valuations(e_ratio, s.e_grad, False, s.zeros, const, s, s.social_value, s.social_grad)
        if mode == Mode.BINDING:
            price_effect += state.kappa * const.pecuniary * price_in_bonds(c, q + costs, const, s)
            mu = (state.bond_price - const.beta * e_ratio) / price_effect
    if planner and const.plans_portfolio > 0.0:
        equal_values(s.social_value, s.social_grad, const, s)
        if mode == Mode.BINDING:
            add_price_effects(c, q + costs, state.kappa * const.pecuniary, mu, price_effect, const, s)
    else:
        equal_values(s.private_value, s.private_grad, const, s)
    bond_condition(mode, state, y, c, q, desired_growth, implied_column, const, s)
    s.out[OUT_C], s.out[OUT_Q], s.out[OUT_RATIO] = c, q, ratio
    s.out[OUT_MU], s.out[OUT_B], s.out[OUT_ETA] = mu, bonds, eta
    return math.isfinite(q) and math.isfinite(ratio)
