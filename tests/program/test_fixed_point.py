"""Fixed point against Python's exact fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_krum.program.fixed_point import FixedPoint

FORMATS = st.integers(2, 53).flatmap(
    lambda bits: st.builds(FixedPoint, st.just(bits), st.integers(0, bits - 1))
)


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (0.0, 1 << 27),
        (1.0, (1 << 27) + (1 << 16)),
        (-1.0, (1 << 27) - (1 << 16)),
        (-2048.0, 0),
        (2047.9999847412109, (1 << 28) - 1),
        (2.0**-17, 1 << 27),  # half of the resolution: to the even neighbour
        (3 * 2.0**-17, (1 << 27) + 2),
        (-0.0, 1 << 27),
    ],
)
def test_words_of_the_default_format(value, word):
    words = FixedPoint().encode([[value]])
    assert words.dtype == np.uint64
    assert words.tolist() == [[word]]


@given(FORMATS, st.data())
def test_every_word_comes_back(fixed_point, data):
    word = data.draw(st.integers(0, 2**fixed_point.bits - 1))
    value = fixed_point.decode([[word]])
    assert Fraction(value[0, 0]) == Fraction(word - fixed_point.offset, 2**fixed_point.fraction)
    assert fixed_point.encode(value).tolist() == [[word]]


@given(FORMATS, st.data())
def test_rounding_errs_by_half_the_resolution_at_most(fixed_point, data):
    low, high = fixed_point.range()
    value = data.draw(st.floats(low, high))
    back = fixed_point.decode(fixed_point.encode([[value]]))[0, 0]
    assert abs(Fraction(back) - Fraction(value)) <= Fraction(1, 2 ** (fixed_point.fraction + 1))


@given(FORMATS)
def test_the_range_is_where_values_fit(fixed_point):
    low, high = fixed_point.range()
    assert fixed_point.encode([[low, high]]).tolist() == [[0, 2**fixed_point.bits - 1]]
    for outside in (low - fixed_point.resolution, high + fixed_point.resolution):
        with pytest.raises(ValueError, match="out of range"):
            fixed_point.encode([[outside]])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_no_number_is_named(value):
    updates = np.zeros((4, 3))
    updates[2, 1] = value
    with pytest.raises(ValueError, match=r"client 3 \(row 2\), coordinate 1: .* not a finite"):
        FixedPoint().encode(updates)


@pytest.mark.parametrize("value", [2048.0, -2048.1, 1e308, -1e308])
def test_a_value_out_of_range_is_named_with_the_range(value):
    with pytest.raises(ValueError, match=r"client 1 .*coordinate 2: .*\[-2048, 2047\.99998"):
        FixedPoint().encode([[0.0, 0.0, value]])


@pytest.mark.parametrize(
    "updates",
    [
        [1.0, 2.0],
        [],
        [[]],
        np.zeros((0, 3)),
        np.zeros((2, 2, 2)),
        [[1.0, 2.0], [3.0]],
        [["a", "b"]],
        [[None, 1.0]],
        [[1j, 0.0]],
        None,
    ],
)
def test_what_is_no_matrix_of_numbers_is_refused(updates):
    for refuses in (FixedPoint().encode, FixedPoint().check_range):
        with pytest.raises(ValueError, match="updates|shape"):
            refuses(updates)


NEAR_THE_EDGES = st.floats(-2050, -2046) | st.floats(2046, 2050) | st.floats()


@given(st.lists(st.tuples(NEAR_THE_EDGES, NEAR_THE_EDGES), min_size=1, max_size=4))
def test_the_check_refuses_what_encoding_refuses_and_nothing_else(rows):
    scaled = [[x * 2**16 for x in row] for row in rows]
    fits = all(-(2**27) <= np.rint(x) < 2**27 for row in scaled for x in row)
    if fits:
        FixedPoint().check_range(rows)
        words = [[round(x) + 2**27 for x in row] for row in scaled]
        assert FixedPoint().encode(rows).tolist() == words
        return
    with pytest.raises(ValueError) as checked:
        FixedPoint().check_range(rows)
    with pytest.raises(ValueError) as encoded:
        FixedPoint().encode(rows)
    assert str(checked.value) == str(encoded.value)


def test_long_rows_are_encoded_as_short_ones():
    values = np.random.default_rng(0).normal(size=(2, 30_000))
    words = FixedPoint().encode(values)
    pieces = [FixedPoint().encode(values[:, i : i + 1000]) for i in range(0, 30_000, 1000)]
    assert (words == np.concatenate(pieces, axis=1)).all()


def test_the_callers_matrix_is_not_changed():
    values = np.linspace(-1, 1, 12).reshape(3, 4)
    before = values.copy()
    FixedPoint().encode(values)
    assert (values == before).all()


def test_integers_and_single_precision_are_numbers_too():
    expected = FixedPoint().encode([[1.0, -3.0]])
    for kind in (np.int8, np.int64, np.float32, np.float16):
        assert (FixedPoint().encode(np.array([[1, -3]], dtype=kind)) == expected).all()


@pytest.mark.parametrize("words", [[1 << 28], [-1], [2**127], [0.5]])
def test_words_out_of_range_are_refused(words):
    with pytest.raises(ValueError, match="word"):
        FixedPoint().decode(words)


@pytest.mark.parametrize(
    "wrong",
    [{"bits": 1}, {"bits": 54}, {"bits": 8, "fraction": 8}, {"fraction": -1}, {"bits": 8.0}],
)
def test_impossible_formats_are_refused(wrong):
    with pytest.raises(ValueError, match="bits|fraction"):
        FixedPoint(**wrong)


@given(
    st.lists(st.lists(st.integers(0, 2**28 - 1), min_size=2, max_size=2), min_size=1, max_size=9)
)
def test_a_sum_of_words_is_decoded_as_the_mean_of_their_values(rows):
    values = FixedPoint().decode(rows)
    mean = FixedPoint().decode(np.array(rows).sum(axis=0), len(rows))
    np.testing.assert_allclose(mean, values.mean(axis=0), rtol=1e-15, atol=1e-12)
    with pytest.raises(ValueError, match="lies outside"):
        FixedPoint().decode([len(rows) * (2**28 - 1) + 1], len(rows))
