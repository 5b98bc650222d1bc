"""Parts of the readers of county files: codes, bounds, allocation, zones, prices."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.datasets import macrodata

from regspec.config.calibration import GROUPS_17
from regspec.config.config import Config
from regspec.data.counties.allocate import Cells, allocate, fill
from regspec.data.counties.codes import CodeTree, clean_codes, code_tree
from regspec.data.counties.sizes import CLASSES, HIGH, LOW, class_means, size_bounds
from regspec.data.counties.zones import COMBINED, zone_parts
from regspec.data.deflator import price_factors
from regspec.errors import DataError
from regspec.io.raw_tables import config_table

CODES = "config/industry_codes.csv"


def tree(year):
    return code_tree(CODES, "sic" if year < 1998 else "naics", year)


@pytest.mark.parametrize("year", [1986, 1997, 1998, 2002, 2003, 2007, 2008, 2012, 2017, 2022, 2023])
def test_codes_cover_all_industries_but_government(year):
    found = tree(year)
    assert {found.industry[k] for k in found.leaves(0)} == set(GROUPS_17) - {"Public"}
    assert all(found.parent[k] < k for k in range(1, len(found.codes)))  # parents come first


def test_a_code_can_change_its_meaning():
    def industry(code, year):
        found = tree(year)
        return found.industry[found.codes.index(code)] if code in found.codes else None

    assert industry("513///", 2000) == "Communication" and industry("513///", 2010) is None
    assert industry("516///", 2005) == "Business services" and industry("516///", 2023) == "Communication"
    assert industry("5131//", 2023) == "Nondurable manufacturing"


@pytest.mark.parametrize(
    ("year", "good", "bad"),
    [
        (1990, ["----", "19--", "2011", "0742", "399/", "098/", "179\\", "9999", "6512"], ["9111", "XX", "1800", "", "6800"]),
        (1999, ["------", "441///", "45411/", "492110", "513///", "511110", "95----"], ["519///", "921///", "XX", "95111/x"]),
        (2010, ["519///", "441///", "327///", "332710"], ["513///", "95----"]),
    ],
)
def test_known_codes(year, good, bad):
    found = tree(year)
    codes = clean_codes(pd.Series(good + bad), found.system)
    assert found.known(codes).tolist() == [True] * len(good) + [False] * len(bad)


def test_broken_tables_of_codes_are_named(tmp_path):
    table = pd.read_csv(config_table(CODES), dtype=str, keep_default_na=False)
    path = tmp_path / "codes.csv"
    for change, text in (
        (lambda t: t.assign(industry=t["industry"].replace("Mining", "Minning")), "unknown industry 'Minning'"),
        (lambda t: t.assign(parent=t["parent"].replace("20--", "29--")), "needs a parent in the table"),
        (lambda t: t.assign(industry=t["industry"].where(t["code"] != "20--", "Mining")), "needs a parent"),
        (lambda t: pd.concat([t, t[t["code"] == "2500"].assign(first_year="1900")]), "'2500' is given twice for 1990"),
    ):
        change(table).to_csv(path, index=False)
        with pytest.raises(DataError, match=text):
            code_tree(str(path), "sic", 1990)


def test_mean_sizes_are_recovered():
    rng = np.random.default_rng(3)
    truth = np.minimum(LOW * 1.2 + 1, np.minimum(HIGH, 20_000))
    counts = rng.poisson(3.0, (4000, len(CLASSES))).astype(float)
    counts[:, -1] = 0  # a class that no row has takes its prior
    means = class_means(counts, counts @ truth)
    # The prior's one establishment of each class moves the small ones a little.
    assert counts @ means == pytest.approx(counts @ truth, rel=1e-3)
    assert means[3:-1] == pytest.approx(truth[3:-1], rel=1e-2)
    assert means[-1] == pytest.approx(np.sqrt(1000 * 20_000), rel=1e-6)


def test_bounds_are_those_of_flag_and_size_classes_together():
    counts = np.zeros((4, len(CLASSES)))
    counts[0, :2] = 2, 1  # 0-8 and 5-9 employees
    counts[1, 0] = np.nan  # of three establishments one is of an unpublished class
    counts[1, 1] = 2
    counts[2, 5] = 1  # 100-249, but the flag says 20-99: noise
    counts[3, 12] = 1
    low, high = size_bounds(counts, np.array([3.0, 3, 1, 1]), pd.Series(["A", "B", "B", ""]))
    assert low.tolist() == [5, 20, 20, 1000] and high.tolist() == [17, 99, 99, np.inf]


@settings(max_examples=200)
@given(st.integers(0, 2**31), st.integers(1, 6))
def test_filling_respects_bounds_and_the_total(seed, n):
    rng = np.random.default_rng(seed)
    free = rng.uniform(size=(5, n)) < 0.8
    low = rng.integers(0, 50, (5, n)).astype(float)
    high = np.where(rng.uniform(size=(5, n)) < 0.2, np.inf, low + rng.integers(0, 100, (5, n)))
    guess = rng.uniform(0, 120, (5, n))
    total = rng.uniform(-20, 400, 5)
    x = fill(total, guess, low, high, free)
    assert np.all(x[~free] == 0) and np.all((x >= low - 1e-9)[free]) and np.all((x <= high + 1e-9)[free])
    sums = [np.where(free, bound, 0.0).sum(axis=1) for bound in (low, high)]
    inside = (total >= sums[0]) & (total <= sums[1]) & free.any(axis=1)
    assert x.sum(axis=1)[inside] == pytest.approx(total[inside], rel=1e-9, abs=1e-6)
    # Where no bound binds, the ratio to the guess is the same.
    for row in np.flatnonzero(inside):
        at = (
            free[row]
            & (x[row] > low[row] * (1 + 1e-6) + 1e-6)
            & (x[row] < np.minimum(high[row], total[row]) * (1 - 1e-6) - 1e-6)
        )
        ratio = x[row][at] / guess[row][at]
        assert ratio.size < 2 or np.ptp(ratio) < 1e-6 * ratio.max()


SMALL = CodeTree("naics", ("t", "a", "b", "a1", "a2", "a3"), np.array([-1, 0, 0, 1, 1, 1]), ("", "", "M", "X", "Y", "Z"))


def cells(value, suppressed=(), guess=None):
    value = np.array([value], dtype=float)
    hidden = np.zeros(value.shape, bool)
    hidden[0, list(suppressed)] = True
    guess = np.zeros(value.shape) if guess is None else np.array([guess], dtype=float)
    absent = np.isnan(value)
    return Cells(np.nan_to_num(value), ~hidden & ~absent, hidden, guess, np.zeros(value.shape), np.full(value.shape, np.inf))


def test_what_is_left_of_a_parent_goes_to_withheld_children_by_their_guess():
    made = allocate(cells([100, 60, 40, 30, 0, 0], suppressed=(4, 5), guess=[0, 0, 0, 0, 2, 4]), SMALL)
    assert made.value[0] == pytest.approx([100, 60, 40, 30, 10, 20])
    assert made.imputed[0] == pytest.approx([0, 0, 0, 0, 10, 20]) and made.conflicts == 0


def test_a_withheld_parent_is_at_least_its_published_children():
    made = allocate(cells([100, 0, 0, 70, 10, 0], suppressed=(1, 2), guess=[0, 20, 30, 0, 0, 0]), SMALL)
    assert made.value[0, 1] >= 80 and made.value[0, 1:3].sum() == pytest.approx(100)
    assert made.value[0, 3:].sum() == pytest.approx(made.value[0, 1])


def test_what_no_cell_explains_goes_to_children_that_the_file_leaves_out():
    nan = np.nan
    made = allocate(cells([100, 60, 40, 50, nan, nan]), SMALL)
    assert made.value[0, 3] == 50 and made.value[0, 4:].sum() == pytest.approx(10)
    assert made.imputed[0] == pytest.approx([0, 0, 0, 0, *made.value[0, 4:]])
    whole = allocate(cells([100, 60, 40, 50, 2, 4]), SMALL)  # none is left out: all share what is left
    assert whole.value[0, 3:].sum() == pytest.approx(60) and whole.imputed[0, 3:].sum() == pytest.approx(4)


def test_children_larger_than_their_parent_are_counted():
    assert allocate(cells([100, 60, 40, 50, 20, 0]), SMALL).conflicts == 1


def test_codes_that_changed_take_the_zone_of_their_partner_in_either_direction():
    old = pd.Series({12025: 7, 46113: 8, 51005: 9, 51560: 9, 8013: 3})
    parts = zone_parts(pd.Series([12086, 46102, 51560, 8014, 13510]), old).set_index("fips")["zone"]
    assert parts.to_dict() == {12086: 7, 46102: 8, 51560: 9, 8014: 3}
    new = pd.Series({12086: 7, 46102: 8, 51005: 9, 30031: 4, 51083: 5, 13215: 6, 46071: 2})
    parts = zone_parts(pd.Series([12025, 46113, 51560, 30113, 51780, 13510, 46131]), new).set_index("fips")["zone"]
    assert parts.to_dict() == {12025: 7, 46113: 8, 51560: 9, 30113: 4, 51780: 5, 13510: 6, 46131: 2}


def test_combined_areas_are_divided_only_between_zones():
    zones = pd.Series({51003: 1, 51540: 1, 51059: 2, 51600: 2, 51610: 3})
    parts = zone_parts(pd.Series([51901, 51919]), zones)
    assert parts.to_records(index=False).tolist() == [
        (51901, 1, 1.0),
        (51919, 2, pytest.approx(2 / 3)),
        (51919, 3, pytest.approx(1 / 3)),
    ]
    assert all(len(members) > 1 for members in COMBINED.values())


def test_prices_agree_with_an_independent_series():
    quarterly = macrodata.load_pandas().data
    other = quarterly.groupby(quarterly["year"].astype(int))["cpi"].mean()
    factors = price_factors(Config(), range(1959, 2009))
    # macrodata has the last month of each quarter: the largest differences are in years of high inflation.
    ratio = (factors * other.reindex(factors.index)).loc[1959:2008]
    assert np.abs(ratio / ratio.mean() - 1).max() < 0.02
    assert price_factors(Config(), [2020])[2020] == 1.0
    with pytest.raises(DataError, match="no year 1900"):
        price_factors(Config(), [1900])
