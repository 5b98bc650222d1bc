"""What the zone explorer of the page knows, as compact JSON.

Paths are whole numbers (value times the variable's ``scale``), each the difference from the year before: most have one or
two digits.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from regspec.config.config import Config
from regspec.empirics import labels
from regspec.exhibits import figures, tables
from regspec.exhibits.registry import PLANNER_EXHIBIT, model_exhibits, response_exhibit
from regspec.io.run_tables import read_table
from regspec.layout import Layout
from regspec.report.outline import STATES, county_names, drawing
from regspec.results.efficient_map import DIFFERENCE
from regspec.results.maps import Scale, read_layers
from regspec.results.summary import plain
from regspec.results.welfare_map import GAIN

#: Variables of a path: label, unit, scale.
VARIABLES = {
    "Y": ("Output", "", 1000),
    "c": ("Consumption", "unit of output", 1000),
    "b": ("Bonds (negative: debt)", "unit of output", 1000),
    "q": ("Price of capital", "unit of output", 200),
    "tau_b": ("Tax on debt", "percent", 1000),
}
#: Unit of output by ``calibration.level``.
_UNIT = {"predicted": "base year, nation's shares = 1", "matched": "as the data's base-year level"}
_SHARE, _TAX = 5000, 1000
#: Diagnostics of a solution: column, label.
DIAGNOSTICS = {
    "euler_bonds_max_log10": "Euler error, bonds, largest (log10)",
    "euler_portfolio_max_log10": "Euler error, portfolio, largest (log10)",
    "cloud_euler_bonds_p99_log10": "Euler error, bonds, cloud p99 (log10)",
    "cloud_euler_portfolio_p99_log10": "Euler error, portfolio, cloud p99 (log10)",
    "residual_max": "Largest residual",
    "binding_share": "Share of years at the limit",
    "amplification_max": "Amplification J, largest",
    "roots_max": "Equilibria of a year, most found",
    "failed_states": "States without a solution",
    "grid_margin": "Distance of debt from the grid's end",
    "sweeps": "Iterations",
    "seconds": "Seconds",
}
_MEASURE_BREAKS = {
    "gini": (0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65),
    "hhi": (0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3),
    "max_share": (0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5),
}
_POINTS = 3_000_000  # numbers of all paths: above it, only every second (third, ...) year is kept


def explorer(config: Config, layout: Layout) -> dict:
    """All that the explorer shows, for every zone of the map. Raises DataError for unreadable tables."""
    zones, states = read_layers(layout.map)
    content: dict[str, Any] = {
        "map": drawing(zones, states),
        "zones": _zones(config, layout, zones),
        "data": _shares(config, layout),
        "industries": list(config.calibration.industries),
        "scenarios": list(config.scenarios),
        "baseline": config.baseline,
        "outcome": labels.income(config),
        "variables": {
            name: [label, unit or _UNIT[config.calibration.level], scale] for name, (label, unit, scale) in VARIABLES.items()
        },
        "scales": {"k": _SHARE, "tau_k": _TAX},
        "diagnostics": list(DIAGNOSTICS.values()),
    }
    layers = [_specialization(config, layout)]
    if layout.paths.is_file():
        solutions = read_table(layout.solutions, "solutions")
        content |= paths(read_table(layout.paths, "paths"), content["industries"])
        content["solutions"] = _solutions(solutions)
        layers += _model_layers(config, layout, solutions)
    content["layers"] = layers
    content["responses"] = _responses(layout.root / f"{response_exhibit(config).table}.csv")
    content["planner"] = _planner(layout.root / f"{PLANNER_EXHIBIT.tables[0]}.csv")
    return plain(content)


def _zones(config: Config, layout: Layout, zones) -> dict:
    """Zone -> state, counties, log income of the base and the end year."""
    controls = read_table(layout.data_table("controls"), "controls")
    years = [config.empirics.base_year, config.empirics.end_year]
    names = county_names(zones)
    state = controls.groupby("zone")["state"].first() if "state" in controls else pd.Series(dtype=float)
    wide = controls[controls["year"].isin(years)].set_index(["zone", "year"])
    found = {}
    for zone in zones.index:
        code = state.get(zone)
        rows = [wide.loc[(zone, year)] if (zone, year) in wide.index else {} for year in years]
        found[int(zone)] = {
            "state": STATES.get(int(code), f"state {int(code)}") if code is not None and not pd.isna(code) else "",
            "counties": names.get(int(zone), ""),
            "income": [_rounded(row.get("log_income"), 3) for row in rows],
        }
    return found


def _shares(config: Config, layout: Layout) -> dict:
    """``years, industries, nation`` and ``zones``: shares in per mille of every data industry in the base and the end year."""
    variable, years = config.empirics.variable, [config.empirics.base_year, config.empirics.end_year]
    frames = []
    for name in ("industry", "national"):
        table = read_table(layout.data_table(name), name)
        frames.append(table[(table["variable"] == variable) & table["year"].isin(years)])
    industry, national = frames
    names = sorted(industry["industry"].unique())
    wide = (1000 * industry.pivot(index=["zone", "year"], columns="industry", values="share")[names]).round()
    nation = (1000 * national.pivot(index="year", columns="industry", values="share")[names]).round()
    zones: dict = {}
    for (zone, year), row in wide.iterrows():
        zones.setdefault(int(zone), {})[int(year)] = [None if math.isnan(v) else int(v) for v in row]
    shown = {int(year): [int(v) for v in row] for year, row in nation.iterrows()}
    return {"variable": variable, "years": years, "industries": names, "nation": shown, "zones": zones}


def paths(table: pd.DataFrame, industries: list[str]) -> dict:
    """``years`` and ``paths``: scenario -> allocation -> zone -> variable -> differences of whole numbers.

    Taxes of the planner only; all are fractions.
    """
    scales = {name: scale for name, (_, _, scale) in VARIABLES.items() if name != "tau_b"}
    scales |= {f"k_{name}": _SHARE for name in industries}
    taxes = {"tau_b": VARIABLES["tau_b"][2]} | {f"tau_k_{name}": _TAX for name in industries}
    years = np.sort(table["year"].unique())
    kept = years[:: math.ceil(len(table) * (len(scales) + len(taxes) / 2) / _POINTS)]
    table = table[table["year"].isin(kept)].sort_values(["scenario", "allocation", "zone", "year"])
    nested: dict = {}
    for (scenario, allocation), rows in table.groupby(["scenario", "allocation"], sort=False):
        own = scales | (taxes if allocation == "planner" else {})
        steps = {name: _steps(rows, name, scale, len(kept)) for name, scale in own.items() if name in rows}
        zones = rows["zone"].to_numpy().reshape(-1, len(kept))[:, 0]
        series = {int(zone): {name: values[n] for name, values in steps.items()} for n, zone in enumerate(zones)}
        nested.setdefault(scenario, {})[allocation] = series
    return {"years": kept.tolist(), "paths": nested}


def _steps(rows: pd.DataFrame, name: str, scale: int, years: int) -> list[list[int]]:
    whole = np.rint(np.nan_to_num(rows[name].to_numpy(dtype=float)) * scale).astype(int).reshape(-1, years)
    return np.diff(whole, axis=1, prepend=0).tolist()


def _solutions(table: pd.DataFrame) -> dict:
    """Scenario -> zone -> status, message, level, gain (percent) and, by allocation, the diagnostics."""
    nested: dict = {}
    present = [name for name in DIAGNOSTICS if name in table]
    for row in table.to_dict("records"):
        zones = nested.setdefault(row["scenario"], {})
        own = zones.setdefault(
            int(row["zone"]),
            {
                "status": row["status"],
                "message": row["message"],
                "level": _rounded(row["level"], 3),
                "gain": _rounded(100 * row["welfare_gain"], 3),
            },
        )
        if row["status"] == "solved":
            own[row["allocation"]] = [_rounded(row[name], 3) if name in present else None for name in DIAGNOSTICS]
    return nested


def _specialization(config: Config, layout: Layout) -> dict:
    empirics = config.empirics
    table = read_table(layout.specialization, "specialization")
    wanted = {"variable": empirics.variable, "measure": empirics.measure, "year": empirics.base_year}
    own = table[(table[list(wanted)] == pd.Series(wanted)).all(axis=1)].set_index("zone")["value"]
    scale = Scale(
        f"Specialization in {empirics.base_year} ({empirics.measure}, {empirics.variable})",
        _MEASURE_BREAKS[empirics.measure],
        figures.SEQUENTIAL,
        "%.2f",
    )
    return _layer(scale, own)


def _model_layers(config: Config, layout: Layout, solutions: pd.DataFrame) -> list[dict]:
    layers = []
    rows = solutions.drop_duplicates(["scenario", "zone"])
    for scenario, own in rows.groupby("scenario", sort=False):
        gain = 100 * own.set_index("zone")["welfare_gain"].dropna()
        if len(gain):
            layers.append(_layer(GAIN, gain, f" \N{EN DASH} {scenario}"))
    binding = Scale("Share of simulated years at the limit", (0.01, 0.1, 0.2, 0.3, 0.5, 0.7), figures.SEQUENTIAL, "%.2f")
    market = solutions[(solutions["allocation"] == "ce") & (solutions["status"] == "solved")]
    for scenario, own in market.groupby("scenario", sort=False):
        layers.append(_layer(binding, own.set_index("zone")["binding_share"], f", market \N{EN DASH} {scenario}"))
    (name,) = (row.table for row in model_exhibits(config) if row.program == "results.efficient")
    efficient = layout.root / f"{name}.csv"
    if efficient.is_file():
        layers.append(_layer(DIFFERENCE, tables.read_csv(efficient).set_index("zone")["difference"]))
    return layers


def _layer(scale: Scale, values: pd.Series, suffix: str = "") -> dict:
    """A map of the explorer: the classes of the printed one, the class and the value of each zone."""
    values = values.dropna()
    classes = scale.classes(values.to_numpy())
    zones = {int(zone): [int(c), _rounded(v, 3)] for zone, c, v in zip(values.index, classes, values, strict=True)}
    return {"label": scale.label + suffix, "names": scale.names(), "colours": scale.palette(), "zones": zones}


def _responses(path: Path) -> dict:
    """Zone -> industry hit -> "scenario, allocation" -> variable -> responses by year after the shock."""
    if not path.is_file():
        return {}
    nested: dict = {}
    table = tables.read_csv(path).sort_values("horizon", kind="stable")
    keys = ["zone", "industry", "scenario", "allocation", "variable"]
    for (zone, industry, scenario, allocation, variable), rows in table.groupby(keys, sort=False):
        if variable.startswith("k_") and variable != f"k_{industry}":
            continue
        own = nested.setdefault(int(zone), {}).setdefault(industry, {}).setdefault(f"{scenario}, {allocation}", {})
        own["k" if variable.startswith("k_") else variable] = [_rounded(value, 4) for value in rows["response"]]
    return nested


def _planner(path: Path) -> dict:
    """Zone -> gain of the plan and its parts, percent (step `planner`)."""
    if not path.is_file():
        return {}
    wanted = ["gain_full", "part_agglomeration", "part_pecuniary"]
    table = tables.read_csv(path).set_index("zone")
    return {int(zone): [_rounded(row[name], 4) for name in wanted] for zone, row in table.iterrows()}


def _rounded(value, digits: int):
    """``value`` with ``digits`` decimals, below one in size with as many significant digits; None for what is no number."""
    if value is None or pd.isna(value):
        return None
    value = float(value)
    return float(f"{value:.{digits}g}") if abs(value) < 1 else round(value, digits)
