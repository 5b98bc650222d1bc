"""The nested case of one industry with a fixed debt limit, solved by this package and by methods that economists write.

    V(b, u) = max_{b' >= -R debt} c^(1-gamma)/(1-gamma) + beta E V(b', u'),    c = e^u + b - b'/R

A decision problem, so that value-function iteration applies: gamma 5, beta .95, R 1.013, u a Rouwenhorst chain of five nodes
(rho .8, innovations .02), debt = .296. Methods: this package (time iteration with the limit located first); plain NumPy
value iteration (maximum over all b' on the grid); numba value iteration (monotone search that stops where the value falls);
numba endogenous grid points (Carroll 2006), the method of choice for this one case, which does not carry over to portfolios
and price-dependent limits; dolo (time iteration with complementarity) in a Python of its own. Each iterates until a bound on
its distance to the fixed point is 1e-6 (dolo: until decisions change by less than 1e-6). Compilation is not counted.

Accuracy, by one routine for all: consumption functions c(b, u) at the same random states give (i) the relative difference from
a very fine solution of this package, (ii) the error of the bond condition max{-EE, -IC, min(EE, IC)} (docs/accuracy.md),
with next year's consumption from the same function. Between grid points the rivals' consumption is linear.
"""

from __future__ import annotations

import json
import math
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np
from common import OUTPUT, say

from regspec.model.grids.bond_grid import bond_bounds
from regspec.model.grids.corners import simplex
from regspec.model.kernels.period import solve_point, state_in
from regspec.model.kernels.records import OUT_C, Outcome, make_scratch
from regspec.model.markov import product_chain
from regspec.model.problem import Problem
from regspec.model.simulation.paths import starts
from regspec.model.solver.time_iteration import Solver

BETA, RATE, GAMMA, ALPHA, KAPPA, TOP, TOLERANCE = 0.95, 1.013, 5.0, 0.3, 0.05, 0.8, 1e-6
Rule = Callable[[np.ndarray, int], np.ndarray]  # consumption at bonds (n,) in exogenous state e
OWN_GRIDS, REFERENCE = ((4, 8, 40), (6, 12, 80), (12, 24, 160), (24, 48, 320)), (60, 180, 2400)
NUMPY_POINTS, NUMBA_POINTS, EGM_POINTS, DOLO_POINTS = (250, 500, 1000, 2000), (1000, 4000, 16000), (100, 400, 1600), (200, 1000)


def problem(below: int, above: int, fine: int) -> Problem:
    """The case as a problem of this package."""
    chain, one = product_chain([0.8], [0.02], 5), np.ones(1)
    trend, lower, a = np.zeros((3, 1)), np.ones((3, 1)), np.array([ALPHA])
    bonds, debt = bond_bounds(
        {
            "alpha": ALPHA,
            "beta": BETA,
            "kappa": KAPPA,
            "a": a,
            "ztilde": one,
            "trend": trend,
            "chain": chain,
            "rate": RATE,
            "limit": "fixed",
            "b_max": TOP,
            "lower": lower,
        }
    )
    return Problem(
        alpha=ALPHA,
        beta=BETA,
        gamma=GAMMA,
        kappa=KAPPA,
        a=a,
        phi=one,
        ztilde=one,
        k0=one,
        b0=-0.1,
        trend=trend,
        chain=chain,
        rate=RATE,
        limit="fixed",
        bonds=bonds,
        debt=debt,
        corners=simplex(lower),
        steps=2,
        below=below,
        above=above,
        fine=fine,
    )


