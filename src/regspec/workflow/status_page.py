"""The status of a run as one HTML page that needs no server and nothing from elsewhere: ``regspec status --html``."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from html import escape
from pathlib import Path

from regspec.config.config import Config
from regspec.io.provenance import atomic_path
from regspec.layout import Layout
from regspec.solves.cost import comparison_text
from regspec.workflow.progress import duration
from regspec.workflow.status import ENDED, STATES, Solve, by_scenario, counts, slowest, solves

# State: fill, ink of its pattern, pattern, words. Patterns tell states apart in print and without colours.
_LOOKS = {
    "done": ("#0072b2", "", "", "done"),
    "running": ("#f0e442", "#000", "dots", "running"),
    "silent": ("#fff", "#000", "dots", "silent: started, but has written nothing for a long time"),
    "failed": ("#d55e00", "#000", "cross", "failed: the model has no solution here"),
    "unconverged": ("#f3b493", "#000", "lines", "unconverged"),
    "outdated": ("#bcd9ea", "#0072b2", "dashes", "outdated: will be solved again"),
    "waiting": ("#fff", "", "", "waiting"),
}
_PATTERNS = {
    "dots": '<circle cx="3" cy="3" r="1.2" fill="{ink}"/>',
    "cross": '<path d="M0 0L6 6M6 0L0 6" stroke="{ink}" stroke-width="1.1"/>',
    "lines": '<path d="M-1 1L1 -1M0 6L6 0M5 7L7 5" stroke="{ink}" stroke-width="1.3"/>',
    "dashes": '<path d="M0 3H6" stroke="{ink}" stroke-width="1.6"/>',
}
_STYLE = """
:root{font:16px/1.45 system-ui,sans-serif;color:#1a1a1a}
body{margin:0 auto;max-width:72rem;padding:1rem}
h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.15rem;margin:1.8rem 0 .5rem}h3{font-size:1rem;margin:.2rem 0}
p{margin:.3rem 0}.note{color:#555}.big{font-size:1.15rem}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;list-style:none;padding:0;margin:.6rem 0}
.legend svg{vertical-align:-2px}
.bar{display:grid;grid-template:"name bar count"/minmax(7rem,14rem) 1fr 7rem;gap:.2rem .8rem;align-items:center;margin:.35rem 0}
.bar svg{grid-area:bar}.name{grid-area:name;overflow-wrap:anywhere}.count{grid-area:count;text-align:right}
.bar svg,.maps svg{width:100%;height:auto;display:block}
.maps{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1rem}
table{border-collapse:collapse}
th,td{text-align:left;padding:.25rem 1.2rem .25rem 0;vertical-align:top;border-bottom:1px solid #ddd}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
@media(max-width:40rem){.bar{grid-template:"name count" "bar bar"/1fr auto;margin:.7rem 0}
thead{display:none}table,tbody,tr,td{display:block}tr{border-bottom:1px solid #ddd;padding:.3rem 0}
td,td.n{border:0;padding:0;text-align:left;white-space:normal}td::before{content:attr(data-of) ": ";color:#555}}
@media print{body{max-width:none}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
_WIDTH = 720.0  # of the map, in units of its drawing
_MOST = 50  # rows of a table


def write_page(config: Config, layout: Layout, path: Path, refresh: int = 0) -> list[Solve]:
    """Write the page to ``path`` (to a temporary name first); returns the solves that it shows.

    ``refresh``: seconds after which a browser reads the page again; 0: never.
    """
    found = solves(config, layout)
    text = page(config, layout, found, refresh)
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return found


def page(config: Config, layout: Layout, found: list[Solve], refresh: int = 0) -> str:
    """The page's HTML for the solves ``found``."""
    again = f'<meta http-equiv="refresh" content="{refresh}">' if refresh else ""
    name = escape(config.run.name)
    sections = [
        _head(config, found),
        _bars(found),
        _maps(config, layout, found),
        _failures(found),
        _running(found),
        _slowest(found),
        _cost(config, layout),
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{again}'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>regspec: {name}</title><style>{_STYLE}</style></head><body>{_defs()}{''.join(sections)}</body></html>\n"
    )


def _head(config: Config, found: list[Solve]) -> str:
    number = counts(found)
    ended = sum(number.get(state, 0) for state in ENDED)
    return (
        f"<h1>Run {escape(config.run.name)}</h1>"
        f'<p class="big">{ended:,} of {len(found):,} solves have ended.</p>'
        f'<p class="note">State of {time.strftime("%Y-%m-%d %H:%M:%S %Z")}</p>{_legend(number)}'
    )


def _defs() -> str:
    """Patterns, for the whole page."""
    found = []
    for state, (fill, ink, pattern, _) in _LOOKS.items():
        if pattern:
            found.append(
                f'<pattern id="p-{state}" width="6" height="6" patternUnits="userSpaceOnUse">'
                f'<rect width="6" height="6" fill="{fill}"/>{_PATTERNS[pattern].format(ink=ink)}</pattern>'
            )
    return f'<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>{"".join(found)}</defs></svg>'


def _fill(state: str) -> str:
    fill, _, pattern, _ = _LOOKS[state]
    return f"url(#p-{state})" if pattern else fill


def _legend(number: dict[str, int]) -> str:
    items = (
        f'<li><svg width="22" height="14" aria-hidden="true"><rect x=".5" y=".5" width="21" height="13" fill="{_fill(state)}" '
        f'stroke="#444"/></svg> {number[state]:,} {escape(_LOOKS[state][3])}</li>'
        for state in STATES
        if state in number
    )
    return f'<ul class="legend">{"".join(items)}</ul>'


def _bars(found: list[Solve]) -> str:
    """One bar for each scenario or cell."""
    rows = []
    for scenario, own in by_scenario(found).items():
        number, x, parts = counts(own), 0.0, []
        for state, n in number.items():
            width = 600.0 * n / len(own)
            parts.append(
                f'<rect x="{x:.2f}" y=".5" width="{width:.2f}" height="15" fill="{_fill(state)}" stroke="#444" '
                f'stroke-width=".7"><title>{n} {state}</title></rect>'
            )
            x += width
        label = ", ".join(f"{n} {state}" for state, n in number.items())
        ended = sum(number.get(state, 0) for state in ENDED)
        rows.append(
            f'<div class="bar"><div class="name">{escape(scenario)}</div>'
            f'<svg viewBox="-1 0 602 16" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
            f'<div class="count">{ended} of {len(own)}</div></div>'
        )
    return f"<h2>By scenario: solves that have ended</h2>{''.join(rows)}"


def _maps(config: Config, layout: Layout, found: list[Solve]) -> str:
    """A map of the zones for each scenario; cells of sweeps have bars only."""
    outlines = layout.data / "zones.gpkg"
    groups = {name: own for name, own in by_scenario(found).items() if name in config.scenarios}
    if not outlines.exists() or not groups:
        return ""
    paths, height = _outlines(outlines)
    shapes = "".join(f'<path id="z{zone}" d="{d}"/>' for zone, d in paths.items())
    ground = "".join(f'<use href="#z{zone}"/>' for zone in paths)
    defs = (
        f'<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>{shapes}'
        f'<g id="ground" fill="#ececec" stroke="#fff" stroke-width=".6">{ground}</g></defs></svg>'
    )
    drawn = "".join(_map(name, own, paths, height) for name, own in groups.items())
    some = any(zone not in {solve.zone for solve in found} for zone in paths)
    note = '<p class="note">Grey zones without an outline are not part of the run.</p>' if some else ""
    return f'<h2>Zones</h2>{note}{defs}<div class="maps">{drawn}</div>'


def _map(name: str, own: list[Solve], paths: dict[int, str], height: float) -> str:
    drawn = "".join(
        f'<use href="#z{s.zone}" fill="{_fill(s.state)}"><title>zone {s.zone}: {escape(_tip(s))}</title></use>'
        for s in own
        if s.zone in paths
    )
    label = f"{name}: " + ", ".join(f"{n} {state}" for state, n in counts(own).items())
    return (
        f'<div><h3>{escape(name)}</h3><svg viewBox="0 0 {_WIDTH:.0f} {height:.0f}" role="img" aria-label="{escape(label)}">'
        f'<use href="#ground"/><g stroke="#333" stroke-width=".5">{drawn}</g></svg></div>'
    )


def _tip(solve: Solve) -> str:
    if solve.state in ("running", "silent"):
        return f"{solve.state}, {solve.progress()}"
    if solve.state == "done":
        return f"done, {duration(solve.seconds)}"
    return f"{solve.state}{': ' if solve.message else ''}{solve.message}"


def _outlines(path: Path) -> tuple[dict[int, str], float]:
    """SVG paths of the zones, simplified without gaps between neighbours, and the height of the drawing."""
    from regspec.io.geopackage import read_layer

    zones = read_layer(path, "zones").sort_values("zone").set_index("zone").geometry
    west, south, east, north = zones.total_bounds
    scale = _WIDTH / (east - west)
    simple = zones.simplify_coverage(0.8 / scale)

    def ring(points: Iterable[tuple[float, float]]) -> str:
        return "M" + "L".join(f"{scale * (x - west):.1f} {scale * (north - y):.1f}" for x, y in points) + "Z"

    found = {}
    for zone, shape in simple.items():
        parts = getattr(shape, "geoms", [shape])
        found[int(zone)] = "".join(ring(list(part.exterior.coords)[:-1]) for part in parts if not part.is_empty)
    return found, scale * (north - south)


def _table(columns: dict[str, str], rows: list[list]) -> str:
    """``columns``: title -> class (n: number). On a narrow screen every cell names its column and stands below the last."""
    head = "".join(f'<th class="{kind}">{escape(title)}</th>' for title, kind in columns.items())
    body = ""
    for row in rows[:_MOST]:
        cells = zip(columns.items(), row, strict=True)
        drawn = (f'<td class="{kind}" data-of="{escape(title)}">{escape(str(cell))}</td>' for (title, kind), cell in cells)
        body += f"<tr>{''.join(drawn)}</tr>"
    more = f'<p class="note">and {len(rows) - _MOST} more</p>' if len(rows) > _MOST else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _failures(found: list[Solve]) -> str:
    """Failed solves, alike reasons together."""
    groups: dict[tuple[str, str, str], list[Solve]] = {}
    for solve in found:
        if solve.state in ("failed", "unconverged"):
            text = solve.message.removeprefix(f"zone {solve.zone}, scenario {solve.scenario}, ")
            groups.setdefault((solve.state, solve.scenario, re.sub(r"[-+\d.e]*\d", "#", text)), []).append(solve)
    if not groups:
        return ""
    rows = []
    for (state, scenario, _), own in sorted(groups.items(), key=lambda item: -len(item[1])):
        text = own[0].message.removeprefix(f"zone {own[0].zone}, scenario {scenario}, ")
        zones = ", ".join(str(s.zone) for s in own[:12]) + (f" and {len(own) - 12} more" if len(own) > 12 else "")
        rows.append([len(own), state, scenario, zones, text])
    columns = {"solves": "n", "state": "", "scenario": "", "zones": "", "first message": ""}
    return f"<h2>Failed and unconverged, by reason</h2>{_table(columns, rows)}"


def _running(found: list[Solve]) -> str:
    own = [solve for solve in found if solve.state in ("running", "silent")]
    if not own:
        return ""
    rows = [[s.zone, s.scenario, s.state, s.progress(), f"{duration(s.age)} ago"] for s in own]
    columns = {"zone": "n", "scenario": "", "state": "", "progress": "", "last line": "n"}
    return f"<h2>Running</h2>{_table(columns, rows)}"


def _slowest(found: list[Solve]) -> str:
    rows = [[s.zone, s.scenario, f"{s.seconds:.1f} s"] for s in slowest(found, 10)]
    if not rows:
        return ""
    return f"<h2>Slowest solves</h2>{_table({'zone': 'n', 'scenario': '', 'wall time': 'n'}, rows)}"


def _cost(config: Config, layout: Layout) -> str:
    lines = comparison_text(config, layout)
    return f"<h2>Cost</h2>{''.join(f'<p>{escape(line)}</p>' for line in lines)}" if lines else ""
