"""The one decorator of all kernels: cached, IEEE semantics (no fastmath, no exceptions on division)."""

from functools import partial

import numba

njit = partial(numba.njit, cache=True, error_model="numpy", fastmath=False)
