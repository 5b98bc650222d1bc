"""Workflow: data -> empirics -> calibration -> solves (one per zone and scenario) -> results.

Run `snakemake --profile profiles/local`. Targets: all (default); steps by their names (data, empirics,
calibrate, precompile, collect, results; counties if the configuration names county files); model (all solves,
gathered); on request: sweeps, multiplicity, responses, planner, theory, internal_calibration, report.
A configuration of your own: `--configfile my.yaml` (config/README.md).
"""

from snakemake.utils import min_version

min_version("9.13")


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/calibration.smk"
include: "workflow/rules/solve.smk"
include: "workflow/rules/results.smk"


localrules:
    all,
    model,
    sweeps,


rule all:
    """Everything: tables, figures, summary.json."""
    default_target: True
    input:
        rules.empirics.output,
        [LAYOUT.root / name for name in registry.counties(CONFIG)],
        rules.results.output,


rule sweeps:
    """Every sweep of the configuration."""
    input:
        [LAYOUT.sweep(s) / name for s in CONFIG.sweeps for name in registry.sweep(s)],


rule model:
    """All solves, gathered into two tables."""
    input:
        LAYOUT.paths,
        LAYOUT.solutions,


onstart:
    # Every job reads the resolved configuration. It is written here and not by a rule, because a rule that runs
    # hides from Snakemake the changed params of all jobs that depend on it through `ancient`.
    write_resolved(CONFIG, LAYOUT.config)
    check_cluster()
    print(f"regspec: {size_text(CONFIG)}", file=sys.stderr)


onsuccess:
    print(ending_text(CONFIG, LAYOUT), file=sys.stderr)


onerror:
    print(failures_text(CONFIG, LAYOUT), file=sys.stderr)
