"""Workflow: data -> empirics -> calibration -> solves (one per zone and scenario) -> results.

Run `snakemake --profile profiles/local`; targets: all (default), empirics, calibration, model,
sweeps, multiplicity, responses, planner, theory, internal_calibration, report.
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
    empirics,
    calibration,
    model,
    sweeps,


rule all:
    """Everything: tables, figures, summary.json."""
    default_target: True
    input:
        rules.facts.output,
        [LAYOUT.root / name for name in exhibits.counties(CONFIG)],
        rules.results.output,


rule empirics:
    """Facts of the data alone: specialization, Fact 1, county tables, tables and figures."""
    input:
        rules.facts.output,
        [LAYOUT.root / name for name in exhibits.counties(CONFIG)],


rule calibration:
    """National processes and one calibration file per zone."""
    input:
        LAYOUT.national,
        LAYOUT.zone_list,


rule sweeps:
    """Every sweep of the configuration."""
    input:
        [LAYOUT.sweep(s) / name for s in CONFIG.sweeps for name in exhibits.sweep(s)],


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
