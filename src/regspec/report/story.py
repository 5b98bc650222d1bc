"""The words and small tables of the page: headline numbers, data, calibration, diagnostics, configuration."""

from __future__ import annotations

import json
from dataclasses import dataclass

from regspec.calibration.records import read_national
from regspec.calibration.technology import technology
from regspec.config.config import Config
from regspec.empirics import labels
from regspec.io.run_tables import read_table
from regspec.layout import Layout

#: Sections of the page in order: key, heading, what it is about.
SECTIONS = (
    ("data", "Data", "What the run was made from, and county files where the configuration names them."),
    ("facts", "Facts", "What the data show before any model: specialization, income, growth and their persistence."),
    ("calibration", "Calibration", "Parameters, and the processes that are estimated from national accounts."),
    (
        "model",
        "Model against data",
        "Each zone starts from its own base-year shares and lives through the realized national productivity; the same "
        "regressions are run on its simulated output and on the data.",
    ),
    (
        "friction",
        "The friction, and other parts of the model",
        "Slopes under scenarios that differ in one part of the model say how much of the trade-off goes with that part.",
    ),
    (
        "planner",
        "The planner",
        "The constrained-efficient planner takes the market's pricing and the collateral limit as given, but knows what the "
        "portfolio does to productivity and to the price of capital.",
    ),
    ("taxes", "Taxes that implement the plan", "Subsidies of capital income by industry, and the tax on debt, along the path."),
    (
        "welfare",
        "Welfare and maps",
        "Classes of every map are fixed, so that maps of runs and scenarios compare by eye; zones without a value are hatched.",
    ),
    ("responses", "Responses to a shock to one industry", "Paths with and without an adverse shock."),
    ("theory", "Checks of the theory", "What the theory says on prices and on several equilibria, computed."),
    ("zones", "Zone explorer", ""),
    ("diagnostics", "Diagnostics", "How well the model was solved, and what was not."),
    ("further", "Further exhibits", "Exhibits that belong to no section above."),
)


@dataclass(frozen=True)
class Small:
    """A table that the page makes itself: all cells are text; ``numbers``: all columns but the first are right-aligned."""

    caption: str
    heads: list[str]
    rows: list[list[str]]
    notes: str = ""
    numbers: bool = False


def read_summary(layout: Layout) -> dict | None:
    """``summary.json`` of the run; None before the results."""
    return json.loads(layout.summary.read_text(encoding="utf-8")) if layout.summary.is_file() else None


def data_table(config: Config, layout: Layout, meta: dict) -> Small:
    """Where the data come from and how much there is."""
    industry, controls = (read_table(layout.data_table(name), name) for name in ("industry", "controls"))
    years = sorted(industry["year"].unique())
    rows = [
        ["Source", meta["source"]],
        ["Zones", str(industry["zone"].nunique())],
        ["Years", ", ".join(map(str, years))],
        ["Industries", f"{industry['industry'].nunique()}: {', '.join(sorted(industry['industry'].unique()))}"],
        ["Shares of", ", ".join(sorted(industry["variable"].unique()))],
        ["Outcome", labels.income(config)],
        ["Controls", ", ".join(labels.term(name) for name in config.empirics.controls if name in controls)],
        ["Map", "stand-in polygons made by this program" if meta.get("stand_in_zones") else "1990 commuting zones"],
    ]
    return Small("The data of this run", ["", ""], rows)


def calibration_tables(config: Config, layout: Layout) -> list[Small]:
    """Model industries and their processes; parameters and what the scenarios change. Empty before the calibration."""
    if not layout.national.is_file():
        return []
    national, tech = read_national(layout), technology(config)
    groups = config.calibration.industries
    rows = [
        [
            name,
            ", ".join(groups[name].members),
            f"{tech.xi[n]:.3g}",
            f"{tech.phi[n]:.3g}",
            f"{national.rho[n]:.3f}",
            f"{national.sigma[n]:.4f}",
            f"{national.national_share[n]:.3f}",
        ]
        for n, name in enumerate(national.industries)
    ]
    heads = ["Model industry", "Data industries", "ξ", "φ", "ρ", "σ", "National share"]
    notes = (
        "ξ: elasticity of productivity to the industry's capital; φ: adjustment cost; ρ, σ: persistence and standard "
        f"deviation of log productivity, by year ({config.calibration.tfp.process}); share: of the nation, "
        f"{config.calibration.first_year}."
    )
    return [Small("Model industries", heads, rows, notes), _parameters(config)]


def _parameters(config: Config) -> Small:
    own = config.model.parameters
    changes = {name: scenario.parameters for name, scenario in config.scenarios.items()}
    rows = []
    for name, info in type(own).model_fields.items():
        value = getattr(own, name)
        text = value.model_dump_json() if hasattr(value, "model_dump_json") else f"{value}"
        meaning = f"{name}: {info.description}" if info.description else name
        rows.append([meaning, text, *(str(changed.get(name, "")) for changed in changes.values())])
    return Small(
        "Parameters of the model",
        ["Parameter", "Value", *changes],
        rows,
        "Columns of scenarios: what they change. P, M and section numbers: the research deck and docs/model.md.",
    )


def solves_table(summary: dict | None) -> Small | None:
    """Zones solved and failed by scenario, and the time they took."""
    if summary is None:
        return None
    times = summary["seconds"]["per_zone"]
    rows = []
    for name, zones in summary["zones"].items():
        time = times.get(name, {})
        shown = [f"{time[key]:.1f}" if time.get(key) is not None else "" for key in ("mean", "max")]
        rows.append([name, str(zones["solved"]), str(zones["failed"]), *shown])
    return Small("Solves", ["Scenario", "Solved", "Failed", "Seconds, mean", "Seconds, most"], rows, numbers=True)


def failures_table(layout: Layout) -> Small | None:
    """Every failed solve and what could not be met; None without any."""
    if not layout.solutions.is_file():
        return None
    table = read_table(layout.solutions, "solutions")
    failed = table[table["status"] == "failed"]
    rows = [[str(row.zone), row.scenario, str(row.message).splitlines()[0]] for row in failed.itertuples(index=False)]
    return Small("Failed solves", ["Zone", "Scenario", "Why"], rows) if rows else None
