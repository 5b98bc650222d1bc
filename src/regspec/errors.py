"""Errors that users see. Their text says what is wrong, where, and what to do."""


class RegspecError(Exception):
    """Base class: the command line prints its text without a traceback."""

    exit_code = 2


class ConfigError(RegspecError):
    """A key, value or combination in the configuration is not usable."""


class DataError(RegspecError):
    """An input table is missing, unreadable or breaks its schema."""


class ModelFailure(RegspecError):
    """The model fails here: no equilibrium, no convergence, or an ill-posed case (exit code 3)."""

    exit_code = 3


class Interrupted(RegspecError):
    """The process was asked to end and has kept what it had done: worth another start (75, EX_TEMPFAIL of sysexits.h)."""

    exit_code = 75
