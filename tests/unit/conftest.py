"""A run's folder for the tests of the command line and of the workflow's modules."""

import json

import pytest

from regspec.config.reading import load_config
from regspec.layout import Layout


@pytest.fixture
def run_folder(bare_folder):
    """A working directory with a configuration and a calibration of zones 3 and 7."""
    layout = Layout(load_config("my.yaml"))
    layout.zone_list.parent.mkdir(parents=True)
    layout.zone_list.write_text(json.dumps({"zones": [7, 3], "gini": [0.4, 0.5]}), encoding="utf-8")
    return layout
