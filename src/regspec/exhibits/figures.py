"""Print-ready figures: one style, one palette, one way to save.

Every exhibit of the package is drawn on a figure from :func:`new`, inside :func:`house_style`, and written by :func:`save` as
vector PDF (TrueType fonts embedded, text stays text) and PNG (300 dpi). The fonts ship with matplotlib, so the bytes do
not depend on those of the machine, and no date enters the files: the same data give the same bytes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import matplotlib
from cycler import cycler
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from regspec.io.provenance import atomic_path

#: Colour-blind-safe qualitative palette (Okabe and Ito 2008; Wong 2011, Nature Methods 8:441), darkest first.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
GREY = "#5A5A5A"
#: Colour maps for maps: perceptually uniform, safe for colour-blind readers; the sequential one also in grey.
SEQUENTIAL = "viridis"
DIVERGING = "RdBu_r"

#: Widths in inches: one journal column (85 mm) and the text block (175 mm).
WIDTHS = {"single": 3.35, "double": 6.9}
SYNTHETIC_MARK = "synthetic data"

STYLE: dict[Any, Any] = {
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.labelsize": 8.5,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.prop_cycle": cycler(color=PALETTE),
    "axes.unicode_minus": True,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "patch.linewidth": 0.6,
    "figure.dpi": 100,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,
    "text.usetex": False,
}


def house_style() -> AbstractContextManager:
    """A context, or decorator, in which matplotlib draws in the house style; its settings are put back at the end."""
    return matplotlib.rc_context(STYLE)


def new(width: str = "single", height: float | None = None, ncols: int = 1, nrows: int = 1, **subplots):
    """A figure in the house style and its axes; what is drawn on them later has that style inside :func:`house_style` only.

    Parameters
    ----------
    width : "single" | "double"
        Printed width: 85 mm or 175 mm.
    height : float, optional
        Height in inches; default 0.72 of a panel's width for each row.
    ncols, nrows : int
        Panels; ``subplots`` passes on to ``Figure.subplots`` (``sharey=True``, ``width_ratios=...``).

    Returns
    -------
    (Figure, Axes or ndarray of Axes)
        One Axes for a single panel, otherwise an array with its singleton dimensions squeezed.
    """
    if width not in WIDTHS:
        raise ValueError(f"figures.new: width is {width!r}; allowed: {', '.join(WIDTHS)}")
    inches = WIDTHS[width]
    with house_style():
        figure = Figure(figsize=(inches, height or 0.72 * inches / ncols * nrows), layout="constrained")
        return figure, figure.subplots(nrows, ncols, **subplots)


def save(fig: Figure, stem: Path, provenance: Mapping[str, str], synthetic: bool | None) -> list[Path]:
    """Write ``stem.pdf`` and ``stem.png``; return the two paths.

    ``provenance`` (from :func:`regspec.io.provenance.stamp`) goes to the files' metadata: PDF keywords, PNG text
    chunks; so does :func:`description` (PNG: ``Comment``). ``synthetic`` draws a mark in a strip of its own above the
    figure and a pale one across it: save it only once. None: no data stand behind the figure, only the model.
    """
    stem = Path(stem)
    words_in_figure = description(fig)
    if synthetic:
        _mark(fig)
    words = "; ".join(f"{key}={value}" for key, value in sorted(provenance.items()))
    data = "no data" if synthetic is None else SYNTHETIC_MARK if synthetic else "empirical data"
    metadata = {
        # matplotlib would enter the time of the run: None leaves the entry out.
        "pdf": {"Title": stem.name, "Creator": "regspec", "Subject": data, "Keywords": words, "CreationDate": None},
        "png": {"Title": stem.name, "Software": "regspec", "Description": data, "Comment": words_in_figure}
        | {str(key): str(value) for key, value in provenance.items()},
    }
    paths = []
    with house_style():
        for suffix, entries in metadata.items():
            # Not Path.with_suffix: a name such as "theta_0.35" has a dot of its own.
            path = stem.parent / f"{stem.name}.{suffix}"
            with atomic_path(path) as temporary:
                fig.savefig(temporary, format=suffix, metadata=entries)
            paths.append(path)
    return paths


def description(fig: Figure) -> str:
    """What the figure's own words say, a sentence or two for each panel: its title, axes with units, legend.

    The caption of the figure in a report and for readers who do not see it; nobody has to write it twice.
    """
    panels = [ax for ax in fig.axes if ax.axison or ax.get_title(loc="left") or ax.get_title()]
    texts = [_panel_words(ax) for ax in panels]
    if len(panels) > 1:
        texts = [f"Panel {number}: {text}" for number, text in enumerate(texts, 1) if text]
    heading = fig.get_suptitle()
    legends = [part for legend in fig.legends for part in _legend_words(legend)]
    return " ".join(_sentence(text) for text in (heading, *texts, *legends) if text)


def _panel_words(ax) -> str:
    titles = [_plain(ax.get_title(loc=where)) for where in ("left", "center", "right")]
    axes = [
        f"{name}: {_plain(label)}"
        for name, label in (("horizontal", ax.get_xlabel()), ("vertical", ax.get_ylabel()))
        if label and ax.axison
    ]
    legend = ax.get_legend()
    free = [_plain(text.get_text()) for text in ax.texts if "N = " in text.get_text()]
    heading, entries = _legend_words(legend) if legend else ("", "")
    parts = [*filter(None, titles), heading, *axes, *free, entries]
    return "; ".join(part.rstrip(".") for part in parts if part)


def _legend_words(legend) -> tuple[str, str]:
    """Heading and entries of a legend."""
    heading = "; ".join(map(_plain, legend.get_title().get_text().splitlines()))
    entries = ", ".join(_plain(text.get_text()) for text in legend.get_texts())
    return heading, f"legend: {entries}" if entries else ""


def _plain(text: str) -> str:
    """One line without the marks of mathematical text."""
    return re.sub(r"\s+", " ", re.sub(r"[${}]|\\mathrm|\\", "", text)).strip()


def _sentence(text: str) -> str:
    text = _plain(text)
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _mark(fig: Figure) -> None:
    """Write the synthetic-data mark at the upper right, above everything that the layout places, and across the figure."""
    width, height = fig.get_size_inches()
    strip = 11 / 72 / height
    engine = fig.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(rect=(0, 0, 1, 1 - strip))
    top = 1 - 0.15 * strip
    style: dict[str, Any] = {"fontsize": 7.5, "style": "italic", "color": PALETTE[1]}
    fig.text(0.995, top, SYNTHETIC_MARK, ha="right", va="top", **style)
    # About four fifths of the diagonal; pale enough that thin lines and hatches are read through it.
    size = 0.8 * 72 * math.hypot(width, height) / (0.5 * len(SYNTHETIC_MARK))
    fig.text(
        0.5,
        0.5,
        SYNTHETIC_MARK,
        ha="center",
        va="center",
        rotation=math.degrees(math.atan2(height, width)),
        fontsize=min(size, 60),
        color=GREY,
        alpha=0.09,
        zorder=20,
        in_layout=False,
    )
