"""A small panel in the format of the real tables (docs/data.md): states as zones, seeded random content."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from bokeh_sampledata import us_counties

INDUSTRIES = ("Agriculture", "Construction", "Manufacturing", "Retail", "Services")
YEARS = (1950, 1990, 2020)
OUTSIDE = (2, 15, 60, 66, 69, 72, 78)
FILES = {
    "industry": "cz_industry.csv",
    "controls": "cz_controls.csv",
    "map": "industry_map.csv",
    "accounts": "us_industry_accounts_1947_2023.csv",
    "crosswalk": "counties.csv",
}
CONFIG = """\
run: {{name: panel}}
data: {{source: panel, directory: {folder}, crosswalk: counties.csv}}
empirics: {{variable: employment, controls: [high_skill_share], bins: 5}}
calibration:
  industries:
    goods: {{members: [Agriculture, Construction, Manufacturing], xi: 0.2, phi: 2.0}}
    services: {{members: [Retail, Services], xi: 0.1, phi: 1.0}}
model:
  zones: {zones}
  grid: {{k_steps: 2, u_nodes: 2, b_below: 4, b_above: 6, b_fine: 16}}
  solver: {{cloud: 10}}
scenarios:
  baseline: {{planner: false}}
results: {{bootstrap: 99, friction_horizons: [10], horizons: [70]}}
compute: {{zones_per_job: {per_job}}}
"""


def write_panel(folder: Path, seed: int = 1) -> list[int]:
    """Write the five tables into ``folder``; return the zone ids."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    crosswalk = _crosswalk()
    zones = sorted(crosswalk["CZ90"].unique())
    tables = {
        "crosswalk": crosswalk,
        "industry": _industry(zones, rng),
        "controls": _controls(zones, rng),
        "map": pd.DataFrame({"industry_id": range(1, 6), "group17": INDUSTRIES, "group8": INDUSTRIES, "name": INDUSTRIES}),
        "accounts": _accounts(rng),
    }
    for name, table in tables.items():
        table.to_csv(folder / FILES[name], index=False)
    return [int(zone) for zone in zones]


def write_config(path: Path, folder: Path, zones="[1, 56]", per_job: int = 1) -> Path:
    """A configuration that runs the panel in ``folder`` on a minimal grid with ``per_job`` zones in a solve job."""
    path.write_text(CONFIG.format(folder=folder, zones=zones, per_job=per_job), encoding="utf-8")
    return path


def _crosswalk() -> pd.DataFrame:
    states = [(int(r["fips"]), int(r["state_fips"])) for r in us_counties.records() if int(r["state_fips"]) not in OUTSIDE]
    # The three counties whose codes have changed since 1990.
    old = [(12025, 12), (8013, 8), (46113, 46)]
    return pd.DataFrame(sorted({*states, *old}), columns=["County FIPS Code", "CZ90"])


def _industry(zones, rng) -> pd.DataFrame:
    rows = []
    mean = np.array([0.2, 0.1, 0.3, 0.15, 0.25])
    for zone in zones:
        base = rng.dirichlet(12 * mean)
        for year in YEARS:
            shares = rng.dirichlet(400 * base + 1)
            rows += [(zone, year, i, s) for i, s in zip(INDUSTRIES, shares, strict=True)]
    return pd.DataFrame(rows, columns=["cz", "year", "industry", "employment_share"])


def _controls(zones, rng) -> pd.DataFrame:
    index = pd.MultiIndex.from_product([zones, YEARS], names=["cz", "year"]).to_frame(index=False)
    n = len(index)
    return index.assign(
        population=rng.uniform(1e5, 5e6, n).round(),
        log_hourly_wage=rng.normal(2.0, 0.2, n) + (index["year"] - 1950) / 70,
        high_skill_share=rng.uniform(0.1, 0.4, n),
        female_employment_share=rng.uniform(0.3, 0.5, n),
        share_65up=rng.uniform(0.05, 0.2, n),
        state_fips=index["cz"],
    )


def _accounts(rng) -> pd.DataFrame:
    years = np.arange(1947, 2024)
    tables = []
    for industry in range(1, 6):
        cycle = np.zeros(len(years))
        for t in range(1, len(years)):
            cycle[t] = 0.8 * cycle[t - 1] + 0.02 * rng.standard_normal()
        tfp = np.exp(0.01 * (years - 1947) + cycle - cycle[0])
        size = 1000.0 * industry * np.exp(0.03 * (years - 1947))
        tables.append(
            pd.DataFrame({"industry_id": industry, "year": years, "GO": size, "VA": size / 2, "TFPGO": tfp, "TFPVA": tfp**2})
        )
    return pd.concat(tables)
