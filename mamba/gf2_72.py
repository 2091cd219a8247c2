"""The field of 2^72 elements, in which products of `mamba.gf256` are verified.

A random challenge from 256 elements is guessed too easily; from 2^72 it is not. The elements are
polynomials of degree below 9 with coefficients in GF(256), modulo X^9 - 3. That polynomial is
irreducible: 3 generates the multiplicative group, whose order 255 is a multiple of 3, so 3 has no
cube root there (Lidl and Niederreiter, Finite Fields, theorem 3.75). GF(256) itself is the
polynomials of degree 0, so sharings of bytes are sharings of elements of the extension, with the
same points: a sharing of an element is nine sharings of bytes, and what is linear over GF(256)
stays local.

An array of elements is a ``uint8`` array of shape (9, ...): the first axis is the coefficients, the
lowest first. On the wire and in `mamba.protocols` it is the flattened array, as bytes.
"""

from functools import lru_cache

import numpy as np

from mamba import gf256

DEGREE = 9
BITS = 8 * DEGREE
_MODULUS = 3  # X^9 = 3
_BLOCK = 1 << 14  # columns that are multiplied at once, so that what is made fits a cache
_FEW = 256  # columns, for which tables are not worth making


def random(randomness, count):
    """`count` uniform elements, from a `mamba.randomness.Randomness`."""
    return gf256.random(randomness, DEGREE * count).reshape(DEGREE, count)


def zeros(count):
    """`count` zeros."""
    return np.zeros((DEGREE, count), np.uint8)


def mul(a, b):
    """a * b, element by element; shapes behind the first axis are broadcast."""
    high = np.zeros((2 * DEGREE - 1, *np.broadcast_shapes(a.shape, b.shape)[1:]), np.uint8)
    for i in range(DEGREE):
        high[i : i + DEGREE] ^= gf256.mul(a[i], b)
    return _reduce(high)


def inner(a, b):
    """Sums of a * b over the last axis; the axes before it are broadcast."""
    count = a.shape[-1]
    high = np.zeros((2 * DEGREE - 1, *np.broadcast_shapes(a.shape, b.shape)[1:-1]), np.uint8)
    for start in range(0, count, _BLOCK):
        part = slice(start, start + _BLOCK)
        for i in range(DEGREE):
            products = gf256.mul(a[i, ..., part], b[..., part])
            high[i : i + DEGREE] ^= np.bitwise_xor.reduce(products, axis=-1)
    return _reduce(high)


def weigh(weights, array):
    """Sums of weights[..., j] * array[..., j] over j, for weights in this field and an array of
    bytes, of which the last axis is j."""
    total = np.zeros((DEGREE, *array.shape[:-1]), np.uint8)
    for start in range(0, array.shape[-1], _BLOCK):
        part = slice(start, start + _BLOCK)
        for i in range(DEGREE):
            products = gf256.mul(weights[i, part], array[..., part])
            total[i] ^= np.bitwise_xor.reduce(products, axis=-1)
    return total


def combine(weights, arrays):
    """Sum of weights[:, a] * arrays[a] for arrays of bytes, of shape (k, count).

    One look-up in a table of each weight's multiples gives eight coefficients, another one the
    ninth.
    """
    multiples = gf256.mul(weights[:, :, None], np.arange(256, dtype=np.uint8))  # (9, k, 256)
    eight = np.ascontiguousarray(multiples[:8].transpose(1, 2, 0)).view(np.uint64)[..., 0]
    low, high = np.zeros(arrays.shape[1], np.uint64), np.zeros(arrays.shape[1], np.uint8)
    for start in range(0, arrays.shape[1], _BLOCK):
        part = slice(start, start + _BLOCK)
        for a, table in enumerate(eight):
            low[part] ^= table[arrays[a, part]]
            high[part] ^= multiples[8, a][arrays[a, part]]
    return np.concatenate([low.view(np.uint8).reshape(-1, 8).T, high[None]])


def fold(weights, blocks):
    """Sum of weights[:, a] * blocks[:, a] over a, for blocks of shape (9, k, count)."""
    if blocks.shape[2] < _FEW:
        return np.bitwise_xor.reduce(mul(weights[:, :, np.newaxis], blocks), axis=1)
    shifted, step = [weights], np.zeros((DEGREE, 1), np.uint8)
    step[1] = 1
    for _ in range(DEGREE - 1):
        shifted.append(mul(shifted[-1], step))  # the weights times X, X^2, ...
    return combine(np.concatenate(shifted, axis=1), blocks.reshape(-1, blocks.shape[2]))


def lagrange(count, at):
    """Weights that give f(at) from f(1), ..., f(count), for polynomials f of degree below `count`
    and `at` an element of this field.

    The numerators, products of all (at - y) but one, are products of a prefix and a suffix.
    """
    ascending = np.arange(1, count + 1, dtype=np.uint8)
    differences = np.repeat(at, count, axis=1)
    differences[0] ^= ascending
    before = _running_products(differences)
    after = _running_products(differences[:, ::-1])[:, ::-1]
    one = zeros(1)
    one[0] = 1
    numerators = mul(
        np.concatenate([one, before[:, :-1]], axis=1), np.concatenate([after[:, 1:], one], axis=1)
    )
    return gf256.mul(numerators, _scales(count))


def _running_products(array):
    """Products of the first 1, 2, ... elements."""
    array, step = array.copy(), 1
    while step < array.shape[1]:
        array[:, step:] = mul(array[:, step:], array[:, :-step])
        step *= 2
    return array


@lru_cache
def _scales(count):
    """For each x of 1 ... count, the inverse of the product of all x - y."""
    return np.array(gf256.differences(tuple(range(1, count + 1))), np.uint8)


def _reduce(high):
    """Modulo X^9 - 3, from 17 coefficients."""
    low = high[:DEGREE]
    low[: DEGREE - 1] ^= gf256.scale(np.ascontiguousarray(high[DEGREE:]).ravel(), _MODULUS).reshape(
        high[DEGREE:].shape
    )
    return low
