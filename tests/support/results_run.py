"""A run directory for tests of the results: random but well-formed data, calibration and solution files."""

import json

import geopandas as gpd
import h5py
import numpy as np
import pandas as pd
from run_folder import layout_at
from shapely.geometry import box

from regspec.calibration.records import read_national, read_zone
from regspec.calibration.technology import comparative_productivity
from regspec.calibration.zones import calibrate
from regspec.config.config import Config
from regspec.empirics.specialization import specialization
from regspec.exhibits.listing import write_missing
from regspec.exhibits.writer import ExhibitWriter

INDUSTRIES = ["Agriculture", "Mining", "Manufacturing", "Retail", "Finance", "Public"]
GROUPS = {
    "primary": {"members": ["Agriculture", "Mining"], "xi": 0.1, "phi": 2.0},
    "manufacturing": {"members": ["Manufacturing"], "xi": 0.29, "phi": 3.0},
    "services": {"members": ["Retail", "Finance", "Public"], "xi": 0.2, "phi": 1.0},
}
DIAGNOSTICS = {
    "euler_bonds_mean_log10": -4.0,
    "euler_bonds_p99_log10": -3.2,
    "euler_bonds_max_log10": -2.9,
    "euler_portfolio_mean_log10": -4.5,
    "euler_portfolio_p99_log10": -3.9,
    "euler_portfolio_max_log10": -3.5,
    "residual_max": 1e-9,
    "binding_share": 0.2,
    "amplification_max": 0.3,
    "roots_max": 1,
    "failed_states": 0,
    "contraction": 0.95,
    "sweeps": 300,
}


def make_config(**changes):
    base = {
        "data": {"synthetic": {"zones": 40}},
        "calibration": {"industries": GROUPS},
        "model": {"zones": "all"},
        "results": {"bootstrap": 99, "missing_zones": "warn", "friction_horizons": [1, 10, 70]},
    }
    return Config.model_validate({**base, **changes})


