"""How often 95% intervals cover the truth when errors are what a method assumes, and when they are not (docs/inference.md).

    python benchmarks/interval_coverage.py [--draws 2000]       # about 15 minutes; writes results/bench/coverage.{csv,tex,html}

Zones, states, centroids and industry shares are those of the synthetic economy; regressor and errors are drawn. In every
design the coefficient is one and the regressor has the same dependence as the errors, since dependence of errors alone
does no harm.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from regspec.config.config import Config
from regspec.data.build import build
from regspec.econometrics.conley import conley, distances, weights
from regspec.econometrics.ols import Interval, Ols, clustered, hc1
from regspec.econometrics.scpc import Components, components, scpc
from regspec.econometrics.shift_share import akm, akm0, industry_regression
from regspec.econometrics.wild import wild
from regspec.empirics.inputs import centroids
from regspec.empirics.specialization import wide_shares
from regspec.exhibits.writer import ExhibitWriter
from regspec.io.provenance import stamp
from regspec.io.run_tables import read_table

LEVEL = 0.95
#: Cutoff of Conley errors and range of the spatial correlation exp(-d / RANGE), km.
CUTOFF, RANGE = 500.0, 100.0
#: Industries of the design with many: random shares.
MANY = 200


@dataclass(frozen=True)
class Places:
    """The zones: ``states`` (codes 0..G-1), ``distance`` (km), ``shares`` (zones x industries), ``components``."""

    states: np.ndarray
    distance: np.ndarray
    shares: np.ndarray
    components: Components


def places(folder: Path, zones: int | None = None) -> Places:
    """The synthetic economy's zones, the first ``zones`` of them if given; ``folder`` takes its data."""
    config = Config()
    build(config, folder, "coverage")
    industry = read_table(folder / "industry.parquet", "industry")
    controls = read_table(folder / "controls.parquet", "controls")
    base = config.empirics.base_year
    shares = wide_shares(industry[industry["year"] == base], "income").droplevel("year").iloc[:zones]
    state = controls[controls["year"] == base].set_index("zone")["state"].loc[shares.index]
    points = centroids(folder / "zones.gpkg").loc[shares.index]
    apart = distances(points["longitude"].to_numpy(), points["latitude"].to_numpy())
    found = components(apart, config.empirics.inference.scpc_correlation, LEVEL)
    return Places(pd.factorize(state)[0], apart, shares.to_numpy(), found)


def coverage(own: Places, draws: int, seed: int, wild_draws: int = 399) -> pd.DataFrame:
    """Share of ``draws`` whose interval holds the true coefficient: ``design, method, coverage, draws`` and the standard
    error of the share under the nominal level.
    """
    rows = []
    for number, (name, design) in enumerate(DESIGNS.items()):
        rng = np.random.default_rng([seed, number])
        draw = design(own, rng)
        hits: dict[str, list[bool]] = {}
        for _ in range(draws):
            fit, shares, growth = draw()
            for method, found in _methods(own, fit, shares, growth, rng, wild_draws).items():
                hits.setdefault(method, []).append(found.contains(1.0))
        rows += [{"design": name, "method": m, "coverage": float(np.mean(h)), "draws": draws} for m, h in hits.items()]
    return pd.DataFrame(rows).assign(error=np.sqrt(LEVEL * (1 - LEVEL) / draws))


def _methods(own: Places, fit: Ols, shares, growth, rng, wild_draws: int) -> dict[str, Interval]:
    found = {
        "HC1": hc1(fit, LEVEL),
        "clustered by state": clustered(fit, own.states, LEVEL),
        "wild bootstrap by state": wild(fit, own.states, LEVEL, wild_draws, [int(rng.integers(2**31))]),
        f"Conley, {CUTOFF:g} km": conley(fit, weights(own.distance, CUTOFF, "bartlett"), LEVEL),
        "spatial components": scpc(fit, own.components),
    }
    if shares is not None:
        found |= {
            "AKM": akm(fit, shares, LEVEL),
            "AKM0": akm0(fit, shares, LEVEL),
            "BHJ": industry_regression(fit, shares, growth, LEVEL)[1],
        }
    return found


def _fit(x: np.ndarray, error: np.ndarray) -> Ols:
    return Ols(x + error, np.column_stack([x, np.ones(len(x))]), 0)


def _independent(own: Places, rng) -> Callable:
    n = len(own.states)

    def draw():
        x = rng.normal(size=n)
        return _fit(x, rng.normal(size=n) * np.sqrt(0.5 + x**2)), None, None

    return draw


def _by_state(own: Places, rng) -> Callable:
    n, groups = len(own.states), own.states.max() + 1

    def both():
        return rng.normal(size=groups)[own.states] + rng.normal(size=n)

    return lambda: (_fit(both(), both()), None, None)


def _few_states(own: Places, rng) -> Callable:
    """As by state, but the regressor varies between states and is far from zero in few of them: a policy of six."""
    n, groups = len(own.states), own.states.max() + 1

    def draw():
        x = np.isin(np.arange(groups), rng.choice(groups, 6, replace=False)).astype(float)[own.states]
        return _fit(x, rng.normal(size=groups)[own.states] + rng.normal(size=n)), None, None

    return draw


def _over_distance(own: Places, rng) -> Callable:
    root = np.linalg.cholesky(np.exp(-own.distance / RANGE) + 1e-9 * np.eye(len(own.states)))

    def field():
        return root @ rng.normal(size=len(own.states))

    return lambda: (_fit(field(), field()), None, None)


def _by_industry(own: Places, rng) -> Callable:
    return _shifts(own.shares, rng)


def _by_many_industries(own: Places, rng) -> Callable:
    return _shifts(rng.dirichlet(np.full(MANY, 0.05), len(own.states)), rng)


def _shifts(shares: np.ndarray, rng) -> Callable:
    n, count = shares.shape

    def draw():
        growth, other = rng.normal(size=(2, count))
        return _fit(shares @ growth, shares @ other + 0.05 * rng.normal(size=n)), shares, growth

    return draw


DESIGNS = {
    "independent, heteroskedastic": _independent,
    "effects of states": _by_state,
    "a policy of six states": _few_states,
    "correlated over distance": _over_distance,
    "shocks to 17 industries": _by_industry,
    f"shocks to {MANY} industries": _by_many_industries,
}


def main() -> None:
    """Write and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=Config().run.seed)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        own = places(Path(folder))
    table = coverage(own, options.draws, options.seed)
    wide = table.pivot(index="design", columns="method", values="coverage").loc[list(DESIGNS), table["method"].unique()]
    print(wide.map("{:.3f}".format).to_string())
    body = wide.map(lambda value: f"{value:.3f}" if np.isfinite(value) else "").reset_index()
    notes = f"{options.draws} draws, {len(own.states)} zones; binomial standard error at 95%: {table['error'].iloc[0]:.4f}."
    folder = Path("results/bench")
    folder.mkdir(parents=True, exist_ok=True)
    caption = "Coverage of nominal 95% intervals"
    ExhibitWriter(folder, stamp("coverage"), None).table(name="coverage", body=body, caption=caption, notes=notes, data=table)


if __name__ == "__main__":
    main()
