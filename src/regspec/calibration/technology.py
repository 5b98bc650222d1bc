"""Technology of the model industries and of a zone (model.md section 4; deck M2, M3, P)."""

from __future__ import annotations

import numpy as np

from regspec.config.config import Config
from regspec.errors import ConfigError


def technology(config: Config, scenario: str | None = None) -> dict:
    """Production parameters under ``scenario`` (None: ``model.parameters`` without overrides).

    Returns ``{"alpha": float, "xi": [I], "phi": [I]}``, in the order of ``calibration.industries``; xi and
    phi include ``xi_scale`` and ``phi_scale``. All are pure numbers (phi per unit of capital). Raises
    ConfigError when alpha + xi_i >= 1: social returns to one industry's capital must diminish.
    """
    parameters = config.model.parameters if scenario is None else config.scenario_parameters(scenario)
    groups = config.calibration.industries
    xi = np.array([group.xi for group in groups.values()]) * parameters.xi_scale
    phi = np.array([group.phi for group in groups.values()]) * parameters.phi_scale
    for name, value in zip(groups, parameters.alpha + xi, strict=True):
        if value >= 1:
            raise ConfigError(
                f"calibration.industries.{name}: alpha + xi * xi_scale = {value:.3g}"
                f"{f' in scenario {scenario!r}' if scenario else ''}; must be below 1.\n"
                "Lower xi, model.parameters.xi_scale or model.parameters.alpha."
            )
    return {"alpha": float(parameters.alpha), "xi": xi, "phi": phi}


def zone_technology(
    shares: np.ndarray, xi: np.ndarray, alpha: float, national_share: np.ndarray
) -> tuple[np.ndarray, np.ndarray | float]:
    """A zone's comparative productivity and its predicted base-year level (model.md section 4).

    ``shares``: ``[..., I]`` base-year shares, positive, sum 1; ``national_share``: ``[I]`` likewise.
    Returns ``ztilde`` ``[..., I]``, proportional to ``s_i^(1-a_i)`` with ``a_i = alpha + xi_i`` and
    normalized so that output ``sum_i ztilde_i k_i^{a_i}`` is 1 at ``k = shares``, and ``level`` ``[...]``,
    output relative to a zone with the nation's shares: ``1 / sum_i s^US_i (s_i/s^US_i)^(1-a_i)`` (derived
    in docs/calibration.md).
    """
    shares = np.asarray(shares, dtype=float)
    exponent = 1.0 - (alpha + np.asarray(xi, dtype=float))
    # At k = s, s^(1-a) k^a = s: the sum of shares is the output to divide by.
    ztilde = shares**exponent / shares.sum(axis=-1, keepdims=True)
    comparative = (national_share * (shares / national_share) ** exponent).sum(axis=-1)
    level = 1.0 / comparative
    return ztilde, float(level) if np.ndim(level) == 0 else level


def scenario_zone(zone: dict, national: dict, config: Config, scenario: str) -> tuple[np.ndarray, float]:
    """``(ztilde [I], level)`` of a zone JSON under ``scenario``, whose alpha and xi may differ from the
    baseline's.

    With ``calibration.level: matched`` the level is the observed one, in every scenario.
    """
    tech = technology(config, scenario)
    return _zone(zone, national, config, tech)


def scenario_levels(zones: list[dict], national: dict, config: Config, scenario: str) -> list[float]:
    """Level of each of ``zones`` as `scenario_zone` says; what they share is computed once."""
    tech = technology(config, scenario)
    return [_zone(zone, national, config, tech)[1] for zone in zones]


def _zone(zone: dict, national: dict, config: Config, tech: dict) -> tuple[np.ndarray, float]:
    ztilde, level = zone_technology(np.array(zone["shares"]), tech["xi"], tech["alpha"], np.array(national["national_share"]))
    return ztilde, float(zone["level"] if config.calibration.level == "matched" else level)
