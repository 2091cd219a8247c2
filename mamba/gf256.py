"""The field of 256 elements, on NumPy arrays: single bits are shared here, at one byte a share.

A field array of k elements is a ``uint8`` array of shape (k,). Addition is exclusive or, so the
sum of two shared bits is their XOR, and the product is their AND. Elements are polynomials over
GF(2) modulo x^8 + x^4 + x^3 + x + 1 (FIPS 197, section 4.2). The functions are those of
`mamba.field`.
"""

from functools import lru_cache

import numpy as np

BYTES = 1
_BLOCK = 1 << 15


def zeros(count):
    """Field array of `count` zeros."""
    return np.zeros(count, np.uint8)


def length(array):
    """Number of elements of a field array."""
    return len(array)


def to_bytes(array):
    """Bytes on the wire."""
    return array.tobytes()


def from_bytes(data, count):
    """Inverse of `to_bytes`; ValueError unless `data` holds `count` elements."""
    if len(data) != count:
        raise ValueError(f"{len(data)} bytes are not {count} field elements")
    return np.frombuffer(data, np.uint8)


def random(randomness, count):
    """Field array of `count` uniform elements."""
    return np.frombuffer(bytearray(randomness.bytes(count)), np.uint8)  # a bytearray: to be written


def add(a, b):
    """a + b, which is also a - b."""
    return a ^ b


sub = add


def mul(a, b):
    """a * b, element by element."""
    # No place is out of range, and not to look for that takes a sixth of the time.
    return _PRODUCTS.take(a.astype(np.uint16) << 8 | b, mode="wrap")


def scale(a, constant):
    """a * constant, for an integer constant in 0 ... 255."""
    if constant == 1:
        return a
    return np.frombuffer(a.tobytes().translate(_ROWS[constant]), np.uint8)


def combine(weights, arrays):
    """Sum of weights[i] * arrays[i]."""
    result = zeros(length(arrays[0]))
    for weight, array in zip(weights, arrays, strict=True):
        result ^= scale(array, weight)
    return result


def combine_rows(matrix, arrays):
    """`combine` for every row of a matrix of weights.

    One look-up for each array gives what it adds to eight results (the method of Arlazarov, Dinic,
    Kronrod and Faradzhev, 1970), where `combine` takes one for each result.
    """
    count, results = length(arrays[0]), np.empty((len(matrix), length(arrays[0])), np.uint8)
    for first, tables in zip(
        range(0, len(matrix), 8), _tables(tuple(map(tuple, matrix))), strict=True
    ):
        part = results[first : first + 8]
        for start in range(0, count, _BLOCK):
            block = slice(start, start + _BLOCK)
            total = tables[0][arrays[0][block]]
            for table, array in zip(tables[1:], arrays[1:], strict=True):
                total ^= table[array[block]]
            part[:, block] = total.view(np.uint8).reshape(len(total), -1).T[: len(part)]
    return list(results)


@lru_cache
def _tables(rows):
    """For eight rows after the other: for each array, the bytes that its elements add to them."""
    tables: list[list] = []
    for first in range(0, len(rows), 8):
        some = rows[first : first + 8]
        width = 4 if len(some) <= 4 else 8
        tables.append([])
        for k in range(len(rows[0])):
            table = np.zeros((256, width), np.uint8)
            for place, row in enumerate(some):
                table[:, place] = np.frombuffer(_ROWS[row[k]], np.uint8)
            tables[-1].append(table.view(f"u{width}").ravel())
    return tables


def evaluate(coefficients, x):
    """The polynomial with these coefficients (field arrays, lowest first) at the element x."""
    value = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        value = scale(value, x) ^ coefficient
    return value


@lru_cache
def lagrange(points, at=0):
    """Weights that give f(at) from f(points), for polynomials of degree below len(points)."""
    return [
        _product([at ^ y for y in points if y != x] + [_inverse(x ^ y) for y in points if y != x])
        for x in points
    ]


@lru_cache
def differences(points):
    """Weights w with sum w_i f(x_i) = 0 exactly when f has a degree below len(points) - 1."""
    return [_product([_inverse(x ^ y) for y in points if y != x]) for x in points]


@lru_cache
def vandermonde(rows, columns):
    """Weights x^0, x^1, ... of so many rows, for `columns` different points x: any `rows` of the
    columns are a matrix with an inverse."""
    return [[_product([x] * row) for x in range(columns)] for row in range(rows)]


def _multiplication_table():
    """All products, row by row: the powers of x + 1 are all elements but 0, so logarithms add."""
    powers = [1]
    for _ in range(254):
        twice = powers[-1] << 1
        powers.append(powers[-1] ^ twice ^ (0x11B if twice & 256 else 0))
    logarithm = np.argsort([0, *powers])[1:] - 1
    table = np.zeros((256, 256), np.uint8)
    table[1:, 1:] = np.array(powers, np.uint8)[(logarithm[:, None] + logarithm) % 255]
    return table.ravel()


_PRODUCTS = _multiplication_table()
_ROWS = [_PRODUCTS[256 * c : 256 * c + 256].tobytes() for c in range(256)]


def _product(elements):
    result = 1
    for element in elements:
        result = _ROWS[result][element]
    return result


def _inverse(element):
    return _ROWS[element].index(1)
