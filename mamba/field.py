"""Arithmetic modulo the Mersenne prime p = 2^127 - 1, on NumPy arrays.

A field array of k elements is a ``uint32`` array of shape (4, k): column j holds element j as four
limbs of 32 bits, the lowest first, always reduced below p. Only this file knows that. Sums and
products are formed in ``uint64``, where products of two limbs fit, and reduced once at the end:
2^127 = 1 modulo p, so what lies above bit 127 is simply added at the bottom.

Work is done in blocks of columns that fit the processor's cache.
"""

from functools import lru_cache
from math import factorial, prod
from operator import itemgetter

import numpy as np

P = 2**127 - 1
BYTES = 16  # one element on the wire
_BLOCK = 4096
_LONGEST = 1 << 26  # elements of which the products, of 32 bits, can be added up in 64 bits
_FEW = 2000  # elements, of which handling takes longer than computing
_DIGIT = 28  # bits of a weight that are worked on at once
_TOGETHER = 1 << 15  # elements of all rows that are combined at once, which fit a cache
# Floating-point numbers from 2^52 to 2^53 are their bits, read as an integer, but for a constant.
_FROM_2_52, _EXPONENT = 2**52, 0x433 << 52
_LOW = np.uint64(0xFFFFFFFF)
_TOP = np.uint64(0x7FFFFFFF)
_S32, _S31 = np.uint64(32), np.uint64(31)
_S16, _M16 = np.uint64(16), np.uint64(2**16 - 1)
_AT_ONCE = 9  # arrays of which products of 47 bits, as good as seven of each, add up to 53 bits
_HALVES = 8  # limbs of 16 bits that an element has, for matrix products
_SIXTHS = 6  # limbs of 22 bits, likewise
_EXACT = 512  # columns of which products of 44 bits can be added up in 53 bits
_SUMMED = 1 << 18  # columns of which they can be added up in 63 bits


def zeros(count):
    """Field array of `count` zeros."""
    return np.zeros((4, count), np.uint32)


def length(array):
    """Number of elements of a field array."""
    return array.shape[-1]


def from_ints(values):
    """Field array of Python integers, each taken modulo p."""
    data = b"".join((int(v) % P).to_bytes(BYTES, "little") for v in values)
    return np.ascontiguousarray(np.frombuffer(data, "<u4").reshape(-1, 4).T)


def to_ints(array):
    """Python integers in [0, p) of a field array."""
    data = np.ascontiguousarray(array.T).astype("<u4", copy=False).tobytes()
    return [int.from_bytes(data[i : i + BYTES], "little") for i in range(0, len(data), BYTES)]


def from_words(words):
    """Field array of unsigned 64-bit integers."""
    words = np.asarray(words, np.uint64)
    result = zeros(len(words))
    result[0], result[1] = words & _LOW, words >> _S32
    return result


