"""The table ``specialization``: every measure of every zone, year and variable (D5)."""

from __future__ import annotations

from regspec.empirics.inputs import Inputs
from regspec.io.run_tables import write_table


def write(inputs: Inputs) -> None:
    """Write ``specialization.parquet``, which the later steps read."""
    write_table(inputs.specialization, "specialization", inputs.out / "specialization.parquet", inputs.provenance)
