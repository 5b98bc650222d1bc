"""Compiled equilibrium conditions of one state: residuals and Jacobian (docs/model.md, sections 2 and 3).

Unknowns y = (b', x_1..x_{I-1}); q is the market price sum_i k_i' D_i with D_i the private valuation of industry i.
Three modes: SLACK (Euler equation in bonds), BINDING (the limit holds with equality), and KINK (both hold, and bonds b are
what the budget then requires), which locates the state where the constraint starts to bind.
"""

from __future__ import annotations

import math

import numpy as np

from regspec.model.kernels.jit import inlined
from regspec.model.kernels.records import Scratch

SLACK, BINDING, KINK = 0, 1, 2
# entries of scratch.out: c, q, rho = (c/c^)^gamma, planner's mu/u'(c), bonds b, private eta/u'(c) if the limit binds
OUT_C, OUT_Q, OUT_RHO, OUT_MU, OUT_B, OUT_ETA = 0, 1, 2, 3, 4, 5


def make_scratch(tech) -> Scratch:
    """Work arrays of the kernels for one block of states."""
    n = len(tech.a)
    slots = len(tech.slots)
    pairs = n * (n + 1) // 2
    d = max(n - 1, 1)
    return Scratch(
        np.empty(slots),
        np.empty((n, slots)),
        np.empty(pairs, np.int64),
        np.empty(pairs),
        np.empty((pairs, d)),
        np.empty(d, np.int64),
        np.empty(d),
        np.empty(n),
        np.empty(n),
        np.empty((n, n)),
        np.empty(n),
        np.empty((n, n)),
        np.empty(n),
        np.empty(n),
        np.empty(n),
        np.empty(n),
        np.empty(n),
        np.empty((n, n)),
        np.empty(6),
        np.empty(n),
        np.empty(n),
        np.empty(n),
        np.zeros(n),
        np.zeros(n),
        np.empty(n),
        np.empty(n),
        np.empty(n),
        np.empty(n),
    )


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
def value_root(moment, tech):
    """moment^(1/(1-gamma)), by square roots for the usual gamma; gamma other than one."""
    if tech.gamma_int == 5:
        return 1.0 / math.sqrt(math.sqrt(moment))
    if tech.gamma_int == 3:
        return 1.0 / math.sqrt(moment)
    if tech.gamma_int == 2:
        return 1.0 / moment
    return math.exp(math.log(moment) / (1.0 - tech.gamma))


@inlined
def growth_target(bond_price, tax_b, tech):
    """(beta R (1 + tau_b))^(1/gamma): desired growth of consumption where the limit is slack; beside a constant tax."""
    return math.exp(math.log(tech.debt_factor / bond_price * (1.0 + tax_b)) / tech.gamma)


@inlined
def portfolio(x, tech, capital):
    """Write the portfolio k' (I,) of lattice coordinates x (I-1,) to ``capital``."""
    n = len(tech.a)
    for i in range(n):
        total = tech.base[i]
        for r in range(1, n):
            total += tech.tilt[i, r] * x[r - 1]
        capital[i] = total


@inlined
def expected_price(tech):
    """Column of E q' among the expectation functions of the variant with collateral at next year's price."""
    n = len(tech.a)
    return 4 + 4 * n if len(tech.planner) == 2 else 3 + 2 * n


@inlined
def pledged_price(tech, s):
    """Price that values the collateral at the state last evaluated: today's, or next year's expected one."""
    return s.value[expected_price(tech)] if len(tech.timing) == 2 else s.out[OUT_Q]


@inlined
def pledge(kappa, eta, eta_grad, factor, tech, s):
    """Add to every private valuation what a unit of capital bought today adds to today's limit, (eta/u') kappa E q'.

    The gradient of ``eta`` is ``factor`` times ``eta_grad`` (I,).
    """
    n = len(tech.a)
    slot = expected_price(tech)
    for r in range(n):
        slope = kappa * (eta * s.slope[r, slot] + factor * eta_grad[r] * s.value[slot])
        for i in range(n):
            s.worth_grad[i, r] += slope
    for i in range(n):
        s.worth[i] += eta * kappa * s.value[slot]


@inlined
def consumption(mode, b, k, cash, bond_price, target, hat, hat_slot, y, tech, s):
    """Consumption and its gradient: from the budget, or from the bond Euler equation at the kink. Returns (c, b)."""
    n = len(tech.a)
    spent = 0.0
    for i in range(n):
        change = s.ratio[i] - 1.0
        spent += 0.5 * tech.phi[i] * change * change * k[i]
    if mode == KINK:
        per_target = 1.0 / target
        c = hat * per_target
        for r in range(n):
            s.c_grad[r] = s.slope[r, hat_slot] * per_target
        return c, c + spent + y[0] * bond_price - cash
    s.c_grad[0] = -bond_price
    for r in range(1, n):
        marginal = 0.0
        for i in range(n):
            marginal += tech.tilt[i, r] * tech.phi[i] * (s.ratio[i] - 1.0)
        s.c_grad[r] = -marginal
    return cash + b - spent - y[0] * bond_price, b


