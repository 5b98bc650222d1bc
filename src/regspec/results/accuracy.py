"""How well the model was solved: Euler errors, residuals, well-posedness, time (model.md sections 5
and 7).
"""

from __future__ import annotations

import pandas as pd

from regspec.results.inputs import ModelInputs, once

#: Diagnostics whose largest value over zones is the worst one.
WORST_IS_LARGEST = (
    "euler_bonds_mean_log10",
    "euler_bonds_p99_log10",
    "euler_bonds_max_log10",
    "euler_portfolio_mean_log10",
    "euler_portfolio_p99_log10",
    "euler_portfolio_max_log10",
    "cloud_euler_bonds_p99_log10",
    "cloud_euler_bonds_max_log10",
    "cloud_euler_portfolio_p99_log10",
    "cloud_euler_portfolio_max_log10",
    "residual_max",
    "amplification_max",
    "roots_max",
    "failed_states",
    "lattice_hits",
    "contraction",
)


@once
def accuracy(inputs: ModelInputs) -> pd.DataFrame:
    """The worst diagnostic over zones, one row for each ``scenario, allocation`` with at least one solved
    zone.

    Columns: ``zones``, the diagnostics of ``WORST_IS_LARGEST`` (maximum over zones), ``grid_margin``
    (minimum), ``binding_share`` (mean), ``seconds`` (mean per zone, of the whole solve).
    """
    solved = inputs.solutions[inputs.solutions["status"] == "solved"]
    groups = solved.groupby(["scenario", "allocation"], sort=True)
    largest = groups[[name for name in WORST_IS_LARGEST if name in solved]].max()
    rest = pd.DataFrame({"zones": groups.size(), "seconds": groups["seconds"].mean()})
    if "grid_margin" in solved:
        rest["grid_margin"] = groups["grid_margin"].min()
    if "binding_share" in solved:
        rest["binding_share"] = groups["binding_share"].mean()
    return pd.concat([rest, largest], axis=1).reset_index()


def write(inputs: ModelInputs) -> None:
    """Write the table: the worst zone of each scenario and allocation."""
    result = accuracy(inputs)
    heads = {
        "scenario": "Scenario",
        "allocation": "Allocation",
        "zones": "Zones",
        "euler_bonds_max_log10": "Euler, bonds",
        "euler_portfolio_max_log10": "Euler, portfolio",
        "cloud_euler_bonds_p99_log10": "Off grid p99, bonds",
        "cloud_euler_portfolio_p99_log10": "Off grid p99, portfolio",
        "residual_max": "Residual",
        "amplification_max": "J",
        "binding_share": "Binding",
        "seconds": "Seconds",
    }
    shown = result[[name for name in heads if name in result]].rename(columns=heads)
    formats = {"Residual": "%.1e", "Seconds": "%.1f"} | {
        name: "%.2f" for name in heads.values() if name.startswith(("Euler", "Off grid", "J"))
    }
    notes = (
        "The table shows the worst zone of each scenario and allocation. Euler: largest error on the simulated path, log10 of "
        "the consumption equivalent. Off grid: 99th percentile of the errors at random states off the grid. Residual: largest "
        "residual of an equilibrium condition in the last iteration. J: amplification of a binding constraint. Binding: mean "
        f"share of years with a binding constraint. Seconds: mean per zone, market and planner together. "
        f"{inputs.counts(*inputs.config.scenarios)}"
    )
    inputs.writer.table(
        name=inputs.making.table,
        body=shown,
        caption="Accuracy of the solutions",
        notes=notes,
        float_format=formats,
        data=result,
    )
