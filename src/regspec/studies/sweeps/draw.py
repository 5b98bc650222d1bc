"""Figures of a sweep: heat maps of a sweep with two axes, points with intervals of any other."""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from regspec.exhibits import figures
from regspec.exhibits.writer import ExhibitWriter
from regspec.results.slopes import RIGHT_HAND_SIDES, first_estimated, number

SYMBOLS = {
    "theta": r"$\theta$",
    "xi_scale": r"scale of $\xi$",
    "phi_scale": r"scale of $\varphi$",
    "chi": r"$\chi$",
    "gamma": r"$\gamma$",
    "beta": r"$\beta$",
    "alpha": r"$\alpha$",
    "shock_scale": "scale of shocks",
}


def panels(table: pd.DataFrame) -> dict[str, tuple[str, float, str]]:
    """What is drawn: column -> title, colour range about zero that is used at least (0: none about zero), printf form.

    The least range makes a share of nothing look like nothing.
    """
    shares = [name for name in table if name.startswith("share_") and not name.endswith(("_low", "_high"))]
    found = {
        "level": ("Slope of level on specialization", 0.0, "%.2f"),
        "growth": ("Slope of growth on specialization", 0.05, "%.3f"),
    }
    for name in shares[:1] + shares[-1:] if len(shares) > 1 else shares:
        scenario, _, horizon = name.removeprefix("share_").rpartition("_")
        found[name] = (f"Share of the growth slope removed by\n{scenario}, {horizon} years", 0.2, "%.3f")
    if table["welfare"].notna().any():  # a sweep of markets alone has none
        found["welfare"] = ("Median welfare gain, percent", 0.0, "%.2f")
    found["binding"] = ("Share of years in which the limit binds", 0.0, "%.2f")
    return found


def estimated_rows(table: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """Rows of the right-hand side that could be estimated: all controls if in any cell, else the short one."""
    rows = {rhs: table[table["right_hand_side"] == rhs] for rhs in RIGHT_HAND_SIDES}
    rhs = first_estimated(lambda rhs: rows[rhs]["growth"].notna().any())
    return rhs, rows[rhs]


def heat_maps(writer: ExhibitWriter, name: str, table: pd.DataFrame, axes: list[str], title: str) -> None:
    """A panel for each of :func:`panels` over the two ``axes``; values are printed in the cells.

    Pale grey with a cross: no estimate. Italic with a question mark: the interval holds zero, or is not bounded.
    """
    shown = panels(table)
    rows = -(-len(shown) // 2)
    with writer.figure(name=name, width="double", height=2.35 * rows + 0.3, nrows=rows, ncols=2) as (fig, grid):
        cells = list(np.ravel(grid))
        for ax, (column, (head, least, form)) in zip(cells, shown.items(), strict=False):
            _heat(ax, table, axes, column, least, form)
            ax.set_title(head, loc="left")
        for ax in cells[len(shown) :]:
            ax.set_axis_off()
        fig.suptitle(title, fontsize=8, x=0.01, ha="left")


def _heat(ax, table: pd.DataFrame, axes: list[str], name: str, least: float, form: str) -> None:
    x, y = (list(dict.fromkeys(table[axis])) for axis in axes)
    wide = table.pivot(index=axes[1], columns=axes[0], values=name).loc[y, x].to_numpy(float)
    finite = wide[np.isfinite(wide)]
    most = max(np.abs(finite).max(initial=0.0), least)
    low, high = (-most, most) if least else (finite.min(initial=np.inf), finite.max(initial=-np.inf))
    if not finite.size:
        low, high = 0.0, 1.0
    elif not high - low > 1e-3 * np.abs(finite).max(initial=0.0):
        low, high = low - 1.0, high + 1.0  # all alike: one colour, from the middle
    colours = matplotlib.colormaps[figures.DIVERGING if least else figures.SEQUENTIAL]
    ax.imshow(np.ma.masked_invalid(wide), origin="lower", aspect="auto", cmap=colours, vmin=low, vmax=high)
    for (row, column), value in np.ndenumerate(wide):
        if not np.isfinite(value):
            ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor="#E8E8E8", hatch="xx", edgecolor="white"))
            continue
        ink = "white" if np.dot(colours((value - low) / (high - low))[:3], (0.2126, 0.7152, 0.0722)) < 0.45 else "black"
        sure = _is_sure(table, axes, name, x[column], y[row])
        text = number(value, form) + ("" if sure else "?")
        ax.text(column, row, text, ha="center", va="center", color=ink, fontsize=6.5, style="normal" if sure else "italic")
    ax.set_xticks(range(len(x)), [f"{v:g}" if not isinstance(v, str) else v for v in x])
    ax.set_yticks(range(len(y)), [f"{v:g}" if not isinstance(v, str) else v for v in y])
    ax.set_xlabel(SYMBOLS.get(axes[0], axes[0]))
    ax.set_ylabel(SYMBOLS.get(axes[1], axes[1]))
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)


def _is_sure(table: pd.DataFrame, axes: list[str], name: str, x, y) -> bool:
    """Whether the value's interval leaves out zero (values without an interval are taken as they are)."""
    if f"{name}_low" not in table:
        return True
    row = table[(table[axes[0]] == x) & (table[axes[1]] == y)].iloc[0]
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return bool(np.isfinite([low, high]).all() and low * high > 0)


def points(writer: ExhibitWriter, name: str, table: pd.DataFrame, label: str, title: str) -> None:
    """A panel for each of :func:`panels`, one line of points with intervals for the cells (named by column ``label``)."""
    shown = panels(table)
    columns = 3
    rows = -(-len(shown) // columns)
    height = (0.17 * len(table) + 0.75) * rows + 0.3
    with writer.figure(name=name, width="double", height=height, nrows=rows, ncols=columns, sharey=True) as (fig, grid):
        cells = list(np.ravel(grid))
        y = np.arange(len(table))[::-1]
        for ax, (column, (head, least, _)) in zip(cells, shown.items(), strict=False):
            _points(ax, table, column, y)
            if least:
                ax.axvline(0, color=figures.GREY, linewidth=0.5, zorder=0)
            ax.set_title(head.replace(" on specialization", "\non specialization"), loc="left", fontsize=7.5)
            ax.margins(x=0.08)
            ax.set_ylim(-0.6, len(table) - 0.4)
        for ax in cells[::columns]:
            ax.set_yticks(y, [str(v) for v in table[label]])
        for ax in cells[len(shown) :]:
            ax.set_axis_off()
        fig.suptitle(title, fontsize=8, x=0.01, ha="left")


def _points(ax, table: pd.DataFrame, column: str, y: np.ndarray) -> None:
    """A column's values at the heights ``y``, with intervals where it has them; hollow where they are not bounded."""
    value = table[column].to_numpy(float)
    if f"{column}_low" not in table:
        ax.plot(value, y, "o", color=figures.PALETTE[0])
        return
    ends = table[[f"{column}_low", f"{column}_high"]].to_numpy(float)
    bounded = np.isfinite(ends).all(axis=1)
    ax.hlines(y[bounded], ends[bounded, 0], ends[bounded, 1], color=figures.PALETTE[0], linewidth=0.9)
    ax.plot(value[~bounded], y[~bounded], "o", color=figures.GREY, markerfacecolor="white")
    ax.plot(value[bounded], y[bounded], "o", color=figures.PALETTE[0])
