"""A small economy with known coefficients for the tests of the empirics."""

import numpy as np
import pandas as pd

from regspec.config.empirics import Empirics
from regspec.empirics.specialization import gini

INDUSTRIES = ("Farms", "Mills", "Mines", "Shops", "Trains")
GROWTH = dict(zip(INDUSTRIES, (-1.0, 0.3, -0.4, 0.8, 0.1), strict=True))
#: Coefficients of specialization, ghat, initial income (growth only) and the controls.
LEVEL = {"specialization": 0.8, "ghat": -0.2, "high_skill_share": 2.0, "female_labor_share": 0.3}
CHANGE = {**LEVEL, "specialization": -0.25, "log_income": -0.85, "high_skill_share": 1.4}
EMPIRICS = Empirics(controls=["high_skill_share", "female_labor_share"])


def economy(zones=300, noise=(0.1, 0.1), seed=11):
    """Tables industry, controls, national; zone ids are 10, 20, ...

    ``noise``: scale of the errors of level and growth; their spread rises with the Gini.
    """
    rng = np.random.default_rng(seed)
    ids = 10 * np.arange(1, zones + 1)
    shares = rng.dirichlet(0.8 * np.ones(len(INDUSTRIES)), size=zones)
    measured = gini(shares)
    ghat = shares @ np.array([GROWTH[i] for i in INDUSTRIES])
    z = {"high_skill_share": rng.uniform(0.05, 0.3, zones), "female_labor_share": rng.uniform(0.2, 0.5, zones)}
    x = {"specialization": measured, "ghat": ghat, **z}
    error = np.array(noise) * (0.3 + measured)[:, None] * rng.standard_normal((zones, 2))
    level = 2 + sum(b * x[k] for k, b in LEVEL.items()) + error[:, 0]
    x["log_income"] = level
    change = 1 + sum(b * x[k] for k, b in CHANGE.items()) + error[:, 1]
    rest = {"population": 1e-4, "old_age_dependency": 10.0, **z}
    controls = pd.concat(
        [
            pd.DataFrame({"zone": ids, "year": 1950, "log_income": level, **rest}),
            pd.DataFrame({"zone": ids, "year": 2020, "log_income": level + change, **rest}),
        ]
    )
    industry = pd.concat(
        [
            pd.DataFrame({"zone": ids, "year": year, "industry": name, "share": shares[:, j]})
            for j, name in enumerate(INDUSTRIES)
            for year in (1950, 2020)
        ]
    )
    national = pd.DataFrame(
        [
            {"year": year, "industry": name, "variable": "income", "share": share, "growth": GROWTH[name]}
            for year in (1950, 2020)
            for name, share in zip(INDUSTRIES, shares.mean(axis=0), strict=True)
        ]
    )
    industry.insert(3, "variable", "income")
    controls.insert(2, "state", 1)
    return industry.reset_index(drop=True), controls.reset_index(drop=True), national
