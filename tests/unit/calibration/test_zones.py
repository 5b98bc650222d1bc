"""Zone calibration, industry groups and files (regspec.calibration)."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from run_folder import layout_at

from regspec.calibration.groups import check_groups, floor_shares, group_shares
from regspec.calibration.records import read_national, read_zone
from regspec.calibration.technology import comparative_productivity, predicted_level, scenario_levels, technology
from regspec.calibration.zones import calibrate
from regspec.config.config import Config
from regspec.errors import ConfigError, DataError

INDUSTRIES = ["Agriculture", "Mining", "Retail", "Wholesale"]
GROUPS = {
    "primary": {"members": ["Agriculture", "Mining"], "xi": 0.1, "phi": 2.0},
    "trade": {"members": ["Retail", "Wholesale"], "xi": 0.29, "phi": 1.0},
}
ZONES = [100, 200, 301, 402, 503, 604]


def positive_shares(size):
    return arrays(float, size, elements=st.floats(0.001, 1)).map(lambda x: x / x.sum())


def make_config(**changes):
    calibration = {"industries": GROUPS, **changes.pop("calibration", {})}
    return Config.model_validate({"calibration": calibration, "model": {"zones": "all"}, **changes})


@pytest.fixture
def tables(tmp_path):
    """A data folder with six zones and four industries, and the empirics' Gini."""
    rng = np.random.default_rng(4)
    data, empirics = tmp_path / "data", tmp_path / "empirics"
    data.mkdir()
    empirics.mkdir()
    share = rng.dirichlet(np.ones(4), len(ZONES))
    rows = [
        dict(zone=z, year=1950, industry=i, variable="income", share=share[r, c])
        for r, z in enumerate(ZONES)
        for c, i in enumerate(INDUSTRIES)
    ]
    pd.DataFrame(rows).to_parquet(data / "industry.parquet")
    nation = dict(zip(INDUSTRIES, [0.2, 0.1, 0.4, 0.3], strict=True))
    pd.DataFrame([dict(year=1950, industry=i, variable="income", share=s, growth=0.0) for i, s in nation.items()]).to_parquet(
        data / "national.parquet"
    )
    years = np.arange(1947, 2024)
    pd.concat(
        [
            pd.DataFrame(dict(year=years, industry=i, tfp=np.exp(np.cumsum(rng.normal(0, 0.02, 77))), weight=1.0))
            for i in INDUSTRIES
        ]
    ).to_parquet(data / "tfp.parquet")
    pd.DataFrame(dict(year=years, rate=rng.normal(0.01, 0.01, 77))).to_parquet(data / "interest.parquet")
    pd.DataFrame(
        dict(
            zone=ZONES,
            year=1950,
            state=1,
            population=np.arange(1, 7) / 1000,
            log_income=np.linspace(1, 2, 6),
            high_skill_share=0.1,
            old_age_dependency=10.0,
            female_labor_share=0.3,
        )
    ).to_parquet(data / "controls.parquet")
    pd.DataFrame(dict(zone=ZONES, year=1950, variable="income", measure="gini", value=np.linspace(0.2, 0.7, 6))).to_parquet(
        empirics / "specialization.parquet"
    )
    return tmp_path


def run(root, config):
    return calibrate(config, root / "data", root / "empirics", root / "calibration", "hash")


@given(positive_shares(4), positive_shares(4), arrays(float, 4, elements=st.floats(0, 0.6)))
def test_market_steady_state_is_matched(shares, nation, xi):
    """At k = shares: output 1, output shares = shares, private marginal products equal."""
    a = 0.3 + xi
    ztilde, level = comparative_productivity(shares, a), predicted_level(shares, a, nation)
    output = ztilde * shares**a
    np.testing.assert_allclose(output.sum(), 1, rtol=1e-12)
    np.testing.assert_allclose(output, shares, rtol=1e-9)
    np.testing.assert_allclose(0.3 * ztilde * shares ** (a - 1), 0.3, rtol=1e-9)
    # The level's definition: comparative productivity averages to the nation's, sum s^US (z_r / z^US) = 1.
    national_ztilde, national_level = comparative_productivity(nation, a), predicted_level(nation, a, nation)
    np.testing.assert_allclose((nation * level * ztilde / national_ztilde).sum(), 1, rtol=1e-9)
    np.testing.assert_allclose(national_level, 1, rtol=1e-12)


@given(positive_shares(3), positive_shares(3), st.floats(0, 0.6))
def test_level_at_least_one_with_equal_elasticities(shares, nation, xi):
    level = predicted_level(shares, np.full(3, 0.3 + xi), nation)
    assert level >= 1 - 1e-12


