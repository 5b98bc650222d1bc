"""What every section of the configuration is made of (:mod:`regspec.config.config`)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
#: What happens when the solve of a zone is missing or failed.
MissingZones = Literal["error", "warn", "drop"]


class Section(BaseModel):
    """A strict section: unknown keys are errors, nothing is coerced silently, instances are frozen."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
