"""The economy as clean tables, and the facts it shows."""

from regspec.workflow.checks import county_files, raw_files


rule data:
    """Generate the synthetic economy, or read the panel: clean tables, zone polygons, national series."""
    input:
        raw_files(CONFIG),
    output:
        LAYOUT.data / "industry.parquet",
        LAYOUT.data / "controls.parquet",
        LAYOUT.data / "national.parquet",
        LAYOUT.data / "tfp.parquet",
        LAYOUT.data / "interest.parquet",
        LAYOUT.data / "zones.gpkg",
        LAYOUT.data / "meta.json",
    log:
        LAYOUT.logs / "data.log",
    benchmark:
        LAYOUT.benchmarks / "data.tsv"
    resources:
        mem_mb=1500,
        runtime=15,
    params:
        config=str(LAYOUT.config),
        depends=depends("data"),
    script:
        "../scripts/step.py"


rule empirics:
    """Specialization measures, Fact 1 and its figures."""
    input:
        rules.data.output,
    output:
        [LAYOUT.empirics / name for name in registry.EMPIRICS],
    log:
        LAYOUT.logs / "empirics.log",
    benchmark:
        LAYOUT.benchmarks / "empirics.tsv"
    resources:
        mem_mb=1500,
        runtime=15,
    params:
        config=str(LAYOUT.config),
        depends=depends("empirics"),
    script:
        "../scripts/step.py"


# Only in the plan when the configuration names county files.
if registry.counties(CONFIG):

    rule counties:
        """County files as tables of zones, their coverage, income growth on specialization."""
        input:
            rules.data.output,
            county_files(CONFIG),
        output:
            [LAYOUT.root / name for name in registry.counties(CONFIG)],
        log:
            LAYOUT.logs / "counties.log",
        benchmark:
            LAYOUT.benchmarks / "counties.tsv"
        resources:
            mem_mb=3000,
            runtime=30,
        params:
            config=str(LAYOUT.config),
            depends=depends("counties"),
        script:
            "../scripts/step.py"
