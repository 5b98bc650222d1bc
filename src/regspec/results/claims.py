"""The deck's claims C1 to C5 beside this run's numbers, with what keeps the two from being the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from regspec.econometrics.fieller import RatioSet
from regspec.econometrics.rounding import NO_VARIANCE
from regspec.empirics import labels
from regspec.exhibits import tables
from regspec.exhibits.registry import CLAIM_SOURCES
from regspec.results.decomposition import VARIABLES, Effect, decomposition
from regspec.results.inputs import ModelInputs, once
from regspec.results.slopes import RIGHT_HAND_SIDES, Slope, given, number
from regspec.results.tradeoff import Tradeoff, tradeoff
from regspec.results.welfare import welfare_gains

OUTCOMES = {"level": "the level", "growth": "growth"}
RANGE = (1.2, 2.2)  # C5, percent of consumption
#: Why a number may differ from the deck's, by key; `data` and `none` are those of the run (`reasons`).
WHY = {
    "model": "The deck names ranges of its parameters, not their values, nor how the 1950 level is calibrated; the model has "
    "few industries, and neither controls nor inflows of capital or labour.",
    "friction": "Capital of a zone is fixed in sum: a binding limit changes how much is consumed and what capital costs; "
    "output moves only through the portfolio, to which debt matters by way of adjustment costs. Shares are of the market's "
    "slope; the deck does not say which outcome, horizon and right-hand side its share has.",
    "welfare": "A gain depends on the normalization of utility (table welfare_normalization), on agglomeration elasticities "
    "and on the size of the limit; the deck names none of its own.",
}


@dataclass(frozen=True)
class Claim:
    """One number: ``deck`` (text), ``target`` (its ends as numbers; empty where the deck prints none), ``estimate`` with the
    set ``low, high`` of ``kind`` (as in `RatioSet`), zones ``n``, ``why`` (key of `reasons`), ``note``: what stands in the way
    of reading it.
    """

    claim: str
    name: str
    deck: str
    target: tuple[float, ...]
    estimate: float
    why: str
    low: float = np.nan
    high: float = np.nan
    kind: str = "bounded"
    n: int = 0
    note: str = ""
    difference: float = field(init=False)

    def __post_init__(self):
        gap = np.nan
        if self.target:  # signed distance from the nearest end: zero inside a range
            gap = self.estimate - float(np.clip(self.estimate, min(self.target), max(self.target)))
        object.__setattr__(self, "difference", gap)


@once
def claims(inputs: ModelInputs) -> list[Claim]:
    """All claims in their order; numbers that the run does not have are NaN with a note."""
    slopes = tradeoff(inputs)
    return [
        *_slopes(inputs, slopes),
        *_facts(inputs),
        *_captured(inputs, slopes),
        *_friction(decomposition(inputs)),
        *_welfare(inputs, welfare_gains(inputs)),
    ]


def reasons(inputs: ModelInputs) -> dict[str, str]:
    """Why by key, with that of the run's data."""
    config = inputs.config
    own = f"{labels.income(config)} and {labels.variable(config.empirics.variable)} shares"
    text = f"Other data: {own}; the deck has income p.c. and income shares. Slopes depend on the controls (table fact1_grid)."
    if inputs.writer.synthetic:
        text = "Synthetic data: their slopes are built in, not found."
    return {"data": text, **WHY}


def _slopes(inputs: ModelInputs, result: Tradeoff) -> list[Claim]:
    deck = {"level": ("0.844 (0.084)", (0.844,)), "growth": ("\N{MINUS SIGN}0.233 (0.090)", (-0.233,))}
    sources = {"data_all": ("data, all zones", "data"), "ce": ("market", "model"), "planner": ("planner", "model")}
    found = []
    for outcome, (text, target) in deck.items():
        for source, (label, why) in sources.items():
            for rhs in RIGHT_HAND_SIDES:
                item = result.slopes.get((outcome, rhs, source))
                if item is not None:
                    name = f"slope of {OUTCOMES[outcome]} on specialization, {label}, {given(inputs.config.empirics, rhs)}"
                    own = (text, target) if (source, rhs) == ("data_all", RIGHT_HAND_SIDES[0]) else ("", ())
                    found.append(_slope("C1", name, own, item, why))
    return found


def _slope(claim: str, name: str, deck: tuple[str, tuple], item: Slope, why: str) -> Claim:
    return Claim(claim, name, deck[0], deck[1], item.estimate, why, item.low, item.high, n=item.n, note=item.reason)


def _facts(inputs: ModelInputs) -> list[Claim]:
    """Growing zones become more specialized (C2); comparative advantage persists (C3): from the empirics' tables."""
    within, persistence = (_read(inputs.layout.empirics / name) for name in CLAIM_SOURCES)
    found = []
    for row in within.to_dict("records"):
        name = f"specialization on log income within zones, {row['sample']}"
        found.append(_row("C2", name, "positive", row))
    if len(persistence):
        for row in persistence.iloc[[0, -1] if len(persistence) > 1 else [0]].to_dict("records"):
            found.append(_row("C3", f"persistence of comparative advantage, {row['horizon']:.0f} years", "high", row))
    missing = [("C2", "specialization on log income within zones"), ("C3", "persistence of comparative advantage")]
    done = {item.claim for item in found}
    note = "not computed: empirics/not_computed.csv says why"
    return found + [Claim(claim, name, "", (), np.nan, "data", note=note) for claim, name in missing if claim not in done]


def _read(path: Path) -> pd.DataFrame:
    """An empirics table; no rows where it is missing or says that it was not computed."""
    frame = tables.read_csv(path) if path.is_file() else pd.DataFrame()
    return frame if "estimate" in frame else pd.DataFrame()


