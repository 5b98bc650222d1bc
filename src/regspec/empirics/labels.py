"""Names of variables and terms on axes and in tables, with units."""

from __future__ import annotations

from regspec.config.config import Config

TERMS = {
    "specialization": "Specialization",
    "tradable": "Tradable",
    "nontradable": "Non-tradable",
    "ghat": "ĝ (predicted growth)",
    "log_income": "Initial log income",
    "high_skill_share": "High-skill share",
    "old_age_dependency": "Old-age dependency (percent)",
    "female_labor_share": "Female labor share",
    "population": "Population (billions)",
    "constant": "Constant",
}
MEASURES = {"gini": "Gini", "hhi": "HHI", "max_share": "Maximum share"}
#: What ``log_income`` holds in each source of data (docs/data.md).
INCOME = {"synthetic": "income p.c.", "panel": "hourly wage", "microdata": "earnings p.c."}


def term(name: str) -> str:
    """Printed name of a regressor; a control without one keeps its column's name."""
    return TERMS.get(name, name)


def income(config: Config) -> str:
    """What ``log_income`` measures in this run's data."""
    return config.data.tidy.income if config.data.source == "tidy" else INCOME[config.data.source]


def level(config: Config) -> str:
    """Printed name of the level outcome."""
    return f"Log {income(config)}, {config.empirics.base_year}"


def growth(config: Config) -> str:
    """Printed name of the growth outcome."""
    return f"Growth of {income(config)}, {config.empirics.base_year}–{config.empirics.end_year}"


def specialization(config: Config) -> str:
    """Printed name of the headline measure of specialization."""
    empirics = config.empirics
    return f"{MEASURES[empirics.measure]} of {empirics.base_year} {variable(empirics.variable)} shares"


def variable(name: str) -> str:
    """Printed name of a variable."""
    return name.replace("_", " ")
