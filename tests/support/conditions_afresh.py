"""Equilibrium conditions at a state with next year's equilibrium solved anew in every exogenous state (docs/model.md, 2-5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from economies import Solution


@dataclass(frozen=True)
class Gaps:
    """Relative errors of the Euler equation in bonds, of the limit where it binds and of the portfolio; room in the limit."""

    euler: float
    limit: float
    portfolio: float
    room: float


def tomorrow(solution: Solution, b: float, k: np.ndarray, e: int) -> dict[str, np.ndarray]:
    """Next year's probabilities, states, productivities and kappa given a choice (b, k) in exogenous state ``e``."""
    exogenous = solution.year.exogenous
    probabilities = solution.solver.problem.chain.transition()[e]
    used = np.flatnonzero(probabilities > 0)
    found = [solution.at(b, k, later) for later in used]
    names = ("c", "q", "eta", "mu", "k_next")
    return {name: np.array([getattr(state, name) for state in found]) for name in names} | {
        "probability": probabilities[used],
        "z": exogenous.z[used],
        "kappa": exogenous.kappa[used],
    }


def market_gaps(solution: Solution, b: float, k, e: int) -> Gaps:
    """Conditions (2.3)-(2.7), or (5.2) and (5.3) with collateral at next year's price, at the state's equilibrium."""
    p, exogenous, k = solution.solver.problem, solution.year.exogenous, np.asarray(k, float)
    now = solution.at(b, k, e)
    then = tomorrow(solution, now.b_next, now.k_next, e)
    rate, kappa = exogenous.R[e], exogenous.kappa[e]
    marginal, mean = then["c"] ** -p.gamma * now.c**p.gamma, then["probability"]
    growth = then["k_next"] / now.k_next
    returns = then["q"][:, None] + p.phi / 2 * (growth**2 - 1) + p.alpha * then["z"] * now.k_next ** (p.a - 1)
    pledge = 0.0 if p.next_price else then["kappa"] * then["q"] * then["eta"]
    private_value = p.beta * mean @ (marginal[:, None] * (returns + np.reshape(pledge, (-1, 1)))) - p.phi * (now.k_next / k - 1)
    pledged = now.q
    if p.next_price:
        pledged = mean @ then["q"]
        private_value += now.eta * kappa * pledged
    spent = np.sum(p.phi / 2 * (now.k_next / k - 1) ** 2 * k)
    assert abs(now.c - (np.sum(exogenous.z[e] * k**p.a) - spent + b - now.b_next / rate)) < 1e-12 * (1 + abs(b))
    room = now.b_next / rate + kappa * pledged + exogenous.debt[e]
    euler = now.eta - (1 - p.beta * rate * mean @ marginal)
    return Gaps(abs(euler), abs(room) * now.binding, float(np.abs(private_value / now.q - 1).max()), room)


def plan_gaps(solution: Solution, b: float, k, e: int, step: float = 1e-4) -> tuple[float, float]:
    """Errors of (5.4) and (5.5), the plan's conditions with collateral at next year's price, two industries: of bonds
    relative to 1/R and of the portfolio relative to the price. Slopes of E q' are differences of width 2 ``step``.
    """
    p, exogenous, k = solution.solver.problem, solution.year.exogenous, np.asarray(k, float)
    now = solution.at(b, k, e)
    rate, kappa = exogenous.R[e], exogenous.kappa[e]
    then = tomorrow(solution, now.b_next, now.k_next, e)
    marginal, mean = then["c"] ** -p.gamma * now.c**p.gamma, then["probability"]

    def price(b_next, move):
        found = tomorrow(solution, b_next, now.k_next + move * np.array([-1.0, 1.0]), e)
        return found["probability"] @ found["q"]

    slope_b = (price(now.b_next + step, 0.0) - price(now.b_next - step, 0.0)) / (2 * step)
    slope_k = (price(now.b_next, step) - price(now.b_next, -step)) / (2 * step)
    bonds = 1 / rate - p.beta * mean @ marginal - now.mu * (1 / rate + kappa * slope_b)
    growth = then["k_next"] / now.k_next
    returns = p.phi / 2 * (growth**2 - 1) + p.a * then["z"] * now.k_next ** (p.a - 1)
    social = p.beta * mean @ (marginal[:, None] * returns) - p.phi * (now.k_next / k - 1)
    return abs(bonds) * rate, abs(social[1] - social[0] + now.mu * kappa * slope_k) / now.q


@dataclass(frozen=True)
class PlanGaps:
    """Relative errors of (2.9), of (3.5) or (3.8), and, where there is no wedge of (3.6), of the portfolio condition."""

    price: float
    bonds: float
    portfolio: float
    binding: bool


def variant_gaps(solution: Solution, b: float, k, e: int, variant: str, step: float = 1e-4) -> PlanGaps:
    """Conditions of the planner ``variant`` (section 3, collateral at today's price) at the state's solution."""
    p, exogenous, k = solution.solver.problem, solution.year.exogenous, np.asarray(k, float)
    now = solution.at(b, k, e)
    rate, kappa = exogenous.R[e], exogenous.kappa[e]
    internal = variant != "no_pecuniary"
    adjustment = p.phi * (now.k_next / k - 1)

    def valued(b_next):
        """Private values D_i, social ones, and beta E lambda'/u'(c) of a choice, everything else at its optimum."""
        then = tomorrow(solution, b_next, now.k_next, e)
        c = now.c - (b_next - now.b_next) / rate
        marginal = then["c"] ** -p.gamma * c**p.gamma
        growth = then["k_next"] / now.k_next
        first = -p.phi / 2 * (growth**2 - 1)
        mpk = then["z"] * now.k_next ** (p.a - 1)
        tangible = then["q"] + np.sum(then["k_next"] * p.phi * (growth - 1), axis=1)
        pull = internal * then["mu"] * then["kappa"]
        wealth = marginal * (1 + pull * p.gamma / then["c"] * tangible)
        resale = (then["q"] * (1 + then["kappa"] * then["eta"]))[:, None]
        private = p.beta * then["probability"] @ (marginal[:, None] * (resale - first + p.alpha * mpk)) - adjustment
        own = p.alpha if variant == "pecuniary_only" else p.a
        held = wealth[:, None] * (own * mpk - first) + (marginal * pull)[:, None] * p.phi * growth**2
        return private, p.beta * then["probability"] @ held - adjustment, p.beta * then["probability"] @ wealth

    private, social, wealth = valued(now.b_next)
    slope = (now.k_next @ valued(now.b_next + step)[0] - now.k_next @ valued(now.b_next - step)[0]) / (2 * step)
    bonds = 1 / rate - wealth - now.mu * (1 / rate + internal * kappa * slope)
    values = private if variant == "debt_only" else social
    wedge = now.binding and variant in ("full", "pecuniary_only")
    portfolio = 0.0 if wedge else float(np.ptp(values)) / now.q
    return PlanGaps(abs(now.k_next @ private / now.q - 1), abs(bonds) * rate, portfolio, now.binding)
