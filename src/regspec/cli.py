"""The command line `regspec`: each workflow step, runnable and debuggable without Snakemake.

Exit codes: 0 done, otherwise see :mod:`regspec.workflow.endings`. The solve step is here and not in a script of its
rule, because mpiexec or srun must start it as a program.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from regspec.workflow import steps
from regspec.workflow.endings import any_text, short_errors
from regspec.workflow.former_names import refuse_former_command


def main(argv: list[str] | None = None) -> int:
    """Run one step; errors of the user's making are printed without a traceback."""
    any_text()
    words = sys.argv[1:] if argv is None else argv
    try:
        with short_errors():
            refuse_former_command(words)
            args = parser().parse_args(words)
            args.step(args)
    except SystemExit as end:
        return int(end.code or 0)
    except BrokenPipeError:
        pass
    return 0


def parser() -> argparse.ArgumentParser:
    """The parser of the command line; the reference page of the documentation is made from it, too."""
    made = argparse.ArgumentParser(prog="regspec", description=__doc__.splitlines()[0])
    made.add_argument("--version", action="version", version=_version())
    commands = made.add_subparsers(title="steps", required=True, metavar="STEP")
    _add(commands, "config", _config, "check a configuration; print it with all defaults", _config_options)
    _add(commands, "check", _check, "check the input tables before anything is computed")
    _add(commands, "data", _job(steps.data), "read or generate the economy: clean tables, zones, national series")
    _add(commands, "empirics", _job(steps.empirics), "specialization measures, Fact 1, tables and figures")
    _add(commands, "counties", _job(steps.counties), "county files as tables of zones, coverage, income growth")
    _add(commands, "calibrate", _job(steps.calibrate), "national processes and one calibration file per zone")
    _add(commands, "precompile", _job(steps.precompile), "compile all kernels that the configuration needs")
    _add(commands, "solve", _solve, "solve zones under one scenario", _solve_options)
    _add(commands, "collect", _job(steps.collect), "gather the solutions of all zones into two tables")
    _add(commands, "results", _job(steps.results), "trade-off, decomposition, welfare, maps, summary.json")
    _add(commands, "sweep", _sweep, "table and figure of a sweep whose cells were solved", _sweep_options)
    _add(
        commands, "multiplicity", _job(steps.multiplicity), "several equilibria of a year, one selected: one industry, chi = 1"
    )
    _add(commands, "responses", _job(steps.responses), "responses of two zones to a shock to one industry")
    _add(commands, "planner", _job(steps.planner), "externalities, long-run taxes and simple rules of the planner")
    _add(commands, "theory", _job(steps.theory), "checks of what the deck says on prices and productivity")
    _add(commands, "internal-calibration", _job(steps.internal_calibration), "the parameter that meets a target debt ratio")
    _add(commands, "report", _report, "one self-contained HTML page of everything that the run has produced")
    _add(commands, "county-files", _county_files, "write county files of the synthetic economy", _out_options)
    _add(
        commands,
        "microdata-files",
        _microdata_files,
        "write an IPUMS-like extract of the synthetic economy",
        _microdata_options,
    )
    _add(commands, "explain", _explain, "what a run would do, and why; runs nothing", _explain_options)
    _add(commands, "status", _status, "which solves are done, running, failed, and why", _status_options)
    return made


