"""The robustness grid as a coefficient plot."""

from __future__ import annotations

import pandas as pd

from regspec.econometrics.critical import critical_value
from regspec.empirics import labels
from regspec.empirics.inputs import DataInputs
from regspec.exhibits import figures, tables

_MARKERS = "osD^v"
_STEP = 0.15
_HEAD = 0.45
_PAGE = 9.2  # inches


def draw(inputs: DataInputs, table: pd.DataFrame, classifications: dict[str, str], right_hand_sides: dict[str, str]) -> None:
    """Draw ``fact1_grid``: a panel for each outcome, a line for each measure, five right-hand sides beside each other.

    Coefficients are multiplied by the measure's standard deviation over zones, so that measures can be compared.
    """
    config = inputs.config
    lines = table[["variable", "classification", "measure"]].drop_duplicates().reset_index(drop=True)
    starts = [0, *tables.breaks(lines, ["variable", "classification"])]
    # Each block of lines begins with a strip for its name.
    place = pd.Series(range(len(lines)), dtype=float) + _HEAD * pd.Series(range(len(lines))).map(
        lambda i: sum(s <= i for s in starts)
    )
    end = place.iloc[-1] + 0.5
    height = min(1.3 + 0.42 * (len(lines) + _HEAD * len(starts)), _PAGE)
    with inputs.writer.figure(name=inputs.making.figure, width="double", height=height, ncols=2, sharey=True) as (figure, axes):
        critical = critical_value(config.results.confidence)
        heads = {"growth": labels.growth(config), "level": labels.level(config)}
        shown = {name: label for name, label in right_hand_sides.items() if name in set(table["right_hand_side"])}
        for ax, (outcome, title) in zip(axes, heads.items(), strict=True):
            ax.axvline(0, color=figures.GREY, linewidth=0.6)
            _draw_lines(ax, lines, place, table[table["outcome"] == outcome], shown, critical)
            for row in starts[1:]:
                ax.axhline(place[row] - 0.5 - _HEAD, color=figures.GREY, linewidth=0.4, linestyle=":")
            ax.set_title(title, loc="left")
            ax.set_xlabel("Log points per standard deviation of the measure")
            ax.set_ylim(end, -0.5)
            ax.locator_params(axis="x", nbins=6)
        axes[0].set_yticks(place, [labels.MEASURES[name] for name in lines["measure"]])
        for row in starts:
            _name_block(axes[0], lines.loc[row], place[row], classifications, several=len(set(lines["variable"])) > 1)
        handles, names = axes[0].get_legend_handles_labels()
        zones = sorted(set(table.loc[table["zones"] > 0, "zones"]))
        count = f"{zones[0]}" if len(zones) == 1 else f"{zones[0]}–{zones[-1]}"
        figure.legend(
            handles,
            names,
            loc="outside lower center",
            ncols=len(shown),
            handletextpad=0.3,
            columnspacing=1.2,
            title=f"Beside specialization in the regression ($N$ = {count}; bars: {100 * config.results.confidence:g}% "
            "intervals, HC1)",
            title_fontsize=8,
        )


def _draw_lines(ax, lines: pd.DataFrame, place: pd.Series, table: pd.DataFrame, shown: dict[str, str], critical: float) -> None:
    """Coefficients of one outcome with intervals, at the heights ``place`` of ``lines``; right-hand sides one above another."""
    for number, (name, label) in enumerate(shown.items()):
        rows = lines.merge(table[table["right_hand_side"] == name], how="left")
        y = place + (number - (len(shown) - 1) / 2) * _STEP
        style = {"fmt": _MARKERS[number], "color": figures.PALETTE[number], "markersize": 2.8, "elinewidth": 0.8}
        ax.errorbar(rows["estimate"] * rows["sd"], y, xerr=critical * rows["se"] * rows["sd"], label=label, **style)


def _name_block(ax, line: pd.Series, place: float, classifications: dict[str, str], several: bool) -> None:
    """Classification, and variable if there are ``several``, in the strip above the block that begins with ``line``."""
    variable = f", {labels.variable(line['variable'])}" if several else ""
    text = f"{classifications[line['classification']]}{variable}"
    ax.text(0.01, place - 0.45 - _HEAD, text, transform=ax.get_yaxis_transform(), fontsize=7, style="italic", va="top")