@given(positive_shares(3), positive_shares(3), arrays(float, 3, elements=st.floats(0, 0.6)))
def test_level_bound_with_different_elasticities(shares, nation, xi):
    """The bound derived in docs/calibration.md: 1/level <= 1 - sum a_i (s_i - s^US_i)."""
    level = predicted_level(shares, 0.3 + xi, nation)
    assert 1 / level <= 1 - ((0.3 + xi) * (shares - nation)).sum() + 1e-12


def test_level_below_one_is_possible_and_agglomeration_raises_the_slope():
    nation = np.array([0.5, 0.5])
    # A step towards the industry with the smaller elasticity lowers the level to first order.
    assert predicted_level(np.array([0.52, 0.48]), np.array([0.3, 0.59]), nation) < 1
    special = np.array([0.8, 0.2])
    levels = [predicted_level(special, np.full(2, 0.3 + xi), nation) for xi in (0.0, 0.1, 0.29)]
    assert levels == sorted(levels) and levels[0] > 1


def test_productivities_and_level_relabelled_and_stacked():
    rng = np.random.default_rng(0)
    shares, nation, a = rng.dirichlet(np.ones(4), 5), rng.dirichlet(np.ones(4)), 0.3 + rng.uniform(0, 0.3, 4)
    order = np.array([2, 0, 3, 1])
    ztilde, level = comparative_productivity(shares, a), predicted_level(shares, a, nation)
    np.testing.assert_allclose(comparative_productivity(shares[:, order], a[order]), ztilde[:, order], rtol=1e-14)
    np.testing.assert_allclose(predicted_level(shares[:, order], a[order], nation[order]), level, rtol=1e-14)
    np.testing.assert_allclose(comparative_productivity(shares[3], a), ztilde[3], rtol=0)


def test_technology_scales_and_guards():
    config = make_config(scenarios={"baseline": {}, "double": {"parameters": {"xi_scale": 2.0, "phi_scale": 0.0}}})
    base, double = technology(config, "baseline"), technology(config, "double")
    np.testing.assert_array_equal(base.xi, [0.1, 0.29])
    np.testing.assert_array_equal(double.xi, [0.2, 0.58])
    np.testing.assert_array_equal(double.phi, [0, 0])
    assert base.alpha == 0.3
    steep = make_config(scenarios={"steep": {"parameters": {"xi_scale": 3.0}}})
    with pytest.raises(ConfigError, match="trade: alpha .* = 1.17 in scenario 'steep'; must be below 1"):
        technology(steep, "steep")


@settings(max_examples=200)
@given(arrays(float, (3, 5), elements=st.floats(0, 1)), st.floats(0.001, 0.2))
def test_floor_holds_and_sums_to_one(raw, floor):
    total = raw.sum(axis=1, keepdims=True)
    shares = np.where(total > 0.1, raw / np.maximum(total, 0.1), 0.2)
    result = floor_shares(shares, floor)
    np.testing.assert_allclose(result.sum(axis=1), 1, rtol=1e-12)
    assert (result >= floor - 1e-15).all()
    # Rank order survives, and zones that respect the floor are untouched.
    assert (np.diff(np.take_along_axis(result, shares.argsort(1), 1)) >= -1e-15).all()
    fine = (shares >= floor).all(axis=1)
    np.testing.assert_array_equal(result[fine], shares[fine])


def test_floor_by_hand():
    # First round: .01 -> .1, the rest scaled by .9/.99; .105 -> .0955 falls below and is floored as well.
    result = floor_shares(np.array([0.01, 0.105, 0.885]), 0.1)
    np.testing.assert_allclose(result, [0.1, 0.1, 0.8], rtol=1e-14)
    with pytest.raises(ConfigError, match="0.4 is too large for 3 industries; allowed: at most 0.3333"):
        floor_shares(np.array([0.2, 0.3, 0.5]), 0.4)


def test_group_shares_renormalize():
    shares = pd.DataFrame({"a": [0.2, 0.5], "b": [0.3, 0.1], "c": [0.502, 0.4]}, index=[1, 2])
    grouped = group_shares(shares, {"x": ["b", "a"], "y": ["c"]})
    np.testing.assert_allclose(grouped.to_numpy(), [[0.5 / 1.002, 0.502 / 1.002], [0.6, 0.4]], rtol=1e-14)


def test_group_errors_have_did_you_mean():
    with pytest.raises(ConfigError, match="(?s)'Agricultre' is not.*Did you mean 'Agriculture'?"):
        check_groups({"primary": ["Agricultre"]}, INDUSTRIES, "industry.parquet")
    with pytest.raises(ConfigError, match="no group holds 'Retail', 'Wholesale' of industry.parquet"):
        check_groups({"primary": ["Agriculture", "Mining"]}, INDUSTRIES, "industry.parquet")