def own(below: int, above: int, fine: int, tolerance: float = TOLERANCE, residual: float = 1e-8) -> tuple[Rule, dict]:
    """This package: its consumption function (the period solved at the state, as in a simulation) and what it took."""
    case = problem(below, above, fine)
    began = time.perf_counter()
    solver = Solver(case, False)
    tail = solver.stationary(tolerance, residual, 2000)
    d, seconds = solver.diagnostics, time.perf_counter() - began
    t = case.horizon + 1
    next_year = solver.grids.next_year(solver.expectations(tail, t).copy(), t)
    _, _, exogenous, const = solver.grids.at(t)
    s, y, k = make_scratch(const), np.empty(1), np.ones(1)

    def rule(bonds, e):
        result = np.empty(len(bonds))
        for i, b in enumerate(bonds):
            state, begin = state_in(float(b), k, exogenous, e, const), starts(float(b), k, solver, t)
            if solve_point(state, begin, next_year, const, s, y, solver.options.state_search()) == Outcome.UNSOLVED:
                raise ValueError(f"no solution at b = {b}")
            result[i] = s.out[OUT_C]
        return result

    states = round(d.states / d.iterations)
    return rule, {"points": states, "seconds": seconds, "sweeps": d.iterations, "us_per_state_sweep": 1e6 * seconds / d.states}


def linear(bonds: np.ndarray, c: np.ndarray) -> Rule:
    """Linear interpolation of consumption (E, n) on a grid (n,) or on a grid (E, n) of each state."""
    return lambda b, e: np.interp(b, bonds if bonds.ndim == 1 else bonds[e], c[e])


def _bound(new: np.ndarray, old: np.ndarray) -> float:
    """Bound on the relative distance to the fixed point of a contraction with modulus beta."""
    return float(np.max(np.abs(new / old - 1.0))) * BETA / (1.0 - BETA)


def numpy_vfi(income, transition, bonds) -> tuple[np.ndarray, int]:
    """Value iteration, every sweep a maximum over all choices on the grid (n,); consumption (E, n) and sweeps."""
    c = income[:, None, None] + bonds[:, None] - bonds / RATE  # (E, n, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        reward = np.where(c > 0, c ** (1.0 - GAMMA) / (1.0 - GAMMA), -np.inf)
    value = np.full((len(income), len(bonds)), 1.0 / (1.0 - GAMMA) / (1.0 - BETA))
    for sweep in range(1, 5000):
        total = reward + BETA * (transition @ value)[:, None, :]
        choice = np.argmax(total, axis=2)
        new = np.take_along_axis(total, choice[..., None], axis=2)[..., 0]
        done, value = _bound(new, value) < TOLERANCE, new
        if done:
            return income[:, None] + bonds - bonds[choice] / RATE, sweep
    raise ValueError("no convergence")


@numba.njit(cache=True)
def _search(income, future, bonds, value, choice):
    """One sweep of the monotone grid search; writes values and choices (E, n)."""
    for e in range(len(income)):
        start = 0
        for i in range(len(bonds)):
            best, at = -np.inf, start
            for j in range(start, len(bonds)):
                c = income[e] + bonds[i] - bonds[j] / RATE
                if c <= 0.0:
                    break
                total = c ** (1.0 - GAMMA) / (1.0 - GAMMA) + BETA * future[e, j]
                if total < best:
                    break
                best, at = total, j
            value[e, i], choice[e, i], start = best, at, at


def numba_vfi(income, transition, bonds) -> tuple[np.ndarray, int]:
    """The same by compiled search that uses monotone choices and a concave objective."""
    value = np.full((len(income), len(bonds)), 1.0 / (1.0 - GAMMA) / (1.0 - BETA))
    new, choice = np.empty_like(value), np.empty(value.shape, np.int64)
    for sweep in range(1, 5000):
        _search(income, transition @ value, bonds, new, choice)
        done = _bound(new, value) < TOLERANCE
        value, new = new, value
        if done:
            return income[:, None] + bonds - bonds[choice] / RATE, sweep
    raise ValueError("no convergence")


