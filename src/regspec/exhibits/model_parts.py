"""The parts of the model and the pairs of scenarios that differ by one of them (model.md section 4, deck Q2)."""

from __future__ import annotations

from dataclasses import dataclass

from regspec.config.config import Config
from regspec.config.model import merged

#: Part -> what it is called on exhibits, in order. The last two add up to the collateral constraint.
NAMES = {
    "agglomeration": "agglomeration",
    "adjustment": "adjustment costs",
    "collateral": "collateral constraint",
    "borrowing": "of it: level of borrowing",
    "feedback": "of it: price feedback",
}


@dataclass(frozen=True)
class Channel:
    """A part of the model and the scenarios with and without it; its effect is the difference of the two."""

    part: str
    present: str
    absent: str


def channels(config: Config) -> list[Channel]:
    """The parts that the run's scenarios tell apart, in the order of ``NAMES``.

    A scenario counts by its overrides, whatever its name: it must differ from the baseline in one parameter only,
    ``xi_scale`` (0), ``phi_scale`` (smaller) or ``limit`` (natural or fixed; the baseline's must be collateral).
    """
    without = _without(config)
    base = config.baseline
    found = [Channel(part, base, without[part]) for part in ("agglomeration", "adjustment", "collateral") if part in without]
    if "feedback" in without:
        if "collateral" in without:
            found.append(Channel("borrowing", without["feedback"], without["collateral"]))
        found.append(Channel("feedback", base, without["feedback"]))
    return found


def _without(config: Config) -> dict[str, str]:
    """Part -> first scenario that is the baseline without it."""
    model = config.model.parameters.model_dump()
    base = merged(model, config.scenarios[config.baseline].parameters)
    found: dict[str, str] = {}
    for name, scenario in config.scenarios.items():
        own = merged(model, scenario.parameters)
        changed = {key: value for key, value in own.items() if value != base[key]}
        if len(changed) == 1:
            part = _part(*changed.popitem(), base)
            if part:
                found.setdefault(part, name)
    return found


def _part(key: str, value: object, base: dict) -> str | None:
    if key == "limit" and base["limit"] == "collateral":
        return {"natural": "collateral", "fixed": "feedback"}.get(str(value))
    if key == "xi_scale" and value == 0:
        return "agglomeration"
    if key == "phi_scale" and value < base["phi_scale"]:
        return "adjustment"
    return None
