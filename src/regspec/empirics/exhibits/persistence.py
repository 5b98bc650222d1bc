"""Fact 3 (E7): persistence of comparative advantage, by horizon.

log rank RCA_{i,r,t} = beta_h log rank RCA_{i,r,t-h} + zone-by-year effects + industry-by-year effects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from regspec.econometrics.critical import critical_value
from regspec.econometrics.rounding import NO_VARIANCE, floors, precision, vanishes
from regspec.empirics import labels
from regspec.empirics.exhibits.regression_table import error, fixed
from regspec.empirics.inputs import DataInputs, NotComputable
from regspec.empirics.specialization import wide_shares
from regspec.exhibits import figures


@dataclass(frozen=True)
class Elasticity:
    """beta of one horizon: ``estimate``, ``se`` clustered by zone, observations ``n``, ``zones``, first years of windows."""

    estimate: float
    se: float
    n: int
    zones: int
    starts: tuple[int, ...]


def advantage(shares: pd.DataFrame, nation: pd.Series) -> pd.DataFrame:
    """Revealed comparative advantage (Balassa 1965) of one year, zones x industries: share over the nation's share.

    ``shares``: rows sum to one; ``nation``: by industry. Industries that the nation does not have are left out.
    """
    known = nation[nation > 0].index.intersection(shares.columns)
    return shares[known].div(nation[known], axis=1)


def log_rank(rca: pd.DataFrame) -> pd.DataFrame:
    """Log of the rank of each cell among all zones and industries of the year, the smallest first, ties at their mean.

    Ranks within a zone or within an industry would leave one of the two effects of E7 nothing to absorb.
    """
    return np.log(rca.stack().rank(method="average").unstack())


def demeaned(x: np.ndarray) -> np.ndarray:
    """Residuals of a zones x industries array from zone and industry effects; exact, because every cell is there."""
    return x - x.mean(axis=1, keepdims=True) - x.mean(axis=0, keepdims=True) + x.mean()


def elasticity(ranks: dict[int, pd.DataFrame], horizon: int) -> Elasticity | None:
    """beta_h over all years ``horizon`` apart (E7); None when there are none.

    ``ranks``: :func:`log_rank` by year. Standard error clustered by zone, with the factor G/(G-1) (n-1)/(n-k); k counts the
    slope and the industry-year effects, since zone-year effects are nested in the clusters (Cameron and Miller 2015).
    """
    scores: dict = {}
    limits: dict = {}
    xx, n, effects, starts = 0.0, 0, 0, []
    pairs = []
    for start in sorted(ranks):
        if start + horizon not in ranks:
            continue
        before, after = ranks[start], ranks[start + horizon]
        zones, names = before.index.intersection(after.index).sort_values(), before.columns.intersection(after.columns)
        if len(zones) < 2 or len(names) < 2:
            continue
        x, y = (demeaned(frame.loc[zones, names].to_numpy()) for frame in (before, after))
        pairs.append((zones, x, y))
        xx += float((x * x).sum())
        n, effects = n + x.size, effects + len(names)
        starts.append(start)
    if not pairs or xx == 0.0:
        return None
    beta = sum(float((x * y).sum()) for _, x, y in pairs) / xx
    for zones, x, y in pairs:
        residual = y - beta * x
        bound = np.abs(x) * floors(residual, precision(np.abs(y).ravel(), np.abs(beta * x).ravel()))
        for zone, score, limit in zip(zones, (x * residual).sum(axis=1), bound.sum(axis=1), strict=True):
            scores[zone] = scores.get(zone, 0.0) + float(score)
            limits[zone] = limits.get(zone, 0.0) + float(limit)
    groups, k = len(scores), 1 + effects
    if n <= k or vanishes(sum(score**2 for score in scores.values()), np.array(list(limits.values()))):
        return Elasticity(beta, np.nan, n, groups, tuple(starts))
    factor = groups / (groups - 1) * (n - 1) / (n - k)
    se = np.sqrt(factor * sum(score**2 for score in scores.values())) / xx
    return Elasticity(beta, float(se), n, groups, tuple(starts))


def by_horizon(inputs: DataInputs) -> pd.DataFrame:
    """E7: a row for each horizon of ``empirics.horizons``: ``horizon, estimate, se, low, high, observations, zones, starts``
    and ``zero_shares``, the part of the cells of its years whose share is zero (they tie at the lowest rank).

    Raises NotComputable when no two years are far enough apart.
    """
    config = inputs.config
    variable = config.empirics.variable
    wide = wide_shares(inputs.industry, variable)
    nation = inputs.national[inputs.national["variable"] == variable].pivot(index="year", columns="industry", values="share")
    years = sorted(wide.index.get_level_values("year").unique())
    cells = {year: advantage(wide.xs(year, level="year"), nation.loc[year]) for year in years}
    ranks = {year: log_rank(rca) for year, rca in cells.items()}
    rows = []
    for horizon in sorted(set(config.empirics.horizons)):
        found = elasticity(ranks, horizon)
        if found is None:
            inputs.miss(f"horizon {horizon}", f"no two years of the data are {horizon} years apart")
            continue
        if not np.isfinite(found.se):
            inputs.miss(f"horizon {horizon}: standard error", NO_VARIANCE)
        half = critical_value(config.results.confidence, found.zones - 1) * found.se
        used = sorted({year for start in found.starts for year in (start, start + horizon)})
        zeros = np.mean(np.concatenate([(cells[year].to_numpy() == 0).ravel() for year in used]))
        rows.append(
            {
                "horizon": horizon,
                "estimate": found.estimate,
                "se": found.se,
                "low": found.estimate - half,
                "high": found.estimate + half,
                "observations": found.n,
                "zones": found.zones,
                "starts": " ".join(map(str, found.starts)),
                "zero_shares": float(zeros),
            }
        )
    if not rows:
        raise NotComputable("no two years of the data are a horizon of empirics.horizons apart")
    return pd.DataFrame(rows)


def write(inputs: DataInputs) -> None:
    """Write table and figure ``persistence``."""
    table = by_horizon(inputs)
    body = pd.DataFrame(
        {
            "Years": table["horizon"],
            "Coefficient": table["estimate"].map(lambda value: fixed(value, 3)),
            "s.e., zone": [error(se, 4) for se in table["se"]],
            "N": table["observations"],
            "Zones": table["zones"],
            "Windows begin in": table["starts"].str.replace(" ", ", "),
            "Zero shares": table["zero_shares"].map("{:.2%}".format),
        }
    )
    notes = (
        f"The log rank of revealed comparative advantage in {labels.variable(inputs.config.empirics.variable)} shares is "
        "regressed on the log rank that many years earlier. Ranks are among all zones and industries of a year; ties get their "
        "mean rank. All pairs of years that are that far apart are stacked, with zone-by-year and industry-by-year effects. "
        "Least squares, unweighted; standard errors clustered by zone. Zero shares: fraction of cells, tied at the lowest rank."
    )
    inputs.writer.table(
        name=inputs.making.table, body=body, caption="Persistence of comparative advantage", notes=notes, data=table
    )
    _draw(inputs, table)


def _draw(inputs: DataInputs, table: pd.DataFrame) -> None:
    with inputs.writer.figure(name=inputs.making.figure, width="single", height=2.5) as (figure, ax):
        half = table["high"] - table["estimate"]
        ax.errorbar(table["horizon"], table["estimate"], half, fmt="o-", color=figures.PALETTE[0], elinewidth=0.8, capsize=2)
        ax.set_ylim(0, max(1.0, 1.02 * table["high"].max()))
        ax.set_xticks(table["horizon"])
        ax.set_xlabel("Horizon (years)")
        ax.set_ylabel("Elasticity of the rank of\ncomparative advantage")
        level = inputs.config.results.confidence
        ax.set_title(f"{table['zones'].max()} zones; bars: {level:.0%} intervals, clustered by zone", loc="left", fontsize=8)
