"""The step ``theory``: covariances of the price of capital with productivity (deck M6), table and figure (docs/results.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from regspec.config.config import Config
from regspec.errors import ConfigError
from regspec.exhibits import figures
from regspec.exhibits.registry import THEORY_EXHIBIT
from regspec.exhibits.writer import ExhibitWriter
from regspec.io.provenance import stamp
from regspec.layout import Layout
from regspec.studies.theory.economies import Economy, Series, simulate, solve

_BATCHES = 20  # of a simulation, for standard errors
_ROW = ["part", "at", "phi", "industries", "share"]  # what a row of the printed table is
_PAIR = {1: "larger", 2: "smaller"}  # industries of an economy of two
PARTS = {"benchmark": "One industry", "number": "Equal industries", "share": "Two industries", "phi": "Two industries"}
#: One industry, by what limits debt: today's price, next year's (Kiyotaki and Moore 1997), or no price at all.
BENCHMARKS = {
    "price of today": {"limit": "collateral", "collateral_price": "current"},
    "price of next year": {"limit": "collateral", "collateral_price": "next"},
    "fixed limit": {"limit": "fixed", "collateral_price": "current"},
}


@dataclass(frozen=True)
class TheoryCase:
    """An economy of a part of the exhibit; ``at``: what varies in it (I, the share, phi, or the limit's name)."""

    part: str
    at: float | str
    economy: Economy


def cases(config: Config) -> Iterator[TheoryCase]:
    """All economies, in the order of the table. Raises ConfigError for a model without debt limit."""
    own = config.theory
    if config.model.parameters.limit == "natural":
        raise ConfigError("theory: model.parameters.limit = natural has no debt limit, nothing that a price could move")
    for name, overrides in BENCHMARKS.items():
        yield TheoryCase("benchmark", name, Economy((1.0,), 0.0, tuple(overrides.items())))
    for phi in (0.0, own.phi):
        for n in own.industries:
            yield TheoryCase("number", n, Economy((1.0 / n,) * n, phi))
    for phi in (0.0, own.phi):
        for share in own.shares:
            yield TheoryCase("share", share, Economy((share, 1.0 - share), phi))
    for phi in own.adjustment:
        yield TheoryCase("phi", phi, Economy((own.share, 1.0 - own.share), phi))


def covariances(series: Series) -> tuple[np.ndarray, np.ndarray]:
    """Covariances (I,) of the log price with the industries' log productivities, and their standard errors (batch means)."""
    q = np.log(series.q)
    u = series.u - series.u.mean(axis=0)
    products = (q - q.mean())[:, None] * u
    batches = np.array([part.mean(axis=0) for part in np.array_split(products, _BATCHES)])
    return products.mean(axis=0), batches.std(axis=0, ddof=1) / np.sqrt(_BATCHES)


def rows(case: TheoryCase, series: Series) -> Iterator[dict]:
    """One row for each industry: part, what varies, phi, the industry's share, covariance, its error, further numbers."""
    found, errors = covariances(series)
    variances, q = series.u.var(axis=0), np.log(series.q)
    for i, share in enumerate(case.economy.shares):
        yield {
            "part": case.part,
            "at": case.at,
            "phi": case.economy.phi,
            "industries": len(case.economy.shares),
            "industry": i + 1,
            "share": share,
            "covariance": found[i],
            "se": errors[i],
            "variance": variances[i],
            "elasticity": found[i] / variances[i],
            "correlation": found[i] / np.sqrt(variances[i] * q.var()),
            "sd_log_q": q.std(),
            "sd_log_c": np.log(series.c).std(),
            "debt": float(np.mean(-series.b / series.output)),
            "binding": float(series.binding.mean()),
        }


def compute(config: Config) -> pd.DataFrame:
    """Long table of all economies (`rows`); each is solved once. Raises ModelFailure that names the economy."""
    done: dict[Economy, Series] = {}
    found: list[dict] = []
    for case in cases(config):
        if case.economy not in done:
            done[case.economy] = simulate(*solve(config, case.economy), config.theory.years, config.run.seed)
            print(f"theory: {case.economy.label} solved", flush=True)
        found += rows(case, done[case.economy])
    return pd.DataFrame(found)


def printed(table: pd.DataFrame) -> pd.DataFrame:
    """The table as printed: means over industries of equal share, covariances times 10,000."""
    means = table.groupby(_ROW, sort=False, dropna=False).mean(numeric_only=True).reset_index()
    limits = [f", {at}" if part == "benchmark" else "" for part, at in zip(means["part"], means["at"], strict=True)]
    return pd.DataFrame(
        {
            "Economy": means["part"].map(PARTS) + limits,
            "I": means["industries"],
            "phi": means["phi"],
            "Share": means["share"],
            "Cov(log q, u)": 1e4 * means["covariance"],
            "(se)": 1e4 * means["se"],
            "Elasticity": means["elasticity"],
            "Correlation": means["correlation"],
            "SD log q": 100 * means["sd_log_q"],
            "SD log c": 100 * means["sd_log_c"],
            "Debt": means["debt"],
            "Binding": means["binding"],
        }
    )


def _write_table(writer: ExhibitWriter, config: Config, table: pd.DataFrame) -> None:
    own, p, short = config.theory, config.model.parameters, printed(table)
    order = means_order(table)
    rules = [i for i in range(1, len(short)) if order[i] != order[i - 1]]
    notes = (
        f"Market economies without trend whose industries differ in nothing but their share; {own.years:,} simulated years. "
        "Covariance of the log price of capital with the log productivity of an industry of that share, times 10,000 "
        "(standard error from 20 batches; mean over equal industries); elasticity: covariance over the variance of "
        f"productivity. SD: percent. Debt: mean over output. Binding: share of years. gamma = {p.gamma:g}, theta chi = "
        f"{p.theta * p.chi:.4g}, xi = {own.xi:g}, rho = {own.rho:g}, sigma = {own.sigma:g}. One industry: what limits debt is "
        "collateral at today's price, at next year's, or a fixed amount of the same size."
    )
    two = ("phi", "Share", "Cov(log q, u)", "(se)", "Elasticity", "Correlation", "SD log q", "SD log c", "Binding")
    forms = dict.fromkeys(two, "%.2f")
    writer.table(
        name=THEORY_EXHIBIT.table,
        body=short,
        caption="Price of capital and productivity",
        notes=notes,
        float_format=forms,
        rules=rules,
        data=table,
    )


def means_order(table: pd.DataFrame) -> list[tuple]:
    """(part, phi unless it is what varies) of each row of `printed`: where it changes the table has a rule."""
    keys = table.drop_duplicates(_ROW)
    return [(part, None if part == "phi" else phi) for part, phi in zip(keys["part"], keys["phi"], strict=True)]


def _draw(panels, config: Config, table: pd.DataFrame) -> None:
    """Covariances with 95% intervals: over the number of industries, the larger one's share, and adjustment costs."""
    left, middle, right = panels
    scaled = table.assign(covariance=1e4 * table["covariance"], se=1e4 * table["se"])
    styles = {0.0: ("o", figures.PALETTE[0], "-"), config.theory.phi: ("s", figures.PALETTE[1], "--")}
    _draw_numbers(left, scaled[scaled["part"] == "number"], styles, config.theory.industries)
    _draw_shares(middle, scaled[scaled["part"] == "share"], styles)
    _draw_costs(right, scaled[scaled["part"] == "phi"])
    for ax in (left, middle, right):
        ax.legend()
        ax.set_ylim(bottom=0, top=1.35 * max(ax.get_ylim()[1], 0))


def _line(ax, points: pd.DataFrame, x: str, style: tuple[str, str, str], label: str, hollow: bool = False) -> None:
    marker, colour, dashes = style
    face = "white" if hollow else colour
    ax.errorbar(
        points[x],
        points["covariance"],
        1.96 * points["se"],
        marker=marker,
        color=colour,
        linestyle=dashes,
        markerfacecolor=face,
        label=label,
        elinewidth=0.7,
    )


def _draw_numbers(ax, table: pd.DataFrame, styles: dict[float, tuple], industries: list[int]) -> None:
    means = table.groupby(["phi", "industries"]).mean(numeric_only=True).reset_index()
    for phi, style in styles.items():
        _line(ax, means[means["phi"] == phi], "industries", style, rf"$\varphi$ = {phi:g}")
    first = means[(means["phi"] == 0.0)].iloc[0]
    counts = np.linspace(min(industries), max(industries), 50)
    ax.plot(
        counts,
        first["covariance"] * first["industries"] / counts,
        color=figures.GREY,
        linewidth=0.8,
        linestyle=":",
        label="in proportion to 1/I",
    )
    ax.set(xlabel="number of equal industries I", ylabel=r"Cov(log q, u$_i$), times 10,000", xticks=industries)


def _draw_shares(ax, table: pd.DataFrame, styles: dict[float, tuple]) -> None:
    pairs = table.assign(larger=table["at"].astype(float))
    for phi, style in styles.items():
        for industry, name in _PAIR.items():
            here = pairs[(pairs["phi"] == phi) & (pairs["industry"] == industry)]
            _line(ax, here, "larger", style, rf"{name}, $\varphi$ = {phi:g}", industry == 2)
    ax.set(xlabel="share of the larger of two industries")


def _draw_costs(ax, table: pd.DataFrame) -> None:
    for industry, name in _PAIR.items():
        here = table[table["industry"] == industry]
        _line(ax, here, "phi", ("o", figures.PALETTE[2], "-"), f"{name} (share {here['share'].iloc[0]:.2g})", industry == 2)
    ax.set(xlabel=r"adjustment cost $\varphi$ (two industries)")


def run(config: Config, layout: Layout, config_hash: str) -> None:
    """Write table and figure of `regspec.exhibits.registry.THEORY_EXHIBIT`; no data stand behind them."""
    table, writer = compute(config), ExhibitWriter(layout.root, stamp(config_hash), None)
    _write_table(writer, config, table)
    with writer.figure(name=THEORY_EXHIBIT.figure, width="double", height=2.9, ncols=3) as (_, panels):
        _draw(panels, config, table)
