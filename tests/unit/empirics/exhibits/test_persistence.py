"""Persistence of comparative advantage (E7) against a regression with dummies, and on shares with a known rank."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from regspec.empirics.exhibits.persistence import advantage, demeaned, elasticity, log_rank


def economy(seed=0, zones=14, industries=5, years=(1950, 1970, 1990)):
    rng = np.random.default_rng(seed)
    base, frames = rng.normal(size=(zones, industries)), {}
    for year in years:
        base = 0.7 * base + 0.5 * rng.normal(size=base.shape)
        share = np.exp(base) / np.exp(base).sum(axis=1, keepdims=True)
        frames[year] = pd.DataFrame(share, pd.Index(range(10, 10 + zones), name="zone"), list("abcdefgh"[:industries]))
    return frames


def ranks_of(frames):
    return {year: log_rank(advantage(share, share.mean())) for year, share in frames.items()}


def test_slope_and_error_are_those_of_least_squares_with_dummies():
    ranks = ranks_of(economy())
    found = elasticity(ranks, 20)
    pieces = []
    for start in (1950, 1970):
        piece = pd.DataFrame({"x": ranks[start].stack(), "y": ranks[start + 20].stack()}).rename_axis(["zone", "industry"])
        pieces.append(piece.reset_index().assign(year=start))
    long = pd.concat(pieces, ignore_index=True)
    keys = [long["zone"].astype(str) + long["year"].astype(str), long["industry"] + long["year"].astype(str)]
    dummies = pd.concat([pd.get_dummies(key, dtype=float, drop_first=i > 0) for i, key in enumerate(keys)], axis=1)
    # One industry effect for each year is a combination of the year's zone effects.
    dummies = dummies.drop(columns=["a1970"])
    model = sm.OLS(long["y"], pd.concat([long[["x"]], dummies], axis=1))
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": long["zone"].to_numpy()})
    assert np.linalg.matrix_rank(model.exog) == model.exog.shape[1]
    n, k = model.exog.shape
    assert found.estimate == pytest.approx(fit.params["x"], abs=1e-12)
    # statsmodels counts the zone-year effects, which are nested in the clusters, among the k of its factor.
    assert found.se == pytest.approx(fit.bse["x"] * np.sqrt((n - k) / (n - 1 - 2 * 5)), rel=1e-9)
    assert (found.n, found.zones, found.starts) == (2 * 14 * 5, 14, (1950, 1970))


def test_the_same_ranks_again_have_elasticity_one_without_error():
    share = economy(years=(1950,))[1950]
    found = elasticity(ranks_of({1950: share, 1960: share}), 10)
    assert found.estimate == pytest.approx(1.0, abs=1e-12) and np.isnan(found.se)


def test_independent_ranks_have_none():
    estimates = [elasticity(ranks_of({0: economy(s, 60)[1950], 10: economy(s + 500, 60)[1950]}), 10) for s in range(60)]
    t = np.array([e.estimate / e.se for e in estimates])
    # 60 draws of a standard normal: mean within 3.5 / sqrt(60), rejections below the .999 quantile of binomial(60, .05).
    assert abs(t.mean()) < 0.46 and (np.abs(t) > 2.0).sum() <= 10


@given(st.integers(0, 10_000))
def test_advantage_averages_to_one_and_rows_may_come_in_any_order(seed):
    frames = economy(seed)
    rng = np.random.default_rng(seed)
    weight = rng.uniform(0.5, 2, 14)
    share = frames[1950]
    nation = (share.mul(weight, axis=0)).sum() / weight.sum()
    rca = advantage(share, nation)
    np.testing.assert_allclose(np.average(rca, axis=0, weights=weight), 1.0, rtol=1e-12)
    np.testing.assert_allclose((rca * nation).sum(axis=1), 1.0, rtol=1e-12)
    shuffled = {year: frame.iloc[rng.permutation(len(frame))] for year, frame in frames.items()}
    nations = {year: frame.mean() for year, frame in frames.items()}
    one, two = ({y: log_rank(advantage(f, nations[y])) for y, f in own.items()} for own in (frames, shuffled))
    assert elasticity(one, 20) == elasticity(two, 20)


def test_zero_shares_tie_at_the_lowest_rank_and_absent_industries_are_left_out():
    share = pd.DataFrame({"a": [0.0, 0.5, 0.0], "b": [1.0, 0.5, 1.0], "c": [0.0, 0.0, 0.0]})
    rank = np.exp(log_rank(advantage(share, pd.Series({"a": 0.2, "b": 0.8, "c": 0.0}))))
    assert list(rank.columns) == ["a", "b"]
    np.testing.assert_allclose(rank["a"], [1.5, 6.0, 1.5])


def test_residuals_are_orthogonal_to_both_effects():
    x = demeaned(np.random.default_rng(1).normal(size=(7, 4)))
    assert np.abs(x.mean(axis=0)).max() < 1e-15 and np.abs(x.mean(axis=1)).max() < 1e-15
