"""The field of 2^72 elements, against polynomials of the `galois` kind done by hand in integers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamba import gf2_72, gf256
from mamba.randomness import Randomness

elements = st.binary(min_size=9, max_size=9).map(
    lambda data: np.frombuffer(data, np.uint8).reshape(9, 1)
)


def slow_product(a, b):
    """Schoolbook, coefficient by coefficient; X^9 is replaced by 3 wherever it comes up."""
    result = [0] * 17
    for i, x in enumerate(a.ravel().tolist()):
        for j, y in enumerate(b.ravel().tolist()):
            product = 0
            for k in range(8):  # bits of y, modulo x^8 + x^4 + x^3 + x + 1
                product ^= (y >> k & 1) * x << k
            for k in range(14, 7, -1):
                product ^= (product >> k & 1) * (0x11B << k - 8)
            result[i + j] ^= product
    for i in range(16, 8, -1):
        three = result[i] << 1 ^ result[i]
        result[i - 9] ^= three ^ (0x11B if three & 256 else 0)
    return result[:9]


@given(elements, elements)
def test_products(a, b):
    assert gf2_72.mul(a, b).ravel().tolist() == slow_product(a, b)


def power(a, exponent):
    result = gf2_72.zeros(1)
    result[0] = 1
    while exponent:
        if exponent & 1:
            result = gf2_72.mul(result, a)
        a, exponent = gf2_72.mul(a, a), exponent >> 1
    return result


@given(elements)
def test_every_element_but_0_has_an_inverse(a):
    """So it is a field: X^9 - 3 is irreducible."""
    product = gf2_72.mul(a, power(a, 2**72 - 2)).ravel().tolist()
    assert product == [int(a.any())] + [0] * 8


def test_x_lies_in_no_smaller_field():
    """The other half of irreducibility: X^(256^3) is not X, and X^(256^9) is."""
    x = gf2_72.zeros(1)
    x[1] = 1
    assert (power(x, 256**3) != x).any()
    assert (power(x, 256**9) == x).all()


@pytest.mark.parametrize("count", [1, 5, 40_000])
def test_inner_products_weighing_and_folding(count):
    a, b = (gf2_72.random(Randomness(), count) for _ in range(2))
    total = np.bitwise_xor.reduce(gf2_72.mul(a, b), axis=1)
    assert (gf2_72.inner(a, b) == total).all()
    assert (gf2_72.inner(np.stack([a, b], axis=1), b[:, None])[:, 0] == total).all()
    bytes_ = gf256.random(Randomness(), count)
    lifted = np.zeros((9, count), np.uint8)
    lifted[0] = bytes_
    assert (gf2_72.weigh(a, bytes_) == gf2_72.inner(a, lifted)).all()


def test_combinations():
    weights, blocks = gf2_72.random(Randomness(), 7), gf2_72.random(Randomness(), 7 * 20_000)
    blocks = blocks.reshape(9, 7, -1)
    expected = np.bitwise_xor.reduce(gf2_72.mul(weights[:, :, None], blocks), axis=1)
    assert (gf2_72.fold(weights, blocks) == expected).all()
    lifted = np.zeros_like(blocks)
    lifted[0] = blocks[3]
    expected = np.bitwise_xor.reduce(gf2_72.mul(weights[:, :, None], lifted), axis=1)
    assert (gf2_72.combine(weights, np.ascontiguousarray(blocks[3])) == expected).all()


@pytest.mark.parametrize("count", [1, 2, 3, 9, 127, 255])
def test_lagrange_weights(count):
    """Of the powers x^m, which they take to r^m."""
    r = gf2_72.random(Randomness(), 1)
    weights = gf2_72.lagrange(count, r)
    for m in {0, 1, count // 2, count - 1}:
        if m >= count:
            continue
        values = np.ones(count, np.uint8)
        for _ in range(m):
            values = gf256.mul(values, np.arange(1, count + 1, dtype=np.uint8))
        assert (gf2_72.weigh(weights, values)[:, None] == power(r, m)).all()
