"""The decorators of all kernels: cached, IEEE semantics (no fastmath, no exceptions on division), no reference counts.

Without numba's runtime (``_nrt=False``) kernels cannot allocate: their callers pass work arrays. In return no array view
costs an atomic reference count, which had taken most of an iteration's time (docs/numerics.md).
"""

import numba

from regspec.model.kernels.cache import cached


def njit(function, **more):
    """``function`` as a compiled kernel; ``more``: further options of numba."""
    return cached(numba.njit(error_model="numpy", fastmath=False, _nrt=False, **more)(function))


def inlined(function):
    """A small function on tuples of arrays, compiled into its callers: a real call would copy the tuple."""
    return njit(function, forceinline=True)
