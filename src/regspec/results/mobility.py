"""How much any friction in moving capital can do to the growth slope: immobile and freely mobile capital (deck Q2).

No solve is needed. The sum of a zone's capital is fixed, so that a friction changes output through the portfolio alone; one
that only slows capital down leaves it between that of the first year and the one that equalizes marginal products.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from regspec.calibration.records import read_national
from regspec.calibration.technology import comparative_productivity, technology
from regspec.empirics import labels
from regspec.exhibits import figures
from regspec.exhibits.registry import friction_horizons
from regspec.model.steady_state import static_portfolio
from regspec.results.efficient import efficient
from regspec.results.inputs import ModelInputs
from regspec.results.slopes import RIGHT_HAND_SIDES, Slope, columns, estimate_text, given, slope

HEADS = {
    "immobile": "Immobile",
    "mobile": "Mobile",
    "reach": "Mobile less immobile",
    "market": "Market less immobile, solved zones",
}


def growth(shares: np.ndarray, log_z: np.ndarray, xi: np.ndarray, alpha: float) -> dict[str, np.ndarray]:
    """Growth of output since the first year, log points, zones x further years: capital never moves, or moves freely.

    ``shares``: first-year portfolios of both, zones x industries; ``log_z``: log productivity, years x industries, the first
    year's in its first row.
    """
    a = alpha + np.asarray(xi, dtype=float)
    ztilde = comparative_productivity(shares, a)
    found = {name: np.empty((len(shares), len(log_z) - 1)) for name in ("immobile", "mobile")}
    for zone, (own, k) in enumerate(zip(ztilde, shares, strict=True)):
        z = own * np.exp(log_z)
        base = np.sum(z[0] * k**a)
        moved = np.array([static_portfolio(year, a, np.full(len(a), alpha)) for year in z[1:]])
        found["immobile"][zone] = np.log(np.sum(z[1:] * k**a, axis=1) / base)
        found["mobile"][zone] = np.log(np.sum(z[1:] * moved**a, axis=1) / base)
    return found


def mobility(inputs: ModelInputs) -> dict[tuple[str, int], dict[str, Slope]]:
    """Slopes of growth on specialization by right-hand side and horizon, and by the names of ``HEADS``: of all zones with
    base-year data, ``market`` of the baseline's solved zones. Empty without a horizon.
    """
    config, base = inputs.config, inputs.config.empirics.base_year
    horizons = friction_horizons(config)
    if not horizons:
        return {}
    tech, shares = technology(config, inputs.baseline), efficient(inputs).market
    log_z = _productivity(inputs).loc[[base, *(base + h for h in horizons)]].to_numpy()
    found = growth(shares.to_numpy(), log_z, tech.xi, tech.alpha)
    frames = {name: pd.DataFrame(values, shares.index, horizons) for name, values in found.items()}
    frames["reach"] = frames["mobile"] - frames["immobile"]
    market = pd.DataFrame({h: inputs.growth(inputs.baseline, "ce", base, base + h) for h in horizons})
    frames["market"] = market - frames["immobile"].loc[market.index]
    slopes = {}
    for rhs in RIGHT_HAND_SIDES:
        design = inputs.design[columns(config.empirics, rhs, growth=True)]
        for h in horizons:
            slopes[rhs, h] = {name: slope(frame[h], design, config.results.confidence) for name, frame in frames.items()}
    return slopes


def _productivity(inputs: ModelInputs) -> pd.DataFrame:
    """Log productivity d + u of the baseline, years x industries."""
    national = read_national(inputs.layout)
    scale = inputs.config.scenario_parameters(inputs.baseline).shock_scale
    return pd.DataFrame(national.trend + scale * national.u, index=national.years)


def write(inputs: ModelInputs) -> None:
    """Write table and figure."""
    slopes = mobility(inputs)
    rows = [
        {
            "Given": given(inputs.config.empirics, rhs),
            "Years": h,
            **{HEADS[name]: estimate_text(own[name]) for name in HEADS},
            "N": own["mobile"].n,
            "N, market": own["market"].n,
        }
        for (rhs, h), own in slopes.items()
    ]
    numbers = [
        {
            "right_hand_side": rhs,
            "horizon": h,
            "capital": name,
            "slope": item.estimate,
            "se": item.se,
            "low": item.low,
            "high": item.high,
            "zones": item.n,
        }
        for (rhs, h), own in slopes.items()
        for name, item in own.items()
    ]
    notes = (
        f"Slopes of growth of output since {inputs.config.empirics.base_year} on the {labels.specialization(inputs.config)} "
        "under realized productivity, log points, with HC1 standard errors. Immobile: every zone keeps its first portfolio. "
        "Mobile: private marginal products are equal in every year. Neither needs a solve. A friction that only slows capital "
        "down, such as the collateral constraint, gives a slope roughly between the two. Market: solved zones of the baseline. "
        f"{inputs.counts(inputs.baseline)}"
    )
    inputs.writer.table(
        name=inputs.making.table,
        body=pd.DataFrame(rows),
        caption="Growth with immobile and with freely mobile capital",
        notes=notes,
        rules=[len(rows) // len(RIGHT_HAND_SIDES)],
        data=pd.DataFrame(numbers),
    )
    _draw(inputs, slopes)


def _draw(inputs: ModelInputs, slopes: dict[tuple[str, int], dict[str, Slope]]) -> None:
    with inputs.writer.figure(name=inputs.making.figure, width="double", height=2.9, ncols=2) as (_, axes):
        complete = [rhs for rhs in RIGHT_HAND_SIDES if all(s["market"].fit for (name, _), s in slopes.items() if name == rhs)]
        rhs = (complete or RIGHT_HAND_SIDES)[0]
        own = {h: item for (name, h), item in slopes.items() if name == rhs}
        titles = (f"Growth, given {given(inputs.config.empirics, rhs)}", "What moving capital adds to the slope")
        for ax, names, title in zip(axes, (("immobile", "mobile"), ("reach", "market")), titles, strict=True):
            for number, name in enumerate(names):
                items = {h: item[name] for h, item in own.items() if item[name].fit is not None}
                if not items:
                    continue
                y = np.array([item.estimate for item in items.values()])
                error = np.array([[item.low, item.high] for item in items.values()]).T
                label = f"{HEADS[name].lower()} (N = {max(item.n for item in items.values())})"
                ax.errorbar(
                    np.array(list(items)) + 0.8 * (number - 0.5),
                    y,
                    np.abs(error - y),
                    color=figures.PALETTE[number],
                    marker="os"[number],
                    linewidth=0.8,
                    elinewidth=0.6,
                    label=label,
                )
            ax.axhline(0, color=figures.GREY, linewidth=0.4, zorder=0)
            ax.set_xlabel(f"years since {inputs.config.empirics.base_year}")
            ax.set_title(title, loc="left")
            if ax.get_legend_handles_labels()[0]:
                ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=1, fontsize=7.5)
        axes[0].set_ylabel("slope on specialization, log points")
