"""Loading, errors and generated documentation of the configuration."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from repository import ROOT

from regspec.config.config import Config
from regspec.config.manual import default_yaml, manual
from regspec.config.reading import config_hash, load_config, resolved_text, write_resolved
from regspec.errors import ConfigError

DEFAULT = ROOT / "config" / "config.yaml"


@pytest.fixture
def write(tmp_path):
    def write(text, name="c.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def failure(path, **kwargs):
    """The error of loading ``path``, which must be short."""
    with pytest.raises(ConfigError) as error:
        load_config(path, **kwargs)
    text = str(error.value)
    assert len(text.splitlines()) <= 5, text
    return text


def leaves(mapping, prefix=()):
    for key, value in mapping.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*prefix, key))
        else:
            yield (*prefix, key), value


def test_default_file_holds_the_typed_defaults():
    assert load_config(DEFAULT) == Config()


def test_generated_files_have_not_drifted():
    assert DEFAULT.read_text(encoding="utf-8") == default_yaml()
    assert (ROOT / "config" / "README.md").read_text(encoding="utf-8") == manual()


def test_every_key_is_in_the_manual_and_commented_in_the_default_file():
    text, rows = default_yaml(), manual()
    for path, _ in leaves(Config().model_dump(mode="json", exclude={"scenarios": True})):
        if path[:2] == ("calibration", "industries") or path[:2] == ("sweeps", "theta_xi"):
            continue
        if path[:2] == ("data", "microdata") and path[2] in ("employed", "topcodes", "asked"):  # keys are the user's
            continue
        name = "zones" if path[:2] == ("model", "zones") else path[-1]
        assert f"| `{name}` |" in rows
        lines = [row.strip() for row in text.splitlines()]
        assert any(lines[i - 1].startswith("#") for i, row in enumerate(lines) if row.startswith(f"{name}:"))


@pytest.mark.parametrize("example", sorted((ROOT / "config" / "examples").glob("*.yaml")), ids=lambda p: p.name)
def test_examples_are_valid(example):
    load_config(example)


CASES = {
    "unknown key": ("model:\n  parameters:\n    thetaa: 0.4\n", ["line 3", "model.parameters.thetaa", "'theta'"]),
    "unknown section": ("modle: {}\n", ["line 1", "modle", "'model'"]),
    "theta too large": ("model:\n  parameters: {theta: 1.4}\n", ["line 2", "theta = 1.4", "> 0, <= 1"]),
    "theta zero": ("model: {parameters: {theta: 0}}\n", ["theta = 0", "greater than 0"]),
    "not finite": ("model: {parameters: {gamma: .inf}}\n", ["gamma = inf", "finite"]),
    "cut off inside a section": ("model:\n  parameters:\n    the", ["line 2", "model.parameters = 'the'", "cut off"]),
    "cut off after a key": ("model:\n", ["line 1", "model", "is empty", "cut off"]),
    "cut off inside a list": ("empirics:\n  controls: [high_skill", ["line 2", "not valid YAML", "cut off"]),
    "duplicate key": ("run:\n  name: a\nrun:\n  seed: 1\n", ["line 3", "run is given twice", "line 1"]),
    "duplicate nested key": ("run:\n  name: a\n  name: b\n", ["line 3", "run.name is given twice"]),
    "empty": ("# nothing\n", ["is empty"]),
    "a list": ("- 1\n", ["a list"]),
    "wrong word": ("model: {parameters: {limit: naturall}}\n", ["did you mean 'natural'", "collateral | fixed"]),
    "text for a number": ("model: {parameters: {gamma: five}}\n", ["gamma = 'five'", "valid number"]),
    "fraction for an integer": ("run: {seed: 1.5}\n", ["run.seed = 1.5", "integer"]),
    "odd lattice": ("model: {grid: {k_steps: 5}}\n", ["k_steps = 5", "multiple of 2"]),
    "zones": ("model: {zones: some}\n", ["model.zones = 'some'", "{sample: integer, >= 1}"]),
    "sample of none": ("model: {zones: {sample: 0}}\n", ["model.zones", "{sample: integer, >= 1}"]),
    "scenario key": ("scenarios: {a: {parameters: {limt: natural}}}\n", ["scenarios.a.parameters.limt", "'limit'"]),
    "scenario value": ("scenarios: {a: {parameters: {theta: 2}}}\n", ["scenarios.a.parameters.theta = 2", "<= 1"]),
    "scenario text": ("scenarios: {a: {parameters: {theta: x}}}\n", ["scenarios.a.parameters.theta", "number"]),
    "one regime": ("model: {parameters: {theta_regimes: {values: [0.35]}}}\n", ["theta_regimes", "two values, or none"]),
    "regime too large": (
        "model: {parameters: {theta_regimes: {values: [1.35, 0.5]}}}\n",
        ["theta_regimes.values", "less than or equal to 1", "> 0, <= 1"],
    ),
    "probability": ("model: {parameters: {theta_regimes: {stay: [0.9, 1.5]}}}\n", ["theta_regimes.stay", ">= 0, <= 1"]),
    "regime key": ("model: {parameters: {theta_regimes: {valus: [0.3]}}}\n", ["theta_regimes.valus", "'values'"]),
    "switches out of order": (
        "model:\n  parameters:\n    theta_regimes: {values: [0.3, 0.5], switch_years: [1990, 1980]}\n",
        ["line 3", "years must increase"],
    ),
    "switch outside the model's years": (
        "scenarios: {a: {parameters: {theta_regimes: {values: [0.3, 0.5], switch_years: [1950]}}}}\n",
        ["1950 is not between 1951 and 2020", "'a'"],
    ),
    "switch of probability zero": (
        "model: {parameters: {theta_regimes: {values: [0.3, 0.5], stay: [1, 0.9], switch_years: [1990]}}}\n",
        ["1990 ends a regime that never ends"],
    ),
    "scenario regime key": (
        "scenarios: {a: {parameters: {theta_regimes: {vals: [0.3, 0.5]}}}}\n",
        ["scenarios.a.parameters.theta_regimes.vals", "'values'"],
    ),
    "scenario regime year": (
        "scenarios: {a: {parameters: {theta_regimes: {switch_years: [1990.5]}}}}\n",
        ["scenarios.a.parameters.theta_regimes.switch_years", "list of integer"],
    ),
    "scenario price": ("scenarios: {a: {parameters: {collateral_price: nxt}}}\n", ["did you mean 'next'", "current | next"]),
    "scenario name": ("scenarios: {A b: {}}\n", ["scenarios.A b", "small letters, digits"]),
    "scenario empty": ("scenarios: {a: }\n", ["scenarios.a", "is empty"]),
    "group range": (
        "calibration: {industries: {a: {members: [X], xi: 9, phi: 1}}}\n",
        ["calibration.industries.a.xi = 9", "<= 0.6"],
    ),
    "group incomplete": (
        "calibration: {industries: {a: {members: [X], phi: 1}}}\n",
        ["calibration.industries.a.xi", "required"],
    ),
    "industry in two groups": (
        "calibration:\n  industries:\n    a: &g {members: [X], xi: 0.1, phi: 1}\n    b: *g\n",
        ["'X' is in both 'a' and 'b'"],
    ),
    "panel without crosswalk": ("data: {source: panel}\n", ["data.crosswalk"]),
    "years": ("calibration: {first_year: 2020, last_year: 1950}\n", ["first_year", "before"]),
    "key that is no text": ("? [1, 2]\n: 3\n", ["line 1", "plain text"]),
    "tab": ("run:\n\tname: a\n", ["line 2", "not valid YAML"]),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_configuration_gets_a_short_error_that_names_file_key_and_remedy(write, case):
    text, expected = CASES[case]
    path = write(text)
    message = failure(path)
    assert message.startswith(str(path))
    for part in expected:
        assert part in message


def test_several_problems_are_counted(write):
    assert "(1 more in this configuration)" in failure(write("run: {nam: a}\nmodel: {parameters: {theta: 2}}\n"))


def test_missing_file_suggests_a_neighbour(write):
    path = write("run: {name: a}\n", "paper.yaml")
    assert "did you mean" in failure(path.with_name("papper.yaml"))
    assert "no such file" in failure(path.parent / "nowhere" / "x.yaml")


def test_binary_file_is_an_error(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xff\xfe\x00run: 1")
    assert "not UTF-8" in failure(path)


@settings(max_examples=60)
@given(st.integers(min_value=0, max_value=len(default_yaml())))
def test_cut_default_file_is_valid_or_a_short_configuration_error(tmp_path_factory, length):
    path = tmp_path_factory.mktemp("cut") / "c.yaml"
    path.write_text(default_yaml()[:length], encoding="utf-8")
    try:
        load_config(path)
    except ConfigError as error:
        assert len(str(error).splitlines()) <= 5


def test_numbers_may_be_written_in_any_usual_way(write):
    config = load_config(write("model: {parameters: {gamma: 5, theta: 1}, solver: {tolerance: 1e-7}}\n"))
    assert config.model.parameters.gamma == 5.0 and isinstance(config.model.parameters.gamma, float)
    assert config.model.parameters.theta == 1.0
    assert config.model.solver.tolerance == 1e-7


def test_left_out_keys_take_the_defaults_and_scenarios_are_replaced_as_a_whole(write):
    config = load_config(write("model: {parameters: {theta: 0.5}}\nscenarios: {only: {}}\n"))
    assert config.model.parameters.theta == 0.5
    assert config.model.parameters.gamma == Config().model.parameters.gamma
    assert list(config.scenarios) == ["only"]


def test_scenarios_replace_single_keys_of_the_regimes(write):
    path = write(
        "model: {parameters: {theta_regimes: {values: [0.35, 0.53], stay: [0.9, 0.8]}}}\n"
        "scenarios: {a: {parameters: {theta_regimes: {switch_years: [1990]}, collateral_price: next}}, b: {}}\n"
    )
    config = load_config(path, ["scenarios.b.parameters={theta_regimes: {values: []}}"])
    a, b = config.scenario_parameters("a"), config.scenario_parameters("b")
    assert (a.theta_regimes.values, a.theta_regimes.stay, a.theta_regimes.switch_years) == ([0.35, 0.53], [0.9, 0.8], [1990])
    assert a.has_regimes and not b.has_regimes and a.collateral_price == "next"
    copy = path.with_name("resolved.yaml")
    write_resolved(config, copy)
    assert load_config(copy) == config


def test_later_files_and_command_line_values_win(write):
    first = write("model: {parameters: {theta: 0.5, gamma: 2}}\nscenarios: {a: {}, b: {}}\n", "1.yaml")
    second = write("model: {parameters: {theta: 0.4}}\nscenarios: {c: {}}\n", "2.yaml")
    extra = {"model": {"parameters": {"gamma": "3"}}}
    config = load_config([first, second], ["model.parameters.chi=0.1", "model.zones=[3, 1]"], extra=extra)
    parameters = config.model.parameters
    assert (parameters.theta, parameters.gamma, parameters.chi) == (0.4, 3.0, 0.1)
    assert config.model.zones == [3, 1]
    assert list(config.scenarios) == ["c"]


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("model.parameters.theta", "dotted.key=value"),
        ("model.parameters.theta=2", "theta = 2"),
        ("model.parameters.teta=0.2", "'theta'"),
        ("run.name.first=x", "single value"),
        ("model.zones=[1,", "not valid YAML"),
    ],
)
def test_bad_override_is_named(write, override, expected):
    message = failure(write("run: {name: a}\n"), overrides=[override])
    assert f"--set {override}" in message
    assert expected in message


def test_command_line_mapping_is_named(write):
    message = failure(write("run: {name: a}\n"), extra={"model": {"parameters": {"theta": "3"}}})
    assert message.startswith("--config: model.parameters.theta = 3")


def test_hash_covers_what_changes_results_and_nothing_else(write):
    base = config_hash(Config())
    same = load_config(write("run: {name: other, directory: elsewhere}\ncompute: {ranks: 4}\n"))
    assert config_hash(same) == base
    for text in ("run: {seed: 1}\n", "model: {parameters: {theta: 0.36}}\n", "results: {bootstrap: 100}\n"):
        assert config_hash(load_config(write(text))) != base


def test_resolved_configuration_round_trips_and_detects_damage(write, tmp_path):
    config = load_config(write("run: {name: r}\nmodel: {zones: [5, 4], parameters: {theta: 0.41}}\n"))
    path = tmp_path / "resolved.yaml"
    write_resolved(config, path)
    assert load_config(path) == config
    assert config_hash(config) in path.read_text(encoding="utf-8").splitlines()[0]
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("results:")], encoding="utf-8")
    assert "cut off" in failure(path)
    path.write_text(text.replace("theta: 0.41", "theta: 0.42"), encoding="utf-8")
    assert "edited" in failure(path)


def test_resolved_text_names_every_key():
    held = yaml.safe_load(resolved_text(Config()))
    assert held == Config().model_dump(mode="json")
