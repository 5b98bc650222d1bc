"""Exhibit ``multiplicity``: the selected equilibrium by theta, with counts of the others (docs/model.md, section 5)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from regspec.calibration.records import NationalProcesses, read_national
from regspec.config.config import Config
from regspec.errors import ModelFailure
from regspec.exhibits import figures
from regspec.exhibits.registry import MULTIPLICITY_EXHIBIT
from regspec.exhibits.writer import ExhibitWriter
from regspec.io.provenance import stamp
from regspec.io.run_tables import read_meta
from regspec.layout import Layout
from regspec.solves.detrending import detrended
from regspec.studies.multiplicity.curve import Economy, Selected, Series, bond_grid, economy, equilibrium_curve, simulate, solve

_BINDING = 1e-9  # eta/u' above rounding
FORMATS = {
    "theta": "%.2f",
    "Iterations": "%.0f",
    "Several (grid)": "%.3f",
    "Several (years)": "%.4f",
    "Binding (years)": "%.4f",
    "Mean debt": "%.3f",
    "Largest debt": "%.3f",
    "Lowest c": "%.3f",
    "Largest J": "%.2f",
    "Jump of c": "%.2f",
}


def economies(config: Config, national: NationalProcesses) -> list[Economy]:
    """One economy per theta, with the productivity process of ``multiplicity.industry``."""
    settings, p = config.multiplicity, config.model.parameters
    largest = national.industries[int(np.argmax(national.national_share))]
    i = national.industries.index(settings.industry or largest)
    beta, rate = detrended(p, national.interest.mean)
    return [
        economy(p.alpha, beta, p.gamma, rate, theta * settings.chi, national.rho[i], national.sigma[i], settings.u_nodes)
        for theta in settings.thetas
    ]


def statistics(solution: Selected, path: Series) -> dict[str, float]:
    """Numbers of one solution; shares are of grid states or of simulated years, debts in years of trend output."""
    p = solution.economy
    return {
        "kappa": p.kappa,
        "Iterations": solution.iterations,
        "Several (grid)": np.mean(solution.roots > 1),
        "Several (years)": np.mean(path.roots > 1),
        "Binding (years)": np.mean(path.eta > _BINDING),
        "Mean debt": -path.b.mean(),
        "Largest debt": -path.b.min(),
        "Lowest c": path.c.min(),
        "Largest J": (p.kappa * p.gamma * path.q / path.c).max(),
        "Jump of c": np.nanmax(np.abs(np.diff(np.log(solution.c), axis=1))),
    }


def continuation(config: Config, national: NationalProcesses) -> tuple[list[Selected], pd.DataFrame]:
    """Solutions of all thetas, each started from the one before, and their table. Raises ModelFailure that names theta."""
    settings, rows = config.multiplicity, []
    solutions: list[Selected] = []
    for theta, one in zip(settings.thetas, economies(config, national), strict=True):
        grid = bond_grid(one.z.min(), settings.points, config.model.grid.b_max)
        try:
            solution = solve(one, settings.selection, grid, solutions[-1] if solutions else None)
            path = simulate(solution, settings.years, config.run.seed)
        except ModelFailure as failure:
            raise ModelFailure(f"multiplicity, theta = {theta:g}, chi = {settings.chi:g}: {failure}") from None
        solutions.append(solution)
        rows.append({"theta": theta} | statistics(solution, path))
        print(f"multiplicity: theta = {theta:g} solved in {solution.iterations} iterations", flush=True)
    return solutions, pd.DataFrame(rows)


def draw(left, right, solutions: list[Selected], thetas: list[float]) -> None:
    """Consumption by bonds at the middle state: the selection for every theta; all equilibria of the largest theta."""
    for number, (theta, solution) in enumerate(zip(thetas, solutions, strict=True)):
        e = len(solution.economy.u) // 2
        left.plot(
            solution.grid,
            solution.c[e],
            color=figures.PALETTE[number % len(figures.PALETTE)],
            label=f"{theta:g}",
            linestyle="-" if number % 2 == 0 else "--",
        )
    left.legend(title=r"$\theta$", ncols=2)
    left.set(title=f"Selected: the {solutions[-1].selection} equilibrium", ylabel="consumption (years of trend output)")
    last = solutions[-1]
    p, e = last.economy, len(last.economy.u) // 2
    slack, binding, _ = (branch[e] for branch in equilibrium_curve(last))
    valid = slack >= binding
    binding = np.where(last.grid < 0.0, binding, np.nan)
    for branch, name, colour, line in ((slack, "limit slack", 0, "-"), (binding, "limit binds", 1, "--")):
        c = np.where(valid, branch, np.nan)
        right.plot(c + last.grid / p.rate - p.z[e], c, line, color=figures.PALETTE[colour], label=name)
    right.set(title=rf"All equilibria, $\theta$ = {thetas[-1]:g}", xlim=left.get_xlim())
    right.legend()
    for axis in (left, right):
        axis.set_xlabel("bonds (years of trend output)")


def run(config: Config, layout: Layout, config_hash: str) -> None:
    """Write table and figure of `regspec.exhibits.registry.MULTIPLICITY_EXHIBIT`.

    Raises DataError for unreadable files of earlier steps, ModelFailure that names theta.
    """
    national, settings = read_national(layout), config.multiplicity
    writer = ExhibitWriter(layout.root, stamp(config_hash), read_meta(layout.data)["synthetic"])
    solutions, table = continuation(config, national)
    notes = (
        f"One industry, collateral valued at today's price, chi = {settings.chi:g}, gamma = {config.model.parameters.gamma:g}. "
        f"Where a state has several equilibria, the {settings.selection} is selected, in every state and year. This is one "
        f"selection of many, found by continuation in theta. Several: share of grid states, or of {settings.years:,} simulated "
        "years, with more than one equilibrium. Debts in years of trend output. Jump: largest step of log c between "
        "neighbouring points of the bond grid. J = kappa gamma q/c."
    )
    caption = f"Several equilibria of a year: the {settings.selection} selected"
    writer.table(
        name=MULTIPLICITY_EXHIBIT.table,
        body=table.drop(columns="kappa"),
        caption=caption,
        notes=notes,
        float_format=FORMATS,
        data=table,
    )
    name = MULTIPLICITY_EXHIBIT.figure
    with writer.figure(name=name, width="double", height=3.2, ncols=2, sharey=True) as (_, (left, right)):
        draw(left, right, solutions, settings.thetas)
