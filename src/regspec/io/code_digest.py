"""A digest of what code computes: the same after a move, a new type hint or docstring, a renamed local or a private function.

The digest covers the definitions of this package that given entry points reach by name: functions, classes and constants.
Each definition is written in a canonical form. Docstrings and annotations are left out, and so is the wording of errors. Names
that a function binds are replaced by their order, names of definitions by the order in which they are found. Names of
parameters, attributes and other libraries stay, because calls and records use them. Sources are read; nothing is imported.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_UNSEEN = {"annotation", "returns", "type_comment", "type_params", "type_ignores", "ctx", "kind"}
_NOT_FIELDS = ("ClassVar", "InitVar")


def code_digest(entries: Iterable[str], beside: Sequence[str] = (), package: Path = _PACKAGE, length: int = 16) -> str:
    """Hex digest of everything that the definitions ``entries`` ("package.module.name") reach in ``package``.

    What they reach only through the definitions ``beside`` is left out. Raises LookupError where a name is defined nowhere.
    """
    return hashlib.sha256("\n".join(text for _, text in reached(entries, beside, package)).encode()).hexdigest()[:length]


def reached(entries: Iterable[str], beside: Sequence[str] = (), package: Path = _PACKAGE) -> Iterator[tuple[str, str]]:
    """Dotted name and canonical text of each definition that ``entries`` reach, in the order in which they are found."""
    program = _Program(package, beside)
    for entry in entries:
        program.number(entry)
    for dotted in program.found:  # grows while it is read
        yield dotted, program.text(dotted)


class _Module:
    """Definitions of a source file by name, what its imported names mean, and statements that run when it is imported."""

    def __init__(self, path: Path):
        self.definitions: dict[str, list[ast.stmt]] = {}
        self.imports: dict[str, str] = {}
        self.statements: list[ast.stmt] = []
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                continue
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.imports |= _imported(node)
                continue
            names = _bound(node)
            for name in names:
                self.definitions.setdefault(name, []).append(node)
            if not names and not _is_text(node):
                self.statements.append(node)


class _Program:
    """Definitions that have been found, numbered in this order."""

    def __init__(self, package: Path, beside: Sequence[str]):
        self.package = package
        self._beside = list(beside)
        self.found: list[str] = []
        self._numbers: dict[str, int] = {}
        self._modules: dict[str, _Module | None] = {}

    def module(self, dotted: str) -> _Module | None:
        """The module ``dotted`` of the package; None where there is none."""
        if dotted not in self._modules:
            head, *rest = dotted.split(".")
            place = self.package.joinpath(*rest)
            paths = [place.with_suffix(".py"), place / "__init__.py"] if head == self.package.name and rest else []
            path = next((path for path in paths if path.is_file()), None)
            self._modules[dotted] = _Module(path) if path else None
        return self._modules[dotted]

    def number(self, dotted: str) -> str:
        """What stands for ``dotted`` in canonical texts: a number for definitions of the package, else the name itself."""
        home, _, name = dotted.rpartition(".")
        module = self.module(home)
        if module is None:
            if dotted.split(".")[0] == self.package.name and self.module(dotted) is None:
                raise LookupError(f"{dotted} is defined nowhere")
            return f"<{dotted}>"
        if name not in module.definitions:
            if name not in module.imports:
                raise LookupError(f"{dotted} is defined nowhere")
            return self.number(module.imports[name])
        if dotted in self._beside:
            return f"<beside {self._beside.index(dotted)}>"
        if dotted not in self._numbers:
            self._numbers[dotted] = len(self.found)
            self.found.append(dotted)
        return f"<{self._numbers[dotted]}>"

    def text(self, dotted: str) -> str:
        """Canonical text of a definition, and of the statements that its module runs when it is imported."""
        home, _, name = dotted.rpartition(".")
        module = self.module(home)
        assert module is not None
        writer = _Writer(self, home, module)
        return "".join(writer.statement(node) for node in (*module.definitions[name], *module.statements))


class _Scope:
    """Names that a function or comprehension binds: parameters keep their name, others are numbered as they come."""

    def __init__(self, parameters: Iterable[str] = (), local: Iterable[str] = (), imports: dict[str, str] | None = None):
        self.parameters, self.local, self.imports = set(parameters), set(local), imports or {}
        self._order: dict[str, int] = {}

    def stands_for(self, name: str) -> str | None:
        if name in self.parameters:
            return name
        return f"#{self._order.setdefault(name, len(self._order))}" if name in self.local else None


class _Writer:
    """Writes canonical texts of one module's nodes."""

    def __init__(self, program: _Program, home: str, module: _Module):
        self.program, self.home, self.module = program, home, module
        self.scopes: list[_Scope] = []

    def name(self, name: str) -> str:
        """What a name stands for: a local, a definition of the package, another library's or a built-in one."""
        for depth, scope in enumerate(reversed(self.scopes)):
            if name in scope.imports:
                return self.program.number(scope.imports[name])
            own = scope.stands_for(name)
            if own is not None:
                return f"{own}^{depth}"
        if name in self.module.definitions:
            return self.program.number(f"{self.home}.{name}")
        if name in self.module.imports:
            return self.program.number(self.module.imports[name])
        if hasattr(builtins, name) or name.startswith("__"):
            return f"<{name}>"
        raise LookupError(f"{self.home}: {name} is defined nowhere")

    def statement(self, node) -> str:
        return self.write(node) + ";"

    def write(self, node) -> str:
        """Canonical text of a node, a list of nodes or a plain value."""
        if isinstance(node, list):
            return "[" + ",".join(self.write(part) for part in node) + "]"
        if not isinstance(node, ast.AST):
            return repr(node)
        special = getattr(self, f"_{type(node).__name__}", None)
        return special(node) if special else self.fields(node)

    def fields(self, node: ast.AST, *left_out: str) -> str:
        parts = [self.write(value) for name, value in ast.iter_fields(node) if name not in _UNSEEN and name not in left_out]
        return f"{type(node).__name__}({','.join(parts)})"

    def _Name(self, node: ast.Name) -> str:
        return self.name(node.id)

    def _Attribute(self, node: ast.Attribute) -> str:
        dotted = self._of_module(node)
        return self.program.number(dotted) if dotted else f"{self.write(node.value)}.{node.attr}"

    def _of_module(self, node: ast.Attribute) -> str | None:
        """Dotted name where ``node`` is a definition in an imported module of the package."""
        if not isinstance(node.value, ast.Name):
            return None
        meanings = [scope.imports.get(node.value.id) for scope in reversed(self.scopes)]
        meaning = next((m for m in (*meanings, self.module.imports.get(node.value.id)) if m), None)
        if meaning is None or any(scope.stands_for(node.value.id) for scope in self.scopes):
            return None
        return f"{meaning}.{node.attr}" if self.program.module(meaning) else None

    def _FunctionDef(self, node) -> str:
        outer = self.write(node.decorator_list) + self.write(node.args)
        name = self.name(node.name) if self.scopes else ""
        return f"def {name}{outer}{self._inside(node)}"

    _AsyncFunctionDef = _FunctionDef

    def _inside(self, node) -> str:
        parameters = [arg.arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg)]
        body = node.body if isinstance(node.body, list) else [node.body]
        local: set[str] = set()
        imports: dict[str, str] = {}
        for part in body:
            local |= _bound(part)
            imports |= {
                key: value
                for each in _own(part)
                if isinstance(each, ast.Import | ast.ImportFrom)
                for key, value in _imported(each).items()
            }
        declared = {
            name for part in body for each in _own(part) if isinstance(each, ast.Global | ast.Nonlocal) for name in each.names
        }
        self.scopes.append(_Scope(parameters, local - set(parameters) - set(imports) - declared, imports))
        text = self.body(body) if isinstance(node.body, list) else self.write(node.body)
        self.scopes.pop()
        return text

    def body(self, statements: list[ast.stmt]) -> str:
        """A block without its docstring."""
        return "{" + "".join(self.statement(node) for node in statements if not _is_text(node)) + "}"

    def _Lambda(self, node: ast.Lambda) -> str:
        return f"lambda{self.write(node.args)}{self._inside(node)}"

    def _arguments(self, node: ast.arguments) -> str:
        return self.fields(node)

    def _comprehension_like(self, node) -> str:
        first, *_ = node.generators
        begin = self.write(first.iter)  # in the scope around
        bound = {name for each in node.generators for name in _bound(each.target)}
        self.scopes.append(_Scope(local=bound))
        parts = [self.write(first.target), self.write(first.ifs), self.write(node.generators[1:])]
        parts += [self.write(value) for name, value in ast.iter_fields(node) if name != "generators"]
        self.scopes.pop()
        return f"{type(node).__name__}({begin},{','.join(parts)})"

    _ListComp = _SetComp = _DictComp = _GeneratorExp = _comprehension_like

    def _ClassDef(self, node: ast.ClassDef) -> str:
        outer = self.write(node.decorator_list) + self.write(node.bases) + self.write(node.keywords)
        name = self.name(node.name) if self.scopes else ""
        members = {name for part in node.body for name in _bound(part)}
        parts = []
        for part in node.body:
            if isinstance(part, ast.AnnAssign):
                kind = next((word for word in _NOT_FIELDS if word in ast.unparse(part.annotation)), "field")
                parts.append(f"{kind} {ast.unparse(part.target)}={self.write(part.value)};")
            elif isinstance(part, _FUNCTIONS):
                parts.append(f"{part.name}:{self._member(part)};")
            elif not _is_text(part):
                self.scopes.append(_Scope(parameters=members))
                parts.append(self.statement(part))
                self.scopes.pop()
        return f"class {name}{outer}{{{''.join(parts)}}}"

    def _member(self, node) -> str:
        return f"def {self.write(node.decorator_list)}{self.write(node.args)}{self._inside(node)}"

    def _AnnAssign(self, node: ast.AnnAssign) -> str:
        return "" if node.value is None else f"Assign([{self.write(node.target)}],{self.write(node.value)})"

    def _Assign(self, node: ast.Assign) -> str:
        return f"Assign({self.write(node.targets)},{self.write(node.value)})"

    def _Raise(self, node: ast.Raise) -> str:
        """Without the wording: an f-string decides nothing but the message."""
        return _Wordless(self.program, self.home, self.module, self.scopes).fields(node)

    def _ExceptHandler(self, node: ast.ExceptHandler) -> str:
        name = self.name(node.name) if node.name else ""
        return f"except {self.write(node.type)}{name}{self.body(node.body)}"

    def _Import(self, node) -> str:
        return ""

    _ImportFrom = _Import

    def _Global(self, node) -> str:
        return f"global {','.join(self.name(name) for name in node.names)}"

    _Nonlocal = _Global


