"""The prime field against Python's integers."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mamba import field
from mamba.field import P
from mamba.randomness import Randomness

# Where carries run: around every power of two, above all the limbs' bounds, and around 0 and p.
POWERS = [2**k for k in range(0, 128)]
EDGES = sorted(
    {(sign * power + step) % P for power in POWERS for sign in (1, -1) for step in (-1, 0, 1)}
    | {k * 2**32 + step for k in (1, 3, 2**32 - 1, 2**63, 2**94) for step in (-1, 0, 1)}
    | {P // 2, P // 2 + 1, 2**127 - 2**96, 2**96 - 2**64, 2**64 - 2**32}
)
LENGTHS = [0, 1, 2, 8191, 8192, 8193, 20000]

elements = st.one_of(st.sampled_from(EDGES), st.integers(0, P - 1))
integers = st.one_of(elements, st.integers(-(2**200), 2**200), st.sampled_from([-1, P, -P, 2 * P]))
pairs = st.lists(st.tuples(elements, elements), max_size=40)
vectors = st.lists(elements, max_size=40)


def columns(rows):
    """Two lists from a list of pairs."""
    return [a for a, _ in rows], [b for _, b in rows]


def arrays(rows):
    return tuple(field.from_ints(column) for column in columns(rows))


def edge_vector(count, step):
    """`count` edge values, in an order that differs for each step."""
    return [EDGES[(i * step + step) % len(EDGES)] for i in range(count)]


# --- in and out -------------------------------------------------------------------------------


@given(st.lists(integers, max_size=40))
def test_integers_come_back_modulo_p(values):
    assert field.to_ints(field.from_ints(values)) == [v % P for v in values]


@given(vectors)
def test_signed_integers_are_the_residues_nearest_to_zero(values):
    signed = field.to_signed(field.from_ints(values))
    assert [s % P for s in signed] == values
    assert all(-P // 2 <= s <= P // 2 for s in signed)


@given(st.lists(st.integers(0, 2**64 - 1), max_size=40))
def test_words_are_read_as_unsigned(words):
    array = field.from_words(np.array(words, np.uint64))
    assert field.to_ints(array) == words
    assert field.to_signed(array) == words


@given(vectors)
def test_wire_format_is_sixteen_bytes_an_element(values):
    array = field.from_ints(values)
    data = field.to_bytes(array)
    assert len(data) == 16 * len(values) == field.BYTES * len(values)
    assert field.to_ints(field.from_bytes(data, len(values))) == values


def test_wire_refuses_what_is_no_element():
    data = field.to_bytes(field.from_ints([1, 2]))
    for count in (1, 3):
        with pytest.raises(ValueError, match="32 bytes are not"):
            field.from_bytes(data, count)
    with pytest.raises(ValueError, match="not below"):
        field.from_bytes(b"\xff" * 16, 1)


def test_wire_refuses_the_second_form_of_zero():
    two_columns = np.array([[1, 2**32 - 1]] * 3 + [[1, 2**31 - 1]], "<u4")
    with pytest.raises(ValueError, match="not below"):
        field.from_bytes(two_columns.tobytes(), 2)


@given(vectors, st.integers(1, 127))
def test_low_bits(values, count):
    bits = field.low_bits(field.from_ints(values), count)
    assert bits.shape == (count, len(values))
    assert bits.T.tolist() == [[v >> k & 1 for k in range(count)] for v in values]


@given(vectors, st.integers(1, 126))
def test_bits_make_integers(values, count):
    rows = np.array([[v >> k & 1 for v in values] for k in range(count)], np.uint8)
    expected = [v % 2**count for v in values]
    assert field.to_ints(field.from_bits(rows.reshape(count, len(values)))) == expected


# --- laws -------------------------------------------------------------------------------------


@given(pairs)
def test_sum_difference_and_product(rows):
    check_sum_difference_and_product(rows)


def test_sum_difference_and_product_of_all_edge_values():
    """Each with a third of all, another third than its neighbours."""
    check_sum_difference_and_product(
        [(a, b) for i, a in enumerate(EDGES) for b in EDGES[i % 3 :: 3]]
    )


def check_sum_difference_and_product(rows):
    a, b = arrays(rows)
    assert field.to_ints(field.add(a, b)) == [(x + y) % P for x, y in rows]
    assert field.to_ints(field.sub(a, b)) == [(x - y) % P for x, y in rows]
    assert field.to_ints(field.mul(a, b)) == [x * y % P for x, y in rows]
    assert (field.to_ints(a), field.to_ints(b)) == columns(rows)  # the operands are left alone


@given(vectors)
@example(EDGES)
def test_negation(values):
    assert field.to_ints(field.neg(field.from_ints(values))) == [-v % P for v in values]


@given(elements, vectors)
def test_one_element_meets_a_vector(one, values):
    single, array = field.from_ints([one]), field.from_ints(values)
    if not values:
        return
    assert field.to_ints(field.add(single, array)) == [(one + v) % P for v in values]
    assert field.to_ints(field.sub(single, array)) == [(one - v) % P for v in values]
    assert field.to_ints(field.sub(array, single)) == [(v - one) % P for v in values]
    assert field.to_ints(field.mul(single, array)) == [one * v % P for v in values]


@pytest.mark.parametrize("count", LENGTHS)
def test_any_length(count):
    a, b = edge_vector(count, 7), edge_vector(count, 11)
    x, y = field.from_ints(a), field.from_ints(b)
    assert field.length(x) == count
    assert field.to_ints(field.add(x, y)) == [(v + w) % P for v, w in zip(a, b, strict=True)]
    assert field.to_ints(field.sub(x, y)) == [(v - w) % P for v, w in zip(a, b, strict=True)]
    assert field.to_ints(field.mul(x, y)) == [v * w % P for v, w in zip(a, b, strict=True)]
    assert field.to_ints(field.neg(x)) == [-v % P for v in a]
    combined = field.combine([3, -(2**30), P // 3], [x, y, x])
    weights = zip(a, b, strict=True)
    assert field.to_ints(combined) == [(3 * v - 2**30 * w + P // 3 * v) % P for v, w in weights]


@given(vectors, integers)
def test_scale(values, constant):
    scaled = field.scale(field.from_ints(values), constant)
    assert field.to_ints(scaled) == [v * constant % P for v in values]


small = st.integers(-(2**31) - 1, 2**31 + 1)
weights_of = st.lists(st.tuples(st.one_of(small, integers), elements, elements), min_size=1)


@given(weights_of)
@example([(2**31 - 1, P - 1, P - 1), (-(2**31) + 1, P - 1, 0)] * 20)
@example([(-1, 0, P - 1)] * 40)
def test_combine_is_a_weighted_sum(terms):
    arrays = [field.from_ints([x, y]) for _, x, y in terms]
    expected = [sum(w * x for w, x, _ in terms) % P, sum(w * y for w, _, y in terms) % P]
    assert field.to_ints(field.combine([w for w, _, _ in terms], arrays)) == expected


@given(
    st.lists(st.lists(st.integers(-(2**17), 2**17), min_size=3, max_size=3), min_size=1, max_size=5)
    | st.lists(st.lists(integers, min_size=3, max_size=3), min_size=1, max_size=3),
    st.lists(st.tuples(elements, elements, elements), min_size=1, max_size=5),
)
@example([[2**19, 2**18, 2**18 - 1], [0, 0, 0], [1 - 2**20, 0, 0]], [(P - 1,) * 3, (0, 1, 2)])
def test_many_weighted_sums_of_the_same(matrix, rows):
    arrays = [field.from_ints(column) for column in zip(*rows, strict=True)]
    for weights, result in zip(matrix, field.combine_rows(matrix, arrays), strict=True):
        assert field.to_ints(result) == [
            sum(w * x for w, x in zip(weights, row, strict=True)) % P for row in rows
        ]


@pytest.mark.parametrize("bits", [53, 61])
def test_limbs_may_be_negative(bits):
    most = 2 ** (bits - 1)
    limbs = np.array(
        [[most, -most, 0, -1], [most, -most, 0, 0], [0, -most, 0, 0], [1, -most, 0, 5]]
    )
    expected = [sum(int(limb) << 32 * i for i, limb in enumerate(column)) % P for column in limbs.T]
    assert field.to_ints(field.from_limbs(limbs, bits)) == expected


@pytest.mark.parametrize("count", [1, 2, 8191, 20000])
def test_sums_over_runs(count):
    values = edge_vector(count, 7)
    starts = sorted({0, count // 3, count // 2, count - 1})
    runs = zip(starts, [*starts[1:], count], strict=True)
    expected = [sum(values[start:end]) % P for start, end in runs]
    assert field.to_ints(field.sums(field.from_ints(values), starts)) == expected
    largest = field.from_ints([P - 1] * count)
    assert field.to_ints(field.sums(largest, [0])) == [-count % P]


raw_limbs = st.one_of(
    st.sampled_from([0, 2**31 - 1, 2**32 - 1, 2**63]), st.integers(0, 2**64 - 2**34 - 1)
)


@given(st.lists(st.tuples(*[raw_limbs] * 4), min_size=1, max_size=20))
@example([(2**32 - 1, 2**32 - 1, 2**32 - 1, 2**63 + 2**31 - 1)])  # carries until the third time
def test_sums_of_limbs_are_carried_until_they_fit(columns):
    limbs = np.array(columns, np.uint64).T.copy()
    expected = [sum(limb << 32 * i for i, limb in enumerate(column)) % P for column in columns]
    assert field.to_ints(field._reduce(limbs)) == expected


# --- inner products and weighted sums, by floating-point matrix products ----------------------


def inner(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True)) % P


def check_gram(rows):
    arrays = [field.from_ints(row) for row in rows]
    assert field.gram(arrays) == [[inner(a, b) for b in rows] for a in rows]


@given(
    st.integers(0, 12).flatmap(
        lambda k: st.lists(st.lists(elements, min_size=k, max_size=k), min_size=1, max_size=4)
    )
)
def test_gram_gives_all_inner_products(rows):
    check_gram(rows)


@pytest.mark.parametrize("count", LENGTHS)
def test_gram_of_any_length(count):
    check_gram([edge_vector(count, 7), edge_vector(count, 11), [P - 1] * count])


def check_weighted_sum(numbers, rows):
    result = field.weighted_sum(field.from_ints(numbers), [field.from_ints(r) for r in rows])
    columns = zip(*rows, strict=True)
    assert field.to_ints(result) == [inner(numbers, column) for column in columns]


@given(st.lists(st.tuples(elements, elements, elements), min_size=1, max_size=12))
def test_weighted_sum(terms):
    check_weighted_sum([number for number, _, _ in terms], [row for _, *row in terms])


@pytest.mark.parametrize("count", LENGTHS)
def test_weighted_sum_of_any_length(count):
    rows = [edge_vector(count, 7), edge_vector(count, 11), [P - 1] * count]
    check_weighted_sum([P - 1, 1, P - 2], rows)


def test_weighted_sum_of_254_largest_vectors():
    check_weighted_sum([P - 1] * 254, [[P - 1, 2**126 - 1, 2**127 - 2**16, 1]] * 254)


@pytest.mark.parametrize("count", LENGTHS[1:])
def test_small_sums_of_any_length(count):
    rows = [edge_vector(count, 7), [P - 1] * count]
    weights = np.array([[2**16 - 1] * count, [k * 40503 % 2**16 for k in range(count)]], np.uint16)
    found = field.small_sums(weights, [field.from_ints(row) for row in rows])
    assert [field.to_ints(one) for one in found] == [
        [inner(some, row) for some in weights.tolist()] for row in rows
    ]


# --- polynomials ------------------------------------------------------------------------------


def value_at(coefficients, x):
    return sum(c * x**k for k, c in enumerate(coefficients)) % P


polynomials = st.lists(elements, min_size=1, max_size=9)


@given(polynomials, st.integers(0, 20))
def test_lagrange_gives_any_value_of_a_polynomial(coefficients, at):
    points = tuple(range(1, len(coefficients) + 1))
    values = [value_at(coefficients, x) for x in points]
    weights = field.lagrange(points, at)
    assert sum(w * v for w, v in zip(weights, values, strict=True)) % P == value_at(
        coefficients, at
    )


@given(polynomials, st.integers(1, 10), st.integers(1, P - 1), st.data())
def test_differences_vanish_on_polynomials_and_on_nothing_near_them(c, first, error, data):
    points = tuple(range(first, first + len(c) + 1))
    values = [value_at(c, x) for x in points]
    weights = field.differences(points)
    assert sum(w * v for w, v in zip(weights, values, strict=True)) % P == 0
    values[data.draw(st.integers(0, len(c)))] += error
    assert sum(w * v for w, v in zip(weights, values, strict=True)) % P != 0


# --- chance -----------------------------------------------------------------------------------


def test_random_elements_are_reduced_and_the_same_key_draws_the_same():
    key = bytes(range(32))
    first, second, other = (Randomness(key, label) for label in ("a", "a", "b"))
    drawn = field.random(first, 9000)
    assert field.length(drawn) == 9000
    assert all(v < P for v in field.to_ints(drawn))
    assert (drawn == field.random(second, 9000)).all()
    assert (drawn != field.random(other, 9000)).any(axis=0).all()
    assert (drawn != field.random(first, 9000)).any(axis=0).all()  # the stream goes on


def test_random_bits_of_all_ones_are_zero():
    class Ones:
        def bytes(self, count):
            return b"\xff" * count

    assert field.to_ints(field.random(Ones(), 3)) == [0, 0, 0]


@pytest.mark.parametrize(
    ("rows", "columns", "length", "largest"),
    [
        (*sizes, largest)
        for sizes in [(1, 1, 1), (7, 3, 1), (5, 1, 40), (40, 30, 60), (3, 2, 8193)]
        for largest in (3, P - 1)
    ]
    + [(1100, 1, 1000, P - 1)],
)
def test_inner_products_of_all_runs(rows, columns, length, largest):
    """One by one where they are few, by a matrix product, and block by block."""
    a = edge_vector(rows * length, 7)
    b = [value % (largest + 1) for value in edge_vector(columns * length, 11)]
    b[-1] = largest
    found = field.to_ints(field.inner_products(field.from_ints(a), field.from_ints(b), length))
    wanted = [(i, j) for i in {0, rows // 2, rows - 1} for j in {0, columns - 1}]
    for i, j in wanted:
        one, other = a[i * length : (i + 1) * length], b[j * length : (j + 1) * length]
        assert found[i * columns + j] == inner(one, other)
    assert len(found) == rows * columns


@pytest.mark.parametrize("longest", [1, 3, 64])
def test_sums_that_64_bits_do_not_hold_are_cut(monkeypatch, longest):
    """From five million of the largest elements on they wrapped around without a word."""
    monkeypatch.setattr(field, "_LONGEST", longest)
    check_gram([edge_vector(200, 7), edge_vector(200, 11)])
    a, b = (field.from_ints(edge_vector(6 * 100, k)) for k in (3, 5))
    cut = field.inner_products(a, b, 100)
    monkeypatch.undo()
    assert (cut == field.inner_products(a, b, 100)).all()


@given(st.integers(1, 5), st.integers(1, 40), st.integers(1, 4), st.data())
def test_a_matrix_times_one_of_short_numbers(rows, length, columns, data):
    edges = st.lists(elements, min_size=rows * length, max_size=rows * length)
    matrix, largest = data.draw(edges), (2**21 - 1) // length
    short = st.sampled_from([0, 1, 3, largest])
    some = data.draw(st.lists(short, min_size=length * columns, max_size=length * columns))
    numbers = np.array(some).reshape(length, columns)
    expected = np.array(matrix, object).reshape(rows, length) @ numbers.astype(object) % P
    found = field.small_products(field.from_ints(matrix), numbers)
    assert field.to_ints(found) == expected.ravel().tolist()


@settings(max_examples=25)
@given(st.integers(1, 9), st.integers(1, 12), st.integers(15, 127), st.data())
def test_rows_of_long_weights(rows, count, bits, data):
    """All weights as long as can be, of one sign or of two, times limbs that are all ones."""
    signs = st.lists(st.sampled_from([-1, 1]), min_size=rows * count, max_size=rows * count)
    weights = np.array(data.draw(signs), object).reshape(rows, count) * (2**bits // count)
    weights = [[field.signed_residue(w) for w in row] for row in weights.tolist()]
    values = [data.draw(st.lists(elements, min_size=3, max_size=3)) for _ in range(count)]
    found = field.combine_rows(weights, [field.from_ints(some) for some in values])
    for row, one in zip(weights, found, strict=True):
        sums = zip(
            *([w * v for v in some] for w, some in zip(row, values, strict=True)), strict=True
        )
        assert field.to_ints(one) == [sum(terms) % P for terms in sums]
