"""Decimal text on the players' pipes: their words on the way in, their results on the way out.

The form is SCALE-MAMBA's, one number a line, and shared by all engines; MP-SPDZ's players print the
numbers of one vector on one line, in brackets. A vector of a million coordinates is ten megabytes
of it, so the usual case is done with NumPy, many words at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

PIECE = 1 << 16  # words; the embedded players, too, work on so many at a time

# Found anywhere in a line: SCALE-MAMBA prints prompts without a newline, and colour escapes.
_OUTPUT = re.compile(rb"Output channel (\d+) : ([^\s\x1b]*)[\s\x1b]")
_LONGEST = 256  # bytes of one output line; a field element has 39 digits at most
_VECTOR = re.compile(rb"Output channel \d+ : \[")

_LABEL = np.frombuffer(b"Output channel 0 : ", np.uint8)  # of a line as the embedded players do it
_DIGITS = 18  # that any int64 has room for
_ZERO, _NEWLINE = ord("0"), ord("\n")

# How much a player has sent in how many rounds, as SCALE-MAMBA and the embedded players put it, and
# as MP-SPDZ does.
_SENT = re.compile(rb"Sent (\d+) (\w+) in (\d+) rounds")
_DATA_SENT = re.compile(rb"(?m)^Data sent = ([\d.e+-]+) MB in ~(\d+) rounds")


def in_pieces(words: np.ndarray) -> Iterator[bytes]:
    """Unsigned words as the players read them, in decimal, one a line.

    Each piece is made when it is asked for: a player begins to work on the first one meanwhile.
    """
    for start in range(0, len(words), PIECE):
        yield _as_text(words[start : start + PIECE])


def _as_text(words: np.ndarray) -> bytes:
    largest = int(words.max())
    width = len(str(largest))
    text = np.empty((len(words), width + 1), np.uint8)
    text[:, width] = _NEWLINE
    short = largest < 2**32  # divides faster
    left: np.ndarray = words.astype(np.uint32 if short else np.uint64)
    for column in reversed(range(width)):
        tenths = left // 10
        text[:, column] = left - tenths * 10 + _ZERO
        left = tenths
    if words.min() >= 10 ** (width - 1):  # no leading zeros
        return text.tobytes()
    wanted = np.ones(text.shape, bool)
    for column in range(width - 1):
        wanted[:, column] = words >= 10 ** (width - 1 - column)
    return text[wanted].tobytes()


def parse_outputs(text: bytes) -> tuple[list[int], bytes, str]:
    """Find the results in a piece of a player's output.

    Returns
    -------
    outputs : list of int
    rest : bytes
        What may be the beginning of another result, to be put before the next piece.
    complaint : str
        The result that is not an integer, or "".
    """
    outputs, read = _even_lines(text)
    others, rest, complaint = _any_outputs(text[read:])
    return outputs + others, rest, complaint


def parse_reports(text: bytes) -> list[tuple[int, str, int]]:
    """How much the player says it has sent so far: amount, unit of the amount, and rounds."""
    reports = [(int(amount), unit.decode(), int(n)) for amount, unit, n in _SENT.findall(text)]
    return reports + [
        (round(1e6 * float(mb)), "bytes", int(n)) for mb, n in _DATA_SENT.findall(text)
    ]


def is_report(line: str) -> bool:
    """Whether the line of standard error is about communication, and nothing else."""
    return line.startswith(("Sent ", "Data sent = ", "Global data sent = "))


def _even_lines(text: bytes) -> tuple[list[int], int]:
    """The results of a text that is made of results of equal length, and the bytes they take.

    Offset words nearly always are of equal length. For any other text, nothing is read.
    """
    length = text.find(b"\n") + 1
    if not len(_LABEL) + 2 <= length <= len(_LABEL) + _DIGITS + 1:
        return [], 0
    lines = np.frombuffer(text, np.uint8, len(text) // length * length).reshape(-1, length)
    digits = lines[:, len(_LABEL) : -1] - np.uint8(_ZERO)  # what is below wraps around
    if (
        (digits > 9).any()
        or (lines[:, -1] != _NEWLINE).any()
        or (lines[:, : len(_LABEL)] != _LABEL).any()
    ):
        return [], 0
    powers = 10 ** np.arange(digits.shape[1], dtype=np.int64)[::-1]
    return (digits @ powers).tolist(), lines.size


def _any_outputs(text: bytes) -> tuple[list[int], bytes, str]:
    """`parse_outputs` for whatever a player may print."""
    outputs: list[int] = []
    while vector := _VECTOR.search(text):
        before, _, complaint = _numbers_a_line(text[: vector.start()])
        inside, text, has_ended, wrong = _vector(text, vector)
        outputs += before + inside
        if complaint or wrong or not has_ended:
            return outputs, text, complaint or wrong
    others, rest, complaint = _numbers_a_line(text)
    return outputs + others, rest, complaint


def _numbers_a_line(text: bytes) -> tuple[list[int], bytes, str]:
    tokens, end = [], 0
    for match in _OUTPUT.finditer(text):
        if match[1] == b"0":  # channel 1 is the input check's
            tokens.append(match[2])
        end = match.end()
    begun = text.find(b"Output channel", end)
    rest = text[begun:] if begun >= 0 else text[max(end, len(text) - _LONGEST) :]
    outputs, complaint = _integers(tokens)
    if not complaint and len(rest) > _LONGEST:
        return outputs, b"", f"the output {rest[:60].decode('utf-8', 'replace')!r}…"
    return outputs, rest, complaint


def _vector(text: bytes, begin: re.Match[bytes]) -> tuple[list[int], bytes, bool, str]:
    """The numbers of a vector, the text after it, whether it has ended, and a complaint.

    A vector that has not ended is read as far as it goes; the text that is left begins as a vector
    does, with the numbers that are missing. So none is looked at twice, however long the line is.
    """
    end = text.find(b"]", begin.end())
    read = end if end >= 0 else text.rfind(b",", begin.end())  # the last number may be half there
    tokens = text[begin.end() : read].split(b",") if read >= 0 else []
    outputs, complaint = _integers(tokens)
    if end >= 0:
        return outputs, text[end + 1 :], True, complaint
    unread = text[read + 1 if read >= 0 else begin.end() :]
    if not complaint and len(unread) > _LONGEST:
        return outputs, b"", False, f"the output {unread[:60].decode('utf-8', 'replace')!r}…"
    return outputs, begin[0] + unread, False, complaint


def _integers(tokens: list[bytes]) -> tuple[list[int], str]:
    """The numbers that these are, or none and a complaint about the first that is not."""
    try:
        return list(map(int, tokens)), ""
    except ValueError:
        wrong = next(token for token in tokens if not re.fullmatch(rb"\s*[+-]?\d+\s*", token))
        return [], f"the output {wrong[:_LONGEST].decode('utf-8', 'replace')!r}"