@inlined
def valuations(growth, growth_grad, z_slot, held_slot, private, tax_k, tech, s, worth, worth_grad):
    """Valuations beta growth m_i - Phi_2 and their gradients; m_i = H_i/k_i'^2 + mpk_i Z_i, privately plus the price."""
    n = len(tech.a)
    price_slot = 2 + 2 * n
    for i in range(n):
        exponent = tech.a[i] - 1.0
        factor = (tech.private[i] * (1.0 + tax_k[i]) if private else tech.social[i]) * s.returns[i]
        z_value = s.value[z_slot + i]
        inverse = 1.0 / s.k_next[i]
        held = s.value[held_slot + i] * inverse * inverse
        m = held + factor * z_value
        if private:
            m += s.value[price_slot]
        curvature = (factor * exponent * z_value - 2.0 * held) * inverse
        worth[i] = tech.beta * growth * m - tech.phi[i] * (s.ratio[i] - 1.0)
        for r in range(n):
            slope = s.slope[r, held_slot + i] * inverse * inverse + factor * s.slope[r, z_slot + i]
            if private:
                slope += s.slope[r, price_slot]
            adjust = 0.0
            if r > 0:
                dk = tech.tilt[i, r]
                slope += curvature * dk
                adjust = tech.phi[i] * dk * s.per_k[i]
            worth_grad[i, r] = tech.beta * (growth_grad[r] * m + growth * slope) - adjust


@inlined
def gross_gradient(r, tech, s):
    """Derivative of sum_i k_i' beta M_i / u'(c), the price before costs of adjustment, in unknown r."""
    slope = s.q_grad[r]
    if r > 0:
        for i in range(len(tech.a)):
            slope += tech.phi[i] * tech.tilt[i, r] * (2.0 * s.ratio[i] - 1.0)
    return slope


@inlined
def price_slope(j, c, gross, tech, s):
    """Slope of the price that values collateral in capital moved from industry j - 1 to j (counted from 0), at given state;
    its gradient goes to ``s.slope_grad``.

    Today's price moves through expectations and consumption: ``gross`` = sum_i k_i' beta M_i / u'(c), and the slope of
    log sum k' M comes from its own continuous slot.
    """
    n = len(tech.a)
    slot = 4 + 4 * n + j
    if len(tech.timing) == 2:  # of E q' itself, in the same columns
        for r in range(n):
            s.slope_grad[r] = s.slope[r, slot]
        return s.value[slot]
    more, less = tech.phi[j] * (s.ratio[j] - 1.0), tech.phi[j - 1] * (s.ratio[j - 1] - 1.0)
    moved = less - more  # of consumption
    pull = tech.gamma * moved / c + s.value[slot]
    slope = gross * pull - (2.0 * more + tech.phi[j]) + (2.0 * less + tech.phi[j - 1])
    for r in range(n):
        second = 0.0  # of costs of adjustment
        if r > 0:
            second = tech.phi[j] * tech.tilt[j, r] * s.per_k[j] - tech.phi[j - 1] * tech.tilt[j - 1, r] * s.per_k[j - 1]
        bend = tech.gamma * (-second - moved * s.c_grad[r] / c) / c + s.slope[r, slot]
        s.slope_grad[r] = gross_gradient(r, tech, s) * pull + gross * bend - 2.0 * second
    return slope


@inlined
def price_in_bonds(c, gross, tech, s):
    """Slope in b' of the price that values collateral; its gradient goes to ``s.bend`` (I,), which holds that of the slope of
    log sum k' M or, with collateral at next year's price, of E q'. ``gross`` as in `price_slope`.
    """
    slot = expected_price(tech)
    if len(tech.timing) == 2:
        return s.slope[0, slot]
    pull = tech.gamma * s.c_grad[0] / c + s.slope[0, slot]
    for r in range(len(tech.a)):
        bend = s.bend[r] - tech.gamma * s.c_grad[0] * s.c_grad[r] / (c * c)
        s.bend[r] = gross_gradient(r, tech, s) * pull + gross * bend
    return gross * pull


