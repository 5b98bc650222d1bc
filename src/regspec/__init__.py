"""The regional specialization trade-off as software: data, equilibrium, planner, welfare."""

from importlib.metadata import version

__version__ = version("regspec")
