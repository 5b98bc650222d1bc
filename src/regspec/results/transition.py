"""The planner's path beside the market's: specialization, industries, output, and the trade-off of both (deck Q4, Q5)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from regspec.exhibits import figures
from regspec.results.inputs import ModelInputs
from regspec.results.slopes import RIGHT_HAND_SIDES, Slope, columns, estimate_text, given, slope
from regspec.results.taxes import QUARTILES, draw_fan

PATHS = {"ce": ("market", "-"), "planner": ("planner", (0, (4, 2)))}


def paths(inputs: ModelInputs, variable: str) -> dict[str, pd.DataFrame]:
    """``variable`` of both allocations of the baseline, zones x years; the planner's zones only."""
    found = {name: inputs.path(inputs.baseline, name, variable) for name in PATHS}
    zones = found["ce"].index.intersection(found["planner"].index)
    return {name: frame.loc[zones] if len(zones) else frame.iloc[:0] for name, frame in found.items()}


def growth_slopes(inputs: ModelInputs, rhs: str) -> dict[int, dict[str, Slope]]:
    """Slopes on base-year specialization of growth since the base year, by horizon in years and by source.

    Sources: ``ce``, ``planner`` and their ``difference`` (planner less market), on the same zones. At the base year capital
    is given, so that both have the same level; the slope of a later level is that level's plus the growth slope.
    """
    base, config = inputs.config.empirics.base_year, inputs.config
    output = {name: np.log(frame) for name, frame in paths(inputs, "Y").items()}
    design = inputs.design[columns(config.empirics, rhs, growth=True)]
    found = {}
    for h in config.results.horizons:
        if base + h not in output["ce"].columns or base not in output["ce"].columns:
            continue
        growth = {name: frame[base + h] - frame[base] for name, frame in output.items()}
        growth["difference"] = growth["planner"] - growth["ce"]
        found[h] = {name: slope(own.rename(name), design, config.results.confidence) for name, own in growth.items()}
    return found


def gap(inputs: ModelInputs, variable: str) -> pd.DataFrame:
    """Planner relative to market, percent, zones x years."""
    own = paths(inputs, variable)
    return 100 * (own["planner"] / own["ce"] - 1)


def transition_table(inputs: ModelInputs, slopes: dict[str, dict[int, dict[str, Slope]]]) -> pd.DataFrame:
    """A row for each horizon: means over zones of the Gini of portfolios and of the planner's lead, growth slopes of both."""
    gini, lead, spent = paths(inputs, "gini_k"), gap(inputs, "Y"), gap(inputs, "c")
    base, rows = inputs.config.empirics.base_year, []
    for h in sorted({0, *slopes[RIGHT_HAND_SIDES[0]]}):
        year = base + h
        row = {
            "Year": str(year),
            "Gini, market": gini["ce"][year].mean(),
            "Gini, planner": gini["planner"][year].mean(),
            "Output": lead[year].mean(),
            "Consumption": spent[year].mean(),
        }
        for rhs, own in slopes.items():
            for name, head in (("ce", "market"), ("planner", "planner"), ("difference", "difference")):
                row[f"Slope {head}, {rhs}"] = estimate_text(own[h][name]) if h else ""
        rows.append(row)
    return pd.DataFrame(rows)


def write(inputs: ModelInputs) -> None:
    """Write table and figure. Where no planner was solved they say so."""
    output = paths(inputs, "Y")["planner"]
    solved = not output.empty and inputs.config.empirics.base_year in output.columns
    slopes = {rhs: growth_slopes(inputs, rhs) for rhs in RIGHT_HAND_SIDES} if solved else {}
    with inputs.writer.figure(name=inputs.making.figure, width="double", height=5.2, ncols=2, nrows=2) as (_, axes):
        if solved:
            _draw(axes, inputs, slopes)
        else:
            for ax in axes.flat:
                ax.text(0.5, 0.5, "no planner solved", transform=ax.transAxes, ha="center")
    none = pd.DataFrame({"Year": [f"{inputs.baseline}: no planner solved"]})
    _write_table(inputs, transition_table(inputs, slopes) if solved else none)


