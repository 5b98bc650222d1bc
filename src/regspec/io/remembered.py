"""What was found out about the package's sources, kept beside its byte code: every start of Snakemake asks for it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from regspec.io.provenance import PACKAGE, atomic_path, sources_digest


def remembered(name: str, key: str, make: Callable[[], Any], folder: Path = PACKAGE / "__pycache__") -> Any:
    """The JSON-serializable value that ``make`` gives for the present sources and ``key``, made once for them.

    A damaged file counts as absent, and a folder that cannot be written does not matter.
    """
    path = folder / f"{name}.{sys.implementation.cache_tag}.json"
    state = f"{sources_digest()} {sys.version} {key}"
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["state"] == state:
            return kept["value"]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    value = make()
    _keep(path, {"state": state, "value": value})
    return value


def _keep(path: Path, content: dict) -> None:
    try:
        with atomic_path(path) as temporary:
            temporary.write_text(json.dumps(content), encoding="utf-8")
    except Exception:  # a folder that cannot be written, a full disk: the value is made again next time
        return
