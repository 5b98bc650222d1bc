"""Internal calibration: the target is met, and refusals say why."""

import json

import numpy as np
import one_zone
import pytest
from run_folder import layout_at

from regspec.config.config import Config
from regspec.errors import ConfigError, ModelFailure
from regspec.exhibits import registry
from regspec.solves.settings import solve_settings
from regspec.solves.zone import solve_zone
from regspec.studies.internal_calibration import search as module
from regspec.studies.internal_calibration.run import run
from regspec.studies.internal_calibration.search import Evaluation, evaluate, reference_zone, search, with_value


def config(parameters=None, **section):
    overrides = {"internal_calibration": {"target": 0.08, "bracket": [0.02, 0.08]} | section}
    return one_zone.config(**overrides | ({"model__parameters": parameters} if parameters else {}))


def folder(path):
    (path / "calibration").mkdir()
    (path / "data").mkdir()
    (path / "calibration" / "national.json").write_text(json.dumps(one_zone.national().record()), encoding="utf-8")
    (path / "data" / "meta.json").write_text(json.dumps({"synthetic": True, "source": "Synthetic."}), encoding="utf-8")
    return path


def test_the_zone_solved_at_the_chosen_chi_has_the_target_debt(tmp_path):
    settings = config()
    run(settings, layout_at(folder(tmp_path)), "0" * 16)
    files = [tmp_path / name for name in registry.INTERNAL_EXHIBIT.files]
    assert all(path.is_file() for path in files)
    found = json.loads(files[0].read_text(encoding="utf-8"))
    assert found["bracket"] == [0.02, 0.08] and found["configured"] == settings.model.parameters.chi
    assert 0.02 < found["value"] < 0.08 and found["evaluations"] >= 3
    anew = one_zone.config(model__parameters={"gamma": 2.0, "chi": found["value"]})
    path = solve_zone(reference_zone(one_zone.national()), one_zone.national(), solve_settings(anew, "market")).ce.path
    assert np.mean(-path.b / path.output) == pytest.approx(0.08, rel=1e-3)
    assert found["achieved"] == pytest.approx(np.mean(-path.b / path.output), abs=1e-12)


def test_beta_can_be_chosen_too():
    settings = config({"gamma": 2.0}, parameter="beta", bracket=[0.90, 0.96], target=0.12)
    done = search(settings, one_zone.national())
    assert done[-1].debt == pytest.approx(0.12, rel=1e-3) and 0.90 < done[-1].value < 0.96
    assert evaluate(settings, one_zone.national(), done[-1].value) == done[-1]


def test_a_target_outside_the_bracket_is_refused_with_the_moments_at_its_ends(tmp_path):
    with pytest.raises(ModelFailure, match=r"target 0.5 is not between .* at chi = 0.02, .* at chi = 0.08\nremedy"):
        run(config(target=0.5), layout_at(folder(tmp_path)), "0" * 16)
    assert not (tmp_path / "internal_calibration").exists()


def test_an_economy_with_several_equilibria_or_none_is_refused_by_name():
    settings = config({"gamma": 5.0}, bracket=[0.02, 0.6])
    with pytest.raises(ModelFailure, match="no unique equilibrium at chi = 0.6") as failure:
        search(settings, one_zone.national())
    assert len(str(failure.value).splitlines()) <= 5


def test_a_jump_over_the_target_is_not_a_solution(monkeypatch):
    monkeypatch.setattr(module, "evaluate", lambda c, n, value: Evaluation(value, 0.1 if value > 0.05 else 0.05, 1.0, 0.5))
    with pytest.raises(ModelFailure, match="jumps over the target 0.08 at chi = 0.0"):
        search(config(), None)


def test_solution_is_last_and_nothing_is_solved_twice(monkeypatch):
    asked = []

    def line(settings, national, value):
        asked.append(value)
        return Evaluation(value, 2.0 * value**2 + value, 1.0, 0.5)

    monkeypatch.setattr(module, "evaluate", line)
    done = search(config(target=0.05), None)
    assert sorted(asked) == sorted(set(asked)) and len(done) == len(asked)
    assert done[-1].value == pytest.approx((np.sqrt(1.4) - 1) / 4, rel=1e-3)  # 2 x^2 + x = .05


def test_a_parameter_that_the_baseline_overrides_is_refused():
    settings = one_zone.config(scenarios={"baseline": {"parameters": {"chi": 0.05}}})
    with pytest.raises(ConfigError, match="chi is overridden by scenario 'baseline'"):
        with_value(settings, 0.03)
    free = one_zone.config(scenarios={"baseline": {"parameters": {"limit": "natural"}}})
    with pytest.raises(ConfigError, match="has no debt limit"):
        with_value(free, 0.03)


@pytest.mark.parametrize("wrong", [{"bracket": [0.07, 0.02]}, {"bracket": [0.02]}, {"parameter": "theta"}, {"target": -0.1}])
def test_wrong_keys(wrong):
    with pytest.raises(ValueError, match="internal_calibration"):
        Config.model_validate({"internal_calibration": wrong})
