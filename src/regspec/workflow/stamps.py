"""What the files of each step were made from, in a stamp of the step in the run's folder.

Snakemake keeps records of its own in ``.snakemake``, where the run was started. They are gone in a new clone and after the
results were moved, and they do not know of steps that were run by hand. Stamps lie with the results. At the start of a run
each is compared with what the step would be made from now; what does not fit runs again
(:func:`regspec.workflow.planning.before_planning`). Solves have their
keys instead, which their job's list holds (:func:`regspec.solves.batch.outdated_batches`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from regspec.config.config import Config
from regspec.exhibits import registry
from regspec.io.provenance import content_hash, stamp, write_json
from regspec.layout import Layout
from regspec.model.fingerprint import kernel_fingerprint
from regspec.solves.settings import solve_settings
from regspec.workflow.checks import county_files, raw_files
from regspec.workflow.reasons import dependency_changes, several
from regspec.workflow.triggers import KEYS, dependencies, sweep_dependencies

#: Steps whose files a step reads. Their stamps are part of its own, so that their change is seen whatever the ages of files.
AFTER = {
    "empirics": ("data",),
    "counties": ("data",),
    "calibrate": ("data", "empirics"),
    "collect": ("calibrate",),
    "results": ("data", "empirics", "calibrate", "collect"),
    "report": ("empirics", "results"),
    "sweep": ("data", "empirics", "calibrate"),
    "multiplicity": ("data", "calibrate"),
    "responses": ("data", "calibrate"),
    "planner": ("data", "calibrate"),
    "internal_calibration": ("data", "calibrate"),
}
UNKNOWN = "no record of what its files were made from"
BEFORE = "earlier steps have changed"  # begins the reason that is no other step's
_SWEEP = "sweep/"
_WHOLE, _PART = 64 * 2**20, 2**20  # bytes: files up to this size are digested whole, of larger ones the first and last part


class Stamps:
    """Stamps of a run beside what they would be under the present configuration, code and tables."""

    def __init__(self, config: Config, layout: Layout):
        self._config, self._layout = config, layout
        self._present: dict[str, dict] = {}

    def place(self, name: str) -> Path:
        """File of the stamp of a step, or of ``sweep/<sweep>``."""
        return self._layout.root / "stamps" / f"{name}.json"

    def recorded(self, name: str) -> dict:
        """What the files of a step were made from; empty where nothing says it."""
        try:
            found = json.loads(self.place(name).read_text(encoding="utf-8"))["made_from"]
            return found if isinstance(found, dict) else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def present(self, name: str) -> dict:
        """What the files of a step would be made from now, if all steps before it were up to date."""
        if name not in self._present:
            before = {other: content_hash(self.present(other)) for other in self._before(name)}
            self._present[name] = {**self._own(name), "after": before}
        return self._present[name]

    def made_now(self, name: str) -> dict:
        """The same with the steps before it as their stamps are."""
        return {**self._own(name), "after": {other: content_hash(self.recorded(other)) for other in self._before(name)}}

    def outdated(self) -> dict[str, list[str]]:
        """Steps and sweeps with files that were not made from what they would be made from now, each with reasons in words."""
        found = {}
        for name in self.names():
            recorded = self.recorded(name)
            if not recorded and self.output(name).exists():
                found[name] = [UNKNOWN]
            elif recorded and recorded != self.present(name):
                found[name] = self._changes(name, recorded, self.present(name))
        lost = [path for path in map(self._layout.zone_json, self._layout.zone_ids()) if not path.exists()]
        if lost and "calibrate" not in found:
            found["calibrate"] = [f"missing: {several(lost, 2)}"]
        return found

    def names(self) -> list[str]:
        """Every step that leaves a stamp, with ``sweep/<sweep>`` for the sweeps."""
        own = [name for name in ("precompile", *KEYS) if name != "sweep" and (name != "counties" or self._has_counties)]
        return [*own, *(f"{_SWEEP}{name}" for name in self._config.sweeps)]

    def output(self, name: str) -> Path:
        """One of the files that the step's rule declares."""
        config, layout = self._config, self._layout
        if name.startswith(_SWEEP):
            own = name.removeprefix(_SWEEP)
            return layout.sweep(own) / registry.sweep(own)[0]
        made = {
            "data": layout.data / "meta.json",
            "empirics": layout.empirics / "specialization.parquet",
            "calibrate": layout.zone_list,
            "precompile": layout.precompile,
            "collect": layout.paths,
            "results": layout.summary,
            "report": layout.report,
        }
        made |= {step: layout.root / exhibit.files[0] for step, exhibit in registry.on_request(config).items()}
        if self._has_counties:
            made["counties"] = layout.root / registry.counties(config)[0]
        return made[name]

    @property
    def _has_counties(self) -> bool:
        return bool(registry.counties(self._config))

    def _before(self, name: str) -> tuple[str, ...]:
        step = "sweep" if name.startswith(_SWEEP) else name
        return AFTER.get(step, ()) + (("counties",) if step == "report" and self._has_counties else ())

    def _own(self, name: str) -> dict:
        """Configuration keys, sources, raw tables and settings of solves."""
        config = self._config
        if name == "precompile":
            planner, industries = registry.has_planner(config), len(config.calibration.industries)
            return {"depends": {"fingerprint": kernel_fingerprint(), "industries": industries, "planner": planner}}
        sweep = name.removeprefix(_SWEEP) if name.startswith(_SWEEP) else None
        depends = sweep_dependencies(config, sweep) if sweep else dependencies(config, name)
        own: dict = {"depends": json.loads(json.dumps(depends))}
        if name in ("data", "counties"):
            own["inputs"] = {path.name: file_digest(path) for path in self._inputs(name)}  # their folder may move
        if name == "collect" or sweep:
            names = config.solve_names(sweep) if sweep else list(config.scenarios)
            own["solves"] = {
                each: content_hash([solve_settings(config, each).record(), kernel_fingerprint()]) for each in names
            }
        if name == "report":
            own["shown"] = shown(config, self._layout)
        return own

    def _inputs(self, name: str) -> list[Path]:
        return county_files(self._config) if name == "counties" else raw_files(self._config)

    def _changes(self, name: str, old: dict, new: dict) -> list[str]:
        reasons = dependency_changes(old.get("depends", {}), new["depends"])
        before, now = old.get("inputs", {}), new.get("inputs", {})
        if before != now:
            changed = [path for path in self._inputs(name) if before.get(path.name) != now[path.name]]
            reasons.append(f"input changed: {several(changed)}" if changed else "different input files than before")
        before, now = old.get("solves", {}), new.get("solves", {})
        changed = [each for each in {**before, **now} if before.get(each) != now.get(each)]
        if changed:
            reasons.append(f"solves changed: {several(changed, 3)}")
        if old.get("shown") != new.get("shown"):
            reasons.append("exhibits made on request changed")
        return reasons or [f"{BEFORE}: {several(self._before(name))}"]


