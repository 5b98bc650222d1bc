"""Identity of the numerical code: a change of any model source changes it, comments and docstrings do not.

Does not import numba, so that it can run before the cache folder is set.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

_NUMERICAL = ("numba", "numpy", "llvmlite")
_EXPERIMENTS = ("allocation", "attempts", "zone")


def _without_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
                node.body = node.body[1:] or [ast.Pass()]
    return tree


@cache
def kernel_fingerprint() -> str:
    """Digest (16 hex digits) of everything that determines a solution besides its inputs: sources and library versions."""
    package = Path(__file__).resolve().parent
    own = [package.parent / "experiments" / f"{name}.py" for name in _EXPERIMENTS]
    sources = sorted([*package.glob("*.py"), *own])
    digest = hashlib.sha256()
    for path in sources:
        digest.update(path.name.encode())
        digest.update(ast.dump(_without_docstrings(ast.parse(path.read_text(encoding="utf-8")))).encode())
    for name in _NUMERICAL:
        digest.update(f"{name}={version(name)}".encode())
    return digest.hexdigest()[:16]
