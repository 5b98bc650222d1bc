"""The empirics step: everything under ``empirics/`` of a run (docs/empirics.md), exhibit by exhibit."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pandas as pd

from regspec.config.config import Config
from regspec.empirics.inputs import DataInputs, NotComputable, load
from regspec.exhibits.listing import listing, write_list, write_missing
from regspec.exhibits.registry import CALIBRATION, FACTS
from regspec.layout import Layout


def run(config: Config, layout: Layout, config_hash: str) -> None:
    """Make every exhibit of :data:`regspec.exhibits.registry.FACTS`, then the list of them.

    An exhibit that the data do not allow is written with the reason in it; ``not_computed.csv`` lists these and parts of
    exhibits. Raises ConfigError when the configuration asks for a variable, year or control that the data do not have,
    DataError for unusable tables.
    """
    inputs = load(config, layout, config_hash)
    for exhibit in FACTS:
        making = replace(inputs, exhibit=exhibit)
        try:
            import_module(f"regspec.{exhibit.program}").write(making)
        except NotComputable as reason:
            making.miss("", str(reason))
            write_reason(making, str(reason))
    if not inputs.calibrated:
        replace(inputs, exhibit=CALIBRATION).miss("", "no industry productivity (data.tidy.tfp, data.tidy.industry_map)")
    for item in inputs.missing:
        print(f"not computed: {item}")
    write_missing(inputs.missing, inputs.writer)
    rows = listing((*FACTS, *([] if inputs.calibrated else [CALIBRATION])), layout.empirics, inputs.missing)
    write_list(rows, replace(inputs.writer, source=""))


def write_reason(inputs: DataInputs, reason: str) -> None:
    """Write the files of an exhibit that cannot be made, with the reason in them."""
    exhibit, writer = inputs.making, inputs.writer
    frame = pd.DataFrame({"not computed": [reason]})
    for name in exhibit.tables:
        writer.table(name=name, body=frame, caption=exhibit.title, notes="The data do not allow this exhibit.")
    for name in exhibit.figures:
        with writer.figure(name=name, height=1.2) as (_, ax):
            ax.set_axis_off()
            text = f"{exhibit.title}\nnot computed: {reason}"
            ax.text(0.5, 0.5, text, ha="center", va="center", wrap=True, transform=ax.transAxes)
    for name in exhibit.others:
        writer.csv(name=Path(name).stem, frame=frame)