@numba.njit(cache=True)
def _egm_sweep(income, transition, bonds, c, marginal, now, spent, new):
    """One sweep of endogenous grid points; ``now``, ``spent`` (E, n): bonds at which bonds[j] is chosen, and consumption."""
    states, n = c.shape
    for e in range(states):
        for j in range(n):
            marginal[e, j] = c[e, j] ** -GAMMA
    for e in range(states):
        for j in range(n):
            expected = 0.0
            for f in range(states):
                expected += transition[e, f] * marginal[f, j]
            spent[e, j] = (BETA * RATE * expected) ** (-1.0 / GAMMA)
            now[e, j] = spent[e, j] + bonds[j] / RATE - income[e]
        at = 0
        for i in range(n):
            if bonds[i] <= now[e, 0]:
                new[e, i] = income[e] + bonds[i] - bonds[0] / RATE
                continue
            while at < n - 2 and now[e, at + 1] < bonds[i]:
                at += 1
            share = (bonds[i] - now[e, at]) / (now[e, at + 1] - now[e, at])
            new[e, i] = spent[e, at] + share * (spent[e, at + 1] - spent[e, at])


def numba_egm(income, transition, bonds) -> tuple[Rule, int]:
    """Endogenous grid points on the grid ``bonds``: consumption function with the kink as a point, and sweeps."""
    c = np.ascontiguousarray(np.maximum(0.3, income[:, None] + bonds - bonds / RATE))
    marginal, now, spent, new = (np.empty_like(c) for _ in range(4))
    for sweep in range(1, 5000):
        _egm_sweep(income, transition, bonds, c, marginal, now, spent, new)
        done = _bound(new, c) < TOLERANCE
        c, new = new, c
        if done:
            low = np.full((len(income), 1), bonds[0])
            at_low = income[:, None] + bonds[0] - bonds[0] / RATE
            grids, values = np.hstack([np.minimum(low, now[:, :1] - 1e-9), now]), np.hstack([at_low, spent])
            return linear(grids, values), sweep
    raise ValueError("no convergence")


