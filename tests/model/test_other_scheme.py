"""The kernels see the lattice through `interpolation.locate` alone: another scheme solves the same economies."""

import json
import os
import subprocess
import sys
from pathlib import Path

import linear_scheme
import numpy as np


def test_linear_elements_solve_the_same_economy(tmp_path):
    """docs/decisions.md: linear elements, put in from outside, converge with order two to the package's result."""
    tests = Path(linear_scheme.__file__).parent
    done = subprocess.run(
        [sys.executable, linear_scheme.__file__, "4", "8", "16"],
        capture_output=True,
        encoding="utf-8",
        cwd=tests,
        env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    found = np.array(json.loads(done.stdout))
    errors = np.abs(found / np.array(linear_scheme.measure(16)) - 1.0).max(axis=(1, 2))
    assert errors[0] > 1e-5  # it is another scheme
    assert errors[1] < errors[0] / 2.5
    assert errors[2] < errors[1] / 2.5
    assert errors[2] < 3e-4
