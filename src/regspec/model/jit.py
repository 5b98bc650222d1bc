"""The decorators of all kernels: cached, IEEE semantics (no fastmath, no exceptions on division), no reference counts.

Without numba's runtime (``_nrt=False``) kernels cannot allocate: their callers pass work arrays. In return no array view
costs an atomic reference count, which had taken most of a sweep's time (docs/numerics.md).
"""

from functools import partial

import numba

njit = partial(numba.njit, cache=True, error_model="numpy", fastmath=False, _nrt=False)
# Small functions on tuples of arrays: a real call would copy the tuple.
inlined = partial(numba.njit, cache=True, error_model="numpy", fastmath=False, _nrt=False, forceinline=True)