class _Wordless(_Writer):
    """Writes what a raise statement decides."""

    def __init__(self, program: _Program, home: str, module: _Module, scopes: list[_Scope]):
        super().__init__(program, home, module)
        self.scopes = scopes

    def _JoinedStr(self, node) -> str:
        return "text"

    def _Raise(self, node: ast.Raise) -> str:
        return self.fields(node)


def _imported(node: ast.Import | ast.ImportFrom) -> dict[str, str]:
    """Meaning of the names that an import binds."""
    if isinstance(node, ast.ImportFrom):
        return {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return {
        alias.asname or alias.name.partition(".")[0]: alias.name if alias.asname else alias.name.partition(".")[0]
        for alias in node.names
    }


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """``node`` and what lies in it, without the insides of further scopes."""
    yield node
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
        return
    for child in ast.iter_child_nodes(node):
        yield from _own(child)


def _bound(node: ast.AST) -> set[str]:
    """Names that a statement binds in the scope in which it stands."""
    names = set()
    targets = {id(name) for each in _own(node) if isinstance(each, ast.comprehension) for name in ast.walk(each.target)}
    for each in _own(node):
        if isinstance(each, (*_FUNCTIONS, ast.ClassDef)):
            names.add(each.name)
        elif isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store | ast.Del) and id(each) not in targets:
            names.add(each.id)
        elif isinstance(each, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and each.name:
            names.add(each.name)
        elif isinstance(each, ast.Import | ast.ImportFrom):
            names |= set(_imported(each))
    return names
