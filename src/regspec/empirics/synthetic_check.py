"""What the synthetic economy hits and misses: ``python -m regspec.empirics.synthetic_check [seed [count]]``.

Prints, with means over seeds: the Gini's mean, CV and p90/p10 against E6; national shares against D6; the
estimates of Fact 1 against their true values, and with the HHI (E2); and the rank-RCA elasticities.
docs/data.md quotes it.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

from regspec.config.calibration import GROUPS_17
from regspec.config.config import Config
from regspec.config.run import Run
from regspec.data.synthetic import targets
from regspec.data.synthetic.economy import Economy, synthetic_economy
from regspec.empirics.exhibits.persistence import demeaned
from regspec.empirics.fact1 import fact1
from regspec.empirics.specialization import specialization
from regspec.empirics.summary import summarize


def economies(first_seed: int, count: int) -> list[tuple[Config, Economy]]:
    """Economies of ``count`` successive seeds with 722 zones in 48 states of 15 zones each."""
    states = pd.Series(1 + np.arange(722) // 15, index=np.arange(1, 723))
    configs = [Config(run=Run(seed=seed)) for seed in range(first_seed, first_seed + count)]
    return [(config, synthetic_economy(config, states)) for config in configs]


def gini_table(economy: Economy) -> pd.DataFrame:
    """E6's statistics of the Gini by variable and year."""
    table = summarize(specialization(economy.industry)).query("measure == 'gini'")
    return table.set_index(["variable", "year"])[["mean", "cv", "p90_p10"]]


def fact1_table(config: Config, economy: Economy) -> pd.DataFrame:
    """Estimate, HC1 standard error, truth and their distance in standard errors, by outcome and term."""
    measured = specialization(economy.industry)
    fit = fact1(economy.industry, measured, economy.controls, economy.national, config.empirics)
    rows = []
    for outcome, regression in (("level", fit.level), ("growth", fit.growth)):
        for term, truth in economy.truth["fact1"][outcome].items():
            estimate, se = regression.estimate(term), regression.se(term)
            rows.append((outcome, term, estimate, se, truth, (estimate - truth) / se))
        rows.append((outcome, "adjusted R2", regression.r2_adjusted, np.nan, np.nan, np.nan))
    columns = ["outcome", "term", "estimate", "se", "truth", "distance"]
    return pd.DataFrame(rows, columns=columns).set_index(["outcome", "term"])


def hhi_coefficients(config: Config, economy: Economy) -> pd.Series:
    """Fact 1 with the HHI in place of the Gini (E2: level .933, growth -.212): not a target."""
    measured = specialization(economy.industry)
    fit = fact1(economy.industry, measured, economy.controls, economy.national, config.empirics, "hhi")
    return pd.Series({name: getattr(fit, name).estimate("specialization") for name in ("level", "growth")})


def national_shares(economy: Economy) -> pd.DataFrame:
    """National income shares in percent: industries x years, in the order of D6."""
    rows = economy.national.query("variable == 'income'")
    return 100 * rows.pivot(index="industry", columns="year", values="share").loc[list(GROUPS_17)]


def rank_persistence(economy: Economy) -> pd.Series:
    """Elasticity of an industry's RCA rank among zones, h years apart, with two-way effects by year (E7)."""
    shares = economy.industry.query("variable == 'income'").pivot(index=["year", "zone"], columns="industry", values="share")
    # The RCA divides by a national share, which does not change ranks within an industry and year.
    ranks = {year: demeaned(np.log(shares.loc[year].rank()).to_numpy()) for year in shares.index.levels[0]}
    result = {}
    for h in sorted({b - a for a in ranks for b in ranks if b > a}):
        pairs = [(ranks[y - h], ranks[y]) for y in ranks if y - h in ranks]
        result[h] = sum((x * y).sum() for x, y in pairs) / sum((x * x).sum() for x, _ in pairs)
    return pd.Series(result, name="elasticity").rename_axis("horizon")


def main(first_seed: int = 1, count: int = 20) -> None:
    """Print the report for ``count`` seeds from ``first_seed``."""
    drawn = economies(first_seed, count)
    gini = sum(gini_table(economy) for _, economy in drawn) / count
    for variable, table in targets.GINI.items():
        for year, (mean, cv) in table.items():
            gini.loc[(variable, year), ["E6 mean", "E6 cv"]] = mean, cv
    print(gini.round(3).to_string(), "\n")
    national = sum(national_shares(economy) for _, economy in drawn) / count
    for year, shares in targets.NATIONAL.items():
        national[f"D6 {year}"] = shares
    print(national.round(2).to_string(), "\n")
    fits = [fact1_table(config, economy) for config, economy in drawn]
    table = sum(fits) / count
    table["sd of distance"] = np.std([fit["distance"] for fit in fits], axis=0, ddof=min(1, count - 1))
    print(table.round(4).to_string(), "\n")
    print("HHI:", (sum(hhi_coefficients(*pair) for pair in drawn) / count).round(3).to_dict(), "\n")
    print((sum(rank_persistence(economy) for _, economy in drawn) / count).round(2).to_string())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