def commands(made: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Parsers of the commands of a `parser`, by name."""
    return next(a.choices for a in made._actions if isinstance(a, argparse._SubParsersAction))


def _version() -> str:
    from regspec import __version__

    return f"regspec {__version__}"


def _add(commands, name: str, function, text: str, options=None) -> None:
    sub = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    sub.add_argument(
        "--config",
        type=Path,
        nargs="+",
        default=[Path("config/config.yaml")],
        metavar="FILE",
        help="as Snakemake's --configfile: of several files, later ones win [config/config.yaml]",
    )
    sub.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="override one key, such as model.parameters.theta=0.4 (repeatable)",
    )
    if options:
        options(sub)
    sub.set_defaults(step=function)


def _config_options(sub) -> None:
    sub.add_argument("--write-default", metavar="DIR", type=Path, help="write config.yaml, README.md there")
    sub.add_argument("--output", type=Path, help="write the resolved configuration to this file")


def _microdata_options(sub) -> None:
    _out_options(sub)
    sub.add_argument("--persons", type=int, default=1_000_000, help="number of persons, about [%(default)s]")
    sub.add_argument("--csv", action="store_true", help="CSV instead of fixed width")
    sub.add_argument("--hierarchical", action="store_true", help="records of households and of persons")


def _sweep_options(sub) -> None:
    sub.add_argument("--name", required=True, help="one of the configuration's sweeps")


def _solve_options(sub) -> None:
    sub.add_argument("--zone", type=int, required=True, nargs="+", help="one or several zones")
    sub.add_argument("--scenario", default="baseline", help="[%(default)s]")
    sub.add_argument("--attempt", type=int, default=1, help="above 1: do not repeat a failure of the model")
    sub.add_argument("--expected-ranks", type=int, default=1, help="abort on another MPI size [%(default)s]")
    sub.add_argument("--manifest", type=Path, help="write the keys of the solutions to this file when all are there")


def _explain_options(sub) -> None:
    home = Path() if Path("Snakefile").exists() else Path(__file__).parents[2]
    sub.add_argument("--snakefile", type=Path, default=home / "Snakefile", help="[%(default)s]")
    sub.add_argument("--profile", type=Path, default=home / "profiles" / "local", help="[%(default)s]")
    sub.add_argument("targets", nargs="*", metavar="TARGET", help="targets of the workflow, such as sweeps [all]")


def _status_options(sub) -> None:
    sub.add_argument("--html", type=Path, metavar="FILE", help="write one HTML page with a map instead of text")
    sub.add_argument(
        "--refresh",
        type=int,
        default=0,
        metavar="SECONDS",
        help="with --html: write it again and again until all solves have ended",
    )


def _out_options(sub) -> None:
    sub.add_argument("--out", type=Path, required=True, help="folder of the files")


def _load(args):
    """(config, config hash, run's paths) of the command line's options."""
    return steps.load(args.config, args.overrides)


def _job(function):
    """A step that needs nothing but the configuration."""
    return lambda args: function(args.config, args.overrides)


def _report(args) -> None:
    print(steps.report(args.config, args.overrides))


def _config(args) -> None:
    from regspec.config.manual import write_default
    from regspec.config.reading import resolved_text, write_resolved

    if args.write_default:
        write_default(args.write_default)
        return
    config, _, _ = _load(args)
    if args.output:
        write_resolved(config, args.output)
    else:
        sys.stdout.write(resolved_text(config))


def _check(args) -> None:
    from regspec.workflow.checks import check_inputs, check_names

    config, digest, _ = _load(args)
    check_names(config)
    check_inputs(config)
    print(f"configuration {digest} and its input tables are usable")


def _solve(args) -> None:
    steps.solve(args.config, args.scenario, args.zone, args.attempt, args.expected_ranks, args.manifest, args.overrides)


def _sweep(args) -> None:
    steps.sweep(args.config, args.name, args.overrides)


def _microdata_files(args) -> None:
    from regspec.data.synthetic.raw_census import write_census_files

    config, _, _ = _load(args)
    written = write_census_files(config, args.out, args.persons, args.csv, args.hierarchical)
    print(f"{len(written)} files in {args.out}; microdata.yaml there names them")


def _county_files(args) -> None:
    from regspec.data.synthetic.raw_counties import write_county_files

    config, _, _ = _load(args)
    print(f"{len(write_county_files(config, args.out))} files in {args.out}; counties.yaml there names them")


def _explain(args) -> None:
    from regspec.workflow.plan import explain

    config, _, _ = _load(args)
    raise SystemExit(explain(config, args.snakefile, args.profile, args.targets))


def _status(args) -> None:
    import time

    config, _, layout = _load(args)
    layout.require(layout.zone_list, "calibrate")
    if args.html is None:
        from regspec.workflow.status import status_text

        print(status_text(config, layout))
        return
    from regspec.workflow.status import ENDED
    from regspec.workflow.status_page import write_page

    while any(s.state not in ENDED for s in write_page(config, layout, args.html, args.refresh)) and args.refresh:
        time.sleep(args.refresh)
    if args.refresh:
        write_page(config, layout, args.html)
    print(args.html)


if __name__ == "__main__":
    sys.exit(main())
