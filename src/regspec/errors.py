"""Errors that users see. Their text says what is wrong, where, and what to do."""


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


class Interrupted(RegspecError):
    """The process was asked to end and has kept what it had done: worth another start (75, EX_TEMPFAIL of sysexits.h)."""

    exit_code = 75
