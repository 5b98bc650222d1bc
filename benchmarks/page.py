"""Write the tables of docs/benchmarks.md and docs/accuracy.md anew from results/bench/bench.json: `python benchmarks/page.py`.

A table stands between the lines `<!-- bench: NAME -->` and `<!-- end -->`; the text around it stays as it is, and so
does the table of a part that was not measured.
"""

from __future__ import annotations

import json
import re
import shutil
import sys

from common import OUTPUT, ROOT

PAGES = (ROOT / "docs" / "benchmarks.md", ROOT / "docs" / "accuracy.md")
HEADLINE = {
    "ce_us_per_state_sweep_I3": ("market, three industries: one state in one sweep, us", ".2f"),
    "sp_us_per_state_sweep_I3": ("planner, three industries: one state in one sweep, us", ".2f"),
    "sp_over_ce_I3": ("planner relative to market", ".2f"),
    "zone_seconds": ("one zone, `baseline`, s", ".2f"),
    "no_collateral_zone_seconds": ("one zone, `no_collateral`, s", ".2f"),
    "command_seconds": ("the command that solves it, `baseline`, s", ".2f"),
    "start_seconds": ("of which start of the process, s", ".2f"),
    "start_import_seconds": ("imports of the solver alone, s", ".2f"),
}
RIVAL_NAMES = {"numpy_vfi": "NumPy VFI", "numba_vfi": "numba VFI", "numba_egm": "numba EGM", "dolo": "dolo"}


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; nothing without rows, so that the page keeps that of an earlier run."""
    if not rows:
        return ""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def columns(rows: list[dict], fields: dict[str, tuple[str, str]]) -> str:
    """A table of ``rows``; ``fields`` maps keys to (heading, format)."""
    cells = [["" if row.get(k) is None else format(row[k], f) for k, (_, f) in fields.items()] for row in rows]
    return markdown([heading for heading, _ in fields.values()], cells)


def tables(found: dict) -> dict[str, str]:
    """All tables by name."""
    m = found["machine"]
    quick = [part for part, how in found["parts"].items() if how["quick"]]
    remarks = ["**the machine was busy: times are upper bounds**"] if m["load_average"] > 0.5 * m["cores"] else []
    remarks += [f"with `--quick`: {', '.join(quick)}"] if quick else []
    remarks.insert(0, f"parts {', '.join(found['parts'])}")
    result = {
        "machine": f"{m['processor']}, {m['cores']} cores; Python {m['python']}, numpy {m['numpy']}, numba {m['numba']}; load "
        f"average at the start {m['load_average']:.1f}; code {'; '.join([found['code_version'], *remarks])}"
    }
    rows = [[text, format(found[key], spec), f"`{key}`"] for key, (text, spec) in HEADLINE.items() if key in found]
    result["headline"] = markdown(["what", "", "key"], rows)
    errors = []
    for scenario, start in (("`baseline`", ""), ("`no_collateral`", "no_collateral_")):
        for allocation, middle in (("market", ""), ("planner", "planner_")):
            for where, cloud in (("path", ""), ("cloud", "cloud_")):
                keys = [
                    f"{start}{middle}{cloud}euler_{c}_{s}_log10" for c in ("bonds", "portfolio") for s in ("mean", "p99", "max")
                ]
                if all(key in found for key in keys):
                    errors.append([scenario, allocation, where, *(f"{found[key]:.2f}" for key in keys)])
    result["euler"] = markdown(
        ["scenario", "allocation", "states", "bonds mean", "p99", "max", "portfolio mean", "p99", "max"], errors
    )
    result["kernels"] = columns(
        found.get("kernels", []),
        {
            "industries": ("I", "d"),
            "allocation": ("allocation", "s"),
            "lattice_steps": ("lattice steps", "d"),
            "shock_nodes": ("shock nodes", "d"),
            "states": ("states", ".0f"),
            "tail": ("us/state/sweep", ".2f"),
            "relative_to_I3": ("relative to I = 3", ".2f"),
            "newton": ("Newton", ".2f"),
            "expectations": ("expectations", ".2f"),
            "driver": ("driver", ".2f"),
            "path": ("path, us/state/year", ".2f"),
            "sweeps": ("sweeps", "d"),
        },
    )
    result["precision"] = columns(
        found.get("work_precision", []),
        {
            "allocation": ("allocation", "s"),
            "k_steps": ("k_steps", "d"),
            "b_below": ("b_below", "d"),
            "b_above": ("b_above", "d"),
            "b_fine": ("b_fine", "d"),
            "seconds": ("seconds", ".2f"),
            "euler_bonds_mean_log10": ("bonds mean", ".2f"),
            "euler_bonds_p99_log10": ("p99", ".2f"),
            "euler_portfolio_mean_log10": ("portfolio mean", ".2f"),
            "euler_portfolio_p99_log10": ("p99", ".2f"),
            "failure": ("failure", "s"),
        },
    )
    result["kinks"] = columns(
        found.get("kinks", []),
        {
            "method": ("method", "s"),
            "allocation": ("allocation", "s"),
            "b_below": ("b_below", "d"),
            "b_above": ("b_above", "d"),
            "b_fine": ("b_fine", "d"),
            "seconds": ("seconds", ".2f"),
            "euler_bonds_mean_log10": ("bonds mean", ".2f"),
            "euler_bonds_p99_log10": ("p99", ".2f"),
            "euler_portfolio_mean_log10": ("portfolio mean", ".2f"),
            "failure": ("failure", "s"),
        },
    )
    result["rivals"] = columns(
        found.get("rivals", []),
        {
            "method": ("method", "s"),
            "points": ("states", "d"),
            "seconds": ("seconds", ".4f"),
            "sweeps": ("sweeps", "d"),
            "c_error_mean": ("c, mean error", ".1e"),
            "c_error_max": ("max", ".1e"),
            "euler_mean_log10": ("Euler, mean", ".2f"),
            "euler_p99_log10": ("p99", ".2f"),
            "euler_max_log10": ("max", ".2f"),
        },
    )
    ratio = [
        [text, format(found[f"rival_{name}_seconds_ratio"], ".3g"), format(found[f"rival_{name}_error_ratio"], ".2f")]
        for name, text in RIVAL_NAMES.items()
        if f"rival_{name}_seconds_ratio" in found
    ]
    result["ratios"] = markdown(["rival", "its time / ours", "its error / ours"], ratio)
    result["scaling"] = columns(
        found.get("scaling", []),
        {
            "kind": ("kind", "s"),
            "allocation": ("allocation", "s"),
            "ranks": ("ranks", "d"),
            "nodes": ("lattice nodes", "d"),
            "ms_per_sweep": ("ms/sweep", ".1f"),
            "efficiency": ("efficiency", ".2f"),
            "parallel_ms": ("parallel", ".1f"),
            "imbalance": ("imbalance", ".3f"),
            "communication_ms": ("communication", ".1f"),
            "rest_ms": ("rest", ".1f"),
            "gathered_mb_per_sweep": ("MB gathered/sweep", ".2f"),
            "calls_per_sweep": ("calls/sweep", ".1f"),
        },
    )
    if "scaling_fit" in found:
        fits = [
            [
                name,
                *(f"{fit[key]:.2f}" for key in ("parallel_ms", "divided_ms", "replicated_ms")),
                f"{100 * found[short + '_serial_share']:.1f}%",
            ]
            for (name, fit), short in zip(sorted(found["scaling_fit"].items()), ("ce", "sp"), strict=True)
        ]
        result["fit"] = markdown(["allocation", "W, ms", "p, ms", "s, ms", "serial share on one rank"], fits)
    chosen = [row for row in found.get("scaling_prediction", []) if row["ranks"] >= 16 or row["ranks"] == 2]
    wide: dict[tuple, dict] = {}
    for row in chosen:
        wide.setdefault((row["case"], row["allocation"], row["nodes"]), {})[row["ranks"]] = row["efficiency"]
    counts = sorted({row["ranks"] for row in chosen})
    result["prediction"] = markdown(
        ["case", "allocation", "nodes", *map(str, counts)],
        [[c, a, str(n), *(f"{values[r]:.2f}" if r in values else "" for r in counts)] for (c, a, n), values in wide.items()],
    )
    return result


def main() -> int:
    path = OUTPUT / "bench.json"
    if not path.exists():
        print(f"{path} is missing: run `make bench` first", file=sys.stderr)
        return 2
    from regspec.io.provenance import atomic_path

    new = tables(json.loads(path.read_text(encoding="utf-8")))

    def fill(match: re.Match) -> str:
        return f"<!-- bench: {match[1]} -->\n{new[match[1]]}\n<!-- end -->" if new.get(match[1]) else match[0]

    for page in PAGES:
        text = re.sub(r"<!-- bench: (\w+) -->\n.*?<!-- end -->", fill, page.read_text(encoding="utf-8"), flags=re.DOTALL)
        with atomic_path(page) as temporary:
            temporary.write_text(text, encoding="utf-8")
    figure = OUTPUT / "kinks" / "kinks.png"
    if figure.exists():
        shutil.copyfile(figure, PAGES[0].parent / "figures" / "kinks.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