def _write_table(inputs: ModelInputs, table: pd.DataFrame) -> None:
    base = inputs.config.empirics.base_year
    notes = (
        "Means over zones. Gini: of the portfolio over model industries. Output and consumption: planner relative to market, "
        f"percent. Slopes: growth of output since {base}, log points, on base-year specialization (HC1 standard "
        f"errors), on the same zones. Difference: planner less market. In {base} capital is given, so that both allocations "
        f"have the same level and the same slope of the level. {inputs.counts(inputs.baseline)}"
    )
    inputs.writer.table(name=inputs.making.table, body=table, caption="The planner's path and the market's", notes=notes)


def quartiles(frame: pd.DataFrame) -> pd.DataFrame:
    """Quartiles over zones (columns ``QUARTILES``) by year of a frame zones x years."""
    return frame.quantile(list(QUARTILES)).T


def _draw(axes, inputs: ModelInputs, slopes: dict[str, dict[int, dict[str, Slope]]]) -> None:
    (gini, shares), (lead, trade) = axes
    for ax in (gini, shares, lead):
        ax.set_xlabel("year")
    own = paths(inputs, "gini_k")
    for number, (name, (label, line)) in enumerate(PATHS.items()):
        draw_fan(gini, quartiles(own[name]), figures.PALETTE[number], label, line)
    gini.set_ylabel("Gini of the portfolio")
    gini.set_title(f"Specialization: median and quartiles, N = {len(own['ce'])}", loc="left")
    gini.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2)
    for number, industry in enumerate(inputs.config.calibration.industries):
        for name, frame in paths(inputs, f"k_{industry}").items():
            shown = industry if name == "ce" else None
            shares.plot(100 * frame.mean(), color=figures.PALETTE[number], linestyle=PATHS[name][1], label=shown)
    shares.set_ylabel("share of capital (percent)")
    shares.set_title("Industries: mean; solid market, dashed planner", loc="left")
    shares.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=5, columnspacing=1.2)
    for number, (variable, label) in enumerate((("Y", "output"), ("c", "consumption"))):
        draw_fan(lead, quartiles(gap(inputs, variable)), figures.PALETTE[number], label)
    lead.axhline(0, color=figures.GREY, linewidth=0.5)
    lead.set_ylabel("planner relative to market (percent)")
    lead.set_title("Output and consumption: median and quartiles", loc="left")
    lead.legend(loc="best")
    _draw_slopes(trade, inputs, slopes)


def _draw_slopes(ax, inputs: ModelInputs, slopes: dict[str, dict[int, dict[str, Slope]]]) -> None:
    estimated = [rhs for rhs, own in slopes.items() if own and all(item["difference"].fit is not None for item in own.values())]
    ax.axhline(0, color=figures.GREY, linewidth=0.5)
    ax.set_xlabel(f"years since {inputs.config.empirics.base_year}")
    ax.set_ylabel("slope of growth (log points)")
    if not estimated:
        ax.set_title("Growth on specialization: too few zones", loc="left")
        return
    own = slopes[estimated[0]]
    horizons = np.array(list(own))
    for number, (name, (label, line)) in enumerate(PATHS.items()):
        items = [own[h][name] for h in own]
        margin = [i.high - i.estimate for i in items]
        ax.errorbar(
            horizons + number,
            [i.estimate for i in items],
            margin,
            color=figures.PALETTE[number],
            linestyle=line,
            marker="os"[number],
            capsize=2,
            linewidth=1,
            label=label,
        )
    ax.set_title(f"Growth on specialization, given {given(inputs.config.empirics, estimated[0])}", loc="left")
    ax.legend(loc="best")
