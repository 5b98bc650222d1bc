"""The words and small tables of the page: headline numbers, data, calibration, diagnostics, configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from regspec import tables
from regspec.calibration.technology import technology
from regspec.config import Config
from regspec.data.files import read_table
from regspec.empirics import labels
from regspec.results.slopes import RIGHT_HAND_SIDES

#: Sections of the page in order: key, heading, what it is about.
SECTIONS = (
    ("data", "Data", "What the run was made from, and county files where the configuration names them."),
    ("facts", "Facts", "What the data show before any model: specialization, income, growth and their persistence."),
    ("calibration", "Calibration", "Parameters, and the processes that are estimated from national accounts."),
    ("model", "Model against data",
     "Each zone starts from its own base-year shares and lives through the realized national productivity; the same "
     "regressions are run on its simulated output and on the data."),
    ("friction", "The friction, and other parts of the model",
     "Slopes under scenarios that differ in one part of the model say how much of the trade-off goes with that part."),
    ("planner", "The planner",
     "The constrained-efficient planner takes the market's pricing and the collateral limit as given, but knows what the "
     "portfolio does to productivity and to the price of capital."),
    ("taxes", "Taxes that implement the plan", "Subsidies of capital income by industry, and the tax on debt, along the path."),
    ("welfare", "Welfare and maps",
     "Classes of every map are fixed, so that maps of runs and scenarios compare by eye; zones without a value are hatched."),
    ("responses", "Responses to a shock to one industry", "Paths with and without an adverse shock."),
    ("theory", "Checks of the theory", "What the theory says on prices and on several equilibria, computed."),
    ("zones", "Zone explorer", ""),
    ("diagnostics", "Diagnostics", "How well the model was solved, and what was not."),
    ("further", "Further exhibits", "Exhibits that belong to no section above."),
)  # fmt: skip


@dataclass(frozen=True)
class Small:
    """A table that the page makes itself: all cells are text; ``numbers``: all columns but the first are right-aligned."""

    caption: str
    heads: list[str]
    rows: list[list[str]]
    notes: str = ""
    numbers: bool = False


def read_summary(root: Path) -> dict | None:
    """``summary.json`` of the run; None before the results."""
    path = Path(root) / "summary.json"
    return json.loads(path.read_text()) if path.is_file() else None


def claims(config: Config, root: Path, summary: dict | None) -> Small:
    """What is claimed (deck C1-C5) beside what this run measures."""
    tradeoff = (summary or {}).get("tradeoff", {})
    rows = [
        ["C1", "Specialized zones have higher income at first", _slopes(tradeoff.get("level"))],
        ["C1", "and grow less afterwards", _slopes(tradeoff.get("growth"))],
        ["C2", "As zones grow they become more specialized", _within(Path(root) / "empirics/within_zone.csv")],
        ["C3", "Comparative advantage is persistent", _persistence(Path(root) / "empirics/persistence.csv")],
        ["C4", "The model captures part of the trade-off in growth", _captured(tradeoff.get("growth"))],
        ["C4", "The financial friction accounts for part of it", "; ".join(_friction(summary or {})) or _NONE],
        ["C5", "Efficient specialization raises welfare", "; ".join(_welfare(summary or {})) or _NONE],
    ]
    level = f"{config.results.confidence:.0%}"
    notes = (
        f"Slopes: log points of {labels.income(config)} (model: output) for a rise of specialization by one, "
        f"{labels.specialization(config)}, given all controls of Fact 1, or predicted growth alone where zones are too few; "
        f"brackets: {level} intervals. "
        "A claim is the question that a row answers, not its answer."
    )
    return Small("Claims and what this run measures", ["", "Claim", "In this run"], rows, notes)


_NONE = "not measured in this run"


def _slopes(outcome: dict | None) -> str:
    rhs = _right_hand_side(outcome)
    if rhs is None:
        return _NONE
    names = {"data_all": "data", "data": "data, solved zones", "ce": "market", "planner": "planner"}
    own = {names[key]: rhs[key] for key in names if key in rhs and rhs[key]["slope"] is not None}
    if "data" in own and own.get("data, solved zones", {}).get("zones") == own["data"]["zones"]:
        del own["data, solved zones"]
    texts = [f"{name} {_number(s['slope'])} {_interval(s)}, N = {s['zones']}" for name, s in own.items()]
    return "; ".join(texts) or _NONE


def _right_hand_side(outcome: dict | None) -> dict | None:
    """Estimates given all controls; given less where these cannot be estimated."""
    by_name = outcome or {}
    known = [by_name[name] for name in RIGHT_HAND_SIDES if name in by_name]
    return next((rhs for rhs in known if (rhs.get("ce") or {}).get("slope") is not None), None)


def _captured(outcome: dict | None) -> str:
    ratio = (_right_hand_side(outcome) or {}).get("model_to_data")
    return f"slope of the market over that of the data: {_number(ratio['ratio'])} {_interval(ratio)}" if ratio else _NONE


def _friction(summary: dict) -> Iterator[str]:
    for name, by_rhs in summary.get("friction", {}).items():
        known = [by_rhs[rhs] for rhs in RIGHT_HAND_SIDES if rhs in by_rhs]
        shares = [{int(h): entry["share"] for h, entry in own.items() if "share" in entry} for own in known]
        found = next(filter(None, shares), {})
        if found:
            share = found[max(found)]
            yield f"{name}, {max(found)} years: {_number(share['ratio'])} of the slope {_interval(share)}"


def _welfare(summary: dict) -> Iterator[str]:
    for name, gain in summary.get("welfare_percent", {}).items():
        if gain["n"]:
            ends = f"{_number(gain['min'])} to {_number(gain['max'])}"
            yield f"{name}: mean {_number(gain['mean'])} percent of consumption ({ends}), N = {gain['n']}"


def _within(path: Path) -> str:
    if not path.is_file():
        return _NONE
    row = tables.read_csv(path).iloc[0]
    if "estimate" not in row:
        return _NONE
    return f"within zones {_number(row['estimate'], 4)} {_interval(row, 4)} for a rise of log income by one, N = {row['zones']}"


def _persistence(path: Path) -> str:
    table = tables.read_csv(path) if path.is_file() else pd.DataFrame()
    if "estimate" not in table or table.empty:
        return _NONE
    ends = table.iloc[[0, -1]].drop_duplicates("horizon").to_dict("records")
    texts = [f"{row['horizon']} years: {_number(row['estimate'])} {_interval(row)}" for row in ends]
    return "elasticity of its rank, " + "; ".join(texts)


def _number(value, digits: int = 2) -> str:
    text = f"{value:.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}") if text.strip("-0.") else text.lstrip("-")


def _interval(entry, digits: int = 2) -> str:
    if entry["low"] is None or entry["high"] is None or entry.get("set", "interval") not in ("interval", "bounded"):
        return "[unbounded]"
    return f"[{_number(entry['low'], digits)}, {_number(entry['high'], digits)}]"


def data_table(config: Config, root: Path, meta: dict) -> Small:
    """Where the data come from and how much there is."""
    folder = Path(root) / "data"
    industry, controls = (read_table(folder / f"{name}.parquet", name) for name in ("industry", "controls"))
    years = sorted(industry["year"].unique())
    rows = [
        ["Source", str(meta.get("source", ""))],
        ["Zones", str(industry["zone"].nunique())],
        ["Years", ", ".join(map(str, years))],
        ["Industries", f"{industry['industry'].nunique()}: {', '.join(sorted(industry['industry'].unique()))}"],
        ["Shares of", ", ".join(sorted(industry["variable"].unique()))],
        ["Outcome", labels.income(config)],
        ["Controls", ", ".join(labels.term(name) for name in config.empirics.controls if name in controls)],
        ["Map", "stand-in polygons made by this program" if meta.get("stand_in_zones") else "1990 commuting zones"],
    ]
    return Small("The data of this run", ["", ""], rows)


def calibration_tables(config: Config, root: Path) -> list[Small]:
    """Model industries and their processes; parameters and what the scenarios change. Empty before the calibration."""
    path = Path(root) / "calibration/national.json"
    if not path.is_file():
        return []
    national, tech = json.loads(path.read_text()), technology(config)
    groups = config.calibration.industries
    rows = [
        [name, ", ".join(groups[name].members), f"{tech['xi'][n]:.3g}", f"{tech['phi'][n]:.3g}",
         f"{national['rho'][n]:.3f}", f"{national['sigma'][n]:.4f}", f"{national['national_share'][n]:.3f}"]
        for n, name in enumerate(national["industries"])
    ]  # fmt: skip
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
        "Parameters of the model", ["Parameter", "Value", *changes], rows,
        "Columns of scenarios: what they change. P, M and section numbers: the research deck and docs/model.md.",
    )  # fmt: skip


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


def failures_table(root: Path) -> Small | None:
    """Every failed solve and what could not be met; None without any."""
    path = Path(root) / "model/solutions.parquet"
    if not path.is_file():
        return None
    table = read_table(path, "solutions")
    failed = table[table["status"] == "failed"]
    rows = [[str(row.zone), row.scenario, str(row.message).splitlines()[0]] for row in failed.itertuples(index=False)]
    return Small("Failed solves", ["Zone", "Scenario", "Why"], rows) if rows else None
