"""Tables in three forms: CSV (numbers), TeX (booktabs only) and self-contained HTML.

pandas' own writers are not used because their TeX needs more packages than booktabs and neither form carries
notes and provenance.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path

import pandas as pd

from regspec.errors import DataError
from regspec.io.provenance import atomic_path

_TEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
    "|": r"$|$",
    "−": "$-$",
    "–": "--",
    "—": "---",
    "×": r"$\times$",
    "±": r"$\pm$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "→": r"$\to$",
    "²": "$^2$",
    "ĝ": r"$\hat{g}$",
    "Δ": r"$\Delta$",
    "Λ": r"$\Lambda$",
    "α": r"$\alpha$",
    "β": r"$\beta$",
    "γ": r"$\gamma$",
    "θ": r"$\theta$",
    "κ": r"$\kappa$",
    "λ": r"$\lambda$",
    "ξ": r"$\xi$",
    "ρ": r"$\rho$",
    "σ": r"$\sigma$",
    "φ": r"$\varphi$",
    "χ": r"$\chi$",
    "τ": r"$\tau$",
    "η": r"$\eta$",
    "μ": r"$\mu$",
}
_NUMBER = re.compile(r"^[(\[]?[-−+]?\d[\d.,]*(e[-+]?\d+)?%?[)\]]?\**( \([\d.]+\))?$")
_CSS = (
    "body{font-family:'Times New Roman',Times,serif;margin:2em;max-width:60em}"
    "table{border-collapse:collapse;border-top:1.5px solid;border-bottom:1.5px solid}"
    "caption{text-align:left;font-weight:bold;padding-bottom:.5em}th,td{padding:.15em .8em}"
    "thead tr:last-child th{border-bottom:1px solid}.l{text-align:left}.r{text-align:right}"
    ".c{text-align:center}.rule td{border-top:1px solid}.span{border-bottom:.5px solid}.notes{font-size:85%}"
)


def write(
    frame: pd.DataFrame,
    stem: Path,
    *,
    caption: str,
    notes: str,
    provenance: Mapping[str, str],
    synthetic: bool | None,
    float_format: str | Mapping[str, str] = "%.3f",
    rules: Sequence[int] = (),
    data: pd.DataFrame | None = None,
    forms: Sequence[str] = ("csv", "tex", "html"),
) -> list[Path]:
    """Write ``stem.csv``, ``stem.tex`` and ``stem.html``; return the paths.

    Parameters
    ----------
    frame : DataFrame
        The table as printed; at most two levels of column names (the upper one becomes spanning headings).
        The index is printed unless it is the default one. Text is printed as it is, missing cells empty.
    caption, notes : str
        Plain text; special characters of TeX and HTML are escaped. The notes say what stars mean.
    provenance : mapping
        From :func:`regspec.io.provenance.stamp`; TeX and CSV comments, HTML ``meta`` elements.
    synthetic : bool or None
        True adds a visible "synthetic data" to the caption; None: no data stand behind the table, only the model.
    float_format : str or mapping
        printf format as in pandas; or a mapping from column to format (columns not named get ``"%.3f"``).
    rules : sequence of int
        Row positions that get a thin rule above them.
    data : DataFrame, optional
        What the CSV holds instead of ``frame``: the numbers behind a laid-out table. The CSV is not rounded.
    forms : sequence of str
        Which of csv, tex, html and md (Markdown) are written.
    """
    if frame.empty:
        raise DataError(f"table {Path(stem).name}: no rows to write")
    body, header = _cells(frame, float_format)
    align = _alignment(body)
    mark = " (synthetic data)" if synthetic else ""
    stamp = _stamp(provenance, synthetic)
    texts = {
        "csv": lambda: _csv(frame if data is None else data, stamp),
        "tex": lambda: _tex(header, body, align, caption + mark, notes, stamp, set(rules), Path(stem).name),
        "html": lambda: _html(header, body, align, caption + mark, notes, stamp, set(rules)),
        "md": lambda: _markdown(header, body, caption + mark, notes, stamp),
    }
    return [_save(Path(stem), form, texts[form]()) for form in forms]


def breaks(frame: pd.DataFrame, columns: Sequence[str]) -> list[int]:
    """Positions of the rows, but the first, in which one of ``columns`` differs from the row before: where rules go."""
    keys = list(frame[list(columns)].itertuples(index=False, name=None))
    return [i for i in range(1, len(keys)) if keys[i] != keys[i - 1]]


def write_csv(frame: pd.DataFrame, stem: Path, provenance: Mapping[str, str], synthetic: bool | None) -> Path:
    """Write ``stem.csv`` alone: the numbers that a figure of the same name shows."""
    return _save(Path(stem), "csv", _csv(frame, _stamp(provenance, synthetic)))


def read_csv(path: Path) -> pd.DataFrame:
    """Read back a CSV written by :func:`write` (its leading ``#`` lines hold the provenance)."""
    with open(path, encoding="utf-8") as lines:
        skip = next(i for i, line in enumerate(lines) if not line.startswith("# "))
    return pd.read_csv(path, skiprows=skip)


def _stamp(provenance: Mapping[str, str], synthetic: bool | None) -> dict[str, str]:
    return {**provenance, "data": "none" if synthetic is None else "synthetic" if synthetic else "empirical"}


def _save(stem: Path, suffix: str, text: str) -> Path:
    # Not Path.with_suffix: a name such as "theta_0.35" has a dot of its own.
    path = stem.parent / f"{stem.name}.{suffix}"
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return path


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its index as columns, unless the index is the default one."""
    if isinstance(frame.index, pd.RangeIndex) and frame.index.name is None:
        return frame
    names = [name if name is not None else "" for name in frame.index.names]
    index = frame.index.to_frame(index=False)
    levels = frame.columns.nlevels
    index.columns = pd.MultiIndex.from_tuples([("",) * (levels - 1) + (n,) for n in names]) if levels > 1 else names
    return pd.concat([index, frame.reset_index(drop=True)], axis=1)


def _cells(frame: pd.DataFrame, float_format) -> tuple[list[list[str]], list[tuple[str, ...]]]:
    """Printed cells by row, and the column names as tuples of one or two levels."""
    flat = _flat(frame)
    if flat.columns.nlevels > 2:
        raise ValueError("tables.write: at most two levels of column names")
    header = [tuple(map(str, c)) if isinstance(c, tuple) else (str(c),) for c in flat.columns]
    formats = [float_format if isinstance(float_format, str) else float_format.get(c, "%.3f") for c in flat.columns]
    columns = [[_text(v, f) for v in flat.iloc[:, j]] for j, f in enumerate(formats)]
    return [list(row) for row in zip(*columns, strict=True)], header


def _text(value, float_format: str) -> str:
    """One cell: integers and text as they are, floats formatted, missing values empty."""
    if value is None or value is pd.NA or (isinstance(value, Real) and math.isnan(value)):
        return ""
    if isinstance(value, (bool, Integral)) or not isinstance(value, Real):
        return str(value)
    text = float_format % value
    # A rounded zero has no sign.
    return text[1:] if text.startswith("-") and not text.strip("-0.e+%") else text


def _alignment(body: list[list[str]]) -> list[str]:
    """Per column: numbers right, columns with stars or parentheses centred, text left."""
    align = []
    for column in zip(*body, strict=True):
        filled = [c for c in column if c]
        if not filled or not all(_NUMBER.match(c) for c in filled):
            align.append("l")
        else:
            align.append("c" if any("(" in c or "[" in c or c.endswith("*") for c in filled) else "r")
    return align


def _csv(frame: pd.DataFrame, stamp: Mapping[str, str]) -> str:
    flat = _flat(frame).copy()
    flat.columns = [" ".join(str(p) for p in c if str(p)) if isinstance(c, tuple) else str(c) for c in flat.columns]
    comments = "".join(f"# {key}: {value}\n" for key, value in sorted(stamp.items()))
    return comments + flat.to_csv(index=False, lineterminator="\n")


def _spans(header: list[tuple[str, ...]]) -> list[tuple[str, int, int]]:
    """(heading, first column, number of columns) of the upper header level; empty for one level."""
    if len(header[0]) == 1:
        return []
    spans: list[tuple[str, int, int]] = []
    for j, (upper, _) in enumerate(header):
        if spans and spans[-1][0] == upper and upper:
            spans[-1] = (upper, spans[-1][1], spans[-1][2] + 1)
        else:
            spans.append((upper, j, 1))
    return spans


def tex_escape(text: str) -> str:
    """Plain text as TeX that needs no package; trailing stars of a number become a superscript."""
    stars = re.search(r"(?<=[\d)])\*+$", text)
    core, tail = (text[: stars.start()], f"$^{{{stars.group()}}}$") if stars else (text, "")
    minus = "$-$" if re.match(r"^-[\d.]", core) else ""
    core = core[1:] if minus else core
    return minus + "".join(_TEX.get(ch, ch) for ch in core) + tail


def _tex(header, body, align, caption, notes, stamp, rules, name) -> str:
    lines = [f"% {key}: {value}" for key, value in sorted(stamp.items())]
    label = re.sub(r"[^A-Za-z0-9-]", "-", name)
    lines += [r"\begin{table}[htbp]", r"\centering", rf"\caption{{{tex_escape(caption)}}}\label{{tab:{label}}}"]
    lines += [rf"\begin{{tabular}}{{{''.join(align)}}}", r"\toprule"]
    spans = _spans(header)
    if spans:
        lines.append(" & ".join(rf"\multicolumn{{{n}}}{{c}}{{{tex_escape(t)}}}" for t, _, n in spans) + r" \\")
        lines.append("".join(rf"\cmidrule(lr){{{j + 1}-{j + n}}}" for t, j, n in spans if t))
    lines.append(" & ".join(tex_escape(h[-1]) for h in header) + r" \\")
    lines.append(r"\midrule")
    for i, row in enumerate(body):
        if i in rules and i:
            lines.append(r"\midrule")
        lines.append(" & ".join(tex_escape(c) for c in row) + r" \\")
    lines += [r"\bottomrule", r"\end{tabular}"]
    if notes:
        lines += [r"\par\smallskip", rf"\begin{{minipage}}{{\linewidth}}\footnotesize {tex_escape(notes)}\end{{minipage}}"]
    return "\n".join([*lines, r"\end{table}", ""])


def _markdown(header, body, caption, notes, stamp) -> str:
    rows = [[h[-1] for h in header], ["---"] * len(header), *body]
    lines = ["| " + " | ".join(c.replace("|", r"\|") for c in row) + " |" for row in rows]
    comments = [f"<!-- {key}: {value} -->" for key, value in sorted(stamp.items())]
    return "\n".join([f"# {caption}", "", *lines, "", notes, "", *comments, ""])


def _html(header, body, align, caption, notes, stamp, rules) -> str:
    def cell(tag: str, text: str, css: str, attributes: str = "") -> str:
        shown = html.escape(re.sub(r"^-(?=[\d.])", "−", text))
        return f'<{tag} class="{css}"{attributes}>{shown}</{tag}>'

    spans = _spans(header)
    rows = []
    if spans:
        upper = "".join(cell("th", t, "c span" if t else "c", f' colspan="{n}" scope="colgroup"') for t, _, n in spans)
        rows.append(f"<tr>{upper}</tr>")
    rows.append("<tr>" + "".join(cell("th", h[-1], a, ' scope="col"') for h, a in zip(header, align, strict=True)) + "</tr>")
    lines = [
        f"<tr{' class=rule' if i in rules and i else ''}>"
        + "".join(cell("td", c, a) for c, a in zip(row, align, strict=True))
        + "</tr>"
        for i, row in enumerate(body)
    ]
    meta = [
        f'<meta name="regspec:{html.escape(key)}" content="{html.escape(str(value))}">' for key, value in sorted(stamp.items())
    ]
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            *meta,
            f"<title>{html.escape(caption)}</title>\n<style>{_CSS}</style>\n</head>\n<body>\n<table>",
            f"<caption>{html.escape(caption)}</caption>\n<thead>",
            *rows,
            "</thead>\n<tbody>",
            *lines,
            f'</tbody>\n</table>\n<p class="notes">{html.escape(notes)}</p>\n</body>\n</html>\n',
        ]
    )
