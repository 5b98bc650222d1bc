"""Sums of short rows, written for vector units.

LLVM leaves a loop over a dozen entries scalar when the row written could overlap a row read, and keeps sums in memory that
could be in registers. Compiled, these functions read all rows before they write; in plain Python they are what they say.
Products and sums may be contracted to one operation with one rounding, as processors offer it.
"""

from functools import partial

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, overload
from numba.np import arrayobj

_INLINED = {"_nrt": False, "forceinline": True}
_CONTRACT = ("contract",)
BLOCK = 8  # numbers in the largest vectors


def combine(target, weights, rows, columns):
    """target[f] = sum_m weights[m] rows[m][f] for f below the length of ``columns``, added in the order given.

    ``weights``: tuple of floats; ``rows``: tuple of as many one-dimensional contiguous arrays, like ``target`` of floats and
    at least as long as the tuple ``columns``, whose length is a constant for the compiler. Compiled, no bounds are checked.
    """
    for f in range(len(columns)):
        total = weights[0] * rows[0][f]
        for m in range(1, len(rows)):
            total += weights[m] * rows[m][f]
        target[f] = total


def stencil(value, slope, expectations, e, j, place, levels, rises, columns, industries):
    """Values and slopes of all expectations from their spline coefficients at a few nodes.

    expectations (N, E, points, columns); ``place``: the arrays table, ids, weights, gradients (pairs, I-1) and the number of
    pairs. At node table[ids[p]] and e the coefficients j-1, j, j+1 are combined with ``levels`` to a value and with
    ``rises`` to a slope, three floats each; ``value`` (columns,) is the sum of values times weights, row 0 of ``slope``
    (I, columns) of slopes times weights, row r of values times gradients[:, r - 1]. ``columns``, ``industries``: tuples
    whose lengths are constants for the compiler. Arrays are contiguous; compiled, no bounds are checked.
    """
    table, ids, weights, gradients, count = place
    value[: len(columns)] = 0.0
    slope[: len(industries), : len(columns)] = 0.0
    for p in range(count):
        low, mid, high = expectations[table[ids[p]], e, j - 1 : j + 2, : len(columns)]
        at = levels[0] * low + levels[1] * mid + levels[2] * high
        value[: len(columns)] += weights[p] * at
        slope[0, : len(columns)] += weights[p] * (rises[0] * low + rises[1] * mid + rises[2] * high)
        for r in range(1, len(industries)):
            slope[r, : len(columns)] += gradients[p, r - 1] * at


def transpose(target, row, column, source, first, columns):
    """target[row + i, column + f] = source[f, first + i] for the ``BLOCK`` values of i and f below the length of ``columns``.

    Two-dimensional contiguous arrays; compiled, no bounds are checked.
    """
    for i in range(BLOCK):
        for f in range(len(columns)):
            target[row + i, column + f] = source[f, first + i]


def gather(target, column, source, columns):
    """target[f, column + i] = source[i, f] for the ``BLOCK`` values of i and f below the length of ``columns``: the inverse."""
    for i in range(BLOCK):
        for f in range(len(columns)):
            target[f, column + i] = source[i, f]


def _chunks(length: int) -> list[tuple[int, int]]:
    """(first entry, size) of the vectors that hold ``length`` numbers: sizes are powers of two, as processors have them."""
    found, first = [], 0
    for size in (BLOCK, 4, 2, 1):
        while length - first >= size:
            found.append((first, size))
            first += size
    return found


def _spread(builder, weight, length):
    """A vector with ``weight`` in all entries."""
    unset = ir.Constant(ir.VectorType(ir.DoubleType(), length), ir.Undefined)
    first = builder.insert_element(unset, weight, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, unset, ir.Constant(ir.VectorType(ir.IntType(32), length), [0] * length))


def _sum(builder, weights, rows, totals=None):
    """``totals`` plus the sum of rows times numbers; a row is a list of vectors."""
    for weight, row in zip(weights, rows, strict=True):
        terms = [builder.fmul(_spread(builder, weight, vector.type.count), vector, flags=_CONTRACT) for vector in row]
        if totals is not None:
            terms = [builder.fadd(total, term, flags=_CONTRACT) for total, term in zip(totals, terms, strict=True)]
        totals = terms
    return totals


