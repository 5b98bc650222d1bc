"""The command line ``regspec``: each workflow step, runnable and debuggable without Snakemake.

Exit codes: 0 done; 2 bad input (configuration or data); 3 the model fails here (no equilibrium, no
convergence). Any other code is an unexpected fault of the program or the machine, worth a retry.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from regspec.errors import ConfigError, ModelFailure, RegspecError
from regspec.provenance import write_json

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def main(argv: list[str] | None = None) -> int:
    """Run one step; errors of the user's making are printed without a traceback."""
    args = _parser().parse_args(argv)
    try:
        return args.step(args) or 0
    except RegspecError as error:
        print(f"regspec: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="regspec", description=__doc__.splitlines()[0])
    parser.add_argument("--version", action="version", version=_version())
    steps = parser.add_subparsers(title="steps", required=True, metavar="STEP")
    _add(steps, "config", _config, "check a configuration; print it with all defaults", _config_options)
    _add(steps, "check", _check, "check the input tables before anything is computed")
    _add(steps, "data", _data, "read or generate the economy: clean tables, zones, national series")
    _add(steps, "empirics", _empirics, "specialization measures, Fact 1, tables and figures")
    _add(steps, "calibrate", _calibrate, "national processes and one calibration file per zone")
    _add(steps, "warm", _warm, "compile all kernels that the configuration needs", _warm_options)
    _add(steps, "solve", _solve, "solve one zone under one scenario", _solve_options)
    _add(steps, "collect", _collect, "gather the solutions of all zones into two tables")
    _add(steps, "results", _results, "trade-off, decomposition, welfare, maps, summary.json")
    _add(steps, "status", _status, "how many solves are done, running, failed")
    return parser


def _version() -> str:
    from regspec import __version__

    return f"regspec {__version__}"


def _add(steps, name: str, function, text: str, options=None) -> None:
    sub = steps.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    sub.add_argument("--config", type=Path, default=Path("config/config.yaml"), help="[%(default)s]")
    sub.add_argument(
        "--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE",
        help="override one key, such as model.parameters.theta=0.4 (repeatable)",
    )  # fmt: skip
    if options:
        options(sub)
    sub.set_defaults(step=function)


def _config_options(sub) -> None:
    sub.add_argument("--write-default", metavar="DIR", type=Path, help="write config.yaml, README.md there")
    sub.add_argument("--output", type=Path, help="write the resolved configuration to this file")


def _warm_options(sub) -> None:
    sub.add_argument("--output", type=Path, help="JSON file that says what was compiled")


def _solve_options(sub) -> None:
    sub.add_argument("--zone", type=int, required=True)
    sub.add_argument("--scenario", default="baseline", help="[%(default)s]")
    sub.add_argument("--attempt", type=int, default=1, help="above 1: do not repeat a failure of the model")
    sub.add_argument("--expected-ranks", type=int, default=1, help="abort on another MPI size [%(default)s]")


# ------------------------------------------------------------------------------------------------ steps


def _load(args):
    """(config, config hash, run directory) of the command line's options."""
    from regspec.config_io import config_hash, load_config
    from regspec.layout import Layout

    config = load_config(args.config, args.overrides)
    return config, config_hash(config), Layout(config)


def _config(args) -> None:
    from regspec.config_docs import write_default
    from regspec.config_io import resolved_text, write_resolved

    if args.write_default:
        write_default(args.write_default)
        return
    config, _, _ = _load(args)
    if args.output:
        write_resolved(config, args.output)
    else:
        sys.stdout.write(resolved_text(config))


def _check(args) -> None:
    from regspec.validation import check_inputs

    config, digest, _ = _load(args)
    check_inputs(config)
    print(f"configuration {digest} and its input tables are usable")


def _data(args) -> None:
    config, digest, layout = _load(args)
    from regspec.data.build import build

    build(config, layout.data, digest)


def _empirics(args) -> None:
    config, digest, layout = _load(args)
    layout.require(layout.data / "industry.parquet", "data")
    from regspec.empirics.run import run

    run(config, layout.data, layout.empirics, digest)


def _calibrate(args) -> None:
    config, digest, layout = _load(args)
    layout.require(layout.empirics / "specialization.parquet", "empirics")
    from regspec.calibration.zones import calibrate

    calibrate(config, layout.data, layout.empirics, layout.calibration, digest)


def _warm(args) -> None:
    config, _, layout = _load(args)
    _prepare_numba(layout)
    from regspec.model.fingerprint import kernel_fingerprint
    from regspec.model.warm import warm_cache

    warm_cache(config)
    if args.output:
        write_json(args.output, {"kernel_fingerprint": kernel_fingerprint()})


def _solve(args) -> None:
    """Solve; the model's failure is remembered, because repeating the computation cannot mend it."""
    config, digest, layout = _load(args)
    if args.scenario not in config.scenarios:
        raise ConfigError(f"--scenario {args.scenario}: unknown; scenarios: {', '.join(config.scenarios)}")
    zone_json = layout.zone_json(args.zone)
    if layout.zone_ids() and args.zone not in layout.zone_ids():
        raise ConfigError(f"--zone {args.zone}: not among the {len(layout.zone_ids())} zones of this run")
    layout.require(zone_json, "calibrate")
    marker = layout.failure(args.scenario, args.zone)
    if args.attempt > 1 and marker.exists():
        raise ModelFailure(json.loads(marker.read_text()))
    marker.unlink(missing_ok=True)
    _prepare_numba(layout)
    from regspec.experiments.solve import run_zone

    policy = "error" if config.results.missing_zones == "error" else "record"
    try:
        run_zone(
            zone_json, layout.national, config, args.scenario, layout.solution(args.scenario, args.zone),
            layout.store, digest, on_failure=policy, expected_ranks=args.expected_ranks,
            progress=layout.progress(args.scenario, args.zone),
        )  # fmt: skip
    except ModelFailure as failure:
        write_json(marker, str(failure))
        raise


def _collect(args) -> None:
    config, digest, layout = _load(args)
    layout.require(layout.zones, "calibrate")
    from regspec.results.collect import collect

    files = [layout.solution(s, z) for s in config.scenarios for z in layout.zone_ids()]
    policy = config.results.missing_zones
    collect(files, layout.paths, layout.solutions, policy, digest, _levels(config, layout))


def _levels(config, layout) -> dict[tuple[str, int], float]:
    """Level of every scenario and zone: solutions are in units of the zone's own 1950 output."""
    from regspec.calibration.technology import scenario_zone

    national = json.loads(layout.national.read_text())
    zones = {zone: json.loads(layout.zone_json(zone).read_text()) for zone in layout.zone_ids()}
    return {
        (scenario, zone): scenario_zone(content, national, config, scenario)[1]
        for scenario in config.scenarios
        for zone, content in zones.items()
    }


def _results(args) -> None:
    config, digest, layout = _load(args)
    layout.require(layout.paths, "collect")
    from regspec.results.run import run

    run(config, layout.root, digest)


def _status(args) -> None:
    config, _, layout = _load(args)
    layout.require(layout.zones, "calibrate")
    from regspec.progress import status_text

    print(status_text(config, layout))


def _prepare_numba(layout) -> None:
    """One thread per process and the shared kernel cache; both must be set before numpy and numba load."""
    for variable in _THREAD_VARIABLES:
        os.environ.setdefault(variable, "1")
    os.environ.setdefault("NUMBA_CACHE_DIR", str(layout.numba_cache().resolve()))


if __name__ == "__main__":
    sys.exit(main())
