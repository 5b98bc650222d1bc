"""What a schema of a table is made of: columns with unit, meaning and range (:mod:`regspec.io.schemas`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandera.pandas as pa


@dataclass(frozen=True)
class Column:
    """One column: what it means, its unit, where it comes from (deck id), what its values may be."""

    unit: str
    meaning: str
    kind: type = float
    low: float | None = None
    high: float | None = None
    above: float | None = None
    allowed: tuple[str, ...] | None = None
    nullable: bool = False
    required: bool = True
    pattern: bool = False
    remedy: str = ""

    def checks(self) -> list[pa.Check]:
        """Pandera checks of the column's range."""
        checks = []
        if self.low is not None:
            checks.append(pa.Check.ge(self.low, error=f"must be at least {self.low:g}"))
        if self.high is not None:
            checks.append(pa.Check.le(self.high, error=f"must be at most {self.high:g}"))
        if self.above is not None:
            checks.append(pa.Check.gt(self.above, error=f"must be greater than {self.above:g}"))
        if self.allowed is not None:
            checks.append(pa.Check.isin(self.allowed, error=f"must be one of {', '.join(self.allowed)}"))
        if self.kind is float:
            checks.append(pa.Check(lambda s: s.abs() < float("inf"), error="must be finite"))
        if self.kind is int:
            checks.append(pa.Check(lambda s: s % 1 == 0, error="must be a whole number"))
        if self.kind is str:
            checks.append(pa.Check(lambda s: s.map(lambda v: isinstance(v, str)), error="must be text"))
        return checks


@dataclass(frozen=True)
class Table:
    """A kind of table: its columns, its key (no two rows alike) and whether other columns are errors."""

    title: str
    key: tuple[str, ...]
    columns: Mapping[str, Column]
    strict: bool = True
    may_be_empty: bool = False

    def schema(self) -> pa.DataFrameSchema:
        """The pandera schema; :func:`validate` sets types, as pandera's coercion would truncate 1.5 to 1."""
        return pa.DataFrameSchema(
            {
                name: pa.Column(
                    None,
                    column.checks(),
                    nullable=column.nullable,
                    required=column.required,
                    regex=column.pattern,
                    description=f"{column.meaning} [{column.unit}]",
                )
                for name, column in self.columns.items()
            },
            unique_column_names=True,
        )
