"""The table ``specialization``: every measure of every zone, year and variable (D5)."""

from __future__ import annotations

from regspec.empirics.inputs import DataInputs
from regspec.io.run_tables import write_table


def write(inputs: DataInputs) -> None:
    """Write ``specialization.parquet``, which the later steps read."""
    (name,) = inputs.making.others
    write_table(inputs.specialization, "specialization", inputs.writer.folder / name, inputs.writer.provenance)