def _vectors(builder, pointer, length):
    """Pointers to the ``length`` numbers that begin at ``pointer``, as vectors."""
    found = []
    for first, size in _chunks(length):
        kind = ir.VectorType(ir.DoubleType(), size).as_pointer()
        found.append(builder.bitcast(builder.gep(pointer, [ir.Constant(ir.IntType(64), first)]), kind))
    return found


def _load(builder, pointer, length):
    """The numbers that begin at ``pointer``, as vectors."""
    return [builder.load(vector, align=8) for vector in _vectors(builder, pointer, length)]


def _store(builder, vectors, pointer, length):
    """Write vectors to the numbers that begin at ``pointer``."""
    for vector, where in zip(vectors, _vectors(builder, pointer, length), strict=True):
        builder.store(vector, where, align=8)


def _contiguous(*arrays) -> None:
    """Raise where the types are not those of contiguous arrays of floats."""
    if not all(typ.dtype == types.float64 and typ.layout == "C" for typ in arrays):
        raise TypeError("these are contiguous arrays of floats")


def _array(context, builder, typ, given, wraparound=False):
    """Function of indices that points to an entry of the array; with ``wraparound`` negative ones count from its end."""
    made = arrayobj.make_array(typ)(context, builder, given)
    return lambda *indices: cgutils.get_item_pointer(
        context, builder, typ, made, indices, wraparound=wraparound, boundscheck=False
    )


@intrinsic
def _combine(_, target, weights, rows, columns):
    _contiguous(target, *rows)
    if any(typ.ndim != 1 for typ in (target, *rows)) or len(weights) != len(rows):
        raise TypeError("rows are one-dimensional, with a weight for each")
    length, count = len(columns), len(rows)

    def codegen(context, builder, signature, args):
        numbers, given = (cgutils.unpack_tuple(builder, args[n], count) for n in (1, 2))
        pointers = [arrayobj.make_array(typ)(context, builder, row).data for typ, row in zip(rows, given, strict=True)]
        total = _sum(builder, numbers, [_load(builder, pointer, length) for pointer in pointers])
        _store(builder, total, arrayobj.make_array(target)(context, builder, args[0]).data, length)
        return context.get_dummy_value()

    return types.void(target, weights, rows, columns), codegen


@intrinsic
def _stencil(_, value, slope, expectations, e, j, place, levels, rises, columns, industries):
    _contiguous(value, slope, expectations, place[2], place[3])
    if (value.ndim, slope.ndim, expectations.ndim) != (1, 2, 4) or len(levels) != 3 or len(rises) != 3:
        raise TypeError("values (columns,), slopes (I, columns), expectations (N, E, points, columns), three coefficients")
    length, size = len(columns), len(industries)

    def codegen(context, builder, signature, args):
        types_of = (value, slope, expectations, *place[:4])
        given = [*args[:3], *cgutils.unpack_tuple(builder, args[5], 5)]
        count = given.pop()
        # outside the simplex the table has no node, -1: where rounding takes a look-up there, its weight is zero
        arrays = (_array(context, builder, typ, array, True) for typ, array in zip(types_of, given, strict=True))
        out, slopes, source, table, ids, weights, gradients = arrays
        index, number = context.get_value_type(types.intp), partial(context.get_constant, types.intp)
        state, below = (builder.sext(args[n], index) if args[n].type != index else args[n] for n in (3, 4))
        below = builder.sub(below, number(1))

        level, rise = (cgutils.unpack_tuple(builder, args[n], 3) for n in (6, 7))
        empty = [ir.Constant(ir.VectorType(ir.DoubleType(), n), [0.0] * n) for _, n in _chunks(length)]
        sums = [[cgutils.alloca_once_value(builder, part) for part in empty] for _ in range(1 + size)]
        with cgutils.for_range(builder, count) as loop:
            node = builder.load(table(builder.load(ids(loop.index))))
            near = [_load(builder, source(node, state, builder.add(below, number(m)), number(0)), length) for m in range(3)]
            here, weight = _sum(builder, level, near), builder.load(weights(loop.index))
            parts = [(weight, here), (weight, _sum(builder, rise, near))]
            parts += [(builder.load(gradients(loop.index, number(r))), here) for r in range(size - 1)]
            for total, (factor, row) in zip(sums, parts, strict=True):
                added = _sum(builder, [factor], [row], [builder.load(part) for part in total])
                for vector, part in zip(added, total, strict=True):
                    builder.store(vector, part)
        _store(builder, [builder.load(v) for v in sums[0]], out(number(0)), length)
        for r in range(size):
            _store(builder, [builder.load(v) for v in sums[1 + r]], slopes(number(r), number(0)), length)
        return context.get_dummy_value()

    return types.void(value, slope, expectations, e, j, place, levels, rises, columns, industries), codegen


