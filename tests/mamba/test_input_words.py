"""Words on a player's standard input."""

import os
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamba.input_words import WordReader
from mamba.run_error import RunError

words = st.one_of(st.sampled_from([0, 1, 2**63, 2**64 - 1]), st.integers(0, 2**64 - 1))
spaces = st.text(st.sampled_from(" \t\r\n\v\f"), min_size=1, max_size=3)


def reader(*pieces, end=True):
    """A reader of a pipe that is sent these pieces one after the other."""
    source, sink = os.pipe()

    def send():
        for piece in pieces:
            os.write(sink, piece)
        if end:
            os.close(sink)

    threading.Thread(target=send, daemon=True).start()
    return WordReader(source)


@given(st.lists(st.tuples(words, spaces), max_size=30), spaces, st.data())
def test_words_come_back_however_they_are_spaced_cut_and_asked_for(rows, lead, data):
    text = (lead + "".join(f"{word}{space}" for word, space in rows)).encode()
    cut = data.draw(st.integers(0, len(text)))
    words = reader(text[:cut], text[cut:])
    first = data.draw(st.integers(0, len(rows)))
    got = [words.read(first), words.read(len(rows) - first)]
    assert all(part.dtype == np.uint64 for part in got)
    assert np.concatenate(got).tolist() == [word for word, _ in rows]


@pytest.mark.parametrize("space", [b" ", b"\t", b"\r\n"])
def test_words_are_there_before_the_input_ends(space):
    """Another round's words come later: nobody may wait for the end of the stream."""
    words = reader(b"1" + space + b"2" + space, end=False)
    assert words.read(2).tolist() == [1, 2]


def test_the_last_word_needs_no_space():
    assert reader(b"1 2").read(2).tolist() == [1, 2]


def test_a_hundred_thousand_words():
    values = np.arange(10**5, dtype=np.uint64) * np.uint64(2**40)
    words = reader(" ".join(map(str, values)).encode())
    parts = [words.read(count) for count in (0, 1, 99_000, 999)]
    assert (np.concatenate(parts) == values).all()


@pytest.mark.parametrize("zeros", [1, 30, 5000])
def test_leading_zeros_mean_nothing(zeros):
    assert reader(b"0" * zeros + b"7 8").read(2).tolist() == [7, 8]


def test_the_largest_word_is_no_mistake():
    assert reader(b"18446744073709551615 018446744073709551615").read(2).tolist() == [2**64 - 1] * 2


BAD = [b"-1", b"+1", b"1.0", b"1e3", b"0x10", b"abc", b"nan", b"1_000", b"\xd9\xa3", b"1,2",
       b"18446744073709551616", b"99999999999999999999", b"9" * 5000, b"\x00"]  # fmt: skip


@pytest.mark.parametrize("word", BAD)
def test_what_is_no_word_is_named_by_its_place_alone(word):
    words = reader(b"20 3 ", word, b" 7\n")
    with pytest.raises(RunError) as caught:
        words.read(4)
    assert str(caught.value) == "input word 3 is not an unsigned 64-bit integer"


def test_places_are_counted_over_all_rounds():
    source, sink = os.pipe()
    words = WordReader(source)
    os.write(sink, b"1 2 ")
    assert words.read(2).tolist() == [1, 2]
    os.write(sink, b"3 x 5 ")
    with pytest.raises(RunError, match="^input word 4 is"):
        words.read(3)


@pytest.mark.parametrize(("text", "missing"), [(b"", 3), (b"   ", 3), (b"1 2", 1), (b"1\n", 2)])
def test_an_early_end(text, missing):
    with pytest.raises(RunError, match=f"the input ended {missing} words? early"):
        reader(text).read(3)
