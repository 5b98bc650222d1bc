"""What a run does not compute, and the list of all its exhibits."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from regspec.exhibits.listing import Missing, read_missing, run_listing, write_list
from regspec.exhibits.registry import Exhibit, model_exhibits
from regspec.results.friction import Share
from regspec.results.inputs import Inputs
from regspec.results.tradeoff import Tradeoff


def missing(inputs: Inputs, tradeoff: Tradeoff, friction: dict[tuple[str, str], list[Share]]) -> list[Missing]:
    """Parts of exhibits without an estimate and why: of the empirics (``not_computed.csv``) and of the results.

    Raises DataError when the empirics left no list.
    """
    found = read_missing(inputs.run_dir / "empirics")
    by_table = {name: exhibit for exhibit in model_exhibits(inputs.config) for name in exhibit.tables}
    for key, slope in tradeoff.slopes.items():
        if slope.fit is None:
            found.append(_item(by_table["tables/tradeoff"], ", ".join(key), slope.reason))
    for (alternative, rhs), shares in friction.items():
        for share in shares:
            if share.share is None:
                part = f"{rhs}, {share.horizon} years"
                found.append(_item(by_table[f"tables/friction_{alternative}"], part, share.note))
    return found


def _item(exhibit: Exhibit, part: str, reason: str) -> Missing:
    return Missing(exhibit.deck, exhibit.title, part, reason)


def write(inputs: Inputs, found: Iterable[Missing]) -> list[Path]:
    """Write ``exhibits.{csv,html,md}`` of the run: the empirics, the results, and what is made on request."""
    rows = run_listing(inputs.config, inputs.config.sweeps, inputs.run_dir, found)
    return write_list(rows, inputs.run_dir, inputs.provenance, inputs.synthetic)
