"""What each step of the workflow depends on besides its input files.

``KEYS``: the configuration keys that it reads; only they may trigger it anew. ``SOURCES``: the parts of the
package that it runs (files, folders and patterns of files): Snakemake does not see edits of imported modules, so rules carry
their digests. Those are of what the code does: a comment triggers nothing.
The solve step is not listed: its key (:mod:`regspec.experiments.key`) says exactly what it depends on.
"""

from __future__ import annotations

from pathlib import Path

from regspec.config import Config
from regspec.provenance import logic_digest, logic_digests

KEYS: dict[str, tuple[str, ...]] = {
    "data": ("run.seed", "data", "empirics.base_year", "empirics.end_year", "calibration.tfp.measure"),
    "empirics": ("run.seed", "data.source", "data.tidy.income", "empirics", "calibration.industries", "results.confidence"),
    "counties": (
        "run.seed", "data", "empirics", "calibration.industries", "calibration.tfp.measure", "results.confidence",
    ),
    "calibrate": (
        "run.seed", "data", "empirics.variable", "calibration", "model.zones", "model.parameters.alpha",
        "model.parameters.xi_scale", "model.parameters.phi_scale",
    ),
    "collect": ("results.missing_zones",),
    "multiplicity": (
        "run.seed", "multiplicity", "model.parameters.alpha", "model.parameters.beta", "model.parameters.gamma",
        "model.parameters.growth", "model.grid.b_max",
    ),
    "responses": ("run.seed", "responses", "calibration", "model", "scenarios"),
    "planner": ("run.seed", "planner", "calibration", "model", "scenarios"),
    "theory": ("run.seed", "theory", "calibration", "model", "scenarios"),
    "internal_calibration": ("run.seed", "internal_calibration", "calibration", "model", "scenarios"),
    # The page prints the whole configuration, of which the number of ranks and the like change nothing else.
    "report": tuple(name for name in Config.model_fields if name != "compute"),
    "sweep": ("run", "data", "empirics", "calibration", "model", "scenarios", "results"),
    "results": ("run", "data", "empirics", "calibration", "model", "scenarios", "results"),
}  # fmt: skip

_SOLVING = (
    "experiments/zone.py", "experiments/allocation.py", "experiments/attempts.py", "experiments/checkpoint.py",
    "experiments/keepers.py", "model", "calibration/technology.py",
)  # fmt: skip
_READING = ("calibration/records.py", "data/files.py")
SOURCES: dict[str, tuple[str, ...]] = {
    "data": (
        "data/*.py", "data/synthetic", "microdata", "geopackage.py", "raw_tables.py", "prices.py", "columns.py", "schemas.py",
    ),
    "empirics": ("empirics", "exhibit_list.py", "geopackage.py", "data/files.py", "figures.py", "tables.py"),
    "counties": (
        "counties", "data", "raw_tables.py", "prices.py", "empirics", "exhibit_list.py", "geopackage.py", "figures.py",
        "tables.py",
    ),
    "calibrate": ("calibration", "selection.py", "empirics/specialization.py", "data/files.py", "data/tornqvist.py"),
    "collect": ("results/collect.py", "hdf5.py", "empirics/specialization.py", "data/files.py"),
    "multiplicity": ("multiplicity", *_READING, "model/jit.py", "model/shocks.py", "figures.py", "tables.py"),
    "responses": ("responses", "experiments/resting.py", *_READING, *_SOLVING, "figures.py", "tables.py"),
    "planner": (
        "planner", "experiments/resting.py", *_READING, *_SOLVING, "empirics/specialization.py", "figures.py", "tables.py",
    ),
    "theory": ("theory", *_SOLVING, "figures.py", "tables.py"),
    "internal_calibration": ("internal", *_READING, *_SOLVING, "tables.py"),
    "report": (
        "report", "results", "empirics", "channels.py", "exhibits.py", "exhibit_list.py", "calibration", "selection.py",
        "config_io.py", "config_docs.py", "geopackage.py", "data/files.py", "data/tornqvist.py", "provenance.py", "figures.py",
        "tables.py", "model/portfolio.py",
    ),
    "sweep": (
        "sweeps", "results", "empirics", "channels.py", "exhibits.py", "exhibit_list.py", "data/files.py", "geopackage.py",
        "provenance.py", "figures.py", "tables.py",
    ),
    "results": (
        "results", "empirics", "channels.py", "exhibits.py", "exhibit_list.py", "calibration", "selection.py", "data/files.py",
        "data/tornqvist.py", "geopackage.py", "provenance.py", "figures.py", "tables.py", "model/portfolio.py",
    ),
}  # fmt: skip

# The folder of raw tables may move between machines; the tables themselves are input files of the rule. County files are
# those of one step, although their section belongs to the data.
_PLACES = {"run": {"directory", "name"}, "data": {"directory"}}


def dependencies(config: Config, step: str, script: Path | None = None) -> dict:
    """The params of a step's rule: values of its configuration keys, digests of its sources and of the rule's ``script``."""
    left_out = _PLACES if step in ("counties", "report") else {**_PLACES, "data": {*_PLACES["data"], "counties"}}
    values = config.model_dump(mode="json", exclude=left_out)
    sources = logic_digests(*SOURCES[step]) | ({script.name: logic_digest(script)} if script else {})
    return {**{key: _at(values, key) for key in KEYS[step]}, "sources": sources}


def sweep_dependencies(config: Config, name: str, script: Path | None = None) -> dict:
    """The params of the rule that makes the exhibits of the sweep ``name``: other sweeps do not trigger it."""
    return dependencies(config, "sweep", script) | {"sweep": config.sweeps[name].model_dump(mode="json")}


def _at(values: dict, key: str):
    for part in key.split("."):
        values = values[part]
    return values
