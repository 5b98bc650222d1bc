"""Which zones are solved (config ``model.zones``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from regspec.errors import ConfigError


def select_zones(zones: str | dict | Sequence[int], gini: pd.Series, seed: int) -> list[int]:
    """Selected zone ids in increasing order.

    ``zones``: ``"all"``, ``{"sample": n}`` or a list of ids; ``gini``: base-year specialization (0..1)
    indexed by zone id, one value each. The sample cuts the zones, ordered by Gini, into n strata of equal
    size (up to one zone) and takes from each the zone with the smallest seeded random key. Keys belong to
    zones, not to positions, so the order of the input does not matter and a corrected Gini of one zone
    leaves most of the sample alone. Raises ConfigError for unknown ids or a sample larger than the number
    of zones.
    """
    gini = gini.sort_index()
    if isinstance(zones, str):  # "all"
        return [int(zone) for zone in gini.index]
    if isinstance(zones, dict):
        return _stratified(gini, zones["sample"], seed)
    known = [int(zone) for zone in gini.index]
    for zone in zones:
        if zone not in gini.index:
            raise ConfigError(
                f"model.zones: zone {zone} is not in the data ({len(known)} zones).\n"
                f"Nearest ids: {', '.join(map(str, nearest(zone, known)))}"
            )
    if not zones:
        raise ConfigError("model.zones: the list is empty. Allowed: all, {sample: n}, or zone ids.")
    return sorted({int(zone) for zone in zones})


def nearest(zone: int, known: Iterable[int]) -> list[int]:
    """The three ids of ``known`` that are nearest to ``zone``, for messages."""
    return sorted(known, key=lambda other: (abs(other - zone), other))[:3]


def _stratified(gini: pd.Series, n: int, seed: int) -> list[int]:
    if n > len(gini):
        raise ConfigError(f"model.zones: sample of {n}, but the data have {len(gini)} zones. Use a smaller n or all.")
    key = pd.Series([np.random.default_rng([seed, int(zone)]).random() for zone in gini.index], gini.index)
    # A stable sort of the id-ordered series: ties in the Gini are broken by the id.
    ordered = gini.sort_values(kind="stable").index
    return sorted(int(key[stratum].idxmin()) for stratum in np.array_split(ordered.to_numpy(), n))
