"""Exhibits of the paper."""

from regspec import exhibits


rule results:
    """Trade-off, friction decomposition, welfare, efficient specialization, maps; summary.json names them."""
    input:
        rules.collect.output,
        rules.data.output,
        SPECIALIZATION,
        LAYOUT.empirics / exhibits.NOT_COMPUTED,
    output:
        [
            LAYOUT.root / name
            for name in (*exhibits.results(CONFIG), *exhibits.LIST)
        ],
    log:
        LAYOUT.logs / "results.log",
    benchmark:
        LAYOUT.benchmarks / "results.tsv"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        config=str(LAYOUT.config),
        depends=dependencies(CONFIG, "results"),
    script:
        "../scripts/results.py"


rule multiplicity:
    """Several equilibria of a year, one selected; asked for by name: `snakemake ... -- multiplicity`."""
    input:
        LAYOUT.national,
        rules.data.output,
    output:
        [LAYOUT.root / name for name in exhibits.MULTIPLICITY],
    log:
        LAYOUT.logs / "multiplicity.log",
    benchmark:
        LAYOUT.benchmarks / "multiplicity.tsv"
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        config=str(LAYOUT.config),
        depends=dependencies(CONFIG, "multiplicity"),
    script:
        "../scripts/multiplicity.py"
