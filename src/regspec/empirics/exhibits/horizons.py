"""Growth by horizon (E3): h-year growth on specialization h years earlier, over all years that are h years apart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from regspec.econometrics.critical import critical_value
from regspec.econometrics.regression import NotEstimable
from regspec.econometrics.stacked import Stacked, stacked
from regspec.empirics import labels
from regspec.empirics.exhibits.regression_table import error, fixed
from regspec.empirics.exhibits.tradeoff import split_note, tradables
from regspec.empirics.fact1 import GHAT, INITIAL, SPECIALIZATION, terms
from regspec.empirics.inputs import DataInputs, NotComputable
from regspec.empirics.specialization import MEASURES, wide_shares
from regspec.empirics.tradable import NONTRADABLE, TRADABLE, split
from regspec.exhibits import figures

CLUSTERS = ("zone", "state")


def panel(inputs: DataInputs) -> pd.DataFrame:
    """One row for each zone and year: ``zone, year, state, specialization``, ``tradable, nontradable`` when industries are
    classified, ``log_income`` and the controls of the configuration.
    """
    empirics = inputs.config.empirics
    wide = wide_shares(inputs.industry, empirics.variable)
    frame = pd.DataFrame({SPECIALIZATION: MEASURES[empirics.measure](wide.to_numpy())}, wide.index)
    try:
        frame = frame.join(split(wide, tradables(inputs), empirics.measure, empirics.tradable_split))
    except NotComputable as reason:
        inputs.miss("tradable specialization", str(reason))
    named = list(dict.fromkeys(["zone", "year", "state", INITIAL, *empirics.controls]))
    return frame.reset_index().merge(inputs.controls[named], on=["zone", "year"], how="left", validate="one_to_one")


def windows(years, horizon: int) -> list[int]:
    """Years t of which t + ``horizon`` is a year, too."""
    have = sorted(set(years))
    return [year for year in have if year + horizon in have]


def predicted(inputs: DataInputs, start: int, end: int) -> pd.Series:
    """Shift-share predicted growth from ``start`` to ``end`` by zone, up to a constant that is common to zones.

    The national shift is the log change of an industry's national share: that of its size less the growth of the
    nation, which is the same for all industries, multiplies shares that sum to one, and goes with the year effects.
    """
    variable = inputs.config.empirics.variable
    shares = wide_shares(inputs.industry[inputs.industry["year"] == start], variable).droplevel("year")
    nation = inputs.national[inputs.national["variable"] == variable].pivot(index="industry", columns="year", values="share")
    change = np.log(nation[end] / nation[start]).reindex(shares.columns)
    # An industry that the nation did not have in the first year has no share in any zone.
    return shares.mul(change.where(nation[start].reindex(shares.columns) > 0, 0.0), axis=1).sum(axis=1)


def stack(inputs: DataInputs, rows: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """The rows of :func:`panel` that begin a window, with ``growth`` (log points over the window) and ``ghat``."""
    pieces = []
    for start in windows(rows["year"], horizon):
        piece = rows[rows["year"] == start].set_index("zone").sort_index()
        end = rows[rows["year"] == start + horizon].set_index("zone")[INITIAL]
        piece["growth"] = end.reindex(piece.index) - piece[INITIAL]
        if inputs.config.empirics.shift_share:
            piece[GHAT] = predicted(inputs, start, start + horizon).reindex(piece.index)
        pieces.append(piece.reset_index())
    return pd.concat(pieces, ignore_index=True) if pieces else rows.iloc[:0].assign(growth=np.nan)


def fit(inputs: DataInputs, sample: pd.DataFrame, heads: tuple[str, ...]) -> Stacked:
    """Growth on ``heads``, predicted growth, initial income, controls and effects of the starting year."""
    names = terms(inputs.config.empirics, True, heads)
    complete = sample[names].notna().all(axis=1) & sample["growth"].notna()
    sample = sample[complete & np.isfinite(sample[names]).all(axis=1)]
    effects = pd.get_dummies(sample["year"], prefix="year", dtype=float).iloc[:, 1:]
    return stacked(sample["growth"], pd.concat([sample[names], effects], axis=1), sample[list(CLUSTERS)])


def by_horizon(inputs: DataInputs) -> pd.DataFrame:
    """E3: a row for each ``regressor`` (specialization, tradable) and ``horizon``.

    Columns: ``estimate, se_zone, se_state, observations, zones, states, starts`` (years in which the windows begin, those
    without complete controls left out), ``r2_adjusted``. Horizons that the data do not allow are reported.
    """
    rows = panel(inputs)
    forms: dict[str, tuple[str, ...]] = {SPECIALIZATION: (SPECIALIZATION,)}
    if TRADABLE in rows:
        forms = {TRADABLE: (TRADABLE, NONTRADABLE), **forms}
    table = []
    for horizon in sorted(set(inputs.config.empirics.horizons)):
        if not windows(rows["year"], horizon):
            inputs.miss(f"horizon {horizon}", f"no two years of the data are {horizon} years apart")
            continue
        sample = stack(inputs, rows, horizon)
        _report_starts(inputs, sample)
        for head, heads in forms.items():
            try:
                result = fit(inputs, sample, heads)
            except NotEstimable as error:
                inputs.miss(f"horizon {horizon}, {head}", str(error).splitlines()[0])
                continue
            used = sample.loc[result.rows]
            own = result.coefficients.loc[head]
            for name in CLUSTERS:
                if result.notes[name]:
                    inputs.miss(f"horizon {horizon}, {head}: errors by {name}", result.notes[name])
            table.append(
                {
                    "regressor": head,
                    "horizon": horizon,
                    "estimate": own["estimate"],
                    **{f"se_{name}": own[f"se_{name}"] for name in CLUSTERS},
                    "observations": len(used),
                    "zones": result.groups["zone"],
                    "states": result.groups["state"],
                    "starts": " ".join(map(str, sorted(set(used["year"])))),
                    "r2_adjusted": result.r2_adjusted,
                }
            )
    if not table:
        raise NotComputable("no horizon of empirics.horizons has enough zones with income and controls in both years")
    return pd.DataFrame(table).sort_values(["regressor", "horizon"], ascending=[False, True], ignore_index=True)


def _report_starts(inputs: DataInputs, sample: pd.DataFrame) -> None:
    """Report the years in which no window can begin, because a regressor or growth is missing in every zone."""
    names = [*terms(inputs.config.empirics, True), "growth"]
    for year, rows in sample.groupby("year"):
        lost = [name for name in names if rows[name].isna().all()]
        if lost:
            inputs.miss(f"windows that begin in {year}", f"no zone has {', '.join(lost)} in {year}")


def write(inputs: DataInputs) -> None:
    """Write table and figure ``horizons``."""
    inputs.require_income()
    table = by_horizon(inputs)
    _write_table(inputs, table)
    _draw(inputs, table)


def _write_table(inputs: DataInputs, table: pd.DataFrame) -> None:
    config = inputs.config
    first = ~table["regressor"].duplicated()
    body = pd.DataFrame(
        {
            "Regressor": table["regressor"].map(labels.TERMS).where(first, ""),
            "Years": table["horizon"],
            "Coefficient": table["estimate"].map(lambda value: fixed(value, 3)),
            "s.e., zone": [error(se, 3) for se in table["se_zone"]],
            "s.e., state": [error(se, 3) for se in table["se_state"]],
            "N": table["observations"],
            "Zones": table["zones"],
            "Windows begin in": table["starts"].str.replace(" ", ", "),
            "Adjusted R²": table["r2_adjusted"].map("{:.3f}".format),
        }
    )
    notes = (
        "Growth over the horizon, in log points, is regressed on specialization in its first year. All pairs of years that are "
        "that far apart are stacked, with effects of the first year. Ordinary least squares, unweighted; standard errors "
        f"clustered by zone and by state. Specialization: {labels.MEASURES[config.empirics.measure]} of "
        f"{labels.variable(config.empirics.variable)} shares.{split_note(inputs)} The regression on "
        "tradable specialization includes non-tradable specialization. All regressions include, in the first year: "
        f"{_others(inputs)}. No window begins in a year without complete controls."
    )
    inputs.writer.table(
        name=inputs.making.table,
        body=body,
        caption="Growth by horizon",
        notes=notes,
        rules=[i for i in body.index[first] if i],
        data=table,
    )


def _others(inputs: DataInputs) -> str:
    return ", ".join(labels.term(name) for name in terms(inputs.config.empirics, True, ()))


def _draw(inputs: DataInputs, table: pd.DataFrame) -> None:
    """Coefficients by horizon with intervals, a panel for each regressor."""
    config, shown = inputs.config, list(dict.fromkeys(table["regressor"]))
    with inputs.writer.figure(
        name=inputs.making.figure, width="double" if len(shown) > 1 else "single", height=2.6, ncols=len(shown), squeeze=False
    ) as (figure, axes):
        cluster, level = config.empirics.cluster, config.results.confidence
        groups = {"zone": "zones", "state": "states"}[cluster]
        for ax, regressor in zip(axes.ravel(), shown, strict=True):
            rows = table[table["regressor"] == regressor]
            half = critical_value(level, rows[groups] - 1) * rows[f"se_{cluster}"]
            ax.axhline(0, color=figures.GREY, linewidth=0.6)
            ax.errorbar(rows["horizon"], rows["estimate"], half, fmt="o-", color=figures.PALETTE[0], elinewidth=0.8, capsize=2)
            for row in rows.itertuples():
                ax.annotate(
                    f"{row.observations}",
                    (row.horizon, 0),
                    (0, 3),
                    textcoords="offset points",
                    fontsize=6.5,
                    ha="center",
                    color=figures.GREY,
                    xycoords=("data", "axes fraction"),
                )
            ax.set_xticks(rows["horizon"])
            ax.set_xlabel("Horizon (years)")
            ax.set_title(f"{labels.term(regressor)}", loc="left")
            ax.margins(x=0.08)
            low, high = ax.get_ylim()
            ax.set_ylim(low - 0.12 * (high - low), high)
        axes[0, 0].set_ylabel(f"Growth of {labels.income(config)} over the\nhorizon (log points) per unit")
        measure = labels.MEASURES[config.empirics.measure]
        figure.suptitle(
            f"{measure} of {labels.variable(config.empirics.variable)} shares in the first year; bars: {100 * level:g}% "
            f"intervals, clustered by {cluster}; grey: N",
            fontsize=8,
            x=0.01,
            ha="left",
        )
