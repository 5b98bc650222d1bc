"""The decorators of all kernels: cached, IEEE semantics (no fastmath, no exceptions on division)."""

from functools import partial

import numba

njit = partial(numba.njit, cache=True, error_model="numpy", fastmath=False)
# Small functions on tuples of arrays: a real call would copy the tuple and count references of every array.
inlined = partial(numba.njit, cache=True, error_model="numpy", fastmath=False, forceinline=True)
