"""Atomic writes, hashes and the stamp that every result file carries."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from regspec import __version__
from regspec.errors import ConfigError

PACKAGE = Path(__file__).resolve().parents[1]
#: Ends of the names of sources that are not Python: the report's page is made from them.
TEMPLATES = (".html", ".css", ".js")


def content_hash(obj, length: int = 16) -> str:
    """Hex digest of a JSON-serializable object; floats enter with their shortest exact representation."""
    return text_hash(canonical_text(obj), length)


def canonical_text(obj) -> str:
    """The JSON text that `content_hash` digests."""
    return json.dumps(obj, sort_keys=True, separators=(",", ":"), allow_nan=False)


def text_hash(text: str, length: int = 16) -> str:
    """Hex digest of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


@cache
def sources_digest() -> str:
    """Digest of the package's sources (Python, and the report's templates), comments and layout included."""
    digest = hashlib.sha256()
    for name, path in sources().items():
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def source_hash() -> str:
    """The first 12 digits of `sources_digest`."""
    return sources_digest()[:12]


@cache
def sources() -> dict[str, Path]:
    """Source files of the package by their name relative to it."""
    files = [path for path in PACKAGE.rglob("*") if path.suffix in (".py", *TEMPLATES)]
    return {path.relative_to(PACKAGE).as_posix(): path for path in sorted(files)}


def code_version() -> str:
    """Package version and source digest, e.g. ``0.1.0+3f2a…``."""
    return f"{__version__}+{source_hash()}"


def stamp(config_hash: str) -> dict[str, str]:
    """The provenance that result files carry."""
    return {"config_hash": config_hash, "code_version": code_version()}


@contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it to ``path`` on success, remove it on failure."""
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fd, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent)
    except (FileExistsError, FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror})\n  choose another folder or run.directory") from None
    os.close(fd)
    temporary = Path(name)
    try:
        yield temporary
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: str | os.PathLike, obj) -> bool:
    """Write ``obj`` as JSON, atomically and only when the content changes; return whether it was written."""
    text = json.dumps(obj, indent=1, sort_keys=True, allow_nan=False) + "\n"
    path = Path(path)
    if path.exists() and path.read_bytes() == text.encode():
        return False
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return True
