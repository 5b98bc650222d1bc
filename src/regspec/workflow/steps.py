"""What the steps of the workflow do on the folders of a run: behind ``regspec <step>`` and the rules.

Every function takes the configuration file, or several of which later ones win, and overrides such as
``model.parameters.theta=0.4``, calls one function of the package and writes the files of docs/architecture.md. All raise
ConfigError or DataError for unusable input. Libraries are imported where they are needed: the command line must start quickly.
"""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

from regspec.config.config import Config
from regspec.config.reading import Files, config_hash, load_config
from regspec.errors import ConfigError
from regspec.exhibits.registry import NOT_COMPUTED
from regspec.io.provenance import write_json
from regspec.layout import Layout
from regspec.workflow.stamps import stamped

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
Value = TypeVar("Value")


def load(config: Files, overrides: Iterable[str] = ()) -> tuple[Config, str, Layout]:
    """Typed configuration, its hash and the paths of its run."""
    loaded = load_config(config, overrides)
    check_environment(loaded)
    return loaded, config_hash(loaded), Layout(loaded)


def check_environment(config: Config) -> None:
    """Raise ConfigError for what the system is set to and no step can work with: numba's number of threads, and a locale that
    has other bytes for the names of the configuration's folders than a UTF-8 one, or none.
    """
    threads = os.environ.get("NUMBA_NUM_THREADS", "1")
    if not threads.isdecimal() or int(threads) < 1:
        raise ConfigError(f"NUMBA_NUM_THREADS={threads} in the environment: must be a whole number from 1 on; unset it")
    encoding = codecs.lookup(sys.getfilesystemencoding()).name
    for key, folder in (("run.directory", config.run.directory), ("data.directory", config.data.directory)):
        if encoding != "utf-8" and folder is not None and not str(folder).isascii():
            raise ConfigError(
                f"{key} = {ascii(str(folder))}: this locale names files in {encoding}, where that is another folder or none\n"
                "  set LC_ALL=C.UTF-8 or PYTHONUTF8=1 in the environment, or use ASCII letters"
            )


def data(config: Files, overrides: Iterable[str] = ()) -> None:
    """Generate or read the economy: clean tables, zone polygons, national series."""
    loaded, digest, layout = load(config, overrides)
    from regspec.data.build import build

    with stamped(loaded, digest, layout, "data"):
        build(loaded, layout.data, digest)


def empirics(config: Files, overrides: Iterable[str] = ()) -> None:
    """Specialization measures, Fact 1, their tables and figures (deck D5, E1)."""
    loaded, digest, layout = load(config, overrides)
    layout.require(layout.data / "industry.parquet", "data")
    from regspec.empirics.run import run

    with stamped(loaded, digest, layout, "empirics"):
        run(loaded, layout, digest)


def counties(config: Files, overrides: Iterable[str] = ()) -> None:
    """County files as tables of zones, their coverage, and income growth on specialization (docs/counties.md)."""
    loaded, digest, layout = load(config, overrides)
    if not loaded.data.counties.tables:
        raise ConfigError("data.counties names no files\n  set cbp.files, housing.files or income.file (docs/counties.md)")
    layout.require(layout.data / "industry.parquet", "data")
    from regspec.empirics.counties import run

    with stamped(loaded, digest, layout, "counties"):
        run(loaded, layout, digest)


def calibrate(config: Files, overrides: Iterable[str] = ()) -> None:
    """National processes and one calibration file per selected zone (deck P; model.md section 4)."""
    loaded, digest, layout = load(config, overrides)
    layout.require(layout.empirics / "specialization.parquet", "empirics")
    from regspec.calibration.zones import calibrate
    from regspec.solves.batch import outdated_batches

    with stamped(loaded, digest, layout, "calibrate"):
        calibrate(loaded, layout.data, layout.empirics, layout.calibration, digest)
    # Snakemake itself sees other keys only where it has records of the earlier ones.
    for manifest in outdated_batches(loaded, layout, cache(lambda name: zone_keys(loaded, layout, name))):
        manifest.unlink(missing_ok=True)


