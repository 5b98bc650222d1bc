"""The step ``internal_calibration``: table of the search, and its result as JSON (docs/results.md)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from regspec.calibration.records import read_national
from regspec.config.config import Config
from regspec.exhibits import tables
from regspec.io.provenance import stamp, write_json
from regspec.io.run_tables import read_meta
from regspec.studies.internal_calibration.search import Evaluation, search


def run(config: Config, root: Path, digest: str) -> list[Path]:
    """Write ``internal_calibration/internal_calibration.{json,csv,tex,html}`` below ``root``; returns the files.

    Raises ConfigError and ModelFailure as `search` does, DataError for unreadable files of earlier steps; nothing is written
    then.
    """
    root = Path(root)
    national, synthetic, chosen = read_national(root), read_meta(root / "data")["synthetic"], config.internal_calibration

    def tell(item: Evaluation) -> None:
        print(f"internal calibration: {chosen.parameter} = {item.value:.6g}: debt over output {item.debt:.5f}", flush=True)

    done = search(config, national, tell)
    found, stem = done[-1], root / "internal_calibration" / "internal_calibration"
    write_json(
        stem.with_suffix(".json"),
        {
            "parameter": chosen.parameter,
            "value": found.value,
            "target": chosen.target,
            "achieved": found.debt,
            "bracket": chosen.bracket,
            "evaluations": len(done),
            "configured": getattr(config.model.parameters, chosen.parameter),
            "provenance": stamp(digest),
        },
    )
    print(f"internal calibration: set model.parameters.{chosen.parameter} to {found.value:.6g}", flush=True)
    return [stem.with_suffix(".json"), *_table(config, done, stem, digest, synthetic)]


def _table(config: Config, done: list[Evaluation], stem: Path, digest: str, synthetic: bool) -> list[Path]:
    chosen, p = config.internal_calibration, config.model.parameters
    table = pd.DataFrame(
        {
            "Evaluation": range(1, len(done) + 1),
            chosen.parameter: [item.value for item in done],
            "Debt over output": [item.debt for item in done],
            "Less target": [item.debt - chosen.target for item in done],
            "Binding": [item.binding for item in done],
            "Largest J": [item.amplification for item in done],
        }
    )
    notes = (
        f"{chosen.parameter} such that mean debt over output is {chosen.target:g}, on the market's realized path of a zone "
        f"with the nation's base-year shares, scenario {config.baseline}, theta = {p.theta:g}. Brent's method between "
        f"{chosen.bracket[0]:g} and {chosen.bracket[1]:g}; the last row is the solution. Binding: share of years in which the "
        f"limit binds. Configured: {getattr(p, chosen.parameter):g}."
    )
    forms = {chosen.parameter: "%.6f", "Debt over output": "%.5f", "Less target": "%.1e"}
    return tables.write(
        table,
        stem,
        f"Internal calibration of {chosen.parameter}",
        notes,
        stamp(digest),
        synthetic,
        forms,
        rules=[len(done) - 1],
    )