def _flip(builder, vectors):
    """Transpose eight vectors of eight: blocks off the diagonal change places, of one, two and four entries."""
    vectors = list(vectors)
    for stride in (1, 2, 4):
        upper = [n if not n & stride else BLOCK + (n ^ stride) for n in range(BLOCK)]
        lower = [n ^ stride if not n & stride else BLOCK + n for n in range(BLOCK)]
        for i in range(BLOCK):
            if not i & stride:
                a, b = vectors[i], vectors[i | stride]
                vectors[i], vectors[i | stride] = (builder.shuffle_vector(a, b, _mask(pick)) for pick in (upper, lower))
    return vectors


def _mask(entries):
    """Constant that tells a shuffle which entries to take."""
    return ir.Constant(ir.VectorType(ir.IntType(32), len(entries)), entries)


def _resize(builder, vector, size):
    """The vector's first entries, or as many as it has and unset ones."""
    unset = ir.Constant(vector.type, ir.Undefined)
    return builder.shuffle_vector(vector, unset, _mask([n if n < vector.type.count else 0 for n in range(size)]))


@intrinsic
def _transpose(_, target, row, column, source, first, columns):
    _contiguous(target, source)
    length = len(columns)

    def codegen(context, builder, signature, args):
        number = partial(context.get_constant, types.intp)
        into, of = (_array(context, builder, typ, args[n]) for n, typ in ((0, target), (3, source)))
        for begin, size in _chunks(length):
            given = [builder.load(_vectors(builder, of(number(begin + f), args[4]), BLOCK)[0], align=8) for f in range(size)]
            flipped = _flip(builder, given + [ir.Constant(given[0].type, ir.Undefined)] * (BLOCK - size))
            for i, vector in enumerate(flipped):
                where = into(builder.add(args[1], number(i)), builder.add(args[2], number(begin)))
                _store(builder, [_resize(builder, vector, size)], where, size)
        return context.get_dummy_value()

    return types.void(target, types.intp, types.intp, source, types.intp, columns), codegen


@intrinsic
def _gather(_, target, column, source, columns):
    _contiguous(target, source)
    length = len(columns)

    def codegen(context, builder, signature, args):
        number = partial(context.get_constant, types.intp)
        into, of = (_array(context, builder, typ, args[n]) for n, typ in ((0, target), (2, source)))
        for begin, size in _chunks(length):
            rows = (_load(builder, of(number(i), number(begin)), size)[0] for i in range(BLOCK))
            for f, vector in enumerate(_flip(builder, [_resize(builder, row, BLOCK) for row in rows])[:size]):
                _store(builder, [vector], into(number(begin + f), args[1]), BLOCK)
        return context.get_dummy_value()

    return types.void(target, types.intp, source, columns), codegen


@overload(combine, jit_options=_INLINED)
def _(target, weights, rows, columns):
    return lambda target, weights, rows, columns: _combine(target, weights, rows, columns)


@overload(stencil, jit_options=_INLINED)
def _(value, slope, expectations, e, j, place, levels, rises, columns, industries):
    def compiled(value, slope, expectations, e, j, place, levels, rises, columns, industries):
        return _stencil(value, slope, expectations, e, j, place, levels, rises, columns, industries)

    return compiled


@overload(transpose, jit_options=_INLINED)
def _(target, row, column, source, first, columns):
    return lambda target, row, column, source, first, columns: _transpose(target, row, column, source, first, columns)


@overload(gather, jit_options=_INLINED)
def _(target, column, source, columns):
    return lambda target, column, source, columns: _gather(target, column, source, columns)
