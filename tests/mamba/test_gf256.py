"""The field of 256 elements against its definition, and against the products in FIPS 197."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mamba import gf256
from mamba.randomness import Randomness

MODULUS = 0b1_0001_1011  # x^8 + x^4 + x^3 + x + 1
ALL = np.arange(256, dtype=np.uint8)

elements = st.integers(0, 255)
vectors = st.lists(elements, min_size=1, max_size=40)


def product(a, b):
    """Multiply as polynomials over GF(2), then divide by the modulus and keep the remainder."""
    result = 0
    for k in range(8):
        if b >> k & 1:
            result ^= a << k
    for k in range(14, 7, -1):
        if result >> k & 1:
            result ^= MODULUS << (k - 8)
    return result


def dot(weights, values):
    result = 0
    for weight, value in zip(weights, values, strict=True):
        result ^= product(weight, value)
    return result


def value_at(coefficients, x):
    result = 0
    for coefficient in reversed(coefficients):
        result = product(result, x) ^ coefficient
    return result


def array(values):
    return np.array(values, np.uint8)


def test_all_products():
    a, b = np.repeat(ALL, 256), np.tile(ALL, 256)
    expected = [product(int(x), int(y)) for x, y in zip(a, b, strict=True)]
    assert gf256.mul(a, b).tolist() == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (0x57, 0x83, 0xC1),  # FIPS 197, section 4.2
        (0x57, 0x13, 0xFE),  # section 4.2.1, and the powers of x on the way to it
        (0x57, 0x02, 0xAE),
        (0x57, 0x04, 0x47),
        (0x57, 0x08, 0x8E),
        (0x57, 0x10, 0x07),
        (0x53, 0xCA, 0x01),  # the inverse used in the standard's S-box example
    ],
)
def test_products_of_fips_197(a, b, expected):
    assert gf256.mul(array([a]), array([b])).tolist() == [expected]


@given(elements, elements, elements)
def test_field_laws(a, b, c):
    x, y, z = array([a]), array([b]), array([c])
    assert gf256.add(x, y) == gf256.sub(x, y) == a ^ b
    assert gf256.mul(x, gf256.add(y, z)) == gf256.add(gf256.mul(x, y), gf256.mul(x, z))
    assert gf256.mul(x, gf256.mul(y, z)) == gf256.mul(gf256.mul(x, y), z)


@pytest.mark.parametrize("constant", range(256))
def test_scale(constant):
    assert gf256.scale(ALL, constant).tolist() == [product(int(v), constant) for v in ALL]


@given(st.lists(st.tuples(elements, elements), min_size=1, max_size=12))
def test_combine_is_a_weighted_sum(terms):
    weights, values = zip(*terms, strict=True)
    arrays = [array([value, 255 - value]) for value in values]
    before = [a.copy() for a in arrays]
    combined = gf256.combine(weights, arrays)
    assert combined.tolist() == [dot(weights, values), dot(weights, [255 - v for v in values])]
    assert all((a == b).all() for a, b in zip(arrays, before, strict=True))


@given(vectors)
def test_wire_format_is_one_byte_an_element(values):
    data = gf256.to_bytes(array(values))
    assert data == bytes(values)
    assert gf256.from_bytes(data, len(values)).tolist() == values
    with pytest.raises(ValueError, match="field elements"):
        gf256.from_bytes(data, len(values) + 1)


@pytest.mark.parametrize("count", [0, 1, 8193])
def test_any_length(count):
    randomness = Randomness()
    a, b = gf256.random(randomness, count), gf256.random(randomness, count)
    assert gf256.length(gf256.zeros(count)) == gf256.length(a) == gf256.length(gf256.mul(a, b))
    assert (gf256.combine([7, 9], [a, b]) == gf256.scale(a, 7) ^ gf256.scale(b, 9)).all()


polynomials = st.lists(elements, min_size=1, max_size=9)


@given(polynomials, st.integers(0, 20))
def test_lagrange_gives_any_value_of_a_polynomial(coefficients, at):
    points = tuple(range(1, len(coefficients) + 1))
    if at in points:
        at += 20
    values = [value_at(coefficients, x) for x in points]
    assert dot(gf256.lagrange(points, at), values) == value_at(coefficients, at)


@given(polynomials, st.integers(1, 10), st.integers(1, 255), st.data())
def test_differences_vanish_on_polynomials_and_on_nothing_near_them(c, first, error, data):
    points = tuple(range(first, first + len(c) + 1))
    values = [value_at(c, x) for x in points]
    assert dot(gf256.differences(points), values) == 0
    values[data.draw(st.integers(0, len(c)))] ^= error
    assert dot(gf256.differences(points), values) != 0


@given(st.integers(1, 20), st.integers(1, 5), st.integers(0, 70_000), st.randoms())
@settings(max_examples=20)
def test_a_matrix_is_its_rows(rows, columns, count, random):
    weights = [[random.randrange(256) for _ in range(columns)] for _ in range(rows)]
    rng = np.random.default_rng(random.randrange(2**32))
    arrays = [rng.integers(0, 256, count).astype(np.uint8) for _ in range(columns)]
    for row, result in zip(weights, gf256.combine_rows(weights, arrays), strict=True):
        assert (result == gf256.combine(row, arrays)).all()
