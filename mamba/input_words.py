"""The words that a player reads: unsigned 64-bit integers in decimal, separated by white space.

This is SCALE-MAMBA's form of input. SCALE-MAMBA takes anything for a word; here what is none is an
error.
"""

import os
import threading
import time
from collections import deque

import numpy as np

from mamba.run_error import RunError

_WHITE_SPACE = b" \n\t\r\v\f"
_LARGEST = 2**64 - 1
_PAUSE = 0.2  # seconds
_DIGITS = 19  # that 64 bits have room for, whatever they are
_NEWLINE = (ord("\n") - ord("0")) % 256

# "End of transmission": no word comes after this character, though the stream may stay open.
END = b"\x04"


class WordReader:
    """Unsigned 64-bit words from a file descriptor, read ahead by a thread.

    Parameters
    ----------
    descriptor : int
    vital : bool
        Whether the whole process ends when the stream does: the one who started it is gone then.
    """

    def __init__(self, descriptor, vital=False):
        self._descriptor, self._vital, self._closed = descriptor, vital, False
        self._words: deque[np.ndarray] = deque()
        self._ended, self._problem = False, None
        self._ready = self._parsed = 0  # words waiting, words so far
        self._news = threading.Condition()
        threading.Thread(target=self._read_ahead, daemon=True).start()

    def read(self, count, until=None, look=lambda: None):
        """The next `count` words, as ``uint64``; RunError for anything else than such words, or
        when they are not there in time, `until` (`time.monotonic`). Meanwhile `look` is called now
        and then."""
        with self._news:
            while self._ready < count and not self._ended:
                look()
                if until is not None and time.monotonic() > until:
                    raise RunError("the deadline is over, and this player has no input yet")
                self._news.wait(_PAUSE)
            if self._ready < count:
                raise self._problem or RunError(
                    f"the input ended {_count(count - self._ready)} early: this player was given "
                    f"{_count(self._parsed)}"
                )
            self._ready -= count
            return self._take(count)

    def close(self):
        """From now on the end of the stream means nothing."""
        self._closed = True

    def check_end(self):
        """Wait for `END`; RunError when there are words before it that nobody has read."""
        with self._news:
            while not self._ended:
                self._news.wait()
            if self._ready:
                raise self._problem or RunError(
                    f"this player was given {_count(self._parsed)}, of which the program reads "
                    f"{self._parsed - self._ready}"
                )

    def _take(self, count):
        result, filled = np.empty(count, np.uint64), 0
        while filled < count:
            words = self._words.popleft()
            part = words[: count - filled]
            result[filled : filled + len(part)] = part
            filled += len(part)
            if len(part) < len(words):
                self._words.appendleft(words[len(part) :])
        return result

    def _read_ahead(self):
        rest = b""
        while chunk := os.read(self._descriptor, 1 << 20):
            if self._ended:
                continue  # from now on only the end of the stream matters
            text, found, _ = (rest + chunk).partition(END)
            if found:
                self._feed(text, ended=True)
                continue
            end = 1 + max(text.rfind(space) for space in _WHITE_SPACE)
            rest = text[end:]
            if not self._feed(text[:end]):
                return
        if self._vital and not self._closed:
            os._exit(1)
        if not self._ended:
            self._feed(rest, ended=True)

    def _feed(self, text, ended=False):
        """Add what was read; False when it is not what a player reads."""
        try:
            words = parse_words(text, self._parsed)
        except RunError as problem:
            words, ended, self._problem = np.zeros(0, np.uint64), True, problem
        if words.max(initial=0) < 2**32:  # what is read ahead may be long
            words = words.astype(np.uint32)
        with self._news:
            if len(words):
                self._words.append(words)
            self._ready += len(words)
            self._parsed += len(words)
            self._ended = ended
            self._news.notify()
        return not ended


def parse_words(text, before=0):
    """Unsigned 64-bit integers from decimal text; RunError for anything else.

    The message gives the position, counted from `before`, and not the word, which may be a secret.
    """
    words = _even_lines(text)
    if words is not None:
        return words
    if text.translate(None, b"0123456789" + _WHITE_SPACE):
        _check_words(text, before)
    # An empty text has no words; NumPy would warn of it.
    words = np.fromstring(text, np.uint64, sep=" ") if text.strip() else np.zeros(0, np.uint64)
    if words.max(initial=0) == _LARGEST:  # also for what is larger, as in C
        _check_words(text, before)
    return words


def _even_lines(text):
    """The words of a text of one word a line, all of as many digits, as long vectors mostly are;
    None of any other text. Worked on digit by digit, all words at once."""
    length = text.find(b"\n") + 1
    if not 2 <= length <= _DIGITS + 1 or len(text) % length:
        return None
    digits = np.frombuffer(text, np.uint8).reshape(-1, length).T - np.uint8(ord("0"))
    if (digits[:-1] > 9).any() or (digits[-1] != _NEWLINE).any():  # what is below wraps around
        return None
    digits = np.ascontiguousarray(digits[:-1])
    words = digits[0].astype(np.uint32 if len(digits) < 10 else np.uint64)
    for column in digits[1:]:
        words *= words.dtype.type(10)
        words += column
    return words.astype(np.uint64)


def _count(words):
    return f"{words} word{'s' * (words != 1)}"


def _check_words(text, before):
    for position, word in enumerate(text.split(), before + 1):
        digits = word.lstrip(b"0") or b"0"  # Python refuses to read very long numbers
        if not digits.isdigit() or len(digits) > 20 or int(digits) > _LARGEST:
            raise RunError(f"input word {position} is not an unsigned 64-bit integer")