def _row(claim: str, name: str, deck: str, row: dict) -> Claim:
    return Claim(claim, name, deck, (), row["estimate"], "data", row["low"], row["high"], n=int(row["zones"]))


def _captured(inputs: ModelInputs, result: Tradeoff) -> list[Claim]:
    found = []
    for (outcome, rhs), item in result.captured.items():
        deck = ("about half", (0.5,)) if rhs == RIGHT_HAND_SIDES[0] else ("", ())
        name = f"share of the data's slope of {OUTCOMES[outcome]} that the market has, {given(inputs.config.empirics, rhs)}"
        slope = result.slopes[outcome, rhs, "ce"]
        found.append(_share("C4", name, deck, item, slope, "model", "data's slope not distinguishable from zero"))
    return found


def _share(
    claim: str, name: str, deck: tuple[str, tuple], item: RatioSet | None, slope: Slope, why: str, unbounded: str
) -> Claim:
    if item is None:
        return Claim(claim, name, deck[0], deck[1], np.nan, why, n=slope.n, note=slope.reason or "not estimated")
    note = {"bounded": "", "none": slope.reason or NO_VARIANCE}.get(item.kind, unbounded)
    return Claim(claim, name, deck[0], deck[1], item.ratio, why, item.low, item.high, item.kind, slope.n, note)


def _friction(effects: list[Effect]) -> list[Claim]:
    """Shares of the growth slope at the longest horizon that go with the constraint and with its price feedback."""
    parts = {"collateral": "the collateral constraint", "feedback": "its price feedback"}
    own = [e for e in effects if e.channel.part in parts and e.outcome == "growth" and e.rhs == RIGHT_HAND_SIDES[0]]
    found = []
    for e in (e for e in own if e.horizon == max(other.horizon for other in own)):
        slope = f"the slope of {VARIABLES[e.variable]} growth over {e.horizon} years"
        name = f"share of {slope} that goes with {parts[e.channel.part]}"
        deck = ("0.56", (0.56,)) if (e.channel.part, e.variable) == ("collateral", "Y") else ("", ())
        note = "the slope itself is not distinguishable from zero"
        found.append(_share("C4", name, deck, e.share, e.present, "friction", note))
    if not any(item.target for item in found):
        name, note = "share of the slope of output growth that goes with the collateral constraint", "no scenario without it"
        found.insert(0, Claim("C4", name, "0.56", (0.56,), np.nan, "friction", note=note))
    return found


def _welfare(inputs: ModelInputs, gains: pd.DataFrame) -> list[Claim]:
    name = "welfare gain of the planner, percent of consumption"
    own = gains[inputs.baseline].dropna() if inputs.baseline in gains else pd.Series(dtype=float)
    deck = ("1.2 to 2.2", RANGE)
    if own.empty:
        return [Claim("C5", name, *deck, np.nan, "welfare", note=f"{inputs.baseline}: no planner solved")]
    low, middle, high = own.quantile([0.05, 0.5, 0.95])
    inside = float(own.between(*RANGE).mean())
    return [
        Claim("C5", f"{name}: median, 5th and 95th percentile of zones", *deck, middle, "welfare", low, high, n=len(own)),
        Claim("C5", "zones whose gain is in the deck's range, share", "", (), inside, "welfare", n=len(own)),
    ]


def write(inputs: ModelInputs) -> None:
    """Write the table."""
    found = claims(inputs)
    why = reasons(inputs)
    used = [key for key in why if any(item.why == key for item in found)]
    letters = dict(zip(used, "abcdefgh", strict=False))
    rows = [
        {
            "Claim": item.claim,
            "Number": item.name,
            "Deck": item.deck,
            "Here": number(item.estimate),
            "Set": _set(item),
            "Less deck": number(item.difference),
            "N": item.n or "",
            "Why": letters[item.why],
            "Note": item.note,
        }
        for item in found
    ]
    confidence = inputs.config.results.confidence
    notes = (
        f"Slopes in log points per unit of specialization ({labels.specialization(inputs.config)}). Set: {confidence:.0%} "
        "confidence interval, Fieller's set of a share, percentiles of zones for welfare. Less deck: this run's number less "
        "the deck's, or less the nearest end of its range. "
        + " ".join(f"({letters[key]}) {why[key]}" for key in used)
        + f" {inputs.counts(*inputs.config.scenarios)}"
    )
    starts = [i for i, item in enumerate(found) if i and item.claim != found[i - 1].claim]
    inputs.writer.table(
        name=inputs.making.table,
        body=pd.DataFrame(rows),
        caption="The deck's claims beside this run's numbers",
        notes=notes,
        rules=starts,
        data=long_table(inputs, found),
    )


def _set(item: Claim) -> str:
    low, high = number(item.low), number(item.high)
    if item.kind == "complement":
        return f"\N{LESS-THAN OR EQUAL TO} {low} or \N{GREATER-THAN OR EQUAL TO} {high}"
    return "whole line" if item.kind == "unbounded" else f"[{low}, {high}]" if low else ""


def long_table(inputs: ModelInputs, found: list[Claim]) -> pd.DataFrame:
    """A row for each claim with every number and the reason in words."""
    why = reasons(inputs)
    return pd.DataFrame(
        [
            dict(
                claim=c.claim,
                number=c.name,
                deck=c.deck,
                here=c.estimate,
                set_kind=c.kind,
                low=c.low,
                high=c.high,
                difference=c.difference,
                n=c.n,
                why=why[c.why],
                note=c.note,
            )
            for c in found
        ]
    )
