"""Rules are triggered by exactly the configuration keys and sources that their steps use."""

import ast
from pathlib import Path

import pytest

import regspec
from regspec.config.config import Config
from regspec.config.data import Data
from regspec.config.run import Run
from regspec.workflow.triggers import ENTRIES, KEYS, dependencies, sources_of

PACKAGE = Path(regspec.__file__).parent
# The results step reads everything of the run; the solve step has its own key.
STEPS = sorted(KEYS)
# Sections held in a variable of which only the keys declared in KEYS are read.
NARROWED = {"calibrate": {"model.parameters"}, "data": {"empirics"}, "multiplicity": {"model.parameters"}}
SECTIONS = set(Config.model_fields)


def source_files(step):
    return [PACKAGE / name for name in sources_of(step) if name.endswith(".py")]


def keys_read(tree):
    """Longest chains ``config.section.key...`` in a syntax tree, as dotted keys."""
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or id(node) in inner:
            continue
        chain = []
        while isinstance(node, ast.Attribute):
            chain.append(node.attr)
            node = node.value
        if isinstance(node, ast.Name) and node.id == "config" and chain[-1] in SECTIONS:
            yield ".".join(reversed(chain))


def covered(read, declared):
    return any(read == key or read.startswith(f"{key}.") for key in declared)


@pytest.mark.parametrize("step", STEPS)
def test_every_key_that_a_step_reads_triggers_it(step):
    found = {key for path in source_files(step) for key in keys_read(ast.parse(path.read_text(encoding="utf-8")))}
    places = {"run.name", "run.directory"}
    assert {key for key in found if not covered(key, KEYS[step])} <= places | NARROWED.get(step, set())


def test_the_scan_finds_keys():
    tree = ast.parse("f(config.empirics, config.model.grid.k_steps.bit_length(), other.run.seed)")
    assert set(keys_read(tree)) == {"empirics", "model.grid.k_steps.bit_length"}


def test_every_step_has_an_entry_and_its_sources():
    """What a step imports is in its sources, at first and second hand and inside functions; the configuration is not."""
    assert sorted(ENTRIES) == STEPS
    for step, entry in ENTRIES.items():
        assert entry in sources_of(step) and len(sources_of(step)) > 3
        assert not [name for name in sources_of(step) if name in ("config/config.py", "errors.py")]
    assert {"data/synthetic/economy.py", "data/microdata/census.py", "io/geopackage.py"} <= set(sources_of("data"))
    assert {"model/kernels/conditions.py", "solves/zone.py", "exhibits/tables.py"} <= set(sources_of("planner"))
    assert {"report/page.html", "report/charts.js", "exhibits/registry.py"} <= set(sources_of("report"))
    assert "exhibits/registry.py" not in sources_of("responses") and "model/kernels/conditions.py" not in sources_of("empirics")


def test_places_and_unrelated_keys_trigger_nothing():
    base = Config()
    moved = base.model_copy(
        update={
            "run": Run(name="other", directory="elsewhere"),
            "data": Data(directory="/somewhere"),
            "compute": base.compute.model_copy(update={"ranks": 8}),
        }
    )
    for step in STEPS:
        assert dependencies(moved, step) == dependencies(base, step)


def test_results_key_triggers_results_but_not_data_or_calibration():
    base = Config()
    edited = base.model_copy(update={"results": base.results.model_copy(update={"bootstrap": 100})})
    changed = {step for step in STEPS if dependencies(edited, step) != dependencies(base, step)}
    assert changed == {"results", "sweep", "report"}


def test_theta_does_not_trigger_the_data_or_the_calibration():
    base = Config()
    parameters = base.model.parameters.model_copy(update={"theta": 0.5})
    edited = base.model_copy(update={"model": base.model.model_copy(update={"parameters": parameters})})
    changed = {step for step in STEPS if dependencies(edited, step) != dependencies(base, step)}
    assert changed == {"results", "sweep", "responses", "planner", "theory", "internal_calibration", "report"}
