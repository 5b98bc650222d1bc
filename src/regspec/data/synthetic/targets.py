"""Targets and true parameters of the synthetic economy, with the deck's ids.

Between census years of the deck's tables the targets are interpolated linearly.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from regspec.config.calibration import GROUPS_17

FIRST_YEAR, LAST_YEAR = 1950, 2020

#: National shares of the 17 industries in percent (D6): year -> values in the order of ``GROUPS_17``.
NATIONAL = {
    1950: (20.71, 2.96, 0.61, 8.75, 13.53, 0.66, 2.20, 3.99, 9.48, 2.37, 4.39, 0.37, 4.67, 11.84, 8.09, 1.80, 3.59),
    1990: (3.61, 4.43, 1.52, 9.98, 15.88, 1.06, 4.47, 1.90, 8.64, 1.39, 11.26, 2.02, 7.96, 11.15, 6.61, 2.53, 5.60),
    2020: (3.46, 7.61, 1.36, 11.91, 10.77, 1.28, 4.79, 1.82, 5.77, 1.60, 13.19, 3.33, 6.98, 13.26, 6.91, 2.34, 3.63),
}

#: Mean and coefficient of variation of the zones' Gini (E6).
GINI = {
    "income": {1950: (0.46, 0.162), 1970: (0.48, 0.123), 1990: (0.47, 0.089), 2010: (0.53, 0.089), 2020: (0.53, 0.089)},
    "employment": {1950: (0.45, 0.152), 1970: (0.47, 0.116), 1990: (0.46, 0.082), 2010: (0.50, 0.073), 2020: (0.51, 0.068)},
}

#: The mean Gini of zones exceeds the Gini of their mean shares. D6 and E6 violate this in 1950: there D6 is
#: flattened until it leaves this much room (real data with 8 industries: 0.05-0.07).
CONVEXITY_GAP = 0.05

#: Dispersion of log relative shares across zones, relative to one another (order as in the 1950 census panel:
#: extraction, farming and factories cluster, retail and services follow population).
SPREAD = {
    "Agriculture": 1.3,
    "Mining": 1.5,
    "Durable manufacturing": 1.2,
    "Nondurable manufacturing": 1.1,
    "Transportation": 0.7,
    "Public": 0.8,
    "Wholesale": 0.6,
    "Business services": 0.6,
    "Non-routine prof. services": 0.6,
    "Finance": 0.6,
    "Entertainment": 0.6,
    "Construction": 0.6,
}
OTHER_SPREAD = 0.4
STATE_WEIGHT = 0.25  # share of the variance of log relative shares that a state's zones have in common
PERSISTENCE = 0.93  # correlation of log relative shares over ten years (rank-RCA elasticity of the real panel: .89)
GINI_PERSISTENCE = 0.85  # correlation of a zone's relative Gini over ten years
GINI_LOADING = 0.3  # correlation, in the last year, of the relative Gini with unexpected growth (C2)

EMPLOYMENT_CORRELATION = 0.95  # of the relative Ginis of employment and income
EARNINGS_SD = 0.15  # log earnings of an industry in a zone relative to the nation: income over employment share

#: Fact 1 as it holds in the synthetic economy: E1, columns (3) and (1).
LEVEL = {
    "specialization": 0.844,
    "ghat": -0.187,
    "high_skill_share": 6.042,
    "old_age_dependency": -0.0187,
    "female_labor_share": 0.0754,
    "population": 136.8,
}
GROWTH = {
    "specialization": -0.233,
    "ghat": -0.180,
    "log_income": -0.868,
    "high_skill_share": 1.435,
    "old_age_dependency": 0.0145,
    "female_labor_share": 0.984,
    "population": 170.6,
}
LEVEL_SD, GROWTH_SD = 0.161, 0.171  # residual standard deviations: adjusted R2 near E1's 0.41 and 0.538
MEAN_LOG_INCOME = 9.40  # log dollars of 2020, 1950
MEAN_GROWTH = 1.40  # log points, 1950-2020

#: Controls in 1950: mean and standard deviation. The deviations are those that E1's standard errors imply.
POPULATION_TOTAL = {1950: 0.1507, 2020: 0.3290}  # billions of persons, contiguous states
POPULATION_LOG_SD = 1.1
CONTROLS = {"high_skill_share": (0.060, 0.0155), "old_age_dependency": (12.5, 2.0), "female_labor_share": (0.28, 0.05)}
CONTROLS_END = {"high_skill_share": 0.36, "old_age_dependency": 26.0, "female_labor_share": 0.47}
#: Correlation of log population, high-skill share, old-age dependency, female share, relative Gini in 1950.
CORRELATION = np.array(
    [
        [1.0, 0.2, 0.0, 0.4, -0.2],
        [0.2, 1.0, 0.0, 0.3, 0.0],
        [0.0, 0.0, 1.0, 0.0, 0.1],
        [0.4, 0.3, 0.0, 1.0, -0.1],
        [-0.2, 0.0, 0.1, -0.1, 1.0],
    ]
)

#: Industry productivity 1947-2020 (M2, P): the ranges of rho_i and sigma_i, and trends in log points a year.
TFP_FIRST_YEAR = 1947
RHO, SIGMA = (0.71, 0.90), (0.013, 0.027)
TREND = {
    "Agriculture": 0.013,
    "Communication": 0.012,
    "Durable manufacturing": 0.010,
    "Wholesale": 0.010,
    "Retail": 0.008,
    "Transportation": 0.007,
    "Nondurable manufacturing": 0.006,
    "Utilities": 0.004,
    "Finance": 0.003,
    "Business services": 0.002,
    "Personal services": 0.001,
    "Mining": 0.001,
    "Entertainment": 0.001,
    "Non-routine prof. services": 0.000,
    "Routine prof. services": -0.001,
    "Public": -0.001,
    "Construction": -0.003,
}
INTEREST = {"mean": 0.013, "rho": 0.01, "sigma": 0.0186}  # P


def interpolate(table: Mapping[int, tuple | float], years) -> np.ndarray:
    """Rows (or numbers) of ``table`` at ``years``, linear in between."""
    known = sorted(table)
    values = np.array([table[year] for year in known], dtype=float)
    if values.ndim == 1:
        return np.interp(years, known, values)
    return np.column_stack([np.interp(years, known, column) for column in values.T])


def national_shares(years) -> np.ndarray:
    """National shares (years x 17, fractions, rows sum to one) from D6, in the order of ``GROUPS_17``."""
    shares = interpolate(NATIONAL, years)
    return shares / shares.sum(axis=1, keepdims=True)


def spread() -> np.ndarray:
    """Relative dispersion of the 17 industries, in the order of ``GROUPS_17``."""
    return np.array([SPREAD.get(name, OTHER_SPREAD) for name in GROUPS_17])
