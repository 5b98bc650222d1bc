"""What each step of the workflow depends on besides its input files.

``KEYS``: the configuration keys that it reads; only they may trigger it anew. `sources_of`: the modules of the package that it
runs. Snakemake does not see edits of imported modules, so rules carry their digests. Those are of what the code does: a comment
triggers nothing. The solve step is not listed: its key (:mod:`regspec.solves.key`) says exactly what it depends on.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from regspec.config.config import Config
from regspec.io.provenance import PACKAGE, TEMPLATES
from regspec.io.sources import imported_by, logic_digest, logic_digests

KEYS: dict[str, tuple[str, ...]] = {
    "data": ("run.seed", "data", "empirics.base_year", "empirics.end_year", "calibration.tfp.measure"),
    "empirics": ("run.seed", "data.source", "data.tidy.income", "empirics", "calibration.industries", "results.confidence"),
    "counties": ("run.seed", "data", "empirics", "calibration.industries", "calibration.tfp.measure", "results.confidence"),
    "calibrate": (
        "run.seed",
        "data",
        "empirics.variable",
        "calibration",
        "model.zones",
        "model.parameters.alpha",
        "model.parameters.xi_scale",
        "model.parameters.phi_scale",
    ),
    "collect": ("results.missing_zones",),
    "multiplicity": (
        "run.seed",
        "multiplicity",
        "model.parameters.alpha",
        "model.parameters.beta",
        "model.parameters.gamma",
        "model.parameters.growth",
        "model.grid.b_max",
    ),
    "responses": ("run.seed", "responses", "calibration", "model", "scenarios"),
    "planner": ("run.seed", "planner", "calibration", "model", "scenarios"),
    "theory": ("run.seed", "theory", "calibration", "model", "scenarios"),
    "internal_calibration": ("run.seed", "internal_calibration", "calibration", "model", "scenarios"),
    # The page prints the whole configuration, of which the number of ranks and the like change nothing else.
    "report": tuple(name for name in Config.model_fields if name != "compute"),
    "sweep": ("run", "data", "empirics", "calibration", "model", "scenarios", "results"),
    "results": ("run", "data", "empirics", "calibration", "model", "scenarios", "results"),
}

#: Module of the package that each step runs; what that imports, inside functions too, triggers the step.
ENTRIES = {
    "data": "data/build.py",
    "empirics": "empirics/run.py",
    "counties": "empirics/counties.py",
    "calibrate": "calibration/zones.py",
    "collect": "results/collect.py",
    "multiplicity": "studies/multiplicity/run.py",
    "responses": "studies/responses/run.py",
    "planner": "studies/planner/run.py",
    "theory": "studies/theory/run.py",
    "internal_calibration": "studies/internal_calibration/run.py",
    "report": "report/run.py",
    "results": "results/run.py",
    "sweep": "studies/sweeps/run.py",
}
# Modules that compute nothing: the configuration's keys trigger by their values; checks, texts of errors, file stamps.
_NEUTRAL = re.compile(
    r"config/(?!reading|manual)\w+\.py|errors\.py|model/kernels/cache\.py|io/(columns|messages|schemas)\.py|__init__\.py"
)
# These decide what is on a page of exhibits, and nothing in the steps that make numbers.
_LISTS = re.compile(r"exhibits/(registry|model_parts)\.py|io/provenance\.py")
_PAGES = ("report", "results", "sweep")

# The folder of raw tables may move between machines; the tables themselves are input files of the rule. County files are
# those of one step, although their section belongs to the data.
_PLACES = {"run": {"directory", "name"}, "data": {"directory"}}


def dependencies(config: Config, step: str, script: Path | None = None) -> dict:
    """The params of a step's rule: values of its configuration keys, digests of its sources and of the rule's ``script``."""
    left_out = _PLACES if step in ("counties", "report") else {**_PLACES, "data": {*_PLACES["data"], "counties"}}
    values = config.model_dump(mode="json", exclude=left_out)
    sources = logic_digests(*sources_of(step)) | ({script.name: logic_digest(script)} if script else {})
    return {**{key: _at(values, key) for key in KEYS[step]}, "sources": sources}


@cache
def sources_of(step: str) -> tuple[str, ...]:
    """Source files of the package, relative to it, on which a step depends: those that its entry imports, and templates
    beside them.
    """
    reached: set[str] = set()
    waiting = [ENTRIES[step]]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += imported_by(name)
    folders = {(PACKAGE / name).parent for name in reached}
    templates = {path for folder in folders for path in folder.iterdir() if path.suffix in TEMPLATES}
    names = sorted(reached | {path.relative_to(PACKAGE).as_posix() for path in templates})
    return tuple(name for name in names if not _NEUTRAL.fullmatch(name) and (step in _PAGES or not _LISTS.fullmatch(name)))


def sweep_dependencies(config: Config, name: str, script: Path | None = None) -> dict:
    """The params of the rule that makes the exhibits of the sweep ``name``: other sweeps do not trigger it."""
    return dependencies(config, "sweep", script) | {"sweep": config.sweeps[name].model_dump(mode="json")}


def _at(values: dict, key: str):
    for part in key.split("."):
        values = values[part]
    return values
