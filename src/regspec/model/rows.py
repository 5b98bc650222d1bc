"""Sums of short rows, written for vector units.

LLVM leaves a loop over a dozen entries scalar when the row written could overlap a row read. Compiled, these functions read
all rows before they write; in plain Python they are what they say.
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, overload
from numba.np import arrayobj


def combine(target, weights, rows, slots):
    """target[f] = sum_m weights[m] rows[m][f] for f below the length of ``slots``, added in the order given.

    ``weights``: tuple of floats; ``rows``: tuple of as many one-dimensional contiguous arrays, like ``target`` of floats and
    at least as long as the tuple ``slots``, whose length is a constant for the compiler. Compiled, no bounds are checked.
    """
    for f in range(len(slots)):
        total = weights[0] * rows[0][f]
        for m in range(1, len(rows)):
            total += weights[m] * rows[m][f]
        target[f] = total


def accumulate(target, weights, rows, slots):
    """target[f] += sum_m weights[m] rows[m][f], otherwise as `combine`; the target comes first in the sum."""
    for f in range(len(slots)):
        for m in range(len(rows)):
            target[f] += weights[m] * rows[m][f]


def _vector(context, builder, typ, array, length):
    """Pointer to the first ``length`` entries of an array, as one vector."""
    data = arrayobj.make_array(typ)(context, builder, array).data
    return builder.bitcast(data, ir.VectorType(ir.DoubleType(), length).as_pointer())


def _spread(builder, weight, length):
    """A vector with ``weight`` in all entries."""
    unset = ir.Constant(ir.VectorType(ir.DoubleType(), length), ir.Undefined)
    first = builder.insert_element(unset, weight, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, unset, ir.Constant(ir.VectorType(ir.IntType(32), length), [0] * length))


def _check(target, weights, rows):
    """Raise where the types are not those of `combine`."""
    fine = all(typ.dtype == types.float64 and typ.ndim == 1 and typ.layout == "C" for typ in (target, *rows))
    if not fine or len(weights) != len(rows) or any(typ != types.float64 for typ in weights):
        raise TypeError("rows are one-dimensional contiguous arrays of floats, with a float for each")


def _compiled(add: bool):
    """The intrinsic behind `combine`, or `accumulate` with ``add``."""

    def typed(_, target, weights, rows, slots):
        _check(target, weights, rows)
        length, count = len(slots), len(rows)

        def codegen(context, builder, signature, args):
            where = _vector(context, builder, target, args[0], length)
            total = builder.load(where, align=8) if add else None
            for m in range(count):
                weight, row = (cgutils.unpack_tuple(builder, args[n], count)[m] for n in (1, 2))
                given = builder.load(_vector(context, builder, rows[m], row, length), align=8)
                term = builder.fmul(_spread(builder, weight, length), given)
                total = term if total is None else builder.fadd(total, term)
            builder.store(total, where, align=8)
            return context.get_dummy_value()

        return types.void(target, weights, rows, slots), codegen

    return intrinsic(typed)


_combine, _accumulate = _compiled(False), _compiled(True)
_INLINED = {"_nrt": False, "forceinline": True}


@overload(combine, jit_options=_INLINED)
def _(target, weights, rows, slots):
    return lambda target, weights, rows, slots: _combine(target, weights, rows, slots)


@overload(accumulate, jit_options=_INLINED)
def _(target, weights, rows, slots):
    return lambda target, weights, rows, slots: _accumulate(target, weights, rows, slots)
