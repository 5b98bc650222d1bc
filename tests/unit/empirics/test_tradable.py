"""Tradable and non-tradable specialization: definitions by hand, properties, and what is classified."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regspec.config.calibration import GROUPS_17
from regspec.config.empirics import Empirics
from regspec.empirics.inputs import NotComputable
from regspec.empirics.specialization import MEASURES, gini
from regspec.empirics.tradable import split, tradable_industries
from regspec.errors import ConfigError

SHARES = pd.DataFrame([[0.5, 0.1, 0.3, 0.1], [0.25, 0.25, 0.25, 0.25], [0.0, 0.0, 0.9, 0.1]], columns=list("abcd"))


def test_by_hand():
    within = split(SHARES, ["a", "b"], "gini", "within")
    # Two shares x >= y: the Gini is (x - y) / (2 (x + y)).
    assert within["tradable"][0] == pytest.approx(0.4 / 1.2) and within["nontradable"][0] == pytest.approx(0.2 / 0.8)
    assert within["tradable"][1] == 0 and np.isnan(within["tradable"][2])
    parts = split(SHARES, ["a", "b"], "gini", "parts")
    # Ranks of (.5, .1, .3, .1): 4, 1.5, 3, 1.5; weights 2 j - 5: 3, -2, 1, -2.
    assert parts["tradable"][0] == pytest.approx((3 * 0.5 - 2 * 0.1) / 4)
    assert parts["nontradable"][0] == pytest.approx((0.3 - 2 * 0.1) / 4)
    assert split(SHARES, ["a", "b"], "hhi", "parts")["tradable"][0] == pytest.approx(0.26)
    assert split(SHARES, ["a", "b"], "max_share", "parts")["nontradable"][2] == 0.9


ROWS = st.lists(st.floats(0.01, 1), min_size=6, max_size=6)


@given(ROWS, st.integers(1, 5))
def test_parts_add_up_to_the_whole(row, size):
    x = pd.DataFrame([np.array(row) / sum(row)], columns=list("abcdef"))
    for measure in ("gini", "hhi"):
        parts = split(x, list("fedcb")[:size], measure, "parts").iloc[0]
        assert parts.sum() == pytest.approx(MEASURES[measure](x.to_numpy())[0], abs=1e-12)


@given(ROWS, st.floats(0.1, 0.9))
def test_within_does_not_depend_on_the_other_group(row, weight):
    """Moving income between the groups in proportion leaves specialization within each as it is."""
    x = np.array(row) / sum(row)
    inside = np.array([True] * 3 + [False] * 3)
    moved = np.where(inside, weight * x / x[:3].sum(), (1 - weight) * x / x[3:].sum())
    frame = pd.DataFrame([x, moved], columns=list("abcdef"))
    for measure in MEASURES:
        values = split(frame, list("abc"), measure, "within")
        np.testing.assert_allclose(values.iloc[0], values.iloc[1], rtol=1e-9, atol=1e-12)
    assert split(frame, list("abc"), "gini", "within")["tradable"][0] == pytest.approx(float(gini(x[:3])), abs=1e-12)


def test_the_decks_classification():
    chosen = tradable_industries(GROUPS_17, Empirics())
    assert len(chosen) == 8 and {"Agriculture", "Business services", "Transportation", "Wholesale"} <= set(chosen)
    groups = [
        "Agriculture",
        "Manufacturing",
        "Mining and construction",
        "Other services",
        "Personal services",
        "Professional services",
        "Public administration",
        "Retail",
    ]
    assert tradable_industries(groups, Empirics()) == ["Agriculture", "Manufacturing", "Other services"]
    assert tradable_industries(groups, Empirics(tradable=["Retail"])) == ["Retail"]


def test_what_is_not_classified():
    with pytest.raises(NotComputable, match="no industry is classified.*'Farms'"):
        tradable_industries(["Retail", "Farms"], Empirics())
    with pytest.raises(NotComputable, match="2 of 2 industries are tradable"):
        tradable_industries(["Mining", "Agriculture"], Empirics())
    with pytest.raises(ConfigError, match="'Retial' is not an industry of the data. Did you mean 'Retail'"):
        tradable_industries(["Retail", "Farms"], Empirics(tradable=["Retial"]))
    with pytest.raises(NotComputable, match="one industry has no specialization"):
        split(SHARES, ["a"], "gini", "within")
    assert split(SHARES, ["a"], "gini", "parts").notna().all().all()