def precompile(config: Files, overrides: Iterable[str] = ()) -> None:
    """Compile every kernel that the solves need; ``precompile.json`` says which kernels."""
    loaded, digest, layout = load(config, overrides)
    prepare_numba(layout)
    from regspec.model.fingerprint import kernel_fingerprint
    from regspec.solves.precompile import precompile

    with stamped(loaded, digest, layout, "precompile"):
        precompile(loaded)
        write_json(layout.precompile, {"kernel_fingerprint": kernel_fingerprint()})


def solve(
    config: Files,
    scenario: str,
    zones: Iterable[int],
    attempt: int = 1,
    ranks: int = 1,
    manifest: Path | None = None,
    overrides: Iterable[str] = (),
) -> None:
    """Solve zones under a scenario, one after the other; a zone that fails does not keep the others from their turn.

    ``attempt`` above 1 does not repeat failures of the model; ``manifest``: file that is written when all zones are done.
    Raises ModelFailure with what the zones said that failed, unless ``Config.missing_zones`` lets them go.
    """
    loaded, digest, layout = load(config, overrides)
    loaded.scenario(scenario)  # raises ConfigError for an unknown name
    known = layout.zone_ids()
    for zone in zones:
        if known and zone not in known:
            shown = ", ".join(map(str, known[:5])) + (", ..." if len(known) > 5 else "")
            raise ConfigError(f"--zone {zone}: not among the {len(known)} zones of this run ({shown}; model.zones)")
        layout.require(layout.zone_json(zone), "calibrate")
    prepare_numba(layout)
    from regspec.solves.batch import run_zones

    run_zones(loaded, digest, layout, scenario, list(zones), attempt, ranks, manifest)


def collect(config: Files, overrides: Iterable[str] = ()) -> None:
    """Gather all solutions into ``paths.parquet`` and ``solutions.parquet``; ModelFailure for missing zones
    unless ``results.missing_zones`` lets them go.
    """
    loaded, digest, layout = load(config, overrides)
    layout.require(layout.zone_list, "calibrate")
    from regspec.results.collect import collect

    files = [layout.solution(s, z) for s in loaded.scenarios for z in layout.zone_ids()]
    policy, names = loaded.results.missing_zones, loaded.scenarios
    present = levels(loaded, layout, names), keys(loaded, layout, names)
    with stamped(loaded, digest, layout, "collect"):
        collect(files, layout.paths, layout.solutions, policy, digest, *present)


def levels(config: Config, layout: Layout, names: Iterable[str]) -> dict[tuple[str, int], float]:
    """Level of every zone under ``names`` (of ``Config.solve_names``) in the present calibration: the factor that turns a
    solution, which is in units of the zone's own first-year output, into comparable output (model.md section 4).
    """
    from regspec.calibration.technology import scenario_levels

    return _by_zone(config, layout, names, lambda zones, national, name: scenario_levels(zones, national, config, name))


def keys(config: Config, layout: Layout, names: Iterable[str]) -> dict[tuple[str, int], str]:
    """Key that the solution of every zone under ``names`` has in the present calibration and configuration."""
    from regspec.solves.key import solution_keys
    from regspec.solves.settings import solve_settings

    return _by_zone(
        config, layout, names, lambda zones, national, name: solution_keys(zones, national, solve_settings(config, name))
    )


def zone_keys(config: Config, layout: Layout, name: str) -> dict[int, str]:
    """Key by zone under one name of ``Config.solve_names``."""
    return {zone: key for (_, zone), key in keys(config, layout, [name]).items()}


def _by_zone(
    config: Config, layout: Layout, names: Iterable[str], function: Callable[..., Iterable[Value]]
) -> dict[tuple[str, int], Value]:
    """What ``function(zones' calibrations, national processes, name)`` gives for every zone under each of ``names``."""
    from regspec.calibration.records import NationalProcesses, ZoneCalibration

    national = NationalProcesses.read(layout.national)
    zones = {zone: ZoneCalibration.read(layout.zone_json(zone)) for zone in layout.zone_ids()}
    by_zone: dict[tuple[str, int], Value] = {}
    for name in names:
        values = function(list(zones.values()), national, name)
        by_zone |= {(name, zone): value for zone, value in zip(zones, values, strict=True)}
    return by_zone


