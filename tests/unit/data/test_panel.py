"""The panel reader on a small panel of its own: mapping, aggregation, and every way in which files break."""

import numpy as np
import pandas as pd
import pytest
import yaml
from repository import ROOT

from regspec.config.config import Config
from regspec.data import panel
from regspec.errors import DataError

YEARS, ZONES = (1950, 2020), (100, 200, 301)
GROUP8 = {1: "Agriculture", 2: "Manufacturing", 3: "Manufacturing"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("REGSPEC_DATA", str(tmp_path))
    rng = np.random.default_rng(5)
    share = {(z, y): rng.uniform(0.1, 0.9) for z in ZONES for y in YEARS}
    rows = [
        (z, y, n, s if n == "Agriculture" else 1 - s) for (z, y), s in share.items() for n in ("Agriculture", "Manufacturing")
    ]
    save(tmp_path, "cz_industry.csv", pd.DataFrame(rows, columns=["cz", "year", "industry", "employment_share"]))
    save(
        tmp_path,
        "cz_controls.csv",
        pd.DataFrame(
            {
                "cz": np.repeat(ZONES, 2),
                "year": YEARS * 3,
                "population": rng.uniform(1e4, 1e6, 6),
                "area": 1.0,
                "log_hourly_wage": [2.0, 2.9, np.nan, 2.8, 2.2, 2.7],
                "high_skill_share": 0.1,
                "female_employment_share": [0.3, np.nan] * 3,
                "share_65up": [0.2, np.nan] * 3,
                "state_fips": [47.0, np.nan] * 3,
            }
        ),
    )
    save(
        tmp_path,
        "industry_map.csv",
        pd.DataFrame({"industry_id": list(GROUP8), "group17": list(GROUP8.values()), "group8": list(GROUP8.values())}),
    )
    save(tmp_path, "us_industry_accounts_1947_2023.csv", accounts(rng))
    return tmp_path


def accounts(rng):
    years = np.arange(1947, 1953)
    frame = pd.DataFrame({"industry_id": np.repeat(list(GROUP8), 6), "year": np.tile(years, 3)})
    for name in ("GO", "VA", "TFPGO", "TFPVA"):
        frame[name] = rng.uniform(0.8, 1.2, len(frame))
    frame.loc[frame["year"] == 1947, ["TFPGO", "TFPVA"]] = 1.0
    return frame


def save(folder, name, frame):
    frame.to_csv(folder / name, index=False)


def edit(folder, name, change):
    save(folder, name, change(pd.read_csv(folder / name)))


def config(**data):
    return Config.model_validate(
        {"data": {"source": "panel", "crosswalk": "county.csv", **data}, "empirics": {"variable": "employment"}}
    )


def read():
    return panel.read_panel(config(), set(ZONES))


def failure():
    with pytest.raises(DataError) as error:
        read()
    assert str(error.value).count("\n") <= 4
    return str(error.value)


def test_canonical_columns_and_units(folder):
    raw = pd.read_csv(folder / "cz_controls.csv")
    controls = read().controls.set_index(["zone", "year"])
    assert controls.loc[(100, 1950), "old_age_dependency"] == pytest.approx(25.0)  # .2 old per .8 others
    assert controls.loc[(100, 1950), "population"] == pytest.approx(raw["population"][0] / 1e9)
    assert controls.loc[(100, 1950), "female_labor_share"] == 0.3
    assert controls.loc[(100, 2020), "state"] == 47  # carried over to years without it
    assert np.isnan(controls.loc[(200, 1950), "log_income"])  # missing stays missing


def test_national_shares_and_growth_are_population_weighted(folder):
    raw = pd.read_csv(folder / "cz_industry.csv").merge(pd.read_csv(folder / "cz_controls.csv"))
    workers = (raw["employment_share"] * raw["population"]).groupby([raw["industry"], raw["year"]]).sum()
    national = read().national.set_index(["industry", "year"])
    for name in ("Agriculture", "Manufacturing"):
        expected = np.log(workers[name, 2020] / workers[name, 1950])
        assert national.loc[(name, 1950), "growth"] == pytest.approx(expected, rel=1e-12)
        assert national.loc[(name, 2020), "growth"] == national.loc[(name, 1950), "growth"]
    total = workers.groupby("year").sum()
    share = workers["Agriculture", 1950] / total[1950]
    assert national.loc[("Agriculture", 1950), "share"] == pytest.approx(share, rel=1e-12)


@pytest.mark.parametrize(("measure", "weight"), [("TFPGO", "GO"), ("TFPVA", "VA")])
def test_productivity_of_a_group_is_a_tornqvist_index(folder, measure, weight):
    raw = pd.read_csv(folder / "us_industry_accounts_1947_2023.csv").set_index(["year", "industry_id"])
    settings = config().model_copy(
        update={"calibration": Config.model_validate({"calibration": {"tfp": {"measure": measure}}}).calibration}
    )
    tfp = panel.read_panel(settings, set(ZONES)).tfp.set_index(["industry", "year"])
    log_index = 0.0
    for year in range(1948, 1953):
        for i in (2, 3):
            share = [raw.loc[(t, i), weight] / raw.loc[t, weight].loc[[2, 3]].sum() for t in (year - 1, year)]
            log_index += sum(share) / 2 * np.log(raw.loc[(year, i), measure] / raw.loc[(year - 1, i), measure])
        assert tfp.loc[("Manufacturing", year), "tfp"] == pytest.approx(np.exp(log_index), rel=1e-12)
        # A group of one industry has that industry's own index.
        assert tfp.loc[("Agriculture", year), "tfp"] == pytest.approx(raw.loc[(year, 1), measure], rel=1e-12)
    assert tfp.loc[("Manufacturing", 1947), "weight"] == pytest.approx(raw.loc[1947, weight].loc[[2, 3]].sum())


def test_rows_in_another_order_give_the_same_panel(folder):
    before = read()
    for name in ("cz_industry.csv", "cz_controls.csv", "us_industry_accounts_1947_2023.csv"):
        edit(folder, name, lambda f: f.sample(frac=1, random_state=1))
    after = read()
    for name, key in (
        ("industry", ["zone", "year", "industry"]),
        ("controls", ["zone", "year"]),
        ("national", ["industry", "year"]),
        ("tfp", ["industry", "year"]),
    ):
        left, right = (getattr(p, name).sort_values(key, ignore_index=True) for p in (before, after))
        pd.testing.assert_frame_equal(left, right, rtol=1e-13)


def test_shares_within_the_tolerance_are_renormalized(folder):
    edit(folder, "cz_industry.csv", lambda f: f.assign(employment_share=f["employment_share"] * 1.004))
    total = read().industry.groupby(["zone", "year"])["share"].sum()
    assert total.to_numpy() == pytest.approx(1, abs=1e-14)


def test_shares_outside_the_tolerance_are_named(folder):
    def spoil(frame):
        frame.loc[(frame["cz"] == 200) & (frame["year"] == 2020), "employment_share"] = 0.3
        return frame

    edit(folder, "cz_industry.csv", spoil)
    text = failure()
    assert "cz_industry.csv: zone 200, year 2020: employment shares sum to 0.6000" in text
    assert "data.share_tolerance" in text


def test_an_unknown_industry_is_named_with_a_suggestion(folder):
    edit(folder, "cz_industry.csv", lambda f: f.replace("Manufacturing", "Manufactoring"))
    assert "unknown industry 'Manufactoring'. Did you mean 'Manufacturing'?" in failure()


def test_a_file_cut_at_a_line_is_named(folder):
    edit(folder, "cz_industry.csv", lambda f: f.iloc[:-1])
    assert "no row for zone 301, year 2020, industry 'Manufacturing'" in failure()


def test_controls_without_a_zone_year_are_named(folder):
    edit(folder, "cz_controls.csv", lambda f: f.iloc[:-1])
    assert "cz_controls.csv: no row for zone 301, year 2020" in failure()


def test_a_zone_outside_the_crosswalk_is_named(folder):
    with pytest.raises(DataError, match="zone 301 is not in county.csv"):
        panel.read_panel(config(), {100, 200})


def test_a_year_that_the_analysis_needs_is_named(folder):
    settings = Config.model_validate({"data": {"source": "panel", "crosswalk": "county.csv"}, "empirics": {"base_year": 1960}})
    with pytest.raises(DataError, match="no year 1960.*\nYears in the data: 1950, 2020"):
        panel.read_panel(settings, set(ZONES))


def test_accounts_with_a_hole_are_named(folder):
    edit(folder, "us_industry_accounts_1947_2023.csv", lambda f: f.drop(index=8))
    assert "industry_id 2 has no row for 1949" in failure()


def test_accounts_with_an_unmapped_industry_are_named(folder):
    edit(folder, "industry_map.csv", lambda f: f[f["industry_id"] != 3])
    assert "industry_id 3 has no group" in failure()


def test_a_zone_without_a_state_is_named(folder):
    edit(folder, "cz_controls.csv", lambda f: f.assign(state_fips=f["state_fips"].where(f["cz"] != 200)))
    assert "zone 200 has no state_fips" in failure()


def test_negative_population_is_named(folder):
    edit(folder, "cz_controls.csv", lambda f: f.assign(population=-f["population"]))
    assert "cz_controls.csv: column 'population', row 1" in failure()


def test_missing_files_are_listed_with_their_folder(folder):
    (folder / "cz_controls.csv").unlink()
    text = failure()
    assert str(folder) in text and "no file cz_controls.csv" in text and "us_industry_accounts" in text


def test_no_folder_at_all_is_an_error(monkeypatch):
    monkeypatch.delenv("REGSPEC_DATA", raising=False)
    with pytest.raises(DataError, match="data.directory or the environment variable REGSPEC_DATA"):
        read()


def test_the_environment_variable_overrides_the_configuration(folder):
    assert panel.data_directory(config(directory="/elsewhere")) == folder


def test_real_interest_rate_has_the_known_mean():
    rate = panel.us_real_rate().set_index("year")["rate"]
    assert (rate.index[0], rate.index[-1]) == (1959, 2009)
    assert rate.mean() == pytest.approx(0.0132, abs=1e-4)


def test_the_example_configuration_covers_the_panels_industries():
    path = ROOT / "config" / "examples" / "real_panel.yaml"
    example = Config.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    members = [m for group in example.calibration.industries.values() for m in group.members]
    assert len(members) == 8 and example.data.source == "panel" and example.empirics.variable == "employment"
