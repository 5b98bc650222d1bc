"""The empirics step: everything under ``empirics/`` of a run (docs/empirics.md), exhibit by exhibit."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pandas as pd

from regspec.config.config import Config
from regspec.empirics.inputs import Inputs, NotComputable, load
from regspec.exhibits import figures, tables
from regspec.exhibits.listing import listing, write_list, write_missing
from regspec.exhibits.registry import CALIBRATION, FACTS


def run(config: Config, data_dir: Path, out: Path, config_hash: str) -> None:
    """Make every exhibit of :data:`regspec.exhibits.registry.FACTS` under ``out``, then the list of them.

    An exhibit that the data do not allow is written with the reason in it; ``not_computed.csv`` lists these and parts of
    exhibits. Raises ConfigError when the configuration asks for a variable, year or control that the data do not have,
    DataError for unusable tables.
    """
    inputs = load(config, data_dir, out, config_hash)
    for exhibit in FACTS:
        own = replace(inputs, exhibit=exhibit)
        try:
            import_module(f"regspec.{exhibit.program}").write(own)
        except NotComputable as reason:
            own.miss("", str(reason))
            write_reason(own, str(reason))
    if not inputs.calibrated:
        replace(inputs, exhibit=CALIBRATION).miss("", "no industry productivity (data.tidy.tfp, data.tidy.industry_map)")
    for item in inputs.missing:
        print(f"not computed: {item}")
    write_missing(inputs.missing, inputs.out, inputs.provenance, inputs.synthetic)
    rows = listing((*FACTS, *([] if inputs.calibrated else [CALIBRATION])), inputs.out, inputs.missing)
    write_list(rows, inputs.out, inputs.provenance, inputs.synthetic)


def write_reason(inputs: Inputs, reason: str) -> None:
    """Write the files of an exhibit that cannot be made, with the reason in them."""
    exhibit, stamp, synthetic = inputs.making, inputs.provenance, inputs.synthetic
    frame = pd.DataFrame({"not computed": [reason]})
    for name in exhibit.tables:
        inputs.table(name, frame, exhibit.title, "The data do not allow this exhibit.")
    for name in exhibit.figures:
        figure, ax = figures.new("single", 1.2)
        ax.set_axis_off()
        text = f"{exhibit.title}\nnot computed: {reason}"
        ax.text(0.5, 0.5, text, ha="center", va="center", wrap=True, transform=ax.transAxes)
        figures.save(figure, inputs.out / name, stamp, synthetic)
    for name in exhibit.others:
        tables.write_csv(frame, inputs.out / Path(name).stem, stamp, synthetic)
