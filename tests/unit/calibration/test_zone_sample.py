"""Which zones are solved (regspec.calibration.zone_sample)."""

import numpy as np
import pandas as pd
import pytest

from regspec.calibration.zone_sample import select_zones
from regspec.errors import ConfigError


def ginis(n=100, seed=0):
    rng = np.random.default_rng(seed)
    return pd.Series(rng.beta(5, 5, n), index=100 * np.arange(1, n + 1))


def test_all_and_list_are_sorted():
    gini = ginis(5)
    assert select_zones("all", gini.sample(frac=1, random_state=1), 0) == [100, 200, 300, 400, 500]
    assert select_zones([300, 100], gini, 0) == [100, 300]


def test_sample_takes_one_zone_of_every_stratum():
    gini = ginis(100)
    chosen = select_zones({"sample": 20}, gini, seed=5)
    rank = gini.rank(method="first").astype(int) - 1
    assert sorted(rank[chosen] // 5) == list(range(20))
    assert chosen == sorted(chosen)
    assert all(type(zone) is int for zone in chosen)


def test_sample_ignores_zone_order_and_depends_on_the_seed():
    gini = ginis(100)
    shuffled = gini.sample(frac=1, random_state=9)
    assert select_zones({"sample": 20}, gini, 5) == select_zones({"sample": 20}, shuffled, 5)
    assert select_zones({"sample": 20}, gini, 5) != select_zones({"sample": 20}, gini, 6)


def test_equal_ginis_are_ordered_by_id():
    gini = pd.Series(0.5, index=[30, 10, 20, 40])
    chosen = select_zones({"sample": 2}, gini, 1)
    assert chosen[0] in (10, 20) and chosen[1] in (30, 40)


def test_one_corrected_zone_moves_little_of_the_sample():
    gini = ginis(700)
    before = set(select_zones({"sample": 50}, gini, 3))
    corrected = gini.copy()
    corrected.iloc[10] = gini.max() + 0.01
    after = set(select_zones({"sample": 50}, corrected, 3))
    # Every stratum boundary above its old rank moves by one zone; a fresh draw would replace about 93%.
    assert len(before - after) <= 10


def test_errors():
    gini = ginis(5)
    with pytest.raises(ConfigError, match="sample of 6, but the data have 5 zones"):
        select_zones({"sample": 6}, gini, 0)
    with pytest.raises(ConfigError, match="201 is not in the data .5 zones.\\.\nNearest ids: 200, 300, 100"):
        select_zones([100, 201], gini, 0)
    with pytest.raises(ConfigError, match="the list is empty"):
        select_zones([], gini, 0)
