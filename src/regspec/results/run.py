"""The results step: tables, figures and ``summary.json`` of a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from importlib import import_module

from regspec.config.config import Config
from regspec.errors import ModelFailure
from regspec.exhibits.listing import run_listing, write_list
from regspec.exhibits.registry import Exhibit, model_exhibits
from regspec.layout import Layout
from regspec.results.inputs import ModelInputs, load
from regspec.results.missing import missing


def run(config: Config, layout: Layout, config_hash: str) -> None:
    """Make every exhibit of :func:`regspec.exhibits.registry.model_exhibits`, then the list of all exhibits of the run.

    Exhibits of an earlier run that this one does not make (another list of scenarios) are removed at the end. Raises
    DataError for missing or unusable tables, ConfigError for years outside the simulation and ModelFailure when no zone of
    the baseline was solved.
    """
    inputs = load(config, layout, config_hash)
    if not inputs.zones("solved", inputs.baseline):
        raise ModelFailure(
            f"scenario {inputs.baseline}: no zone was solved, so there is nothing to show or to compare with.\n"
            "`regspec status` names what the solves could not meet."
        )
    *exhibits, summary = model_exhibits(config)
    for exhibit in exhibits:
        _make(inputs, exhibit)
    _remove_others(layout, exhibits)
    # Its presence says that the exhibits are complete.
    _make(inputs, summary)
    write_list(run_listing(config, layout, missing(inputs), inputs.config.sweeps), inputs.writer)


def _make(inputs: ModelInputs, exhibit: Exhibit) -> None:
    import_module(f"regspec.{exhibit.program}").write(replace(inputs, exhibit=exhibit))


def _remove_others(layout: Layout, exhibits: Iterable[Exhibit]) -> None:
    written = {layout.root / name for exhibit in exhibits for name in exhibit.files}
    for folder in (layout.tables, layout.figures):
        for path in sorted(folder.glob("*")):
            if path.is_file() and path not in written:
                path.unlink()