@contextmanager
def stamped(config: Config, config_hash: str, layout: Layout, name: str) -> Iterator[None]:
    """Leave the stamp of the step ``name`` when the block, which makes its files, is done; none where it ends before."""
    stamps = Stamps(config, layout)
    place, made_from = stamps.place(name), stamps.made_now(name)
    with suppress(NotADirectoryError):  # which the step itself tells the user
        place.unlink(missing_ok=True)
    yield
    write_json(place, {"made_from": made_from, "provenance": stamp(config_hash)})


def shown(config: Config, layout: Layout) -> str:
    """Digest of what was made on request so far, which the report shows."""
    found = [layout.root / name for exhibit in registry.on_request(config).values() for name in exhibit.files]
    found += [layout.sweep(s) / name for s in config.sweeps for name in registry.sweep(s)]
    return content_hash([[str(path.relative_to(layout.root)), file_digest(path)] for path in found if path.is_file()])


def file_digest(path: Path) -> str:
    """Digest of a file's content; of a file above 64 MB, of its size and its first and last MB. Empty where there is none."""
    try:
        with open(path, "rb") as stream:
            size = path.stat().st_size
            if size <= _WHOLE:
                return hashlib.file_digest(stream, "sha256").hexdigest()[:16]
            ends = stream.read(_PART)
            stream.seek(size - _PART)
            return hashlib.sha256(f"{size}:".encode() + ends + stream.read()).hexdigest()[:16]
    except OSError:
        return ""
