"""The package's layers (docs/architecture.md): imports point downwards, and neither modules nor packages form a circle."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import regspec

PACKAGE = Path(regspec.__file__).parent

#: From the bottom to the top. A module belongs to the layer that names it, else to that of its package.
LAYERS = {
    "foundation": ("errors", "io"),
    "configuration": ("config", "layout"),
    "exhibits": ("exhibits",),
    "estimators": ("econometrics",),
    "data": ("data",),
    "empirics": ("empirics",),
    "calibration": ("calibration",),
    "model": ("model",),
    "solves": ("solves",),
    "results": ("results",),
    "studies": ("studies",),
    "report": ("report",),
    "workflow": ("workflow",),
    "programs": ("cli",),
}
RANK = {name: rank for rank, names in enumerate(LAYERS.values()) for name in names}


def module_name(path, root):
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules(root=PACKAGE):
    """Source files by module name, without the name of the package."""
    return {module_name(path, root): path for path in root.rglob("*.py") if path != root / "__init__.py"}


def imports(tree, known):
    """Modules of the package that a syntax tree imports, inside functions and for type hints alone too."""
    for node in ast.iter_child_nodes(tree):
        yield from imports(node, known)
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names] + [node.module]
        inside = [name.removeprefix("regspec.") for name in names if name.startswith("regspec.")]
        found = [name for name in inside if name in known]
        # `from regspec.x.y import z` imports y, and not the package x, which holds nothing.
        yield from (name for name in found if not any(other.startswith(f"{name}.") for other in found))


def graph(root=PACKAGE):
    known = modules(root)
    return {name: set(imports(ast.parse(path.read_text(encoding="utf-8")), known)) for name, path in known.items()}


def rank(name):
    """Layer of a module: that of the longest listed name that it is or lies in."""
    parts = name.split(".")
    listed = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((RANK[candidate] for candidate in listed if candidate in RANK), None)


def upward(edges):
    return [
        f"{name} imports {other}" for name, own in sorted(edges.items()) for other in sorted(own) if rank(other) > rank(name)
    ]


def siblings(edges):
    """Imports between what lies in one folder: folder -> module or package in it -> those beside it that it imports."""
    found = {}
    for name, own in edges.items():
        for other in own:
            left, right = name.split("."), other.split(".")
            depth = next((n for n, pair in enumerate(zip(left, right, strict=False)) if len(set(pair)) > 1), None)
            if depth is not None:
                found.setdefault(".".join(left[:depth]), {}).setdefault(left[depth], set()).add(right[depth])
    return found


def cycle(edges):
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return error.args[1]
    return None


def test_every_module_has_a_layer_and_every_listed_name_exists():
    known = modules()
    assert [name for name in known if rank(name) is None] == []
    assert [name for name in RANK if name not in known] == []


def test_imports_point_downwards():
    edges = graph()
    assert sum(map(len, edges.values())) > 300
    assert upward(edges) == []


def test_no_modules_import_each_other_in_a_circle():
    assert cycle(graph()) is None


def test_no_packages_import_each_other_in_a_circle():
    folders = siblings(graph())
    assert {"", "data", "empirics", "model"} <= set(folders)
    assert {name: cycle(edges) for name, edges in folders.items() if cycle(edges)} == {}


def test_a_circle_of_packages_is_found():
    edges = {"a.x": {"b.x"}, "b.y": {"a.y"}, "a.y": {"a.c.z"}, "a.c.x": {"a.y"}, "c": {"c.x"}}
    assert siblings(edges) == {"": {"a": {"b"}, "b": {"a"}}, "a": {"y": {"c"}, "c": {"y"}}}
    assert set(cycle(siblings(edges)[""])) == {"a", "b"}


@pytest.mark.parametrize(
    "line",
    [
        "import regspec.b",
        "from regspec import b",
        "def f():\n    from regspec.b import g",
        "if TYPE_CHECKING:\n    from regspec.b import B",
    ],
)
def test_a_circle_is_found(tmp_path, line):
    (tmp_path / "a.py").write_text(line + "\n", encoding="utf-8")
    (tmp_path / "b.py").write_text("from regspec.a import f\n", encoding="utf-8")
    assert set(cycle(graph(tmp_path))) == {"a", "b"}


def test_an_upward_import_is_found():
    assert upward({"data.tidy": {"results.run", "errors"}}) == ["data.tidy imports results.run"]
    assert upward({"empirics.counties": {"empirics.run"}, "data.counties.raw": {"empirics.run"}}) == [
        "data.counties.raw imports empirics.run"
    ]


def test_the_documentation_names_the_layers():
    text = (PACKAGE.parents[1] / "docs" / "architecture.md").read_text(encoding="utf-8")
    listed = [
        line.split("|")[1].strip() for line in text.partition("## Layers")[2].partition("\n## ")[0].splitlines() if "|" in line
    ]
    assert listed[2:] == list(LAYERS)
