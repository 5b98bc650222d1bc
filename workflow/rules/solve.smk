"""One job per zone and scenario; competitive equilibrium and planner in one file."""

import json
from functools import cache

from regspec.experiments.key import solution_key

RANKS = CONFIG.compute.ranks
SOLVE = "solve" if RANKS == 1 else "solve_mpi"


def zone_ids():
    """The selected zones; makes the caller wait for the calibration."""
    checkpoints.calibrate.get()
    return LAYOUT.zone_ids()


@cache
def read_json(path, modified):
    return json.loads(Path(path).read_text())


def solve_key(wildcards):
    """Digest of all that a solution depends on: this zone, the nation's processes, parameters, grid, kernels."""
    checkpoints.calibrate.get()
    zone, national = (
        read_json(str(path), path.stat().st_mtime_ns)
        for path in (LAYOUT.zone_json(wildcards.zone), LAYOUT.national)
    )
    return solution_key(zone, national, CONFIG, wildcards.scenario)


def zone_file(wildcards):
    checkpoints.calibrate.get()
    return LAYOUT.zone_json(wildcards.zone)


def all_solutions(wildcards):
    return [
        LAYOUT.solution(scenario, zone) for scenario in SCENARIOS for zone in zone_ids()
    ]


wildcard_constraints:
    zone=r"\d+",
    scenario="|".join(SCENARIOS),


rule:
    """Solve and simulate one zone under one scenario. One rank is plain Python; more go through MPI.

    The name of the MPI variant lets a profile choose its launcher: a cluster refuses it for one rank.
    """
    name:
        SOLVE
    input:
        LAYOUT.kernels,
        national=ancient(LAYOUT.national),
        zone=ancient(zone_file),
    output:
        LAYOUT.solution("{scenario}", "{zone}"),
    log:
        LAYOUT.solve_log("{scenario}", "{zone}"),
    benchmark:
        LAYOUT.benchmarks / "solve" / "{scenario}" / "{zone}.tsv"
    threads: RANKS
    resources:
        mpi="mpiexec" if RANKS > 1 else "",
        tasks=RANKS,
        cpus_per_task=1,
        mem_mb=lambda wildcards, attempt: 1000 * RANKS * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
        attempt=lambda wildcards, attempt: attempt,
    params:
        key=solve_key,
    shell:
        logged(
            'launcher="{resources.mpi}"; '
            "${{launcher:+$launcher -n {resources.tasks}}} {PYTHON} ${{launcher:+-m mpi4py}} -m regspec.cli solve"
            " --config {LAYOUT.config}"
            " --zone {wildcards.zone} --scenario {wildcards.scenario} --expected-ranks {resources.tasks}"
            " --attempt {resources.attempt}"
        )


rule collect:
    """Gather all solutions into two tables; results.missing_zones says what a failed zone means."""
    input:
        all_solutions,
        LAYOUT.zones,
    output:
        LAYOUT.paths,
        LAYOUT.solutions,
    log:
        LAYOUT.logs / "collect.log",
    benchmark:
        LAYOUT.benchmarks / "collect.tsv"
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        depends=dependencies(CONFIG, "collect"),
    shell:
        logged("{REGSPEC} collect --config {LAYOUT.config}")