def results(config: Files, overrides: Iterable[str] = ()) -> None:
    """Trade-off, friction decomposition, welfare, efficient specialization, maps and ``summary.json``."""
    loaded, digest, layout = load(config, overrides)
    layout.require(layout.paths, "collect")
    from regspec.results.run import run

    with stamped(loaded, digest, layout, "results"):
        run(loaded, layout, digest)


def sweep(config: Files, name: str, overrides: Iterable[str] = ()) -> None:
    """Gather the solves of the sweep ``name``; table and heat maps or coefficient plot of its cells (deck P, Q2)."""
    loaded, digest, layout = load(config, overrides)
    if name not in loaded.sweeps:
        raise ConfigError(f"--name {name}: unknown; sweeps: {', '.join(loaded.sweeps) or 'none'}")
    layout.require(layout.zone_list, "calibrate")
    from regspec.results.collect import collect
    from regspec.solves.batch import zones_of
    from regspec.studies.sweeps.run import run

    names = loaded.solve_names(name)
    files = [layout.solution(n, zone) for n in names for zone in zones_of(loaded, layout, n)]
    policy = loaded.sweeps[name].missing_zones
    present = levels(loaded, layout, names), keys(loaded, layout, names)
    with stamped(loaded, digest, layout, f"sweep/{name}"):
        collect(files, layout.sweep_paths(name), layout.sweep_solutions(name), policy, digest, *present)
        run(loaded, layout, digest, name)


@contextmanager
def _prepared(
    config: Files, overrides: Iterable[str], step: str, needed: Literal["national", "zone_list"] | None = None
) -> Iterator[tuple[Config, Layout, str]]:
    """Configuration, paths and hash of a run for a step that solves on request; ``needed``: its file of the calibration."""
    loaded, digest, layout = load(config, overrides)
    if needed is not None:
        layout.require(getattr(layout, needed), "calibrate")
    prepare_numba(layout)
    with stamped(loaded, digest, layout, step):
        yield loaded, layout, digest


def multiplicity(config: Files, overrides: Iterable[str] = ()) -> None:
    """Table and figure ``multiplicity``: several equilibria of a year, one selection (docs/model.md, section 5)."""
    with _prepared(config, overrides, "multiplicity", "national") as prepared:
        from regspec.studies.multiplicity.run import run

        run(*prepared)


def responses(config: Files, overrides: Iterable[str] = ()) -> None:
    """Table and figures of responses to a shock to one industry (deck Q3; docs/results.md)."""
    with _prepared(config, overrides, "responses", "zone_list") as prepared:
        from regspec.studies.responses.run import run

        run(*prepared)


def planner(config: Files, overrides: Iterable[str] = ()) -> None:
    """Tables and figure of externalities, long-run taxes and simple rules of the planner (deck M8, M9; docs/results.md)."""
    with _prepared(config, overrides, "planner", "zone_list") as prepared:
        from regspec.studies.planner.run import run

        run(*prepared)


def theory(config: Files, overrides: Iterable[str] = ()) -> None:
    """Table and figure of the checks of prices (deck M6; docs/results.md); needs no earlier step."""
    with _prepared(config, overrides, "theory") as prepared:
        from regspec.studies.theory.run import run

        run(*prepared)


def internal_calibration(config: Files, overrides: Iterable[str] = ()) -> None:
    """One parameter such that the mean debt ratio meets its target (deck P; docs/results.md)."""
    with _prepared(config, overrides, "internal_calibration", "national") as prepared:
        from regspec.studies.internal_calibration.run import run

        run(*prepared)


def report(config: Files, overrides: Iterable[str] = ()) -> Path:
    """One self-contained page of all that the run has produced so far (docs/report.md); returns its path."""
    loaded, digest, layout = load(config, overrides)
    layout.require(layout.empirics / NOT_COMPUTED, "empirics")
    from regspec.report.run import run

    with stamped(loaded, digest, layout, "report"):
        run(loaded, layout, digest)
    return layout.report


def prepare_numba(layout: Layout) -> None:
    """One thread per process and the shared kernel cache; both must be set before numpy and numba load."""
    for variable in THREAD_VARIABLES:
        os.environ.setdefault(variable, "1")
    from regspec.solves.kernel_cache import cache_folder

    os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_folder(layout).resolve()))
