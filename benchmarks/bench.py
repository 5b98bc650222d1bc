"""The benchmark: `make bench`. Writes results/bench/bench.json, tables and a figure; docs/benchmarks.md explains the keys.

    python benchmarks/bench.py [--quick] [--only kernels zone precision kinks rivals scaling] [--dolo PYTHON]

Parts that are left out by --only keep the figures of the last run, if there was one with the same sources.
"""

from __future__ import annotations

import argparse
import json
import time

from common import OUTPUT, machine, say, table

PARTS = ("kernels", "zone", "precision", "kinks", "rivals", "scaling")
KERNELS = {
    "industries": "d",
    "allocation": "s",
    "states": ".0f",
    "tail": ".2f",
    "path": ".2f",
    "sweeps": "d",
    "evaluations": ".2f",
    "relative_to_I3": ".2f",
}
PRECISION = {
    "allocation": "s",
    "k_steps": "d",
    "b_below": "d",
    "b_above": "d",
    "b_fine": "d",
    "sweeps": "d",
    "seconds": ".2f",
    "euler_bonds_mean_log10": ".2f",
    "euler_bonds_p99_log10": ".2f",
    "euler_portfolio_mean_log10": ".2f",
    "euler_portfolio_p99_log10": ".2f",
}
KINKS = {"method": "s", **{key: spec for key, spec in PRECISION.items() if key != "k_steps"}}
RIVALS = {
    "method": "s",
    "points": "d",
    "seconds": ".4f",
    "sweeps": "d",
    "us_per_state_sweep": ".3f",
    "c_error_mean": ".1e",
    "c_error_max": ".1e",
    "euler_mean_log10": ".2f",
    "euler_p99_log10": ".2f",
    "euler_max_log10": ".2f",
}
SCALING = {
    "kind": "s",
    "allocation": "s",
    "ranks": "d",
    "nodes": "d",
    "ms_per_sweep": ".2f",
    "efficiency": ".2f",
    "parallel_ms": ".2f",
    "imbalance": ".3f",
    "communication_ms": ".2f",
    "rest_ms": ".2f",
    "gathered_mb_per_sweep": ".2f",
    "oversubscribed": "",
}
PREDICTION = {
    "case": "s",
    "allocation": "s",
    "nodes": "d",
    "ranks": "d",
    "ms_per_sweep": ".2f",
    "speedup": ".1f",
    "efficiency": ".2f",
}


def kernel_part(quick: bool) -> dict:
    """Microseconds per state and sweep for one to six industries."""
    import kernels

    rows = []
    for industries in range(1, 7):
        steps, nodes = kernels.sizes(industries)
        rows += kernels.run(industries, steps, nodes, 1 if quick else 3 if industries <= 3 else 2, say)
    base = {row["allocation"]: row["tail"] for row in rows if row["industries"] == 3}
    found = {"kernels": rows}
    for row in rows:
        row["relative_to_I3"] = row["tail"] / base[row["allocation"]]
        short = "ce" if row["allocation"] == "market" else "sp"
        found[f"{short}_us_per_state_sweep_I{row['industries']}"] = row["tail"]
    found["sp_over_ce_I3"] = base["planner"] / base["market"]
    return found


def measure(part: str, options, config, layout, found: dict) -> dict:
    """Run one part; ``found`` is what other parts have measured."""
    if part == "kernels":
        return kernel_part(options.quick)
    if part == "zone":
        import zone_times

        return zone_times.run(config, layout, options.quick)
    if part == "precision":
        import precision

        return {"work_precision": precision.run(config, layout, options.quick)}
    if part == "kinks":
        import kinks

        return {"kinks": kinks.run(options.quick)}
    if part == "rivals":
        import rivals

        return rivals.run(options.quick, options.dolo)
    import scaling

    rows = found["kernels"] if "kernels" in found else kernel_part(options.quick)["kernels"]  # for its predictions
    return scaling.run(options.quick, rows)


def show(found: dict) -> str:
    """The tables of everything that was measured."""
    text = []
    for key, title, columns in (
        ("kernels", "Microseconds per state and sweep (tail; path: per state and year)", KERNELS),
        ("work_precision", "Work and precision, one zone, three industries (log10 errors on the path)", PRECISION),
        ("kinks", "Treatments of the kink, the same zone", KINKS),
        ("rivals", "One industry, fixed limit: time and accuracy of different methods", RIVALS),
        ("scaling", "MPI ranks: milliseconds per sweep", SCALING),
        ("scaling_prediction", "PREDICTION by a fitted model, not measured", PREDICTION),
    ):
        if key in found:
            text += [title, table(found[key], columns), ""]
    scalars = {k: v for k, v in sorted(found.items()) if isinstance(v, (int, float, str)) and k != "code_version"}
    width = max((len(k) for k in scalars), default=0)
    text += [f"{k.ljust(width)}  {v:.4g}" if isinstance(v, float) else f"{k.ljust(width)}  {v}" for k, v in scalars.items()]
    return "\n".join(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small repeats and grids: a minute or two, for a first look")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to run [all]")
    parser.add_argument("--dolo", metavar="PYTHON", help="a Python that has dolo, to time it as well")
    options = parser.parse_args()
    from zone_times import prepare

    began = time.perf_counter()
    config, layout = prepare(
        bool({"zone", "precision", "kinks"} & set(options.only))
    )  # before numba is loaded: it sets the kernel cache
    from regspec.io.provenance import code_version, write_json

    path, version = OUTPUT / "bench.json", code_version()
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() and set(options.only) != set(PARTS) else {}
    found = found if found.get("code_version") == version else {}
    found |= {"code_version": version, "machine": machine()}
    for part in PARTS:
        if part not in options.only:
            continue
        started = time.perf_counter()
        say(f"--- {part} ({started - began:.0f} s)")
        new = measure(part, options, config, layout, found)
        parts = found.setdefault("parts", {})
        for key in parts.get(part, {}).get("keys", ()):  # an earlier run may have measured more
            found.pop(key, None)
        found |= new
        parts[part] = {"quick": options.quick, "seconds": time.perf_counter() - started, "keys": sorted(new)}
        write_json(path, found)
    say(f"\n{show(found)}\n\n{time.perf_counter() - began:.0f} s in total; written: {path}")


if __name__ == "__main__":
    main()
