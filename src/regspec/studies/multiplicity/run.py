"""Exhibit ``multiplicity``: the selected equilibrium by theta, with counts of the others (docs/model.md, section 5)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from regspec.calibration.records import NationalProcesses, read_national
from regspec.config.config import Config
from regspec.errors import ModelFailure
from regspec.exhibits import figures, tables
from regspec.io.provenance import stamp
from regspec.io.run_tables import read_meta
from regspec.solves.detrending import detrended
from regspec.studies.multiplicity.curve import Economy, Selected, Series, bond_grid, economy, equilibrium_curve, simulate, solve

_BINDING = 1e-9  # eta/u' above rounding
FORMATS = {
    "theta": "%.2f",
    "Sweeps": "%.0f",
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
    chosen, p = config.multiplicity, config.model.parameters
    largest = national.industries[int(np.argmax(national.national_share))]
    i = national.industries.index(chosen.industry or largest)
    beta, rate = detrended(p, national.interest.mean)
    return [
        economy(p.alpha, beta, p.gamma, rate, theta * chosen.chi, national.rho[i], national.sigma[i], chosen.u_nodes)
        for theta in chosen.thetas
    ]


def statistics(solution: Selected, path: Series) -> dict[str, float]:
    """Numbers of one solution; shares are of grid states or of simulated years, debts in years of trend output."""
    p = solution.economy
    return {
        "kappa": p.kappa,
        "Sweeps": solution.sweeps,
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
    chosen, rows = config.multiplicity, []
    found: list[Selected] = []
    for theta, own in zip(chosen.thetas, economies(config, national), strict=True):
        grid = bond_grid(own.z.min(), chosen.points, config.model.grid.b_max)
        try:
            solution = solve(own, chosen.selection, grid, found[-1] if found else None)
            path = simulate(solution, chosen.years, config.run.seed)
        except ModelFailure as failure:
            raise ModelFailure(f"multiplicity, theta = {theta:g}, chi = {chosen.chi:g}: {failure}") from None
        found.append(solution)
        rows.append({"theta": theta} | statistics(solution, path))
        print(f"multiplicity: theta = {theta:g} solved in {solution.sweeps} sweeps", flush=True)
    return found, pd.DataFrame(rows)


def draw(found: list[Selected], thetas: list[float], stem: Path, provenance: dict, synthetic: bool) -> list[Path]:
    """Consumption by bonds at the middle state: the selection for every theta; all equilibria of the largest theta."""
    figure, (left, right) = figures.new("double", height=3.2, ncols=2, sharey=True)
    for number, (theta, solution) in enumerate(zip(thetas, found, strict=True)):
        e = len(solution.economy.u) // 2
        left.plot(
            solution.grid,
            solution.c[e],
            color=figures.PALETTE[number % len(figures.PALETTE)],
            label=f"{theta:g}",
            linestyle="-" if number % 2 == 0 else "--",
        )
    left.legend(title=r"$\theta$", ncols=2)
    left.set(title=f"Selected: the {found[-1].selection} equilibrium", ylabel="consumption (years of trend output)")
    last = found[-1]
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
    return figures.save(figure, stem, provenance, synthetic)


def run(config: Config, root: Path, digest: str) -> list[Path]:
    """Write table and figure below ``root``/multiplicity; returns the files.

    Raises DataError for unreadable files of earlier steps, ModelFailure that names theta.
    """
    root = Path(root)
    national, synthetic = read_national(root), read_meta(root / "data")["synthetic"]
    found, table = continuation(config, national)
    chosen, provenance, stem = config.multiplicity, stamp(digest), root / "multiplicity" / "multiplicity"
    notes = (
        f"One industry, collateral valued at today's price, chi = {chosen.chi:g}, gamma = {config.model.parameters.gamma:g}. "
        f"Where a state has several equilibria the {chosen.selection} is taken, in every state and year: one selection of "
        f"many, found by continuation in theta. Several: share of grid states, or of {chosen.years:,} simulated years, with "
        "more than one equilibrium. Debts in years of trend output. Jump: largest step of log c between neighbouring "
        "points of the bond grid. J = kappa gamma q/c."
    )
    caption = f"Several equilibria of a year: the {chosen.selection} selected"
    files = tables.write(
        table.drop(columns="kappa"), stem, caption, notes, provenance, synthetic, float_format=FORMATS, data=table
    )
    return files + draw(found, chosen.thetas, stem, provenance, synthetic)
