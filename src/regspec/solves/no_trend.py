"""An economy whose trend stays where it is in the first year: what responses and the efficient long run are about."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from regspec.calibration.records import NationalProcesses
from regspec.solves.settings import SolveSettings


def without_trend(
    national: NationalProcesses, settings: SolveSettings, horizon: int
) -> tuple[NationalProcesses, SolveSettings]:
    """Processes and settings without trend, realized shocks and changes of regime, over ``horizon`` years after the first."""
    flat = np.zeros((len(national.rho), horizon + 1)).T
    regimes = settings.parameters.theta_regimes.model_copy(update={"switch_years": []})
    parameters = settings.parameters.model_copy(update={"theta_regimes": regimes})
    return replace(national, trend=flat, u=flat), replace(settings, parameters=parameters)
