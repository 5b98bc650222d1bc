"""Exhibits of the paper."""


rule results:
    """Trade-off, friction decomposition, welfare, efficient specialization, maps; summary.json names them."""
    input:
        rules.collect.output,
        rules.data.output,
        LAYOUT.national,
        SPECIALIZATION,
        [
            LAYOUT.empirics / name
            for name in (registry.NOT_COMPUTED, *registry.CLAIM_SOURCES)
        ],
        # The list of exhibits looks for their files; nothing else of them is read.
        ancient([LAYOUT.root / name for name in registry.counties(CONFIG)]),
    output:
        [LAYOUT.root / name for name in (*registry.results(CONFIG), *registry.LIST)],
    log:
        LAYOUT.logs / "results.log",
    benchmark:
        LAYOUT.benchmarks / "results.tsv"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        config=str(LAYOUT.config),
        depends=depends("results"),
    script:
        "../scripts/step.py"


rule report:
    """One self-contained page of all that the run has produced; asked for by name: `snakemake ... -- report`.

    What is made on request is shown as far as it is there: it is a param and no input, so that a page never starts a step.
    """
    input:
        rules.results.output,
        rules.empirics.output,
        [LAYOUT.root / name for name in registry.counties(CONFIG)],
    output:
        LAYOUT.report,
    log:
        LAYOUT.logs / "report.log",
    benchmark:
        LAYOUT.benchmarks / "report.tsv"
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        config=str(LAYOUT.config),
        depends=depends("report"),
        on_request=on_request_digest,
    script:
        "../scripts/step.py"


rule sweep:
    """Gather the cells of a sweep; asked for by name: `snakemake ... -- sweeps`."""
    input:
        all_batches,
        rules.data.output,
        SPECIALIZATION,
    output:
        [LAYOUT.sweep("{sweep}") / name for name in registry.sweep("{sweep}")],
    log:
        LAYOUT.logs / "sweep" / "{sweep}.log",
    benchmark:
        LAYOUT.benchmarks / "sweep" / "{sweep}.tsv"
    wildcard_constraints:
        sweep="|".join(CONFIG.sweeps) or "none",
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        config=str(LAYOUT.config),
        depends=lambda wildcards: sweep_depends(wildcards.sweep),
        levels=levels_digest,
    script:
        "../scripts/step.py"


rule multiplicity:
    """Several equilibria of a year, one selected; asked for by name: `snakemake ... -- multiplicity`."""
    input:
        LAYOUT.national,
        rules.data.output,
    output:
        [LAYOUT.root / name for name in registry.MULTIPLICITY],
    log:
        LAYOUT.logs / "multiplicity.log",
    benchmark:
        LAYOUT.benchmarks / "multiplicity.tsv"
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        config=str(LAYOUT.config),
        depends=depends("multiplicity"),
    script:
        "../scripts/step.py"


rule responses:
    """Responses to a shock to one industry; asked for by name: `snakemake ... -- responses`."""
    input:
        LAYOUT.precompile,
        LAYOUT.national,
        LAYOUT.zone_list,
        rules.data.output,
    output:
        [LAYOUT.root / name for name in registry.response_exhibit(CONFIG).files],
    log:
        LAYOUT.logs / "responses.log",
    benchmark:
        LAYOUT.benchmarks / "responses.tsv"
    resources:
        mem_mb=MEMORY,
        runtime=60,
    params:
        config=str(LAYOUT.config),
        depends=depends("responses"),
        zones=calibration_digest,
    script:
        "../scripts/step.py"


rule planner:
    """Externalities, long-run taxes and simple rules of the planner; asked for by name: `snakemake ... -- planner`."""
    input:
        LAYOUT.precompile,
        LAYOUT.national,
        LAYOUT.zone_list,
        rules.data.output,
    output:
        [LAYOUT.root / name for name in registry.PLANNER_EXHIBIT.files],
    log:
        LAYOUT.logs / "planner.log",
    benchmark:
        LAYOUT.benchmarks / "planner.tsv"
    resources:
        mem_mb=MEMORY,
        runtime=120,
    params:
        config=str(LAYOUT.config),
        depends=depends("planner"),
        zones=calibration_digest,
    script:
        "../scripts/step.py"


rule theory:
    """Checks of what the deck says on prices; asked for by name: `snakemake ... -- theory`."""
    output:
        [LAYOUT.root / name for name in registry.THEORY_EXHIBIT.files],
    log:
        LAYOUT.logs / "theory.log",
    benchmark:
        LAYOUT.benchmarks / "theory.tsv"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        config=str(LAYOUT.config),
        depends=depends("theory"),
    script:
        "../scripts/step.py"


rule internal_calibration:
    """A parameter from a target debt ratio; asked for by name: `snakemake ... -- internal_calibration`."""
    input:
        LAYOUT.precompile,
        LAYOUT.national,
        rules.data.output,
    output:
        [LAYOUT.root / name for name in registry.INTERNAL_EXHIBIT.files],
    log:
        LAYOUT.logs / "internal_calibration.log",
    benchmark:
        LAYOUT.benchmarks / "internal_calibration.tsv"
    resources:
        mem_mb=MEMORY,
        runtime=60,
    params:
        config=str(LAYOUT.config),
        depends=depends("internal_calibration"),
    script:
        "../scripts/step.py"
