"""Paths of a run."""

from regspec.config.config import Config
from regspec.layout import Layout


def test_layout_follows_the_configuration(bare_folder):
    layout = Layout(Config())
    assert layout.solution("baseline", 7).as_posix() == "results/default/solutions/baseline/7.h5"
    assert layout.zone_ids() == []
