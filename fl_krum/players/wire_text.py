"""Decimal text on the players' pipes: their words on the way in, their results on the way out.

The form is SCALE-MAMBA's and shared by both engines. A vector of a million coordinates is ten
megabytes of it, so the usual case is done with NumPy, many words at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

PIECE = 1 << 16  # words; the embedded players, too, work on so many at a time

# Found anywhere in a line: SCALE-MAMBA prints prompts without a newline, and colour escapes.
_OUTPUT = re.compile(rb"Output channel (\d+) : ([^\s\x1b]*)[\s\x1b]")
_LONGEST = 256  # bytes of one output line; a field element has 39 digits at most

_LABEL = np.frombuffer(b"Output channel 0 : ", np.uint8)  # of a line as the embedded players do it
_DIGITS = 18  # that any int64 has room for
_ZERO, _NEWLINE = ord("0"), ord("\n")


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
    tokens, end = [], 0
    for match in _OUTPUT.finditer(text):
        if match[1] == b"0":  # channel 1 is the input check's
            tokens.append(match[2])
        end = match.end()
    begun = text.find(b"Output channel", end)
    rest = text[begun:] if begun >= 0 else text[max(end, len(text) - _LONGEST) :]
    try:
        outputs = list(map(int, tokens))
    except ValueError:
        wrong = next(token for token in tokens if not re.fullmatch(rb"[+-]?\d+", token))
        return [], rest, f"the output {wrong.decode('utf-8', 'replace')!r}"
    if len(rest) > _LONGEST:
        return outputs, b"", f"the output {rest[:60].decode('utf-8', 'replace')!r}…"
    return outputs, rest, ""
