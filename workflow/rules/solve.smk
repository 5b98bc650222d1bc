"""One job per zone and scenario; competitive equilibrium and planner in one file."""

RANKS = CONFIG.compute.ranks
SOLVE = "solve" if RANKS == 1 else "solve_mpi"


wildcard_constraints:
    zone=r"\d+",
    scenario="|".join(SCENARIOS),


rule:
    """Solve and simulate one zone under one scenario. One rank is plain Python; more go through MPI.

    A program and no script, unlike the other rules: mpiexec or srun must start it once per rank.
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
        mem_mb=lambda wildcards, attempt: memory_mb(CONFIG) * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
        attempt=lambda wildcards, attempt: attempt,
    params:
        config=str(LAYOUT.config),
        key=solve_key,
    shell:
        'launcher="{resources.mpi}"; '
        "${{launcher:+$launcher -n {resources.tasks}}} python ${{launcher:+-m mpi4py}} -m regspec.cli solve"
        " --config {params.config}"
        " --zone {wildcards.zone} --scenario {wildcards.scenario} --expected-ranks {resources.tasks}"
        " --attempt {resources.attempt}"
        " > {log} 2>&1 || {{ code=$?; tail -n 5 {log} >&2; exit $code; }}"


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
        config=str(LAYOUT.config),
        depends=dependencies(CONFIG, "collect"),
        levels=levels_digest,
    script:
        "../scripts/collect.py"
