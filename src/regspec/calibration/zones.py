"""Calibration of the nation and of every selected zone (model.md section 4; deck P)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from regspec.calibration.groups import base_shares, check_groups, floor_shares, group_shares, members_by_group
from regspec.calibration.processes import interest_process, productivity
from regspec.calibration.records import InterestProcess, NationalProcesses, ZoneCalibration
from regspec.calibration.technology import predicted_level, technology
from regspec.calibration.zone_sample import select_zones
from regspec.config.config import Config
from regspec.empirics.specialization import select
from regspec.errors import DataError
from regspec.io.provenance import content_hash, stamp, write_json
from regspec.io.run_tables import read_table


def calibrate(config: Config, data_dir: Path, empirics_dir: Path, out: Path, config_hash: str) -> list[int]:
    """Write ``national.json``, ``zones.json`` and ``zones/<zone>.json`` (docs/architecture.md) under ``out``.

    Reads ``industry, controls, national, tfp, interest`` (parquet) of ``data_dir`` and ``specialization``
    of ``empirics_dir``. Everything is computed and checked before the first file is written; a file is
    rewritten only when its content other than the provenance changes; JSON of zones no longer selected is
    removed. The config hash in the files covers what they depend on (data, calibration, the share
    variable), not the whole configuration. Returns the selected zones in increasing order. Raises
    ConfigError for industries, zones or floors that do not fit the data and DataError for unusable tables.
    """
    data_dir, empirics_dir, out = Path(data_dir), Path(empirics_dir), Path(out)
    shares, national_share = model_shares(config, data_dir)
    gini = _base_gini(config, empirics_dir, shares.index)
    zones = select_zones(config.model.zones, gini, config.run.seed)
    levels = observed_level(config, data_dir) if config.calibration.level == "matched" else None
    national, notes = national_processes(config, data_dir, national_share)
    records = [zone_calibration(config, zone, shares, gini, levels, national_share) for zone in zones]
    provenance = stamp(calibration_hash(config))
    write_content(out / "national.json", {**national.record(), "notes": notes}, provenance)
    folder = out / "zones"
    for record in records:
        write_content(folder / f"{record.zone}.json", record.record(), provenance)
    for path in sorted(folder.glob("*.json")):
        if path.stem not in {str(zone) for zone in zones}:
            path.unlink()
    # Last, because its presence says that the zones' files are complete.
    write_content(out / "zones.json", {"zones": zones, "gini": [float(gini[zone]) for zone in zones]}, provenance)
    return zones


def calibration_hash(config: Config) -> str:
    """Hash of the configuration that calibration files depend on; other edits leave them, stamp and all."""
    sections = config.model_dump(mode="json", include={"data", "calibration"})
    return content_hash({**sections, "variable": config.empirics.variable})


def write_content(path: Path, content: dict, provenance: dict) -> bool:
    """Write ``content`` with its provenance unless the file holds the same content already; return if written."""
    if path.exists():
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, OSError):
            held = None
        if isinstance(held, dict) and {k: v for k, v in held.items() if k != "provenance"} == content:
            return False
    return write_json(path, {**content, "provenance": provenance})


def model_shares(config: Config, data_dir: Path) -> tuple[pd.DataFrame, np.ndarray]:
    """First-year shares of the model industries: zones x I (before the floor), and the nation's ``[I]``."""
    cal, variable = config.calibration, config.empirics.variable
    groups = members_by_group(config)
    industry = read_table(data_dir / "industry.parquet", "industry")
    tfp = read_table(data_dir / "tfp.parquet", "tfp")
    nation = read_table(data_dir / "national.parquet", "national")
    check_groups(groups, industry["industry"], "industry.parquet")
    check_groups(groups, tfp["industry"], "tfp.parquet")
    check_groups(groups, nation["industry"], "national.parquet")
    tolerance = config.data.share_tolerance
    wide = base_shares(industry, cal.first_year, variable, tolerance, "industry.parquet")
    national_wide = base_shares(nation.assign(zone=0), cal.first_year, variable, tolerance, "national.parquet")
    national = group_shares(national_wide, groups).to_numpy()[0]
    for name, share in zip(groups, national, strict=True):
        if not share > 0:
            raise DataError(f"national.parquet: the members of {name!r} have no {variable} in {cal.first_year}.")
    return group_shares(wide, groups), national


def observed_level(config: Config, data_dir: Path) -> pd.Series:
    """Observed first-year income by zone relative to the nation (population-weighted geometric mean = 1)."""
    controls = read_table(data_dir / "controls.parquet", "controls")
    base = controls[controls["year"] == config.calibration.first_year].set_index("zone").sort_index()
    base = base[["log_income", "population"]].dropna()
    if base.empty:
        raise DataError(f"controls.parquet: no log_income in {config.calibration.first_year}.")
    mean = np.average(base["log_income"], weights=base["population"])
    return np.exp(base["log_income"] - mean)


def national_processes(config: Config, data_dir: Path, national_share: np.ndarray) -> tuple[NationalProcesses, dict]:
    """Processes of the model industries, and notes on their estimation for ``national.json``."""
    cal = config.calibration
    groups = members_by_group(config)
    tfp = productivity(read_table(data_dir / "tfp.parquet", "tfp"), groups, cal.tfp, cal.first_year, cal.last_year)
    interest = interest_process(read_table(data_dir / "interest.parquet", "interest"), cal.interest)
    notes = {
        "estimation_years": list(tfp.sample),
        "growth_per_year": tfp.growth.tolist(),
        "rho_estimated": [a.rho_raw for a in tfp.ar1],
        "sigma_estimated": [a.sigma for a in tfp.ar1],
        "rho_capped": [name for name, a in zip(groups, tfp.ar1, strict=True) if a.rho < a.rho_raw],
        "interest_estimated": interest.pop("estimated"),
    }
    processes = NationalProcesses(
        industries=tuple(groups),
        first_year=cal.first_year,
        rho=tfp.rho,
        sigma=tfp.sigma,
        trend=tfp.trend.T,
        u=tfp.u.T,
        interest=InterestProcess(**interest),
        national_share=national_share,
    )
    return processes, notes


def zone_calibration(
    config: Config, zone: int, shares: pd.DataFrame, gini: pd.Series, levels: pd.Series | None, national_share: np.ndarray
) -> ZoneCalibration:
    """One zone's calibration; ``levels``: observed levels, None for the model's own.

    Raises DataError where the zone has no observed level.
    """
    floored = floor_shares(shares.loc[zone].to_numpy(), config.calibration.share_floor)
    if levels is None:
        level = predicted_level(floored, technology(config).returns, national_share)
    elif zone in levels.index:
        level = levels[zone]
    else:
        raise DataError(
            f"controls.parquet: zone {zone} has no log_income or population in {config.calibration.first_year}; "
            "calibration.level: matched needs them."
        )
    return ZoneCalibration(int(zone), tuple(shares.columns), floored, float(level), float(gini[zone]))


def _base_gini(config: Config, empirics_dir: Path, zones: pd.Index) -> pd.Series:
    table = read_table(empirics_dir / "specialization.parquet", "specialization")
    year, variable = config.calibration.first_year, config.empirics.variable
    gini = select(table, variable, "gini", year).reindex(zones)
    if gini.isna().any():
        raise DataError(f"specialization.parquet: no Gini of zone {gini.index[gini.isna()][0]} in {year} ({variable}).")
    return gini