@inlined
def conditions(mode, b, k, cash, bond_price, kappa, debt, y, target, tax_k, tech, s):
    """Residuals ``s.res`` (I,) and Jacobian ``s.jac`` (I, I) at unknowns ``y`` after `lookup` filled value and slope.

    ``cash`` is output Y(k, z), ``bond_price`` 1/R, ``target`` is `growth_target`. Row I-1 is the bond condition, rows 0..I-2
    equalize valuations along x_1..x_{I-1}. Returns False where consumption or an expectation is not positive. Source:
    docs/model.md, sections 2 and 3.
    """
    n = len(tech.a)
    planner = len(tech.planner) == 2
    hat_slot = 3 + 2 * n if planner else 0
    if tech.bounded > 0.0 and s.value[0] < s.value[hat_slot]:
        hat_slot = 0
    c_hat, hat = s.value[0], s.value[hat_slot]
    if not (c_hat > 0.0 and hat > 0.0):
        return False
    portfolio(y[1:], tech, s.k_next)
    for i in range(n):
        s.per_k[i] = 1.0 / k[i]
        s.ratio[i] = s.k_next[i] * s.per_k[i]
        s.returns[i] = math.exp((tech.a[i] - 1.0) * math.log(s.k_next[i]))
    c, bonds = consumption(mode, b, k, cash, bond_price, target, hat, hat_slot, y, tech, s)
    if not c > 0.0:
        return False
    per_c, per_c_hat = 1.0 / c, 1.0 / c_hat
    rho = power(c * per_c_hat, tech.gamma, tech.gamma_int)
    for r in range(n):
        s.rho_grad[r] = rho * tech.gamma * (s.c_grad[r] * per_c - s.slope[r, 0] * per_c_hat)
    valuations(rho, s.rho_grad, 2, 2 + n, True, tax_k, tech, s, s.worth, s.worth_grad)
    wanted = power(target, tech.gamma, tech.gamma_int)  # beta R (1 + tau_b)
    e_ratio = rho
    if planner:
        per_hat = 1.0 / hat
        e_ratio = power(c * per_hat, tech.gamma, tech.gamma_int)
        for r in range(n):
            s.e_grad[r] = e_ratio * tech.gamma * (s.c_grad[r] * per_c - s.slope[r, hat_slot] * per_hat)
    eta = 1.0 - wanted * e_ratio
    ahead = len(tech.timing) == 2
    if ahead and mode == BINDING:
        pledge(kappa, eta, s.e_grad if planner else s.rho_grad, -wanted, tech, s)
    q = 0.0
    tangible = 0.0
    for r in range(n):
        s.q_grad[r] = 0.0
    for i in range(n):
        ki = s.k_next[i]
        q += ki * s.worth[i]
        tangible += ki * tech.phi[i] * (s.ratio[i] - 1.0)
        for r in range(n):
            s.q_grad[r] += ki * s.worth_grad[i, r]
            if r > 0:
                s.q_grad[r] += s.worth[i] * tech.tilt[i, r]
    mu = 0.0
    if planner:
        valuations(e_ratio, s.e_grad, 4 + 2 * n, 4 + 3 * n, False, s.zeros, tech, s, s.social, s.social_grad)
        price_effect = bond_price
        if mode == BINDING:
            price_effect += kappa * tech.pecuniary * price_in_bonds(c, q + tangible, tech, s)
            mu = (bond_price - tech.beta * e_ratio) / price_effect
    if planner and tech.plans_portfolio > 0.0:
        for j in range(1, n):
            s.res[j - 1] = s.social[j] - s.social[j - 1]
            for r in range(n):
                s.jac[j - 1, r] = s.social_grad[j, r] - s.social_grad[j - 1, r]
            if mode == BINDING:
                slope = price_slope(j, c, q + tangible, tech, s)
                weight = kappa * tech.pecuniary
                s.res[j - 1] += mu * weight * slope
                for r in range(n):
                    s.jac[j - 1, r] += weight * (mu * s.slope_grad[r] - tech.beta * s.e_grad[r] / price_effect * slope)
                    s.jac[j - 1, r] -= weight * slope * mu * kappa * tech.pecuniary * s.bend[r] / price_effect
    else:
        for j in range(1, n):
            s.res[j - 1] = s.worth[j] - s.worth[j - 1]
            for r in range(n):
                s.jac[j - 1, r] = s.worth_grad[j, r] - s.worth_grad[j - 1, r]
    if mode == SLACK:
        ratio, growth = target / hat, c / hat
        s.res[n - 1] = c * ratio - 1.0
        for r in range(n):
            s.jac[n - 1, r] = ratio * (s.c_grad[r] - growth * s.slope[r, hat_slot])
    else:
        s.res[n - 1] = y[0] * bond_price + kappa * (s.value[expected_price(tech)] if ahead else q) + debt
        for r in range(n):
            s.jac[n - 1, r] = kappa * (s.slope[r, expected_price(tech)] if ahead else s.q_grad[r])
        s.jac[n - 1, 0] += bond_price
    s.out[OUT_C], s.out[OUT_Q], s.out[OUT_RHO] = c, q, rho
    s.out[OUT_MU], s.out[OUT_B], s.out[OUT_ETA] = mu, bonds, eta
    return math.isfinite(q) and math.isfinite(rho)
