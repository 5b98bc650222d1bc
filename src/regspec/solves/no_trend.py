"""An economy whose trend stays where it is in the first year: what responses and the efficient long run are about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regspec.config.config import Config
from regspec.config.scenarios import Scenario


@dataclass(frozen=True)
class Resting:
    """What `solve_zone` needs for an economy whose trend stays where it is in the first year."""

    national: dict
    config: Config
    scenario: str


def resting(national: dict, config: Config, scenario: str, horizon: int) -> Resting:
    """The nation and the configuration without trend, realized shocks and changes of regime, over ``horizon`` years."""
    still = np.zeros((len(national["rho"]), horizon + 1)).tolist()
    first = config.calibration.first_year
    parameters = config.scenario_parameters(scenario)
    regimes = parameters.theta_regimes.model_copy(update={"switch_years": []})
    parameters = parameters.model_copy(update={"theta_regimes": regimes})
    own = {
        "calibration": config.calibration.model_copy(update={"last_year": first + horizon}),
        "model": config.model.model_copy(update={"parameters": parameters}),
        "scenarios": {scenario: Scenario(planner=config.scenario(scenario).planner)},
    }
    return Resting(
        {**national, "trend": still, "u": still, "last_year": first + horizon}, config.model_copy(update=own), scenario
    )