def write_data(folder, zones, seed=0):
    """Tables of docs/architecture.md for ``zones`` (1950, 2020) and a grid of squares as their map."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    frames = []
    for year in (1950, 2020):
        share = rng.dirichlet(np.full(len(INDUSTRIES), 1.5), len(zones))
        frame = pd.DataFrame(share, pd.Index(zones, name="zone"), pd.Index(INDUSTRIES, name="industry"))
        frames.append(frame.stack().rename("share").reset_index().assign(year=year))
    industry = pd.concat(frames, ignore_index=True).assign(variable="income")
    industry.to_parquet(folder / "industry.parquet")
    nation = industry.groupby(["year", "industry", "variable"], as_index=False)["share"].mean()
    nation["growth"] = nation["industry"].map(dict(zip(INDUSTRIES, rng.normal(1, 0.5, 6), strict=True)))
    nation.to_parquet(folder / "national.parquet")
    gini = specialization(industry).query("measure == 'gini' and year == 1950").set_index("zone")["value"]
    n = len(zones)
    first = 2 + 0.8 * gini.loc[zones].to_numpy() + rng.normal(0, 0.1, n)
    last = first + 1 - 0.2 * gini.loc[zones].to_numpy() + rng.normal(0, 0.1, n)
    fixed = dict(zone=zones, state=1 + np.arange(n) % 3)
    controls = dict(
        population=rng.uniform(1e-5, 1e-3, n),
        high_skill_share=rng.uniform(0.05, 0.3, n),
        old_age_dependency=rng.uniform(8, 20, n),
        female_labor_share=rng.uniform(0.2, 0.5, n),
    )
    pd.concat(
        [
            pd.DataFrame({**fixed, "year": 1950, "log_income": first, **controls}),
            pd.DataFrame({**fixed, "year": 2020, "log_income": last, **controls}),
        ]
    ).to_parquet(folder / "controls.parquet")
    years = np.arange(1947, 2024)
    pd.concat(
        [
            pd.DataFrame(
                dict(year=years, industry=name, tfp=np.exp(np.cumsum(rng.normal(0.005, 0.015, years.size))), weight=1.0)
            )
            for name in INDUSTRIES
        ]
    ).to_parquet(folder / "tfp.parquet")
    pd.DataFrame(dict(year=years, rate=rng.normal(0.01, 0.01, years.size))).to_parquet(folder / "interest.parquet")
    write_map(folder / "zones.gpkg", zones)
    meta = {"synthetic": True, "source": "random numbers", "stand_in_zones": True}
    (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")


def write_map(path, zones):
    width = int(np.ceil(np.sqrt(len(zones))))
    squares = [
        box(1e5 * (j % width), 1e5 * (j // width), 1e5 * (j % width + 1), 1e5 * (j // width + 1)) for j in range(len(zones))
    ]
    frame = gpd.GeoDataFrame({"zone": zones}, geometry=squares, crs="EPSG:5070")
    frame.to_file(path, layer="zones", driver="GPKG")
    states = gpd.GeoDataFrame({"state": [1]}, geometry=[frame.union_all()], crs="EPSG:5070")
    states.to_file(path, layer="states", driver="GPKG")


def write_solution(path, zone, national, scenario, seed=0, tilt=0.0, planner=True, status="solved"):
    """One solution file. ``tilt``: log points of extra growth to the last year."""
    rng = np.random.default_rng([seed, zone.zone])
    path.parent.mkdir(parents=True, exist_ok=True)
    industries, years = zone.industries, np.array(national.years)
    log_z = national.trend + national.u
    xi = np.array([GROUPS[name]["xi"] for name in industries])
    with h5py.File(path, "w") as handle:
        handle.attrs.update(
            zone=zone.zone,
            scenario=scenario,
            status=status,
            config_hash="x",
            code_version="x",
            key="k",
            message="" if status == "solved" else "no equilibrium: theta = 0.35\nsecond line",
            ranks=1,
            kernel_fingerprint="f",
            seconds=2.0 + rng.uniform(),
            parameters="{}",
            grid="{}",
            industries=json.dumps(list(industries)),
            level=zone.level,
            welfare_gain=0.005 + 0.02 * zone.gini_data if planner else np.nan,
        )
        if status != "solved":
            return
        for allocation in ("ce", "planner")[: 1 + planner]:
            power = 1.0 if allocation == "ce" else 1.3
            target = zone.shares**power / (zone.shares**power).sum()
            speed = np.exp(-0.05 * (years - years[0]))[:, None]
            k = speed * zone.shares + (1 - speed) * target
            output = (np.exp(log_z) * comparative_productivity(zone.shares, 0.3 + xi) * k ** (0.3 + xi)).sum(axis=1)
            output *= np.exp(tilt * (years - years[0]) / (years[-1] - years[0]))
            group = handle.create_group(allocation)
            series = dict(
                year=years,
                Y=output,
                c=0.95 * output,
                b=-0.1 * output,
                b_next=-0.1 * output,
                q=5.7 * output,
                eta=np.abs(rng.normal(0, 0.01, years.size)),
                mu=np.zeros(years.size),
                k=k,
                k_next=k,
                binding=rng.random(years.size) < 0.2,
                tau_b=np.zeros(years.size),
                tau_k=np.zeros(k.shape),
            )
            for name, values in series.items():
                group[name] = values
            group.attrs.update(value=0.9, **DIAGNOSTICS)


def make_run(root, n=40, scenarios=("baseline", "no_collateral"), failed=(), seed=0, **changes):
    """Write data, specialization, calibration and solutions under ``root``; return config and solution
    files.
    """
    zones = [100 * (j + 1) for j in range(n)]
    config = make_config(scenarios={name: {} for name in scenarios}, **changes)
    write_data(root / "data", zones, seed)
    (root / "empirics").mkdir()
    industry = pd.read_parquet(root / "data/industry.parquet")
    specialization(industry).to_parquet(root / "empirics/specialization.parquet")
    write_missing([], ExhibitWriter(root / "empirics", {"config_hash": "hash"}, True))
    selected = calibrate(config, root / "data", root / "empirics", root / "calibration", "hash")
    layout = layout_at(root)
    national = read_national(layout)
    files = []
    for number, scenario in enumerate(scenarios):
        for zone_id in selected:
            zone = read_zone(layout, zone_id)
            path = root / f"solutions/{scenario}/{zone_id}.h5"
            status = "failed" if (scenario, zone_id) in failed else "solved"
            tilt = -0.3 * zone.gini_data * (1 - 0.5 * number) + 0.01 * np.sin(zone_id + 1)
            write_solution(path, zone, national, scenario, seed, tilt, status=status)
            files.append(path)
    return config, files
