"""``summary.json``: every headline number of a run."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from regspec.empirics.summary import summarize
from regspec.io.provenance import write_json
from regspec.results.accuracy import accuracy
from regspec.results.claims import claims, long_table
from regspec.results.decomposition import Effect, decomposition
from regspec.results.efficient import Efficient, efficient, moments
from regspec.results.friction import Share, decompositions
from regspec.results.inputs import ModelInputs
from regspec.results.missing import missing
from regspec.results.slopes import Slope
from regspec.results.tradeoff import Tradeoff, tradeoff
from regspec.results.welfare import QUANTILES, welfare_gains


def write(inputs: ModelInputs) -> None:
    """Write ``summary.json``."""
    (name,) = inputs.making.others
    write_json(inputs.writer.folder / name, summary(inputs))


def summary(inputs: ModelInputs) -> dict:
    """Nested dictionary of plain Python values; numbers that do not exist (NaN, infinity) are None.

    Slopes are in log points per unit of specialization, welfare in percent, accuracy in log10 or as its
    diagnostic, times in seconds.
    """
    gains = welfare_gains(inputs)
    content = {
        "run": inputs.config.run.name,
        "synthetic": inputs.writer.synthetic,
        "source": inputs.meta["source"],
        "stand_in_zones": bool(inputs.meta.get("stand_in_zones")),
        "baseline": inputs.baseline,
        "zones": _zones(inputs),
        "specialization": _specialization(inputs),
        "tradeoff": _tradeoff(tradeoff(inputs)),
        "friction": _friction(decompositions(inputs)),
        "decomposition": _decomposition(decomposition(inputs)),
        "welfare_percent": {name: _welfare(gains[name]) for name in gains},
        "efficient_specialization": _efficient(efficient(inputs)),
        "accuracy": _accuracy(accuracy(inputs)),
        "seconds": _seconds(inputs),
        "not_computed": [str(item) for item in missing(inputs)],
        "claims": long_table(inputs, claims(inputs)).to_dict("records"),
        "provenance": dict(inputs.writer.provenance),
    }
    return plain(content)


def plain(value):
    """JSON-ready copy: numpy scalars to Python, non-finite numbers to None, keys to text."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _zones(inputs: ModelInputs) -> dict:
    result = {}
    for scenario in inputs.config.scenarios:
        failed = inputs.zones("failed", scenario)
        solved = len(inputs.zones("solved", scenario))
        result[scenario] = {"solved": solved, "failed": len(failed), "failed_zones": failed}
    return result


def _specialization(inputs: ModelInputs) -> dict:
    result: dict = {}
    table = summarize(inputs.specialization)
    for row in table[table["measure"] == "gini"].itertuples(index=False):
        own = {"mean": row.mean, "cv": row.cv, "p90_p10": row.p90_p10, "zones": row.zones}
        result.setdefault(row.variable, {})[int(row.year)] = own
    return result


def _slope(item: Slope) -> dict:
    numbers = {"slope": item.estimate, "se": item.se, "low": item.low, "high": item.high, "zones": item.n}
    return {**numbers, "reason": item.reason} if item.reason else numbers


def _tradeoff(result: Tradeoff) -> dict:
    nested: dict = {}
    for (outcome, rhs, source), item in result.slopes.items():
        nested.setdefault(outcome, {}).setdefault(rhs, {})[source] = _slope(item)
    for (outcome, rhs), captured in result.captured.items():
        if captured is not None:
            nested[outcome][rhs]["model_to_data"] = _ratio(captured)
    return nested


def _ratio(item) -> dict:
    return {"ratio": item.ratio, "set": item.kind, "low": item.low, "high": item.high}


def _friction(result: dict[tuple[str, str], list[Share]]) -> dict:
    nested: dict = {}
    for (alternative, rhs), shares in result.items():
        own = nested.setdefault(alternative, {}).setdefault(rhs, {})
        for s in shares:
            entry = {"baseline": _slope(s.baseline), "alternative": _slope(s.alternative), "note": s.note}
            if s.share is not None:
                entry["share"] = _ratio(s.share)
                entry["bootstrap"] = {"low": s.bootstrap[0], "high": s.bootstrap[1]}
            own[s.horizon] = entry
    return nested


def _decomposition(effects: list[Effect]) -> dict:
    nested: dict = {}
    for e in effects:
        own = nested.setdefault(e.channel.part, {"present": e.channel.present, "absent": e.channel.absent})
        entry = {"present": _slope(e.present), "absent": _slope(e.absent), "difference": _slope(e.difference)}
        if e.share is not None:
            entry["share"] = _ratio(e.share)
            entry["bootstrap"] = {"low": e.bootstrap[0], "high": e.bootstrap[1]}
        outcome = own.setdefault(e.variable, {}).setdefault(e.outcome, {})
        outcome.setdefault(e.rhs, {})[e.horizon] = entry
    return nested


def _welfare(gain: pd.Series) -> dict:
    quantiles = {f"p{100 * q:g}": gain.quantile(q) for q in QUANTILES}
    ends = {"n": int(gain.count()), "mean": gain.mean(), "min": gain.min(), "max": gain.max()}
    return {**ends, **quantiles}


def _efficient(result: Efficient) -> dict:
    names = ("gini_market", "gini_efficient", "difference")
    content: dict[str, Any] = {name: moments(result.long_run[name]) for name in names}
    if len(result.end):
        content["paths"] = {
            "year": result.year,
            "ce": moments(result.end["ce"]),
            "planner": moments(result.end["planner"]),
            "difference": moments(result.end["planner"] - result.end["ce"]),
        }
    return content


def _accuracy(table: pd.DataFrame) -> dict:
    nested: dict = {}
    for row in table.to_dict("records"):
        nested.setdefault(row.pop("scenario"), {})[row.pop("allocation")] = row
    return nested


def _seconds(inputs: ModelInputs) -> dict:
    # A solve's time covers both allocations and stands on both rows.
    own = inputs.solutions.drop_duplicates(["scenario", "zone"]).dropna(subset="seconds")
    by_scenario = own.groupby("scenario")["seconds"]
    return {
        "total": own["seconds"].sum(),
        "per_zone": {name: {"mean": group.mean(), "max": group.max()} for name, group in by_scenario if len(group)},
    }