def to_signed(array):
    """Python integers in (-p/2, p/2) of a field array, as SCALE-MAMBA prints them."""
    words = to_words(array)
    if words is not None:  # the common case: small and not negative
        return words.tolist()
    return [v - P if v > P // 2 else v for v in to_ints(array)]


def to_words(array):
    """Unsigned integers of a field array, ``uint32`` or ``uint64``; None unless all are below
    2^64."""
    if array[2:].any():
        return None
    return array[1].astype(np.uint64) << _S32 | array[0] if array[1].any() else array[0]


def low_bits(array, count):
    """The `count` lowest bits of every element, as a (count, k) ``uint8`` array, lowest bit
    first."""
    data = np.ascontiguousarray(array.T).astype("<u4", copy=False).view(np.uint8)
    return np.ascontiguousarray(np.unpackbits(data, axis=1, count=count, bitorder="little").T)


def from_bits(bits):
    """Field array of the integers whose bits are the rows of a (count, k) array, lowest bit
    first."""
    padded = np.zeros((128, bits.shape[1]), np.uint8)
    padded[: len(bits)] = bits
    data = np.ascontiguousarray(np.packbits(padded.T, axis=1, bitorder="little"))
    return np.ascontiguousarray(data.view("<u4").T.astype(np.uint32))


def to_bytes(array):
    """Bytes on the wire: limb by limb, little endian."""
    return array.astype("<u4", copy=False).tobytes()


def from_bytes(data, count):
    """Inverse of `to_bytes`; ValueError unless `data` holds `count` reduced elements."""
    if len(data) != BYTES * count:
        raise ValueError(f"{len(data)} bytes are not {count} field elements")
    array = np.frombuffer(data, "<u4").reshape(4, count).astype(np.uint32, copy=False)
    top = _largest(array[3])
    if top > _TOP or top == _TOP and _equals_p(array).any():
        raise ValueError("a field element is not below 2^127 - 1")
    return array


def random(randomness, count):
    """Field array of `count` uniform elements, from a `mamba.randomness.Randomness`."""
    array = np.frombuffer(randomness.bytes(BYTES * count), np.uint32).reshape(4, count).copy()
    array[3] &= np.uint32(_TOP)  # 2^127 values for p = 2^127 - 1 residues: bias 2^-127
    return _canonical(array)


def add(a, b):
    """a + b."""
    return _blockwise(lambda x, y: x + y.astype(np.uint64), a, b)


def neg(a):
    """-a. The bits of p are all ones, so p - a flips every bit of a and never borrows."""
    flipped = ~a
    flipped[3] &= np.uint32(_TOP)
    return _canonical(flipped)


def sub(a, b):
    """a - b."""
    return _blockwise(lambda x, y: x + _flip(y), a, b)


def mul(a, b):
    """a * b, element by element."""
    return _blockwise(_product, a, b, _BLOCK // 2)


def scale(a, constant):
    """a * constant, for any Python integer."""
    return combine([constant], [a])


def combine(weights, arrays):
    """Sum of weights[i] * arrays[i], for Python integers as weights.

    Weights are read as signed residues, so that -1 is as cheap as 1, and long ones digit by digit:
    the digits at one place make a sum of their own.
    """
    terms = [(signed_residue(w), array) for w, array in zip(weights, arrays, strict=True)]
    longest = max(abs(weight) for weight, _ in terms).bit_length()
    result = None
    for place in range(max(1, -(-longest // _DIGIT)) - 1, -1, -1):
        digits = [(_digit(weight, place), array) for weight, array in terms]
        if result is not None:
            digits.append((2**_DIGIT, result))
        result = _combine_small(digits)
    return result


def combine_rows(matrix, arrays):
    """`combine` for every row of a matrix of weights, a list of lists of Python integers.

    One matrix product, exact in floating point: limbs of 32 bits, times weights that add up to less
    than 2^19. Longer weights are cut into digits, each of which makes rows of its own. The sums are
    lifted to 2^52, where their bits need not be converted to be read as integers.
    """
    count = length(arrays[0])
    bits, digits, lifted = _digits(tuple(map(tuple, matrix)))
    result = np.empty((len(matrix), 4, count), np.uint32)
    for part in _blocks(count, max(256, _TOGETHER // (len(arrays) + len(digits)))):
        limbs = np.empty((len(arrays) + 1, 4, part.stop - part.start))
        for place, array in enumerate(arrays):
            limbs[place] = array[:, part]
        limbs[-1] = lifted
        sums = (digits @ limbs.reshape(len(limbs), -1)).view(np.uint64)
        sums = sums.reshape(-1, len(matrix), *limbs.shape[1:]).swapaxes(1, 2)
        sums[:, 3] &= np.uint64(_FROM_2_52 - 1)  # what is too much in the others is carried here
        reduced = _reduce(sums[-1])
        for place in range(len(sums) - 2, -1, -1):
            reduced = _reduce((reduced.astype(np.uint64) << np.uint64(bits)) + sums[place])
        result[:, :, part] = reduced.swapaxes(0, 1)
    return list(result)


@lru_cache
def _digits(rows):
    """The number of bits in a digit of weights, and the digits as rows of a matrix: the lowest ones
    of all rows, then the next. In every row they add up to less than 2^19. A last column of ones is
    for a column of limbs that lifts all sums to 2^52: read as their bits are, but for the exponent
    of the highest one, they are what they were, and a multiple of p."""
    longest = max(abs(weight) for row in rows for weight in row).bit_length()
    if max(sum(map(abs, row)) for row in rows) < 2**19:
        bits = places = 1
        digits = [rows]
    else:
        bits = 19 - len(rows[0]).bit_length()
        places = -(-longest // bits)
        digits = [
            [[_digit(w, place, bits) for w in row] for row in rows] for place in range(places)
        ]
    matrix = np.array(digits, np.float64).reshape(places * len(rows), -1)
    height = 32 + int(abs(matrix).sum(axis=1).max()).bit_length()
    exponents = _EXPONENT * (1 + 2**32 + 2**64)
    lifted = _FROM_2_52 + _multiple_of_p(height, exponents)
    return bits, np.column_stack([matrix, np.ones(len(matrix))]), lifted.astype(float)[:, None]


def from_limbs(limbs, bits):
    """Field array of sums of limbs of 32 bits, an ``int64`` array of shape (4, ...) with numbers
    from -2^(bits - 1) to 2^bits, for bits up to 62."""
    multiple = _multiple_of_p(bits).reshape(4, *[1] * (limbs.ndim - 1))
    return _reduce((limbs + multiple).view(np.uint64))


@lru_cache
def _multiple_of_p(bits, more=0):
    """As four limbs of about 2^bits, and something more that is not among them."""
    excess = (2**bits * (1 + 2**32 + 2**64 + 2**96) + more) % P
    return np.array([2**bits - (excess >> 32 * i & 2**32 - 1) for i in range(4)])


def sums(array, starts):
    """Sums over the runs of elements that begin at these positions, as a field array."""
    return _reduce(np.add.reduceat(array.astype(np.uint64), starts, axis=1))


def gram(arrays):
    """All inner products of field arrays of equal length, as a list of lists of Python integers.

    One exact matrix product in floating point: limbs of 22 bits have products of 44, of which 512
    can be added before 53 bits are full.
    """
    count = len(arrays)
    total = np.zeros((count, count), object)
    for part in _blocks(length(arrays[0]), _SUMMED):
        products = np.zeros((_SIXTHS * count, _SIXTHS * count), np.int64)
        room = np.empty((_SIXTHS, count, _BLOCK // 2))
        for block in _blocks(part.stop - part.start, _BLOCK // 2):
            place = slice(part.start + block.start, part.start + block.stop)
            columns = np.array([array[:, place] for array in arrays]).swapaxes(0, 1)
            limbs = _limbs22(columns, room[..., : columns.shape[-1]])
            for few in _blocks(columns.shape[-1], _EXACT):
                some = limbs[:, few]
                products += (some @ some.T).astype(np.int64)
        # Products of limbs i and j carry the weight 2^(22 (i + j)).
        pairs = products.reshape(_SIXTHS, count, _SIXTHS, count).astype(object)
        for i in range(_SIXTHS):
            for j in range(_SIXTHS):
                total += pairs[i, :, j] << 22 * (i + j)
    return (total % P).tolist()


def weighted_sum(numbers, arrays, signs=(), terms=()):
    """Sum of numbers[i] * arrays[i] for a field array of numbers, which may be secret shares; and
    of further field arrays, a few terms, each with its sign, 1 or -1.

    A matrix product as exact as in `gram`, with one row for each weight 2^(16 w) of the result. Few
    products are added up here, so one factor may have limbs of 32 bits, which it is stored in; the
    numbers' limbs of 16 bits have a sign, so that some may be doubled: 2^128 = 2 modulo p.
    """
    result, matrices = np.empty((4, length(arrays[0])), np.uint32), []
    for start in range(0, len(arrays), _AT_ONCE):
        weights = _signed_limbs16(numbers[:, start : start + _AT_ONCE])  # (8, count)
        matrices.append(np.zeros((_HALVES, 4 * weights.shape[1])))
        for i, row in enumerate(weights):
            for j in range(4):
                high, low = divmod(i + 2 * j, _HALVES)
                matrices[-1][low, j::4] = row * (1 + high)
    for part in _blocks(length(result)):
        total = np.zeros((_HALVES, part.stop - part.start), np.int64)
        for k, matrix in enumerate(matrices):
            some = arrays[k * _AT_ONCE : (k + 1) * _AT_ONCE]
            limbs = np.empty((4 * len(some), part.stop - part.start))
            for place, array in enumerate(some):
                limbs[4 * place : 4 * place + 4] = array[:, part]
            total += (matrix @ limbs).astype(np.int64)
        even, odd = total[0::2], total[1::2]
        even += (odd & 0xFFFF) << 16
        odd >>= 16
        even[1:] += odd[:-1]
        even[0] += odd[-1] << 1
        for sign, term in zip(signs, terms, strict=True):
            (np.add if sign > 0 else np.subtract)(even, term[:, part], out=even)
        result[:, part] = from_limbs(even, 55 + len(matrices).bit_length())
    return result


def inner_products(a, b, length):
    """Inner products of every run of `length` elements of one field array with every run of
    another, those with the first run of `a` first; the same exact matrix product as in `gram`."""
    if length == 1 == b.shape[1]:
        return mul(a, b)
    left, right = (x.reshape(4, -1, length) for x in (a, b))
    rows, columns = left.shape[1], right.shape[1]
    if length > _LONGEST:
        parts = [(left[:, :, half], right[:, :, half]) for half in _halves(length)]
        return add(
            *(inner_products(x.reshape(4, -1), y.reshape(4, -1), x.shape[-1]) for x, y in parts)
        )
    if rows * columns * length <= _FEW:  # of so few, the products can be summed unreduced
        products = _product(left[:, :, np.newaxis], right[:, np.newaxis])
        return _reduce(np.add.reduce(products, axis=-1).reshape(4, -1))
    if length == 1:
        return mul(a.repeat(columns, axis=1), np.tile(b, (1, rows)))
    result = zeros(rows * columns)
    most = max(1, 2**20 // length)
    for first in range(0, rows, most):
        block = left[:, first : first + most]
        height = block.shape[1]
        total = np.zeros((2 * _HALVES - 1, height, columns), np.uint64)
        for part in _blocks(length):
            one = _limbs16(block[:, :, part].reshape(4, -1)).reshape(_HALVES * height, -1)
            whole = (
                one if a is b and height == columns else _limbs16(right[:, :, part].reshape(4, -1))
            )
            other = whole.reshape(_HALVES, columns, -1)
            used = _HALVES if other[1:].any() else 1  # small numbers have one limb
            products = one @ other[:used].reshape(used * columns, -1).T
            products = products.astype(np.uint64).reshape(_HALVES, height, used, columns)
            for j in range(used):
                total[j : j + _HALVES] += products[:, :, j]
        start = first * columns
        result[:, start : start + height * columns] = _from_limbs16(
            total.reshape(2 * _HALVES - 1, -1)
        )
    return result


def small_products(matrix, numbers):
    """The product of a matrix of field elements, an array of them row by row, with one of integers
    from 0 on, of shape (length, columns), that add up to less than 2^21 in every column. As exact
    as `gram`."""
    limbs = matrix.reshape(-1, len(numbers)).astype(np.float64)
    sums = (limbs @ numbers.astype(np.float64)).astype(np.int64)
    height = 32 + int(numbers.sum(axis=0).max()).bit_length()
    return from_limbs(sums.reshape(4, -1), height)


def small_sums(weights, arrays):
    """For each array the sums of its elements, each times a public weight: as many as `weights`, an
    array of ``uint16`` of shape (sums, length), has rows. As exact as `gram`."""
    totals = np.zeros((len(arrays), 2 * _HALVES - 1, len(weights)), np.uint64)
    for part in _blocks(weights.shape[1]):
        columns = weights[:, part].T.astype(np.float64)
        for array, total in zip(arrays, totals, strict=True):
            total[:_HALVES] += (_limbs16(array[:, part]) @ columns).astype(np.uint64)
    return [_from_limbs16(total) for total in totals]


def evaluate(coefficients, x):
    """The polynomial with these coefficients (field arrays, lowest first) at the small integer
    x."""
    result = zeros(length(coefficients[0]))
    for part in _blocks(length(result)):
        value, bound = coefficients[-1][:, part].astype(np.uint64), 2**32
        for coefficient in coefficients[-2::-1]:
            if bound * x + 2**32 >= 2**63:  # carry before a limb could overflow
                value, bound = _reduce(value).astype(np.uint64), 2**32
            value *= np.uint64(x)
            value += coefficient[:, part]
            bound = bound * x + 2**32
        result[:, part] = _reduce(value)
    return result


@lru_cache
def lagrange(points, at=0):
    """Weights that give f(at) from f(points), for polynomials of degree below len(points)."""
    weights = []
    for x in points:
        others = [y for y in points if y != x]
        numerator, denominator = prod(at - y for y in others), prod(x - y for y in others)
        weights.append(signed_residue(numerator * pow(denominator, -1, P)))
    return weights


@lru_cache
def differences(points):
    """Weights w with sum w_i f(x_i) = 0 exactly when f has a degree below len(points) - 1.

    The divided difference over all points, scaled so that the weights of consecutive integers are
    binomial coefficients.
    """
    scale_up = factorial(len(points) - 1)
    return [
        signed_residue(scale_up * pow(prod(x - y for y in points if y != x), -1, P)) for x in points
    ]


@lru_cache
def vandermonde(rows, columns):
    """Weights x^0, x^1, ... of so many rows, for `columns` different points x: any `rows` of the
    columns are a matrix with an inverse. The points lie around 0, so that weights are short."""
    points = range(-(columns // 2), columns - columns // 2)
    return [[signed_residue(x**row) for x in points] for row in range(rows)]


def signed_residue(value):
    """The representative of value modulo p that is nearest to zero."""
    value %= P
    return value - P if value > P // 2 else value


def _halves(count):
    return slice(0, count // 2), slice(count // 2, count)


def _blocks(count, size=_BLOCK):
    return [slice(i, min(i + size, count)) for i in range(0, count, size)]


def _blockwise(function, a, b, size=_BLOCK):
    count = max(length(a), length(b))
    if count <= size:
        return _reduce(function(a.astype(np.uint64), b))
    result = zeros(count)
    for part in _blocks(length(result), size):
        x = a[:, part] if length(a) > 1 else a
        y = b[:, part] if length(b) > 1 else b
        result[:, part] = _reduce(function(x.astype(np.uint64), y))
    return result


def _flip(a):
    flipped = (~a).astype(np.uint64)
    flipped[3] &= _TOP
    return flipped


def _product(a, b):
    """Schoolbook product; every 64-bit limb product is split, so that eight of them add up
    safely: each of the result is below 2^37."""
    low = a[:, np.newaxis] * b.astype(np.uint64)
    high = low >> _S32
    low &= _LOW
    columns = np.zeros((8, *low.shape[2:]), np.uint64)
    for i in range(4):
        columns[i : i + 4] += low[i]
        columns[i + 1 : i + 5] += high[i]
    return columns[:4] + columns[4:] * np.uint64(2)  # 2^128 = 2 modulo p


def _digit(weight, place, bits=_DIGIT):
    digit = abs(weight) >> bits * place & 2**bits - 1
    return digit if weight >= 0 else -digit


def _combine_small(terms):
    """Sum of signed weights below 2^29 times arrays."""
    result = zeros(length(terms[0][1]))
    for part in _blocks(length(result)):
        sums, bound = np.zeros_like(result[:, part], np.int64), 0
        for weight, array in filter(itemgetter(0), terms):
            if bound + abs(weight) >= 2**29:  # times 2^32 they fit, with a sign, below 2^61
                sums, bound = from_limbs(sums, 62).astype(np.int64), 1
            block = array[:, part]
            if abs(weight) != 1:
                sums += block * np.int64(weight)
            elif weight > 0:
                sums += block
            else:
                sums -= block
            bound += abs(weight)
        result[:, part] = from_limbs(sums, 33 + bound.bit_length())
    return result


def _limbs16(array):
    """Eight limbs of 16 bits, lowest first, as an (8, k) array of floating-point numbers."""
    limbs = np.empty((4, 2, length(array)))
    limbs[:, 0] = array & np.uint32(2**16 - 1)
    limbs[:, 1] = array >> np.uint32(16)
    return limbs.reshape(_HALVES, -1)


def _signed_limbs16(array):
    """The same with numbers from -2^15 to 2^15."""
    limbs = _limbs16(array)
    for low, high in zip(limbs, limbs[1:], strict=False):
        carry = low >= 2**15
        low -= carry * 2.0**16
        high += carry
    return limbs


def _limbs22(arrays, limbs):
    """Six limbs of 22 bits of field arrays of shape (4, arrays, k), the lowest of all first, as
    rows of floating-point numbers; they are put into `limbs`."""
    a, b, c, d = arrays
    low = np.uint32(2**22 - 1)
    some = a & low, (a >> 22 | b << 10) & low, (b >> 12 | c << 20) & low, c >> 2 & low
    for place, limb in enumerate([*some, (c >> 24 | d << 8) & low, d >> 14]):
        limbs[place] = limb.view(np.int32)  # which is converted faster
    return limbs.reshape(-1, a.shape[1])


def _from_limbs16(limbs):
    """Field array of 15 rows of numbers below 2^62, row w of weight 2^(16 w)."""
    limbs[:7] += limbs[8:] << np.uint64(1)  # 2^128 = 2 modulo p
    limbs = limbs[:8]
    for w in range(7):
        limbs[w + 1] += limbs[w] >> _S16
        limbs[w] &= _M16
    over = limbs[7] >> _S16
    limbs[7] &= _M16
    columns = limbs[0::2] | limbs[1::2] << _S16
    columns[0] += over << np.uint64(1)
    return _reduce(columns)


def _reduce(limbs):
    """Carry four ``uint64`` limbs, each below 2^64 - 2^34, and bring the value below p. Overwrites
    limbs."""
    a, b, c, d = limbs
    b += a >> _S32
    c += b >> _S32
    d += c >> _S32
    a &= _LOW
    a += d >> _S31
    reduced = limbs.astype(np.uint32)  # which leaves out what has been carried
    reduced[3] &= np.uint32(_TOP)
    if _largest(a.ravel()) > _LOW:  # of short sums, a carry is hardly ever left
        left = a > _LOW
        again = reduced[:, left].astype(np.uint64)
        again[0] = a[left]
        reduced[:, left] = _reduce(again)
    return _canonical(reduced)


def _canonical(array):
    """Zero has two forms, 0 and p; keep the first."""
    if _largest(array[3].ravel()) == _TOP:
        array[:, _equals_p(array)] = 0
    return array


def _largest(limbs):
    """The largest of some limbs; quicker than their own ``max`` where these are few."""
    return np.maximum.reduce(limbs, initial=0)


def _equals_p(array):
    """Which elements are p, whose bits are all ones."""
    return (array[3] == _TOP) & (array[:3] == np.uint32(_LOW)).all(axis=0)
