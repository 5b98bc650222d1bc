"""What a run does not compute."""

from __future__ import annotations

from regspec.exhibits.listing import Missing, read_missing
from regspec.exhibits.registry import Exhibit, model_exhibits
from regspec.results.friction import decompositions
from regspec.results.inputs import ModelInputs, once
from regspec.results.tradeoff import tradeoff


@once
def missing(inputs: ModelInputs) -> list[Missing]:
    """Parts of exhibits without an estimate and why: of the empirics (``not_computed.csv``) and of the results.

    Raises DataError when the empirics left no list.
    """
    found = read_missing(inputs.layout.empirics)
    rows = {(row.program, row.scenario): row for row in model_exhibits(inputs.config)}
    for key, slope in tradeoff(inputs).slopes.items():
        if slope.fit is None:
            found.append(_item(rows["results.tradeoff", ""], ", ".join(key), slope.reason))
    for (alternative, rhs), shares in decompositions(inputs).items():
        for share in shares:
            if share.share is None:
                part = f"{rhs}, {share.horizon} years"
                found.append(_item(rows["results.friction", alternative], part, share.note))
    return found


def _item(exhibit: Exhibit, part: str, reason: str) -> Missing:
    return Missing(exhibit.deck, exhibit.title, part, reason)
