"""Paths of a run whose folder a test has chosen."""

from pathlib import Path

from regspec.config.config import Config
from regspec.config.run import Run
from regspec.layout import Layout


def layout_at(root: Path) -> Layout:
    """Layout whose run is the folder ``root``, whatever its name."""
    run = Run.model_construct(directory=str(root.parent), name=root.name)
    return Layout(Config.model_construct(run=run))
