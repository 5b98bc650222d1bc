"""Sections `run`, `results` and `compute`: where a run lies, its exhibits, its jobs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from regspec.config.base import MissingZones, Section, Share


class Run(Section):
    """Name, place and seed of a run."""

    name: str = Field("default", pattern=r"^[A-Za-z0-9_.-]+$", description="results go to <directory>/<name>/")
    directory: str = Field("results", description="root of everything the workflow writes")
    seed: int = Field(20260110, ge=0, description="seed of every random draw")


class Results(Section):
    """Horizons and intervals of the exhibits, and what a zone that was not solved means for them."""

    horizons: list[int] = Field([10, 20, 30, 40, 50, 60, 70], description="horizons in years (Q1, Q2)")
    friction_horizons: list[Annotated[int, Field(ge=1)]] = Field(
        [1, 5, 10, 20, 30, 40, 50, 60, 70], description="horizons in years of the friction's share of the growth effect (Q2)"
    )
    missing_zones: MissingZones = Field(
        "error",
        description="what to do when the solve of a zone failed: stop, or continue and print the count on every exhibit",
    )
    confidence: Share = Field(0.95, description="level of the confidence intervals")
    bootstrap: int = Field(999, ge=99, description="bootstrap draws over zones")


class Compute(Section):
    """Ranks, jobs and checkpoints: none of them changes a result."""

    ranks: int = Field(1, ge=1, description="MPI ranks of a solve job (1 = no MPI)")
    zones_per_job: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(
        "auto",
        description="number of zones that a job solves one after the other; auto: about two minutes of work (docs/hpc.md)",
    )
    checkpoint_minutes: float = Field(
        10.0,
        ge=0.0,
        description="minutes between two checkpoints of a solve; 0: a checkpoint only when the job is asked to stop",
    )
