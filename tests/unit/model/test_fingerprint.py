"""The identity of the solver: what keeps it and what changes it, on the solver's own sources."""

import re
import shutil
from pathlib import Path

import pytest

import regspec
from regspec.io.code_digest import code_digest, reached
from regspec.model.fingerprint import BESIDE, ENTRIES, kernel_fingerprint

PACKAGE = Path(regspec.__file__).parent
CONDITIONS, NEWTON = "model/kernels/conditions.py", "model/kernels/newton.py"


@pytest.fixture(scope="module")
def original():
    return code_digest(ENTRIES, BESIDE)


@pytest.fixture
def edited(tmp_path):
    """A function that edits a copy of the package (file, pattern, replacement) and returns the copy's digest."""
    package = Path(shutil.copytree(PACKAGE, tmp_path / "regspec", ignore=shutil.ignore_patterns("__pycache__")))

    def edit(*changes):
        for name, pattern, replacement in changes:
            path = package / name
            text, count = re.subn(pattern, replacement, path.read_text(encoding="utf-8"))
            assert count, f"{pattern} is not in {name}"
            path.write_text(text, encoding="utf-8")
        return code_digest(ENTRIES, BESIDE, package)

    edit.package = package
    return edit


@pytest.mark.parametrize(
    "change",
    [
        ("model/markov.py", r"import numpy as np\n", "import numpy as np  # arrays\n"),
        (CONDITIONS, r'"""Residuals ``s.res``', '"""All residuals ``s.res``'),
        (
            CONDITIONS,
            r"def power\(base, exponent, integer\):",
            "def power(base: float, exponent: float, integer: int) -> float:",
        ),
        (CONDITIONS, r"\bprice_effect\b", "effect_of_price"),
        (NEWTON, r"\b_HALVINGS\b", "_MOST_HALVINGS"),
        ("solves/detrending.py", "must be below 1: debt has no steady state", "is too high: debt has no steady state"),
        ("io/provenance.py", "import hashlib\n", "import hashlib\nNAME = 1\n"),
        ("results/welfare.py", "from __future__ import annotations\n", "from __future__ import annotations\nNAME = 1\n"),
    ],
    ids=["comment", "docstring", "type hints", "local", "constant's name", "message", "another module", "exhibits"],
)
def test_words_and_names_keep_the_identity(edited, original, change):
    assert edited(change) == original


def test_a_kernel_may_move_with_its_name_and_its_hints(edited, original):
    """`rouwenhorst` in a module of its own, in another folder, under another name."""
    text = (edited.package / "model/markov.py").read_text(encoding="utf-8")
    body = re.search(r"def rouwenhorst\(.*?(?=\n\n\n)", text, re.S)[0]
    new = "from __future__ import annotations\n\nimport numpy as numbers\n\n\n" + body.replace("np.", "numbers.").replace(
        "def rouwenhorst(", "def approximation("
    )
    (edited.package / "model/grids/chains.py").write_text(new + "\n", encoding="utf-8")
    moved = text.replace(body, "").replace(
        "import numpy as np\n", "import numpy as np\n\nfrom regspec.model.grids.chains import approximation as rouwenhorst\n"
    )
    (edited.package / "model/markov.py").write_text(moved, encoding="utf-8")
    assert edited() == original


@pytest.mark.parametrize(
    "change",
    [
        ("model/markov.py", r"0\.5 \* \(1\.0 \+ rho\)", "0.50001 * (1.0 + rho)"),
        (CONDITIONS, r"return c, c \+ spent", "return c, c - spent"),
        ("model/kernels/records.py", "OUT_C, OUT_Q, OUT_RATIO", "OUT_Q, OUT_C, OUT_RATIO"),
        (NEWTON, r"_HALVINGS = (\d+)", r"_HALVINGS = 1 + \1"),
        ("model/kernels/simd.py", r"BLOCK = \d+", "BLOCK = 2"),
        ("model/kernels/jit.py", "fastmath=False", "fastmath=True"),
        ("model/grids/corners.py", r"ROOM = 0\.85", "ROOM = 0.86"),
        ("solves/attempts.py", r"_DEEPER\*\*self\.deeper", "2.0 * _DEEPER**self.deeper"),
        ("calibration/technology.py", r"\balpha\b \+", "alpha -"),
    ],
    ids=["number", "sign", "order of columns", "constant", "block", "compiler", "lattice", "ladder", "technology"],
)
def test_a_change_of_what_is_computed_changes_it(edited, original, change):
    assert edited(change) != original


