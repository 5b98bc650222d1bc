"""The step ``internal_calibration``: table of the search, and its result as JSON (docs/results.md)."""

from __future__ import annotations

import pandas as pd

from regspec.calibration.records import read_national
from regspec.config.config import Config
from regspec.exhibits.registry import INTERNAL_EXHIBIT
from regspec.exhibits.writer import ExhibitWriter
from regspec.io.provenance import stamp, write_json
from regspec.io.run_tables import read_meta
from regspec.layout import Layout
from regspec.studies.internal_calibration.search import Evaluation, search


def run(config: Config, layout: Layout, config_hash: str) -> None:
    """Write the files of `regspec.exhibits.registry.INTERNAL_EXHIBIT`.

    Raises ConfigError and ModelFailure as `search` does, DataError for unreadable files of earlier steps; nothing is written
    then.
    """
    national, settings = read_national(layout), config.internal_calibration
    writer = ExhibitWriter(layout.root, stamp(config_hash), read_meta(layout.data)["synthetic"])

    def tell(item: Evaluation) -> None:
        print(f"internal calibration: {settings.parameter} = {item.value:.6g}: debt over output {item.debt:.5f}", flush=True)

    done = search(config, national, tell)
    solution, (name,) = done[-1], INTERNAL_EXHIBIT.others
    write_json(
        layout.root / name,
        {
            "parameter": settings.parameter,
            "value": solution.value,
            "target": settings.target,
            "achieved": solution.debt,
            "bracket": settings.bracket,
            "evaluations": len(done),
            "configured": getattr(config.model.parameters, settings.parameter),
            "provenance": writer.provenance,
        },
    )
    print(f"internal calibration: set model.parameters.{settings.parameter} to {solution.value:.6g}", flush=True)
    _write_table(writer, config, done)


def _write_table(writer: ExhibitWriter, config: Config, done: list[Evaluation]) -> None:
    settings, p = config.internal_calibration, config.model.parameters
    table = pd.DataFrame(
        {
            "Evaluation": range(1, len(done) + 1),
            settings.parameter: [item.value for item in done],
            "Debt over output": [item.debt for item in done],
            "Less target": [item.debt - settings.target for item in done],
            "Binding": [item.binding for item in done],
            "Largest J": [item.amplification for item in done],
        }
    )
    notes = (
        f"{settings.parameter} such that mean debt over output is {settings.target:g}, on the market's realized path of a "
        f"zone with the nation's base-year shares, scenario {config.baseline}, theta = {p.theta:g}. Brent's method between "
        f"{settings.bracket[0]:g} and {settings.bracket[1]:g}; the last row is the solution. Binding: share of years in which "
        f"the limit binds. Configured: {getattr(p, settings.parameter):g}."
    )
    forms = {settings.parameter: "%.6f", "Debt over output": "%.5f", "Less target": "%.1e"}
    writer.table(
        name=INTERNAL_EXHIBIT.table,
        body=table,
        caption=f"Internal calibration of {settings.parameter}",
        notes=notes,
        float_format=forms,
        rules=[len(done) - 1],
    )
