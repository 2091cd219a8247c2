"""Text on the players' pipes: quick and careful reading agree, and nothing changes on the way."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fl_krum.players import wire_text
from fl_krum.players.wire_text import in_pieces, is_report, parse_outputs, parse_reports
from mamba import field, output_text
from mamba.input_words import parse_words
from mamba.run_error import RunError

WORDS = st.one_of(
    st.sampled_from([0, 2**32 - 1, 2**32, 2**64 - 1]),
    st.integers(0, 19).flatmap(lambda n: st.sampled_from([10**n - 1, 10**n, 10**n + 1])),
    st.integers(0, 2**64 - 1),
)


@given(st.lists(WORDS, max_size=30))
def test_words_become_text_and_words_again(values):
    words = np.array(values, np.uint64)
    text = b"".join(in_pieces(words))
    assert text == b"".join(b"%d\n" % value for value in values)
    assert parse_words(text).tolist() == values


@given(st.integers(0, 60), st.integers(1, 20))
def test_pieces_are_cut_between_words(count, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire_text, "PIECE", size)
        pieces = list(in_pieces(np.arange(count, dtype=np.uint64)))
    assert len(pieces) == -(-count // size)
    assert all(piece.endswith(b"\n") for piece in pieces)
    assert b"".join(pieces).split() == [b"%d" % i for i in range(count)]


def test_a_hundred_thousand_words_of_all_lengths():
    words = np.uint64(2) ** (np.arange(10**5, dtype=np.uint64) % np.uint64(64))
    assert b"".join(in_pieces(words)).split() == [str(word).encode() for word in words.tolist()]


def read_all(parse, text, cuts):
    """The results of a text that comes in pieces, up to the first complaint, and this one."""
    results, rest = [], b""
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        outputs, rest, complaint = parse(rest + text[start:end])
        if complaint:
            return results, complaint
        results += outputs
    return results, rest


def line(value):
    return b"Output channel 0 : %d\n" % value


@given(st.integers(1, 19), st.integers(1, 40), st.data())
def test_lines_of_as_many_digits_are_read_at_once(digits, count, data):
    """As long vectors mostly are; a byte that is none of a word's is found there, too."""
    some = st.integers(10 ** (digits - 1), 10**digits - 1)
    values = data.draw(st.lists(some, min_size=count, max_size=count))
    text = b"".join(b"%d\n" % value for value in values)
    assert parse_words(text).tolist() == values
    place = data.draw(st.integers(0, len(text) - 1))
    byte = data.draw(st.integers(0, 255))
    changed = text[:place] + bytes([byte]) + text[place + 1 :]
    try:
        expected = [*map(int, changed.split())]  # which allows for signs and for underscores
        assert not set(changed) & set(b"+-_") and all(word < 2**64 for word in expected)
    except (ValueError, AssertionError):
        with pytest.raises(RunError, match="is not an unsigned 64-bit integer"):
            parse_words(changed)
    else:
        assert parse_words(changed).tolist() == expected


