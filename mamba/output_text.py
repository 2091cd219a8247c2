"""The numbers that a player is told, as it prints them, a line each: ``Output channel 0 : 5``.

This is SCALE-MAMBA's form. Long results are made of numbers of as many digits nearly always, and
then all lines are put together at once, digit by digit.
"""

import os
import sys

import numpy as np

from mamba import field

_LABEL = "Output channel 0 : "
_LONG = 64  # numbers from which on that pays


def write(values):
    """Print the elements of a field array, as signed integers."""
    sys.stdout.flush()
    text = memoryview(lines(values))
    while text:  # what Python would buffer, it loses where the player is stopped and continued
        text = text[os.write(sys.stdout.fileno(), text) :]


def lines(values):
    """The bytes of these lines."""
    text = _even_lines(values) if field.length(values) >= _LONG else None
    if text is not None:
        return text
    signed = field.to_signed(values)
    return (f"{_LABEL}%d\n" * len(signed) % tuple(signed)).encode()


def _even_lines(values):
    """The same of numbers from 0 on that have as many digits; None of others."""
    words = field.to_words(values)
    if words is None:
        return None
    width = len(str(words.max()))
    if words.min() < 10 ** (width - 1):
        return None
    digits = np.empty((width, len(words)), np.uint8)
    ten = words.dtype.type(10)
    for column in reversed(digits):
        tenths = words // ten
        np.subtract(words, tenths * ten, out=column, casting="unsafe")
        words = tenths
    text = np.empty((len(words), len(_LABEL) + width + 1), np.uint8)
    text[:, : len(_LABEL)] = np.frombuffer(_LABEL.encode(), np.uint8)
    text[:, len(_LABEL) : -1] = (digits + np.uint8(ord("0"))).T
    text[:, -1] = ord("\n")
    return text.tobytes()
