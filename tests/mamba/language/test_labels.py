"""Labels of words against an array of numbers."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mamba.language import labels
from mamba.language.labels import Labels

SIZE = 60
PLACES = st.tuples(st.integers(0, SIZE - 1), st.integers(1, SIZE)).map(
    lambda two: (two[0], min(SIZE, two[0] + two[1]))
)


@given(st.lists(st.tuples(PLACES, st.integers(0, 3), st.booleans(), PLACES), max_size=12))
def test_labels_are_what_was_put_there_last(steps):
    kept, plain = Labels(np.uint8), np.zeros(SIZE, np.uint8)
    kept.grow(SIZE // 2)
    kept.grow(SIZE)
    for (start, stop), number, is_array, (first, last) in steps:
        numbers = np.arange(number, number + stop - start, dtype=np.uint8) if is_array else number
        with_short_runs(kept.put, start, stop, numbers)
        plain[start:stop] = numbers
        found = kept.of(first, last)
        assert (np.broadcast_to(found, last - first) == plain[first:last]).all()
        assert not isinstance(found, np.ndarray) or len(found) == last - first


def with_short_runs(put, *arguments):
    before, labels.LONG = labels.LONG, 5
    try:
        put(*arguments)
    finally:
        labels.LONG = before


def test_a_long_vector_of_one_number_takes_no_room_in_the_array():
    kept = Labels(np.uint16)
    kept.grow(10**6)
    for start in range(0, 10**6, 10**4):  # as inputs arrive
        kept.put(start, start + 10**4, 7)
    assert kept.of(0, 10**6) == 7
    assert not kept._array.any()
    assert len(kept._runs) == 1
