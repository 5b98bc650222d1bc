"""Technology of the model industries and of a zone (model.md section 4; deck M2, M3, P)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from regspec.calibration.records import NationalProcesses, ZoneCalibration
from regspec.config.config import Config
from regspec.errors import ConfigError


@dataclass(frozen=True, eq=False)
class Technology:
    """Production parameters of the model industries: pure numbers, phi per unit of capital."""

    alpha: float
    """Capital exponent."""
    xi: np.ndarray
    """Agglomeration elasticities (I,)."""
    phi: np.ndarray
    """Adjustment costs (I,)."""

    @property
    def returns(self) -> np.ndarray:
        """Social returns to an industry's capital (I,): a_i = alpha + xi_i."""
        return self.alpha + self.xi


def technology(config: Config, scenario: str | None = None) -> Technology:
    """Technology under ``scenario`` (None: ``model.parameters`` without overrides), in the order of ``calibration.industries``.

    xi and phi include ``xi_scale`` and ``phi_scale``. Raises ConfigError when alpha + xi_i >= 1: social returns to one
    industry's capital must diminish.
    """
    parameters = config.model.parameters if scenario is None else config.scenario_parameters(scenario)
    groups = config.calibration.industries
    xi = np.array([group.xi for group in groups.values()]) * parameters.xi_scale
    phi = np.array([group.phi for group in groups.values()]) * parameters.phi_scale
    found = Technology(float(parameters.alpha), xi, phi)
    for name, value in zip(groups, found.returns, strict=True):
        if value >= 1:
            raise ConfigError(
                f"calibration.industries.{name}: alpha + xi * xi_scale = {value:.3g}"
                f"{f' in scenario {scenario!r}' if scenario else ''}; must be below 1.\n"
                "Lower xi, model.parameters.xi_scale or model.parameters.alpha."
            )
    return found


def comparative_productivity(shares: np.ndarray, returns: np.ndarray) -> np.ndarray:
    """A zone's productivities ztilde ``[..., I]`` at which the market rests at its base-year shares (model.md section 4).

    ``shares``: ``[..., I]`` base-year shares, positive, sum 1; ``returns``: ``[I]`` a_i. ztilde is proportional to
    ``s_i^(1-a_i)`` and such that output ``sum_i ztilde_i k_i^{a_i}`` is 1 at ``k = shares``.
    """
    shares = np.asarray(shares, dtype=float)
    # At k = s, s^(1-a) k^a = s: the sum of shares is the output to divide by.
    return shares ** (1.0 - np.asarray(returns, dtype=float)) / shares.sum(axis=-1, keepdims=True)


def predicted_level(shares: np.ndarray, returns: np.ndarray, national_share: np.ndarray) -> np.ndarray:
    """Base-year output ``[...]`` relative to a zone with the nation's shares ``national_share`` ``[I]``.

    It is ``1 / sum_i s^US_i (s_i/s^US_i)^(1-a_i)`` (derived in docs/calibration.md); arguments as in
    `comparative_productivity`.
    """
    exponent = 1.0 - np.asarray(returns, dtype=float)
    return 1.0 / (national_share * (np.asarray(shares, dtype=float) / national_share) ** exponent).sum(axis=-1)


def scenario_levels(
    zones: Iterable[ZoneCalibration], national: NationalProcesses, config: Config, scenario: str
) -> list[float]:
    """Level of each zone under ``scenario``, whose alpha and xi may differ from the baseline's.

    With ``calibration.level: matched`` the level is the observed one, in every scenario.
    """
    if config.calibration.level == "matched":
        return [zone.level for zone in zones]
    returns = technology(config, scenario).returns
    return [float(predicted_level(zone.shares, returns, national.national_share)) for zone in zones]
