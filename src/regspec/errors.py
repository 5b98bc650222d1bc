"""Errors that users see. Their text says what is wrong, where, and what to do."""

import difflib
import errno
import os
from collections.abc import Iterable

# What another attempt, by Slurm say, cannot mend.
_LASTING = (errno.EACCES, errno.EPERM, errno.EROFS)
# Errors with a number that say something about the path and nothing about the system.
_OF_PATH = (FileNotFoundError, IsADirectoryError, NotADirectoryError, FileExistsError)


class RegspecError(Exception):
    """Base class: the command line prints its text without a traceback."""

    exit_code = 2


class ConfigError(RegspecError):
    """A key, value or combination in the configuration is not usable."""


class DataError(RegspecError):
    """An input table is missing, unreadable or breaks its schema."""


#: What kinds of failures of the model there are, and what each says in words.
FAILURES = {
    "parameters": "the parameters have no steady state",
    "not_converged": "the stationary solution does not converge",
    "not_finite": "expectations are not finite",
    "no_equilibrium": "a reachable state has no equilibrium",
    "several_equilibria": "a reachable state has several equilibria",
    "residual": "an equilibrium condition does not hold",
    "bond_grid": "the bond grid is too short",
    "portfolio_lattice": "the portfolio lattice is too small",
    "unbounded_debt": "debt has no bound",
    "inaccurate": "errors are too large",
    "other": "the model fails",
}


class ModelFailure(RegspecError):
    """The model fails here: no equilibrium, no convergence, or an ill-posed case (exit code 3).

    kind: one of `FAILURES`. limits: which ends of the grids the choices want to pass, of "low", "high" (bonds) and "lattice".
    """

    exit_code = 3

    def __init__(self, message: str, kind: str = "other", limits: frozenset[str] = frozenset()):
        if kind not in FAILURES:
            raise ValueError(f"kind is {kind!r}; allowed: {', '.join(FAILURES)}")
        super().__init__(message)
        self.kind, self.limits = kind, limits

    def record(self) -> dict[str, str]:
        """Message and kind, for JSON."""
        return {"message": str(self), "kind": self.kind}


class SystemFault(RegspecError):
    """The system cannot read or write a file, which may well be whole (exit code 1: worth another start; 2: it is not)."""

    exit_code = 1

    def __init__(self, path: str | os.PathLike, number: int):
        self.reason = f"{os.strerror(number)}, errno {number}"
        self.exit_code = 2 if number in _LASTING else 1
        super().__init__(
            f"{path}: the system cannot read or write it now ({self.reason}).\n"
            "The file may be whole: keep it, see to the file system, and give the same command again."
        )


def fail_for_system(path: str | os.PathLike, error: BaseException) -> None:
    """Raise SystemFault when ``error``, met at the file ``path``, is one of the system: such errors have a number. Without one
    they are about what the file holds. A path that is not there, or is a folder, is no fault of the system.
    """
    if isinstance(error, OSError) and error.errno and not isinstance(error, _OF_PATH):
        raise SystemFault(path, error.errno) from error


class Interrupted(RegspecError):
    """The process was asked to end and has kept what it had done: worth another start (75, EX_TEMPFAIL of sysexits.h)."""

    exit_code = 75


def did_you_mean(word: object, known: Iterable[object], text: str = " Did you mean {!r}?") -> str:
    """``text`` with the nearest of ``known``, or nothing where none is near."""
    near = difflib.get_close_matches(str(word), [str(name) for name in known], n=1, cutoff=0.5)
    return text.format(near[0]) if near else ""
