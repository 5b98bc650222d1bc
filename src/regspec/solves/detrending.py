"""Discounting and interest in an economy whose common growth is taken out (docs/model.md, section 1)."""

from __future__ import annotations

from regspec.config.model import Parameters
from regspec.errors import ModelFailure


def detrended(parameters: Parameters, interest: float) -> tuple[float, float]:
    """beta and the gross interest rate R of the economy without growth; ``interest``: mean net rate, fraction.

    Raises ModelFailure unless beta R < 1.
    """
    beta = parameters.beta * parameters.growth ** (1.0 - parameters.gamma)
    rate = (1.0 + interest) / parameters.growth
    if beta * rate >= 1.0:
        raise ModelFailure(
            f"beta R = {beta * rate:.4f} must be below 1: debt has no steady state (docs/model.md, section 4)", "parameters"
        )
    return beta, rate
