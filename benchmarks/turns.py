"""The present sources against those of an earlier revision: the zone of `zone_times`, solved by both in turns.

    python benchmarks/turns.py REVISION [--rounds 3]

A shared machine differs from hour to hour, ratios of times that were taken in turns much less. Each solve is a process of
its own; kernels are compiled before the first round, and the second solve of a process counts. `expand`, `sweep` and `slopes`
are the seconds that it spends in these kernels, `market` and `planner` the evaluations of their conditions for each state and
sweep. Prints the ratios of medians, and by how much the welfare gain and the market's value moved. Writes
results/bench/turns.json.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from statistics import median

from common import OUTPUT, ROOT, clocked, say, table

FOLDER = OUTPUT / "turns"


def worker() -> None:
    """Solve the zone twice with the sources on the path; the second time's figures as JSON on standard output."""
    import zone_times

    config, layout = zone_times.prepare(False)
    zone, national = zone_times.inputs(layout)
    zone_times.solve_times(config, layout, "baseline", 1)
    from regspec.model.kernels.time_step import EVALUATIONS, STATES
    from regspec.model.solver.time_iteration import Solver
    from regspec.solves.settings import solve_settings
    from regspec.solves.zone import solve_zone

    counts, step = {False: [0.0, 0.0], True: [0.0, 0.0]}, Solver.step

    def counted(solver, *arguments, **options):
        stats = step(solver, *arguments, **options)
        for entry, column in enumerate((EVALUATIONS, STATES)):
            counts[solver.planner][entry] += stats[column]
        return stats

    Solver.step = counted
    with clocked() as log:
        seconds, solution = zone_times.seconds_of(lambda: solve_zone(zone, national, solve_settings(config, "baseline")))
    found = {"seconds": seconds, "expand": log["expand"], "sweep": log["time_step"], "slopes": log["recover_slopes"]}
    found |= {name: counts[planner][0] / counts[planner][1] for name, planner in (("market", False), ("planner", True))}
    print(json.dumps(found | {"gain": solution.welfare_gain, "value": solution.ce.value}))


def sources(revision: str):
    """Folder with the package as it was at ``revision``."""
    folder = FOLDER / "earlier"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", revision, "src"], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    return folder / "src"


def solve(path) -> dict:
    """Figures of one process with the sources in ``path``."""
    environment = os.environ | {"PYTHONPATH": str(path)}
    done = subprocess.run(
        [sys.executable, __file__, "--worker"], env=environment, check=True, stdout=subprocess.PIPE, encoding="utf-8"
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("revision", nargs="?")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        return worker()
    if not options.revision:
        parser.error("name the earlier revision")
    import zone_times

    zone_times.prepare(True)
    places = {"earlier": sources(options.revision), "present": ROOT / "src"}
    for name, path in places.items():
        say(f"kernels, {name} version")
        solve(path)
    rows = []
    for number in range(options.rounds):
        rows += [{"version": name, "round": number + 1, **solve(path)} for name, path in places.items()]
        say(*(f"{row['version']} {row['seconds']:.2f} s" for row in rows[-2:]))
    columns = ("seconds", "expand", "sweep", "slopes", "market", "planner")
    say(table(rows, {"version": "", "round": "d", **dict.fromkeys(columns, ".2f")}))
    middle = {name: {key: median(r[key] for r in rows if r["version"] == name) for key in columns} for name in places}
    found = {f"ratio_{key}": middle["present"][key] / middle["earlier"][key] for key in columns}
    before, now = (next(r for r in rows if r["version"] == name) for name in places)
    found |= {f"moved_{key}": abs(now[key] - before[key]) for key in ("gain", "value")}
    say(", ".join(f"{key} {value:.2g}" for key, value in found.items()))
    (OUTPUT / "turns.json").write_text(
        json.dumps({"revision": options.revision, "rows": rows, **found}, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
