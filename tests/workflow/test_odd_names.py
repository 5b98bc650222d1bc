"""Names of folders that a shell would take apart: of the clone, the working folder, the results and the tables."""

import json
import shutil

import pytest
from repository import ROOT
from small_panel import FILES, write_config, write_panel
from workflow_run import Workflow

from regspec.config.reading import load_config
from regspec.layout import Layout

#: Every character that a shell, Make, GDAL or a browser takes for its own, and letters that are not ASCII.
ODD = """it's (my) r\u00e9gion\u4e2d; $HOME `x` ~ "q" & < > | * ? #1 100% [a] = , ! co:lon back\\slash"""


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A clone in such a folder, with a panel of such names; its results go to another one, beside files of the user."""
    base = tmp_path_factory.mktemp("odd")
    clone = base / ODD / "clone"
    for name in ("workflow", "profiles", "src", "config", "docs"):
        shutil.copytree(ROOT / name, clone / name)
    shutil.copy2(ROOT / "Snakefile", clone)
    tables = base / ODD / "my tables"
    write_panel(tables)
    (tables / FILES["crosswalk"]).rename(tables / f"c {ODD}.csv")
    config = write_config(base / ODD / "my run.yaml", "FOLDER", zones="[1, 56]", per_job=2)
    text = config.read_text(encoding="utf-8").replace(
        "FOLDER, crosswalk: counties.csv", f"{quoted(tables)}, crosswalk: {quoted(f'c {ODD}.csv')}"
    )
    config.write_text(text.replace("name: panel", f"name: panel, directory: {quoted(base / f'out {ODD}')}"), encoding="utf-8")
    for word in f"out {ODD}".split():
        if "/" not in word:
            (base / word).write_text("a file of the user\n", encoding="utf-8")
    return Workflow(base / ODD / "work", clone), config, base


def quoted(text):
    """As a YAML text."""
    return json.dumps(str(text))


def test_a_run_in_such_folders(odd):
    workflow, config, base = odd
    beside = {path: path.read_bytes() for path in base.iterdir() if path.is_file()}
    assert len(beside) > 10
    done = workflow(config, "--", "all", "report")
    assert done.code == 0, done.text
    assert done.jobs("solve") == 2 and done.jobs("results") == 1 and done.jobs("report") == 1, done.text
    layout = Layout(load_config(config))
    assert layout.directory == base / f"out {ODD}" and layout.summary.exists() and layout.report.exists()
    assert layout.batch_log("baseline", 0).read_text(encoding="utf-8").startswith("zone 1, scenario baseline: solved")
    assert {path: path.read_bytes() for path in base.iterdir() if path.is_file()} == beside
    assert "Nothing to be done" in workflow(config).text


def test_several_ranks_in_such_folders(odd):
    workflow, config, _ = odd
    layout = Layout(load_config(config))
    shutil.rmtree(layout.store)
    shutil.rmtree(layout.root / "solutions")
    done = workflow(config, "--config", "compute={ranks: 2, zones_per_job: 2}", "--forcerun", "collect", "--", "model")
    assert done.code == 0 and done.jobs("solve") == 2, done.text


def test_what_would_run_is_told_in_such_folders(odd):
    workflow, config, _ = odd
    plan, why = workflow.explained(
        config, "--config", "results={bootstrap: 120}", "--", str(Layout(load_config(config)).summary)
    )
    assert plan.pop("results") == 1 and "results.bootstrap: 99 -> 120" in why
