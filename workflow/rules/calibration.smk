"""National processes and one small file per zone."""

from regspec.model.fingerprint import kernel_fingerprint


checkpoint calibrate:
    """Calibrate the nation and the zones. Only now are the zones known, so this is a checkpoint.

    Solves do not depend on the age of these files (`ancient`) but on their content, through their key.
    """
    input:
        rules.data.output,
        SPECIALIZATION,
    output:
        LAYOUT.zone_list,
        LAYOUT.national,
    log:
        LAYOUT.logs / "calibrate.log",
    benchmark:
        LAYOUT.benchmarks / "calibrate.tsv"
    resources:
        mem_mb=1000,
        runtime=15,
    params:
        config=str(LAYOUT.config),
        depends=depends("calibrate"),
    script:
        "../scripts/step.py"


rule precompile:
    """Compile the kernels once, before many solves ask for them at the same time."""
    output:
        LAYOUT.precompile,
    log:
        LAYOUT.logs / "precompile.log",
    benchmark:
        LAYOUT.benchmarks / "precompile.tsv"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        config=str(LAYOUT.config),
        fingerprint=kernel_fingerprint(),
        industries=len(CONFIG.calibration.industries),
        planner=registry.has_planner(CONFIG),
    script:
        "../scripts/step.py"