@given(
    st.integers(1, 127).flatmap(
        lambda bits: st.lists(st.integers(2 ** (bits - 1), 2**bits - 1), max_size=80)
    ),
    st.lists(st.integers(-9, 10**9), max_size=3),
)
def test_results_are_printed_as_lines(values, others):
    """Of numbers of as many digits, of others, and of some of each."""
    for some in (values, values + others, values * 70, [10**8 + v for v in others] * 70):
        array = field.from_ints(some)
        expected = [v - field.P if v > field.P // 2 else v for v in field.to_ints(array)]
        assert output_text.lines(array) == b"".join(map(line, expected))


ODD = [
    b"Output channel 1 : 7\n",
    b"Output channel 0 : \n",
    b"Output channel 0 : garbage\n",
    b"Output channel 0 : 1:2\n",
    b"Output channel 0 : 7/3\n",
    b"Output channel 0 : 5\r\n",
    b"Output channel 0 : 0005\n",
    b"Output channel 0 : 5 ",
    b"Output channel 0 : 5",
    b"Output channel 0 :5\n",
    b"Output Channel 0 : 5\n",
    b"\x1b[1mOutput channel 0 : 5\x1b[0m\n",
    b"Input channel 0 : ",
    b"Output channel",
    b"5\n",
    b"\n",
    b"\xff" * 22 + b"\n",
    b"1" * 300,
    b"End of prog\n",
]
VALUES = st.one_of(
    st.integers(100, 999), st.integers(-(2**126), 2**126), st.integers(10**17, 10**19)
)


def vector(values):
    return b"Output channel 0 : [%s]\n" % b", ".join(b"%d" % value for value in values)


LINES = st.one_of(
    st.integers(100, 999).map(line),
    VALUES.map(line),
    st.lists(VALUES, min_size=1, max_size=9).map(vector),
    st.sampled_from(ODD),
)


@given(st.lists(LINES, max_size=12).map(b"".join), st.lists(st.integers(0, 500), max_size=5))
@example(line(10**19 - 1), [])
@example(line(7) + b"Output Channel 0 : 5\n", [])
@example(b"Output Channel 0 : 5\n", [])
def test_the_quick_and_the_careful_reader_agree(text, cuts):
    cuts = sorted(min(cut, len(text)) for cut in cuts)
    careful = read_all(wire_text._any_outputs, text, cuts)
    assert read_all(parse_outputs, text, cuts) == careful


@given(st.lists(VALUES, max_size=40), st.data())
def test_results_come_back_however_they_are_cut(values, data):
    text = b"".join(map(line, values))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    assert read_all(parse_outputs, text, cuts) == (values, b"")


@given(st.lists(st.lists(VALUES, min_size=1, max_size=30), max_size=4), st.data())
def test_vectors_come_back_however_they_are_cut(vectors, data):
    """As MP-SPDZ's players print them, with what else they say in between."""
    text = b"Ready\n" + b"Please input 5 integer(s):\n".join(map(vector, vectors))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    values, rest = read_all(parse_outputs, text, cuts)
    assert values == [value for one in vectors for value in one]
    assert len(rest) <= 256 and (vectors == [] or b"Output" not in rest)


def test_a_long_vector_is_read_as_it_comes():
    values = [*range(10**6, 10**6 + 20_000)]
    text, seen = vector(values), []
    outputs, rest, complaint = parse_outputs(text[:100_000])
    assert not complaint and len(outputs) > 11_000 and len(rest) < 40
    seen += outputs
    outputs, rest, complaint = parse_outputs(rest + text[100_000:])
    assert not complaint and rest == b"\n" and seen + outputs == values


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"Output channel 0 : []\n", "the output ''"),
        (b"Output channel 0 : [1, x, 3]\n", "the output ' x'"),
        (b"Output channel 0 : [1, 3.5", ""),
        (b"Output channel 0 : [1, 3.5, ", "the output ' 3.5'"),
        (b"Output channel 0 : [1, " + b"2" * 300, "the output ' 2222"),
        (b"Output channel 0 : x\nOutput channel 0 : [1, 2]\n", "the output 'x'"),
    ],
)
def test_vectors_that_are_none(text, complaint):
    assert parse_outputs(text)[2].startswith(complaint)
    assert bool(parse_outputs(text)[2]) == bool(complaint)


def test_reports_of_all_engines():
    said = b"Sent 5 bytes in 3 rounds\nSent 70 elements in 4 rounds\n"
    said += (
        b"Time = 0.5 seconds \nData sent = 1.62 MB in ~310 rounds (party 2 only; use '-v' for)\n"
    )
    said += b"Global data sent = 12.9 MB (all parties)\n"
    assert parse_reports(said) == [(5, "bytes", 3), (70, "elements", 4), (1620000, "bytes", 310)]
    assert [is_report(line) for line in said.decode().splitlines()] == [
        True,
        True,
        False,
        True,
        True,
    ]


def test_results_of_equal_length_are_read_quickly(monkeypatch):
    """Else nothing would show that the quick reader reads nothing any more."""
    seen, careful = [], wire_text._any_outputs
    monkeypatch.setattr(wire_text, "_any_outputs", lambda text: seen.append(text) or careful(text))
    text = b"".join(map(line, range(1000, 3000)))
    assert parse_outputs(text + b"Output cha") == ([*range(1000, 3000)], b"Output cha", "")
    assert seen == [b"Output cha"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", ([], b"", "")),
        (b"Output channel 0 : 5\nOutput channel 0 : -7\n", ([5, -7], b"", "")),
        (b"Input channel 0 : Output channel 0 : 5\r\n", ([5], b"", "")),
        (b"\x1b[1mOutput channel 0 : 5\x1b[0m\n", ([5], b"", "")),
        (b"Output channel 0 : 5", ([], b"Output channel 0 : 5", "")),
        (b"Output channel 0 : \n", ([], b"", "the output ''")),
        (b"Output channel 0 : 1\nOutput cha", ([1], b"Output cha", "")),
    ],
)
def test_results_are_found_anywhere_in_a_line(text, expected):
    outputs, rest, complaint = parse_outputs(text)
    assert (outputs, rest.lstrip(b"[0m\n\r"), complaint) == expected


def test_a_result_without_end_is_not_waited_for():
    assert parse_outputs(b"Output channel 0 : " + b"1" * 300)[2]
    assert len(parse_outputs(b"Input channel 0 : " * 10_000)[1]) <= 256