def test_equal_names_in_two_modules_are_not_confused(tmp_path):
    """A definition is what its module means by a name: swapping two constants of the same name is a change."""
    package = tmp_path / "p"
    (package / "sub").mkdir(parents=True)
    (package / "main.py").write_text(
        "from p.a import f\nfrom p.sub.b import g\ndef h(x):\n    return f(x) + g(x)\n", encoding="utf-8"
    )
    digests = set()
    for one, two in ((1, 2), (2, 1), (1, 1)):
        (package / "a.py").write_text(f"_N = {one}\ndef f(x):\n    return _N * x\n", encoding="utf-8")
        (package / "sub" / "b.py").write_text(f"_N = {two}\ndef g(x):\n    return _N + x\n", encoding="utf-8")
        digests.add(code_digest(["p.main.h"], package=package))
    assert len(digests) == 3


def changed(before, after):
    """Whether two texts of a function have different digests."""
    import tempfile

    found = []
    for text in (before, after):
        with tempfile.TemporaryDirectory() as folder:
            package = Path(folder) / "p"
            package.mkdir()
            (package / "m.py").write_text(text, encoding="utf-8")
            found.append(code_digest(["p.m.f"], package=package))
    return found[0] != found[1]


@pytest.mark.parametrize(
    ("before", "after", "differ"),
    [
        ("def f(a, b):\n    c = a\n    return c - b", "def f(a, b):\n    d = a\n    return d - b", False),
        ("def f(a, b):\n    return a - b", "def f(b, a):\n    return b - a", True),  # calls may name the parameters
        ("def f(x, y):\n    return [x for x in x]", "def f(x, y):\n    return [y for y in y]", True),
        ("def f(x):\n    u = x\n    return [v for v in u]", "def f(x):\n    s = x\n    return [t for t in s]", False),
        ("def f(x):\n    u = 1\n    v = 2\n    return u", "def f(x):\n    u = 1\n    v = 2\n    return v", True),
        ("def f(x):\n    u: int = 1\n    return u", "def f(x):\n    u = 1\n    return u", False),
        ("def f(x):\n    return 1", "def f(x):\n    return 1.0", True),
        ("def f(x=1):\n    return x", "def f(x=2):\n    return x", True),
        ("N = 1\ndef f(x):\n    return N", "M = 1\ndef f(x):\n    return M", False),
        ("N = 1\nN = 2\ndef f(x):\n    return N", "N = 1\ndef f(x):\n    return N", True),
        ("A, B = 1, 2\ndef f(x):\n    return A", "A, B = 1, 2\ndef f(x):\n    return B", True),
        ("def g():\n    return 1\ndef f(x):\n    return g()", "def g():\n    return 2\ndef f(x):\n    return g()", True),
        (
            "def f(x):\n    def g(y):\n        return y + x\n    return g",
            "def f(x):\n    def h(y):\n        return y + x\n    return h",
            False,
        ),
        ("import numpy as np\ndef f(x):\n    return np.exp(x)", "import numpy as n\ndef f(x):\n    return n.exp(x)", False),
        ("import numpy as np\ndef f(x):\n    return np.exp(x)", "import scipy as np\ndef f(x):\n    return np.exp(x)", True),
        ("class C:\n    a: int = 1\ndef f(x):\n    return C()", "class C:\n    a: float = 1\ndef f(x):\n    return C()", False),
        (
            "class C:\n    a: int\n    b: int\ndef f(x):\n    return C(1, 2)",
            "class C:\n    b: int\n    a: int\ndef f(x):\n    return C(1, 2)",
            True,
        ),
        (
            "from typing import ClassVar\nclass C:\n    a: int = 1\ndef f(x):\n    return C()",
            "from typing import ClassVar\nclass C:\n    a: ClassVar = 1\ndef f(x):\n    return C()",
            True,
        ),
        ("def f(x):\n    raise ValueError(f'no {x}')", "def f(x):\n    raise ValueError(f'none {x}')", False),
        ("def f(x):\n    raise ValueError('no')", "def f(x):\n    raise KeyError('no')", True),
        ("print(1)\ndef f(x):\n    return x", "def f(x):\n    return x", True),
    ],
    ids=range(21),
)
def test_canonical_form(before, after, differ):
    assert changed(before, after) is differ


def test_the_solver_is_reached_whole(original):
    """Every kernel, every class that a solve makes; nothing of exhibits, of files and of the workflow."""
    names = [name.removeprefix("regspec.") for name, _ in reached(ENTRIES, BESIDE)]
    homes = {name.rpartition(".")[0] for name in names}
    modules = {
        ".".join(p.relative_to(PACKAGE).with_suffix("").parts)
        for p in (PACKAGE / "model").rglob("*.py")
        if p.stem != "__init__"
    }
    assert modules - {"model.fingerprint", "model.kernels.cache"} <= homes
    assert {home.split(".")[0] for home in homes} <= {"model", "solves", "calibration", "errors"}
    assert len(names) > 200 and len(kernel_fingerprint()) == 16
