"""What each source file of the package does, as a digest, and which others it imports."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from regspec.io.provenance import PACKAGE, TEMPLATES, sources
from regspec.io.remembered import remembered


class Source(NamedTuple):
    """Digest of what a source file does, and names of the package's files that it imports, inside functions too."""

    logic: str
    imports: list[str]


def logic_digests(*names: str) -> dict[str, str]:
    """Digest of what each of the named source files does, or of every one; comments, docstrings and layout are not in it."""
    return {name: source.logic for name, source in _sources().items() if not names or name in names}


def logic_digest(path: Path) -> str:
    """Digest of a Python file's syntax tree without docstrings, of another file's bytes."""
    content = path.read_bytes()
    return hashlib.sha256(content).hexdigest()[:8] if path.suffix in TEMPLATES else _logic(ast.parse(content))


def imported_by(name: str) -> list[str]:
    """Source files of the package that one of them imports."""
    return _sources()[name].imports


@cache
def _sources() -> dict[str, Source]:
    made = remembered("sources", "", lambda: {name: _read(path) for name, path in sources().items()})
    return {name: Source(*source) for name, source in made.items()}


def _read(path: Path) -> Source:
    if path.suffix in TEMPLATES:
        return Source(logic_digest(path), [])
    tree = ast.parse(path.read_bytes())
    return Source(_logic(tree), _imports(tree))  # the digest's tree loses its docstrings only


def _logic(tree: ast.Module) -> str:
    node: Any
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [s for s in body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:8]


def _imports(tree: ast.Module) -> list[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE.name:
            for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
                place = PACKAGE.joinpath(*str(name).split(".")[1:])
                found |= {path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()}
    return sorted(path.relative_to(PACKAGE).as_posix() for path in found)