def accuracy(rule: Rule, reference: Rule, income, transition, debt: float, draws: int = 1000) -> dict:
    """Differences from the reference and errors of the bond condition at random states of the reachable range."""
    rng = np.random.default_rng(1)
    differences, errors = [], []
    for e, y in enumerate(income):
        b = -RATE * debt + rng.uniform(size=draws // len(income)) * (0.5 + RATE * debt)
        c = rule(b, e)
        differences.append(np.abs(c / reference(b, e) - 1.0))
        b_next = np.maximum(RATE * (y + b - c), -RATE * debt)
        marginal = sum(p * rule(b_next, f) ** -GAMMA for f, p in enumerate(transition[e]))
        euler = (BETA * RATE * marginal) ** (-1.0 / GAMMA) / c - 1.0
        slack = ((y + b - c) + debt) / debt
        errors.append(np.abs(np.maximum(np.maximum(-euler, -slack), np.minimum(euler, slack))))
    difference, error = np.concatenate(differences), np.maximum(np.concatenate(errors), 1e-16)
    logs = {"mean": error.mean(), "p99": np.quantile(error, 0.99), "max": error.max()}
    return {"c_error_mean": float(difference.mean()), "c_error_max": float(difference.max())} | {
        f"euler_{name}_log10": math.log10(value) for name, value in logs.items()
    }


def _dolo(python: str, income, chain, debt: float, points: int) -> tuple[Rule, dict]:
    """dolo's decision rule on a grid, computed by a script in its own environment."""
    request = {
        "beta": BETA,
        "gamma": GAMMA,
        "R": RATE,
        "debt": debt,
        "top": TOP,
        "points": points,
        "tolerance": TOLERANCE,
        "values": np.log(income).tolist(),
        "transition": chain.transitions[0].tolist(),
    }
    script = Path(__file__).with_name("dolo_nested.py")
    done = subprocess.run([python, str(script)], input=json.dumps(request), capture_output=True, encoding="utf-8")
    if done.returncode:
        raise ValueError(f"dolo failed: {done.stderr.strip().splitlines()[-1:]}")
    answer = json.loads(done.stdout.splitlines()[-1])
    bonds, chosen = np.array(answer["bonds"]), np.array(answer["b_next"])
    rule = linear(bonds, income[:, None] + bonds - chosen / RATE)
    took = {"points": points * len(income), "seconds": answer["seconds"], "sweeps": answer["iterations"]}
    took["us_per_state_sweep"] = 1e6 * answer["seconds"] / (took["points"] * took["sweeps"])
    return rule, took | {"converged": answer["converged"], "version": answer["version"]}


def run(quick: bool, dolo: str | None) -> dict:
    """Rows of all methods and ratios of times within this run."""
    case = problem(4, 8, 40)
    income, transition, debt = np.exp(case.chain.values[0]), case.chain.transitions[0], float(case.debt[0])
    reference, _ = own(*REFERENCE, tolerance=1e-10, residual=1e-11)
    rows = []

    def add(method: str, rule: Rule, took: dict) -> None:
        rows.append({"method": method, **took, **accuracy(rule, reference, income, transition, debt)})
        row = rows[-1]
        say(
            f"{method}, {took['points']} states: {took['seconds']:.4f} s, c off by {row['c_error_mean']:.1e} on average, "
            f"Euler error 10^{row['euler_mean_log10']:.2f}"
        )

    def timed(method: str, call, points: tuple[int, ...], repeat: int) -> None:
        call(income, transition, np.linspace(-RATE * debt, TOP, 50))  # compiles
        for n in points[: 2 if quick else None]:
            bonds, times = np.linspace(-RATE * debt, TOP, n), []
            for _ in range(repeat):
                began = time.perf_counter()
                c, sweeps = call(income, transition, bonds)
                times.append(time.perf_counter() - began)
            took = {"points": n * len(income), "seconds": min(times), "sweeps": sweeps}
            took["us_per_state_sweep"] = 1e6 * took["seconds"] / (took["points"] * sweeps)
            add(method, c if callable(c) else linear(bonds, c), took)

    for grid in OWN_GRIDS:
        own(*grid)
        runs = [own(*grid) for _ in range(5)]
        add("regspec", *min(runs, key=lambda r: r[1]["seconds"]))
    timed("NumPy VFI", numpy_vfi, NUMPY_POINTS, 1)
    timed("numba VFI", numba_vfi, NUMBA_POINTS, 1 if quick else 3)
    timed("numba EGM", numba_egm, EGM_POINTS, 5)
    if dolo:
        for n in DOLO_POINTS[: 1 if quick else None]:
            add("dolo", *_dolo(dolo, income, case.chain, debt, n))
    OUTPUT.mkdir(parents=True, exist_ok=True)
    return {"rivals": rows} | ratios(rows)


def ratios(rows: list[dict]) -> dict:
    """For each rival: how many times as long its most accurate grid takes as our cheapest grid that is at least as accurate.

    A rival's grids that are more accurate than all of ours are left out. ``rival_X_seconds_ratio`` above 1: this package is
    faster; ``rival_X_error_ratio``, never below 1: its mean error of c is that much larger than ours in the same comparison.
    """
    found, ours = {}, [row for row in rows if row["method"] == "regspec"]
    for method in dict.fromkeys(row["method"] for row in rows if row["method"] != "regspec"):
        pairs = []
        for row in (row for row in rows if row["method"] == method):
            enough = [own_row for own_row in ours if own_row["c_error_mean"] <= row["c_error_mean"]]
            if enough:
                pairs.append((row, min(enough, key=lambda own_row: own_row["seconds"])))
        if not pairs:
            continue
        best, own_row = min(pairs, key=lambda pair: pair[0]["c_error_mean"])
        name = method.lower().replace(" ", "_")
        found[f"rival_{name}_seconds_ratio"] = best["seconds"] / own_row["seconds"]
        found[f"rival_{name}_error_ratio"] = best["c_error_mean"] / own_row["c_error_mean"]
    return found
