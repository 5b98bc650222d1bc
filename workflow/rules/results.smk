"""Exhibits of the paper."""


rule results:
    """Trade-off, friction decomposition, welfare, efficient specialization, maps; summary.json names them."""
    input:
        rules.collect.output,
        rules.data.output,
        EMPIRICS_OUTPUT,
    output:
        LAYOUT.summary,
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
    shell:
        logged("regspec results --config {params.config}")
