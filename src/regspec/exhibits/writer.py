"""What a step writes its exhibits with: their folder, their stamp and the kind of the data are said once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from regspec.exhibits import figures, tables


@dataclass(frozen=True)
class ExhibitWriter:
    """Writes tables and figures, by names relative to ``folder`` and without suffix, such as ``tables/claims``.

    ``provenance``: from `regspec.io.provenance.stamp`. ``synthetic``: whether the data are made up; None when no data stand
    behind the exhibits, only the model. ``source``: added to the notes of every table; empty: nothing is added.
    """

    folder: Path
    provenance: Mapping[str, str]
    synthetic: bool | None
    source: str = ""

    def table(
        self,
        *,
        name: str,
        body: pd.DataFrame,
        caption: str,
        notes: str,
        float_format: str | Mapping[str, str] = "%.3f",
        rules: Sequence[int] = (),
        data: pd.DataFrame | None = None,
        forms: Sequence[str] = ("csv", "tex", "html"),
    ) -> None:
        """Write a table (`regspec.exhibits.tables.write`). Raises DataError for a table without rows."""
        tables.write(
            body,
            self.folder / name,
            caption=caption,
            notes=f"{notes} Source: {self.source}." if self.source else notes,
            provenance=self.provenance,
            synthetic=self.synthetic,
            float_format=float_format,
            rules=rules,
            data=data,
            forms=forms,
        )

    def csv(self, *, name: str, frame: pd.DataFrame) -> None:
        """Write ``frame`` as CSV alone: the numbers that a figure of the same name shows."""
        tables.write_csv(frame, self.folder / name, self.provenance, self.synthetic)

    @contextmanager
    def figure(
        self, *, name: str, width: str = "single", height: float | None = None, **subplots: Any
    ) -> Iterator[tuple[Figure, Any]]:
        """A figure in the house style and its axes (`regspec.exhibits.figures.new`): drawn on in the body, then saved."""
        with figures.house_style():
            figure, axes = figures.new(width, height, **subplots)
            yield figure, axes
            figures.save(figure, self.folder / name, self.provenance, self.synthetic)
