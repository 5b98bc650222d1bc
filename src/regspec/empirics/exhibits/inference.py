"""Fact 1's coefficients of specialization and of predicted growth under every method (table `fact1_inference`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from regspec.econometrics.conley import conley, distances, weights
from regspec.econometrics.ols import Interval, Ols, clustered, hc1
from regspec.econometrics.scpc import FEWEST, Components, components, scpc
from regspec.econometrics.shift_share import akm, akm0, industry_regression
from regspec.econometrics.wild import wild
from regspec.empirics import labels
from regspec.empirics.exhibits.regression_table import fixed
from regspec.empirics.exhibits.tradeoff import OUTCOMES, base_shares, design
from regspec.empirics.fact1 import GHAT, SPECIALIZATION, fact1_outcomes, national_growth, terms
from regspec.empirics.inputs import DataInputs


@dataclass(frozen=True)
class Spatial:
    """What methods need to know of places: Conley kernels by cutoff, components; both of ``zones``."""

    zones: pd.Index
    kernels: dict[float, np.ndarray]
    components: Components | None


def write(inputs: DataInputs) -> None:
    """Write table ``fact1_inference``; methods that the data do not allow are listed."""
    inputs.require_income()
    table = intervals(inputs)
    empirics, level = inputs.config.empirics, inputs.config.results.confidence
    pairs = [(outcome, term) for outcome in OUTCOMES for term in _tested(inputs)]
    heads = {(outcome, term): f"{outcome.capitalize()}: {labels.term(term)}" for outcome, term in pairs}
    body = pd.DataFrame({"Errors": list(dict.fromkeys(table["method"]))})
    for (outcome, term), head in heads.items():
        own = table[(table["outcome"] == outcome) & (table["term"] == term)].set_index("method")
        body[head] = [_cell(own.loc[name]) if name in own.index else "" for name in body["Errors"]]
    first = {"Errors": "Estimate"} | {head: _estimate(table, *key) for key, head in heads.items()}
    body = pd.concat([pd.DataFrame([first]), body], ignore_index=True)
    notes = (
        f"Fact 1 ({empirics.base_year} to {empirics.end_year}) with all controls, {table['zones'].max()} zones: standard "
        f"error and {level:.0%} interval. Conley: {empirics.inference.conley_kernel} kernel of the distance between centroids. "
        f"Spatial principal components: mean correlation of two zones up to {empirics.inference.scpc_correlation:g}. "
        f"Wild: {empirics.inference.draws} draws, clusters of states, interval from inverted tests. AKM, AKM0 and BHJ (a "
        f"regression of industries) hold for predicted growth only, which is shares times {_industries(table)} shocks."
    )
    inputs.writer.table(
        name=inputs.making.table,
        body=body,
        caption="Fact 1 under other assumptions on the errors",
        notes=notes,
        rules=[1],
        data=table,
    )


def _industries(table: pd.DataFrame) -> int:
    rows = table[table["method"].str.startswith("AKM")]
    return int(rows["units"].max()) if len(rows) else 0


def _tested(inputs: DataInputs) -> list[str]:
    return [SPECIALIZATION, GHAT] if inputs.config.empirics.shift_share else [SPECIALIZATION]


def intervals(inputs: DataInputs) -> pd.DataFrame:
    """A row for each outcome, term and method: ``estimate, se, low, high, kind, p, units, zones, note``."""
    config, empirics = inputs.config, inputs.config.empirics
    regressors = design(inputs, empirics.measure)
    outcomes = fact1_outcomes(inputs.controls, empirics).loc[regressors.index]
    shares = base_shares(inputs)
    growth = national_growth(inputs.national, empirics.variable, empirics.base_year).reindex(shares.columns).astype(float)
    states = inputs.controls[inputs.controls["year"] == empirics.base_year].set_index("zone")["state"]
    rows, spatial = [], None
    for outcome in OUTCOMES:
        x = regressors[terms(empirics, outcome == "growth")].astype(float)
        keep = x.notna().all(axis=1) & outcomes[outcome].notna()
        x, y = x[keep], outcomes[outcome][keep]
        values = np.column_stack([np.ones(len(x)), x.to_numpy()])
        # Growth and level mostly have the same zones, and the components take a while.
        spatial = spatial if spatial and spatial.zones.equals(x.index) else _spatial(inputs, x.index)
        codes = pd.factorize(states.reindex(x.index), sort=True)[0]
        if len(values) <= values.shape[1] or np.linalg.matrix_rank(values) < values.shape[1]:
            inputs.miss(f"{outcome}", "too few zones, or collinear controls")
            continue
        for term in _tested(inputs):
            # Units differ by orders of magnitude (population in billions); scaling the others changes no result.
            fit = Ols(y.to_numpy(float), values / np.abs(values).max(axis=0), 1 + x.columns.get_loc(term))
            scale = np.abs(values[:, fit.column]).max()
            w = shares.loc[x.index].to_numpy() if term == GHAT else None
            for name, found in _methods(config, fit, codes, spatial, w, growth.to_numpy()).items():
                if found.note:
                    inputs.miss(f"{outcome}, {term}, {name}", found.note)
                rows.append({"outcome": outcome, "term": term, "method": name} | _numbers(fit, found, scale))
    return pd.DataFrame(rows)


def _numbers(fit: Ols, found: Interval, scale: float) -> dict:
    """Estimate and interval in units of the regressor, which was divided by ``scale``."""
    return {
        "estimate": fit.estimate / scale,
        "se": found.se / scale,
        "low": found.low / scale,
        "high": found.high / scale,
        "kind": found.kind,
        "p": found.p,
        "units": found.units,
        "zones": len(fit.y),
        "note": found.note,
    }


def _methods(config, fit: Ols, codes, spatial: Spatial, shares, growth) -> dict[str, Interval]:
    level, settings = config.results.confidence, config.empirics.inference
    found = {"HC1": hc1(fit, level)}
    if codes.max() > 0:
        found["clustered by state"] = clustered(fit, codes, level)
        found["wild bootstrap by state"] = wild(fit, codes, level, settings.draws, [config.run.seed, 41])
    for cutoff, kernel in spatial.kernels.items():
        found[f"Conley, {cutoff:g} km"] = conley(fit, kernel, level)
    if spatial.components:
        found["spatial principal components"] = scpc(fit, spatial.components)
    if shares is not None:
        found["AKM"], found["AKM0"] = akm(fit, shares, level), akm0(fit, shares, level)
        found["BHJ"] = industry_regression(fit, shares, growth, level)[1]
    return found


def _spatial(inputs: DataInputs, zones: pd.Index) -> Spatial:
    if inputs.places is None:
        inputs.miss("Conley errors and spatial principal components", "the data have no map of the zones")
        return Spatial(zones, {}, None)
    settings = inputs.config.empirics.inference
    places = inputs.places.loc[zones]
    distance = distances(places["longitude"].to_numpy(), places["latitude"].to_numpy())
    kernels = {cutoff: weights(distance, cutoff, settings.conley_kernel) for cutoff in settings.conley_km}
    if len(zones) < FEWEST:
        inputs.miss("spatial principal components", f"{len(zones)} zones are too few")
        return Spatial(zones, kernels, None)
    return Spatial(zones, kernels, components(distance, settings.scpc_correlation, inputs.config.results.confidence))


def _estimate(table: pd.DataFrame, outcome: str, term: str) -> str:
    own = table[(table["outcome"] == outcome) & (table["term"] == term)]
    return fixed(own["estimate"].iloc[0], 3) if len(own) else ""


def _cell(row: pd.Series) -> str:
    if row["note"]:
        return row["note"]
    ends = f"{fixed(row['low'], 3)}, {fixed(row['high'], 3)}".replace("-", "−")
    text = {"bounded": f"[{ends}]", "unbounded": "whole line", "complement": f"all but ({ends})"}[row["kind"]]
    return f"({fixed(row['se'], 3)}) {text}" if np.isfinite(row["se"]) else text
