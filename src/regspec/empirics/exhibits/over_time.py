"""Specialization over time (E6): table and figure."""

from __future__ import annotations

import pandas as pd

from regspec.empirics import labels
from regspec.empirics.inputs import DataInputs
from regspec.empirics.summary import e6_layout, summarize
from regspec.exhibits import figures


def write(inputs: DataInputs) -> None:
    """Write ``specialization_over_time``; a variable that the data do not have is reported."""
    inputs.miss_variables("income", "employment")
    summary = summarize(inputs.specialization)
    body, rules = e6_layout(summary, labels.MEASURES)
    notes = (
        f"Specialization across industries in {summary['zones'].max()} zones, unweighted. CV: "
        "standard deviation over mean; p90/p10: ratio of the 90th to the 10th percentile of zones."
    )
    formats = {c: "%.2f" if c[1] in ("Mean", "p90/p10") else "%.3f" for c in body.columns}
    inputs.writer.table(
        name=inputs.making.table,
        body=body,
        caption="Specialization over time",
        notes=notes,
        float_format=formats,
        rules=rules,
        data=summary,
    )
    _draw(inputs)


def bands(specialization: pd.DataFrame) -> pd.DataFrame:
    """Across zones, unweighted: ``variable, measure, year, mean, p10, p90``; percentiles as in the table."""
    values = specialization.groupby(["variable", "measure", "year"], sort=True)["value"]
    return pd.DataFrame({"mean": values.mean(), "p10": values.quantile(0.1), "p90": values.quantile(0.9)}).reset_index()


def _draw(inputs: DataInputs) -> None:
    """A panel for each measure; mean and 10th to 90th percentile of zones, variables side by side in a year."""
    table = bands(inputs.specialization)
    measures = [name for name in labels.MEASURES if name in set(table["measure"])]
    with inputs.writer.figure(name=inputs.making.figure, width="double", height=2.4, ncols=len(measures), squeeze=False) as (
        figure,
        grid,
    ):
        variables = inputs.variables
        for ax, measure in zip(grid[0], measures, strict=True):
            for number, variable in enumerate(variables):
                own = table[(table["measure"] == measure) & (table["variable"] == variable)]
                x = own["year"] + 1.6 * (number - (len(variables) - 1) / 2)
                colour = figures.PALETTE[number]
                ax.vlines(x, own["p10"], own["p90"], color=colour, linewidth=1.4, alpha=0.5)
                ax.plot(
                    x,
                    own["mean"],
                    marker="osD"[number],
                    color=colour,
                    linewidth=0.9,
                    label=f"{labels.variable(variable)} shares",
                )
            ax.set_ylim(0, None)
            ax.set_title(labels.MEASURES[measure], loc="left")
            ax.set_xlabel("Year")
        grid[0][0].set_ylabel("Mean; bars: 10th to 90th percentile")
        grid[0][-1].legend(loc="lower left")
        zones = inputs.specialization["zone"].nunique()
        figure.suptitle(f"Specialization over time, N = {zones} zones", fontsize=8, x=0.01, ha="left")
