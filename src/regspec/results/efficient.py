"""Constrained-efficient specialization (deck Q5; model.md sections 3 and 4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from regspec.calibration.groups import floor_shares
from regspec.calibration.technology import comparative_productivity, technology
from regspec.calibration.zones import model_shares
from regspec.empirics.specialization import gini
from regspec.exhibits import figures
from regspec.model.steady_state import static_portfolio
from regspec.results.inputs import ModelInputs, once


def efficient_specialization(shares: pd.DataFrame, xi: np.ndarray, alpha: float) -> pd.DataFrame:
    """Market and efficient Gini of portfolios over the model industries, by zone (deck Q5, D5).

    ``shares``: zones x industries, base-year shares after the floor: the market's steady-state portfolio k0
    (model.md section 4). Efficient: the planner's rest point with a slack collateral constraint, that is, without the
    pecuniary wedge (model.md section 8, check 3). Returns, indexed by zone, ``gini_market``, ``gini_efficient``, their
    ``difference`` and the efficient portfolio ``k_<industry>``.
    """
    market = shares.to_numpy(dtype=float)
    a = alpha + np.asarray(xi, dtype=float)
    k = np.array([static_portfolio(own, a, a) for own in comparative_productivity(market, a)])
    ginis = pd.DataFrame({"gini_market": gini(market), "gini_efficient": gini(k)}, index=shares.index)
    ginis["difference"] = ginis["gini_efficient"] - ginis["gini_market"]
    portfolio = pd.DataFrame(k, index=shares.index, columns=[f"k_{name}" for name in shares.columns])
    return pd.concat([ginis, portfolio], axis=1).sort_index()


@dataclass(frozen=True)
class Efficient:
    """``long_run``: :func:`efficient_specialization` of every zone with base-year data; ``market``: the market's portfolios
    there, zones x industries; ``end``: Gini of the portfolios of the baseline in ``year``, columns ``ce, planner`` by
    solved zone (empty without a planner).
    """

    long_run: pd.DataFrame
    market: pd.DataFrame
    end: pd.DataFrame
    year: int


@once
def efficient(inputs: ModelInputs) -> Efficient:
    """Efficient specialization of all zones (no solve is needed) and of the simulated paths' last year (Q5)."""
    config = inputs.config
    raw, _ = model_shares(config, inputs.layout.data)
    floored = floor_shares(raw.to_numpy(), config.calibration.share_floor)
    tech = technology(config, inputs.baseline)
    market = pd.DataFrame(floored, raw.index, raw.columns).sort_index()
    long_run = efficient_specialization(market, tech.xi, tech.alpha)
    year = config.calibration.last_year
    paths = {name: inputs.path(inputs.baseline, name, "gini_k") for name in ("ce", "planner")}
    end = pd.DataFrame(columns=["ce", "planner"], dtype=float)
    if all(year in path.columns for path in paths.values()):
        end = pd.DataFrame({name: path[year] for name, path in paths.items()})
    return Efficient(long_run, market, end, year)


def moments(values: pd.Series) -> dict[str, float]:
    """``n, mean, sd, p10, p50, p90`` and the share of positive values of a difference."""
    q = values.quantile([0.1, 0.5, 0.9]).to_numpy()
    return dict(
        n=int(values.count()),
        mean=float(values.mean()),
        sd=float(values.std()),
        p10=float(q[0]),
        p50=float(q[1]),
        p90=float(q[2]),
        positive=float((values > 0).mean()),
    )


def moments_table(result: Efficient) -> pd.DataFrame:
    """Moments of the Ginis and their differences, a row each."""
    long_run, year = result.long_run, result.year
    rows = {
        "Market, base year": long_run["gini_market"],
        "Efficient, base-year productivity": long_run["gini_efficient"],
        "Efficient less market": long_run["difference"],
    }
    if len(result.end):
        rows |= {
            f"Market path, {year}": result.end["ce"],
            f"Planner path, {year}": result.end["planner"],
            f"Planner less market, {year}": result.end["planner"] - result.end["ce"],
        }
    table = pd.DataFrame({name: moments(values) for name, values in rows.items()}).T
    table.loc[[name for name in table.index if " less " not in name], "positive"] = np.nan
    return table.rename_axis("Gini of portfolio").reset_index().astype({"n": int})


def write(inputs: ModelInputs) -> None:
    """Write table and scatter (deck Q5)."""
    config, result = inputs.config, efficient(inputs)
    notes = (
        f"Gini over the {len(config.calibration.industries)} model industries (not comparable with the Gini over the data "
        "industries). Efficient: the portfolio that equalizes social marginal products at base-year productivity with a "
        "slack limit, that is, without pecuniary wedge. It needs no solve and covers all zones with data. Positive: fraction "
        f"of zones in which specialization rises. Paths: {inputs.counts(inputs.baseline)}"
    )
    heads = {"n": "N", "mean": "Mean", "sd": "SD", "positive": "Positive"}
    table = moments_table(result)
    inputs.writer.table(
        name=inputs.making.table,
        body=table.rename(columns=heads),
        caption="Market and constrained-efficient specialization",
        notes=notes,
        rules=[3],
        data=result.long_run.reset_index(),
    )
    _write_scatter(inputs, result)


def _write_scatter(inputs: ModelInputs, result: Efficient) -> None:
    with inputs.writer.figure(name=inputs.making.figure, width="double", height=3.2, ncols=2) as (fig, (left, right)):
        base = inputs.config.calibration.first_year
        _scatter(left, result.long_run["gini_market"], result.long_run["gini_efficient"])
        left.set_xlabel(f"market portfolio, {base} (Gini)")
        left.set_ylabel("efficient long-run portfolio (Gini)")
        left.set_title(f"At {base} productivity", loc="left")
        right.set_title(f"Simulated paths, {result.year}", loc="left")
        right.set_xlabel("market (Gini)")
        right.set_ylabel("planner (Gini)")
        if len(result.end):
            _scatter(right, result.end["ce"], result.end["planner"])
        else:
            right.text(0.5, 0.5, "no planner solved", transform=right.transAxes, ha="center")


def _scatter(ax, x: pd.Series, y: pd.Series) -> None:
    ends = np.array([min(x.min(), y.min()), max(x.max(), y.max())])
    ax.plot(ends, ends, color=figures.GREY, linewidth=0.6, zorder=0)
    size = 3 if len(x) < 100 else 1.8
    ax.plot(x, y, "o", color=figures.PALETTE[0], markersize=size, alpha=0.6, markeredgewidth=0)
    ax.set_aspect("equal")
    text = f"45\N{DEGREE SIGN} line; N = {len(x)}; {(y > x).mean():.0%} above the line"
    ax.text(0.03, 0.97, text, transform=ax.transAxes, va="top", fontsize=7.5)
