"""How a step ends: short errors, exit codes, and the log file of a rule's script.

Exit codes: 2 bad input (configuration or data); 3 the model fails here (no equilibrium, no convergence).
Any other code than 0 is an unexpected fault of the program or the machine, worth a retry.
"""

from __future__ import annotations

import errno
import io
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regspec.errors import RegspecError, SystemFault

_SHOWN = 5  # lines of a failed step's log that the user sees
# Errors of the file system, not of the program, when they are met at a file.
_SYSTEM = (errno.EIO, errno.ENOLCK, errno.EAGAIN, errno.ESTALE, errno.EROFS, errno.EACCES, errno.EPERM, errno.ETIMEDOUT)


@contextmanager
def short_errors() -> Iterator[None]:
    """Print errors of the user's making, and those of the file system, without a traceback and leave with their exit code
    (SystemExit).
    """
    try:
        yield
    except RegspecError as error:
        print(f"regspec: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            print(f"regspec: {error.strerror}. Free some space and repeat the command; finished work is kept.", file=sys.stderr)
            raise SystemExit(1) from None
        if error.errno not in _SYSTEM or error.filename is None:
            raise
        fault = SystemFault(error.filename, error.errno)
        print(f"regspec: {fault}", file=sys.stderr)
        raise SystemExit(fault.exit_code) from None


def any_text(to_file: bool = False) -> None:
    """Let standard output and error take every character, whatever the locale is.

    What goes to a file or a pipe (``to_file``: all that is printed from now on) is UTF-8, as every text file is. A terminal
    keeps its encoding, and shows characters that it lacks as escapes.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = stream.encoding if stream.isatty() and not to_file else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


@contextmanager
def logged(log: str | Path) -> Iterator[None]:
    """Send all that the block prints to the file ``log``, for the scripts of the workflow's rules.

    Works on file descriptors, so that the output of C libraries is caught, too. When the block fails, the
    last lines of the log go to the terminal and the process ends with the command line's exit code: see
    :func:`short_errors`; 1 for any other error, whose traceback is in the log.
    """
    _flush()
    any_text(to_file=True)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a file's output is else held back until the end, behind errors and C's
        sys.stdout.reconfigure(line_buffering=True)
    kept = os.dup(1), os.dup(2)
    try:
        with open(log, "wb") as stream:
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
        with short_errors():
            yield
    except (Exception, SystemExit) as error:
        if not isinstance(error, SystemExit):
            traceback.print_exc()
        _flush()
        lines = Path(log).read_bytes().splitlines(keepends=True)
        os.write(kept[1], b"".join(lines[-_SHOWN:]))
        raise SystemExit(error.code if isinstance(error, SystemExit) else 1) from None
    finally:
        _flush()
        for number, copy in enumerate(kept, start=1):
            os.dup2(copy, number)
            os.close(copy)


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
