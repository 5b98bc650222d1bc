"""A solve job: several zones under one scenario, one after the other, by one process that starts and loads kernels once."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from regspec.config.config import Config
from regspec.config.scenarios import SolveName
from regspec.errors import ModelFailure
from regspec.io.provenance import write_json
from regspec.layout import Layout
from regspec.model.solver.mpi import Ranks, world
from regspec.solves.checkpoint import termination
from regspec.solves.cost import zones_per_job
from regspec.solves.solution_file import holds_solution, recorded_key
from regspec.solves.step import run_zone


def batch_members(zones: list[int], size: int) -> dict[str, list[int]]:
    """Zones of each batch by its number (text with leading zeros): consecutive ids, ``size`` in each but the last."""
    starts = range(0, len(zones), size)
    digits = len(str(max(len(starts) - 1, 0)))
    return {f"{n:0{digits}d}": zones[start : start + size] for n, start in enumerate(starts)}


def batches_of(config: Config, layout: Layout, name: str) -> dict[str, list[int]]:
    """Zones of each solve job under a name of ``Config.solve_names``; none before the calibration."""
    zones = zones_of(config, layout, name)
    return batch_members(zones, zones_per_job(config, name, len(zones)))


def zones_of(config: Config, layout: Layout, name: str) -> list[int]:
    """Zones that are solved under a name of ``Config.solve_names``, in increasing order; none before the calibration."""
    sweep = SolveName.of(name).sweep
    most = config.sweeps[sweep].zones if sweep else None
    ginis = layout.zone_ginis()
    if most is None or most >= len(ginis):
        return sorted(ginis)
    import pandas as pd

    from regspec.calibration.zone_sample import select_zones

    return select_zones({"sample": most}, pd.Series(ginis), config.run.seed)


def forget_incomplete(config: Config, layout: Layout) -> None:
    """Remove the manifests of batches whose solution files are not all there any more, or were replaced by hand with others:
    their jobs must run again.
    """
    for scenario in config.solve_names():
        if not layout.batch(scenario, 0).parent.is_dir():
            continue
        for number, zones in batches_of(config, layout, scenario).items():
            manifest = layout.batch(scenario, number)
            if manifest.exists() and not _as_left(manifest, {zone: layout.solution(scenario, zone) for zone in zones}):
                manifest.unlink(missing_ok=True)


def outdated_batches(config: Config, layout: Layout, keys: Callable[[str], Mapping[int, str]]) -> list[Path]:
    """Manifests of solve jobs whose zones and keys are not the present ones. ``keys(name)``: key of every zone under a name of
    ``Config.solve_names``.
    """
    found = []
    for name in config.solve_names():
        if not layout.batch(name, 0).parent.is_dir():
            continue
        for number, zones in batches_of(config, layout, name).items():
            manifest = layout.batch(name, number)
            if manifest.exists() and _manifest_keys(manifest) != {str(zone): keys(name)[zone] for zone in zones}:
                found.append(manifest)
    return found


def _as_left(manifest: Path, solutions: Mapping[int, Path]) -> bool:
    """Whether the solution files of a job are those of its manifest. Only files newer than the manifest are opened, which are
    few: the rest is one look at the clock for each of what may be many thousands.
    """
    written, keys = manifest.stat().st_mtime_ns, None
    for zone, path in solutions.items():
        try:
            later = path.stat().st_mtime_ns > written
        except FileNotFoundError:
            return False
        if later:
            keys = _manifest_keys(manifest) if keys is None else keys
            if recorded_key(path) not in (keys.get(str(zone)), None):  # None: damaged, which `collect` tells the user
                return False
    return True


def _manifest_keys(manifest: Path) -> dict[str, str]:
    """Key of every zone in a manifest; none where it cannot be read."""
    try:
        return json.loads(manifest.read_text(encoding="utf-8"))["solutions"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def run_zones(
    config: Config,
    config_hash: str,
    layout: Layout,
    scenario: str,
    zones: list[int],
    attempt: int = 1,
    expected_ranks: int = 1,
    manifest: Path | None = None,
) -> None:
    """Solve ``zones`` under ``scenario`` and write their solution files; ``manifest`` when every zone has one.

    A zone that fails leaves a marker beside its log, which a later automatic ``attempt`` reads instead of computing the
    failure again; what the job took is left with the benchmarks. Raises ModelFailure after the last zone when some failed and
    ``Config.missing_zones`` says "error"; Interrupted, at once, when the process is asked to end (SIGTERM): the next call goes
    on there.
    """
    ranks, keys, failures = world(expected_ranks), {}, []
    with termination() as ended, _recorded_use(layout, scenario, manifest, ranks):
        for zone in zones:
            try:
                status, keys[str(zone)] = _run(
                    config, config_hash, layout, scenario, zone, attempt, ranks, ended, by_hand=manifest is None
                )
            except ModelFailure as failure:
                status = "failed"
                failures.append(failure)
            if ranks.rank == 0:
                print(f"zone {zone}, scenario {scenario}: {status}", flush=True)
    if failures:
        more = f"\nand {len(failures) - 1} more of the {len(zones)} zones of this job" if len(failures) > 1 else ""
        raise ModelFailure(f"{failures[0]}{more}", failures[0].kind)
    if manifest is not None and ranks.rank == 0:
        write_json(manifest, {"scenario": scenario, "solutions": keys})


@contextmanager
def _recorded_use(layout: Layout, scenario: str, manifest: Path | None, ranks: Ranks) -> Iterator[None]:
    """Write what a job of the workflow has taken when it ends, in whatever way. Snakemake's own benchmark looks at a process
    every 30 s and not at its end: of a job of two minutes it misses 15 s of processor time on average.
    """
    try:
        yield
    finally:
        if manifest is not None and ranks.rank == 0:
            own = resource.getrusage(resource.RUSAGE_SELF)
            used = {"cpu_time": own.ru_utime + own.ru_stime, "max_rss": own.ru_maxrss / 1024}
            path = layout.resources_used(scenario, manifest.stem.removeprefix("batch_"))
            with suppress(OSError):  # a full disk must not hide why the job ends
                write_json(path, {name: round(ranks.size * value, 2) for name, value in used.items()})


def _run(
    config: Config,
    config_hash: str,
    layout: Layout,
    scenario: str,
    zone: int,
    attempt: int,
    ranks: Ranks,
    ended: Callable[[], bool],
    by_hand: bool,
):
    """Status and key of one zone; its failure is remembered, because repeating the computation cannot mend it. A solve by hand,
    which may have other settings than the run, never puts a failure in the place of a solution.
    """
    marker = layout.failure(scenario, zone)
    if attempt > 1 and marker.exists():
        left = json.loads(marker.read_text(encoding="utf-8"))
        raise ModelFailure(left["message"], left["kind"])
    if ranks.rank == 0:
        marker.unlink(missing_ok=True)
    solution = layout.solution(scenario, zone)
    kept = ranks.broadcast(by_hand and holds_solution(solution) if ranks.rank == 0 else None)
    policy = "error" if kept or config.missing_zones(scenario) == "error" else "record"
    try:
        return run_zone(
            layout.zone_json(zone),
            layout.national,
            config,
            scenario,
            solution,
            layout.store,
            config_hash,
            on_failure=policy,
            ranks=ranks,
            progress=layout.progress(scenario, zone),
            ended=ended,
        )
    except ModelFailure as failure:
        if ranks.rank == 0:
            write_json(marker, failure.record())
        if kept:
            raise ModelFailure(f"{failure}\n{solution} keeps the solution that it had", failure.kind) from None
        raise