def test_calibrate_writes_the_contract(tables):
    config = make_config()
    assert run(tables, config) == ZONES
    folder = tables / "calibration"
    national = json.loads((folder / "national.json").read_text(encoding="utf-8"))
    assert national["industries"] == ["primary", "trade"]
    assert np.shape(national["u"]) == np.shape(national["trend"]) == (2, 71)
    np.testing.assert_allclose(national["national_share"], [0.3, 0.7], rtol=1e-14)
    assert set(national["provenance"]) == {"config_hash", "code_version"}
    assert json.loads((folder / "zones.json").read_text(encoding="utf-8"))["zones"] == ZONES
    zone = json.loads((folder / "zones/301.json").read_text(encoding="utf-8"))
    assert set(zone) == {"zone", "industries", "shares", "level", "gini_data", "provenance"}
    assert abs(sum(zone["shares"]) - 1) < 1e-12 and zone["gini_data"] == 0.4
    assert scenario_levels([read_zone(layout_at(tables), 301)], read_national(layout_at(tables)), config, "baseline") == [
        zone["level"]
    ]


def test_calibrate_rewrites_only_changed_content(tables):
    run(tables, make_config())
    folder = tables / "calibration"
    before = {p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in sorted(folder.rglob("*.json"))}
    # An edit that the files do not depend on, and one that changes the hash but not the content.
    run(tables, make_config(results={"bootstrap": 99}))
    run(tables, make_config(data={"share_tolerance": 0.004}))
    assert {p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in sorted(folder.rglob("*.json"))} == before
    # One zone's rows change: one file.
    path = tables / "data/industry.parquet"
    frame = pd.read_parquet(path)
    own = frame["zone"] == 402
    frame.loc[own, "share"] = [0.4, 0.3, 0.2, 0.1]
    frame.to_parquet(path)
    run(tables, make_config())
    changed = [p for p, held in before.items() if (p.stat().st_mtime_ns, p.stat().st_ino) != held]
    assert [p.name for p in changed] == ["402.json"]
    assert len(list(folder.rglob("*.json"))) == len(before)


def test_calibrate_removes_stale_zones_and_rejects_unknown_ones(tables):
    run(tables, make_config())
    assert run(tables, make_config(model={"zones": [503, 100]})) == [100, 503]
    assert sorted(p.name for p in (tables / "calibration/zones").iterdir()) == ["100.json", "503.json"]
    with pytest.raises(ConfigError, match="zone 310 is not in the data .*\nNearest ids: 301, 402, 200"):
        run(tables, make_config(model={"zones": [310]}))
    assert sorted(p.name for p in (tables / "calibration/zones").iterdir()) == ["100.json", "503.json"]


def test_calibrate_does_not_depend_on_row_order(tables):
    run(tables, make_config())
    first = {p.name: p.read_bytes() for p in (tables / "calibration").rglob("*.json")}
    for path in (tables / "data").glob("*.parquet"):
        pd.read_parquet(path).sample(frac=1, random_state=1).to_parquet(path)
    for path in (tables / "calibration").rglob("*.json"):
        path.unlink()
    run(tables, make_config())
    assert {p.name: p.read_bytes() for p in (tables / "calibration").rglob("*.json")} == first


def test_matched_level_is_observed_income(tables):
    config = make_config(calibration={"level": "matched"})
    run(tables, config)
    levels = [json.loads((tables / f"calibration/zones/{z}.json").read_text(encoding="utf-8"))["level"] for z in ZONES]
    log_income, population = np.linspace(1, 2, 6), np.arange(1, 7)
    np.testing.assert_allclose(np.diff(np.log(levels)), 0.2, rtol=1e-12)
    np.testing.assert_allclose((np.log(levels) * population).sum(), 0, atol=1e-12)
    np.testing.assert_allclose(np.log(levels[0]), 1 - (log_income * population).sum() / 21, rtol=1e-12)
    zone = read_zone(layout_at(tables), 200)
    assert scenario_levels([zone], read_national(layout_at(tables)), config, "no_collateral") == [zone.level]


def test_errors_come_before_the_first_file(tables):
    wrong = {**GROUPS, "trade": {"members": ["Retail", "Wholesail"], "xi": 0.2, "phi": 1.0}}
    with pytest.raises(ConfigError, match="Did you mean 'Wholesale'?"):
        run(tables, make_config(calibration={"industries": wrong}))
    with pytest.raises(ConfigError, match="industry.parquet: no employment shares"):
        run(tables, make_config(empirics={"variable": "employment"}))
    with pytest.raises(DataError, match="no income shares for 1960 .*; years there: 1950"):
        run(tables, make_config(calibration={"first_year": 1960}))
    (tables / "data/interest.parquet").write_bytes(b"PAR1 truncated")
    with pytest.raises(DataError, match="interest.parquet: not readable as parquet"):
        run(tables, make_config())
    (tables / "data/interest.parquet").unlink()
    with pytest.raises(DataError, match="interest.parquet: no such file"):
        run(tables, make_config())
    assert not (tables / "calibration").exists()
