"""What a run's ``meta.json`` says of its data."""

from __future__ import annotations

import json
from pathlib import Path

from regspec.errors import DataError


def read_meta(path: Path) -> tuple[bool, str]:
    """Whether the data are synthetic, and the sentence that names their source. Raises DataError."""
    try:
        meta = json.loads(path.read_text())
        return bool(meta["synthetic"]), str(meta["source"]).strip().rstrip(".")
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(f"{path}: missing or incomplete (synthetic, source).\nRemedy: rerun the data step.") from None
