"""Names of earlier versions. Who gives one is told the present name (ConfigError)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from regspec.errors import ConfigError

#: Present name of every command that was renamed.
COMMANDS = {"warm": "precompile", "calibrate-internal": "internal-calibration"}
#: Present name of every target and rule of the workflow that was renamed.
RULES = {"facts": "empirics", "kernels": "precompile", "calibration": "calibrate"}


def refuse_former_command(words: Sequence[str]) -> None:
    """Raise ConfigError for a command line whose command has another name now."""
    if words and words[0] in COMMANDS:
        raise ConfigError(f"the command {words[0]} is now called {COMMANDS[words[0]]}")


def refuse_former_rules(names: Iterable[str]) -> None:
    """Raise ConfigError for the first of the targets and rules that has another name now."""
    for name in names:
        if name in RULES:
            raise ConfigError(f"the target or rule {name} is now called {RULES[name]}")
