"""The exhibits that a run makes, known from its configuration alone: rules declare them as their outputs.

Names only, without any heavy import, because Snakemake reads them at every start.
"""

from __future__ import annotations

from collections.abc import Iterable

from regspec.config import Config


def _tables(names: Iterable[str]) -> list[str]:
    return [f"{name}.{suffix}" for name in names for suffix in ("csv", "tex", "html")]


def _figures(names: Iterable[str]) -> list[str]:
    return [f"{name}.{suffix}" for name in names for suffix in ("pdf", "png")]


#: Files of the empirics step, relative to its folder.
EMPIRICS = (
    "specialization.parquet",
    *_tables(["specialization_over_time", "fact1", "fact1_sensitivity"]),
    *_figures(["fact1_level", "fact1_growth"]),
    *(f"{name}.csv" for name in ("fact1_level", "fact1_growth")),
)

#: Files of the step `multiplicity`, relative to the run's folder.
MULTIPLICITY = tuple(f"multiplicity/{name}" for name in (*_tables(["multiplicity"]), *_figures(["multiplicity"])))


def counties(config: Config) -> list[str]:
    """Files of the step `counties`, relative to the run's folder; none when no county files are named."""
    section = config.data.counties
    if not section.tables:
        return []
    figures = ["county_gini"] * ("business" in section.tables)
    tables = ["county_tables", *(["county_income"] * bool(section.income.windows))]
    return [
        *(f"data/{name}.parquet" for name in section.tables),
        "data/counties.json",
        *(f"empirics/{name}" for name in (*_tables(tables), *_figures(figures), *(f"{name}.csv" for name in figures))),
    ]


def friction_horizons(config: Config) -> list[int]:
    """Horizons in years of the friction decomposition that end within the simulated years (deck Q2)."""
    start, last = config.empirics.base_year, config.calibration.last_year
    return [h for h in config.results.friction_horizons if start + h <= last]


def alternatives(config: Config) -> list[str]:
    """Scenarios that are compared with the baseline, in order; none without a horizon to compare at."""
    return [name for name in config.scenarios if name != config.baseline and friction_horizons(config)]


def has_planner(config: Config) -> bool:
    """Whether any scenario asks for the planner."""
    return any(scenario.planner for scenario in config.scenarios.values())


def sweep(name: str) -> list[str]:
    """Files of the sweep ``name``, relative to its folder."""
    return ["paths.parquet", "solutions.parquet", *_tables([name]), *_figures([name])]


def results(config: Config) -> list[str]:
    """Files of the results step, relative to the run's folder."""
    friction = [f"friction_{name}" for name in alternatives(config)]
    planner = has_planner(config)
    tables = ["tradeoff", *friction, "efficient_specialization", "accuracy", *(["welfare"] * planner)]
    figures = ["tradeoff", *friction, "efficient_specialization", "efficient_specialization_map"]
    figures += ["welfare", "welfare_map"] * planner
    return [
        "summary.json",
        *(f"tables/{name}" for name in _tables(tables)),
        *(f"figures/{name}" for name in _figures(figures)),
    ]
