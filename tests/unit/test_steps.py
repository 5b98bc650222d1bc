"""Rules are triggered by exactly the configuration keys and sources that their steps use."""

import ast
from pathlib import Path

import pytest

import regspec
from regspec.config import Config, Run
from regspec.config_data import Data
from regspec.steps import KEYS, SOURCES, dependencies

PACKAGE = Path(regspec.__file__).parent
# The results step reads everything of the run; the solve step has its own key.
STEPS = sorted(KEYS)
# Sections held in a variable of which only the keys declared in KEYS are read.
NARROWED = {"calibrate": {"model.parameters"}, "data": {"empirics"}, "multiplicity": {"model.parameters"}}
SECTIONS = set(Config.model_fields)


def source_files(step):
    for part in SOURCES[step]:
        for path in PACKAGE.glob(part):
            yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


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


@pytest.mark.parametrize("step", STEPS)
def test_sources_of_every_step_exist(step):
    assert list(source_files(step))
    assert [part for part in SOURCES[step] if not list(PACKAGE.glob(part))] == []


# Entry of each step, and modules that hold no content of their own: checks, texts of errors, file stamps.
ENTRY = {
    "data": "data/build.py",
    "empirics": "empirics/run.py",
    "counties": "counties/run.py",
    "calibrate": "calibration/zones.py",
    "collect": "results/collect.py",
    "multiplicity": "multiplicity/run.py",
    "responses": "responses/run.py",
    "planner": "planner/run.py",
    "theory": "theory/run.py",
    "internal_calibration": "internal/run.py",
    "report": "report/run.py",
    "results": "results/run.py",
    "sweep": "sweeps/run.py",
}
NEUTRAL = {
    "config.py", "config_base.py", "config_counties.py", "config_data.py", "config_experiments.py", "config_microdata.py",
    "config_sweeps.py", "errors.py", "kernel_cache.py",
    "channels.py", "columns.py", "exhibits.py", "messages.py", "provenance.py", "schemas.py", "suggest.py",
}  # fmt: skip


def imported(path):
    """Modules of the package that a source file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "regspec":
            for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
                module = PACKAGE.joinpath(*name.split(".")[1:]).with_suffix(".py")
                if module.is_file():
                    yield module


@pytest.mark.parametrize("step", STEPS)
def test_every_module_that_a_step_imports_triggers_it(step):
    reached, waiting = set(), [PACKAGE / ENTRY[step]]
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting += imported(module)
    assert len(reached) > 3
    names = {module.relative_to(PACKAGE).as_posix() for module in reached - set(source_files(step))}
    assert names <= NEUTRAL


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
