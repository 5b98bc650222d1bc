"""One job for a few zones under one scenario; competitive equilibrium and planner of a zone in one file."""

import re

RANKS = CONFIG.compute.ranks
SOLVE = "solve" if RANKS == 1 else "solve_mpi"


wildcard_constraints:
    batch=r"\d+",
    scenario="|".join(map(re.escape, SOLVE_NAMES)),


rule:
    """Solve and simulate zones under one scenario. One rank is plain Python; more go through MPI.

    A program and no script, unlike the other rules: mpiexec or srun must start it once per rank.
    The name of the MPI variant lets a profile choose its launcher: a cluster refuses it for one rank.
    Solution files are not declared as outputs, which Snakemake would delete before the job: a zone whose key has
    not changed keeps its file. Nor are the zones' files inputs, whose content is in the keys: Snakemake would look up
    the size of all of them, for all waiting jobs, every second.
    """
    name:
        SOLVE
    input:
        LAYOUT.precompile,
        national=ancient(LAYOUT.national),
        zones=ancient(LAYOUT.zone_list),
    output:
        LAYOUT.batch("{scenario}", "{batch}"),
    log:
        LAYOUT.batch_log("{scenario}", "{batch}"),
    benchmark:
        LAYOUT.benchmarks / "solve" / "{scenario}" / "{batch}.tsv"
    threads: RANKS
    resources:
        mpi="mpiexec" if RANKS > 1 else "",
        tasks=RANKS,
        cpus_per_task=1,
        mem_mb=lambda wildcards, attempt: MEMORY * attempt,
        runtime=lambda wildcards, attempt: (
            minutes(CONFIG, wildcards.scenario, len(batch_zones(wildcards))) * attempt
        ),
        attempt=lambda wildcards, attempt: attempt,
    params:
        config=str(LAYOUT.config),
        zones=zone_arguments,
        digests=solve_keys,
    shell:
        # Told to end, the shell waits until the solver has kept its work (docs/hpc.md, Checkpoints).
        'trap : TERM; launcher="{resources.mpi}"; '
        "${{launcher:+$launcher -n {resources.tasks}}} python ${{launcher:+-m mpi4py}} -m regspec.cli solve"
        " --config {params.config:q}"
        " --scenario {wildcards.scenario:q} --zone {params.zones} --manifest {output:q}"
        " --expected-ranks {resources.tasks} --attempt {resources.attempt}"
        " > {log:q} 2>&1 || {{ code=$?; tail -n 5 {log:q} >&2; exit $code; }}"


rule collect:
    """Gather all solutions into two tables; results.missing_zones says what a failed zone means."""
    input:
        all_batches,
        LAYOUT.zone_list,
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
        depends=depends("collect"),
        levels=levels_digest,
    script:
        "../scripts/step.py"
