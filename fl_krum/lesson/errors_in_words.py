"""Python's errors in words, for a student whose function has stopped with one.

The line of the student's own code comes with it: a traceback through the check's machinery would
show a beginner thirty lines, of which one matters.
"""

from __future__ import annotations

import traceback


def in_words(error: BaseException, function=None) -> str:
    """Say why a function stopped: ``": reason"``, or ``" in the line `…`: reason"``.

    Parameters
    ----------
    error : BaseException
    function : callable, optional
        The student's function. Without it only the reason is returned.
    """
    reason = _reason(error)
    if function is None:
        return reason
    line = _line(error, function)
    return f" in the line `{line}`: {reason}" if line else f": {reason}"


def _line(error, function) -> str:
    """Return the innermost line of the error that stands in the file, or cell, of the function."""
    code = getattr(function, "__code__", None)
    if code is None:
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.line or "" for frame in frames if frame.filename == code.co_filename]
    return lines[-1].strip() if lines else ""


def _reason(error: BaseException) -> str:
    said = str(error)
    if isinstance(error, UnboundLocalError):
        return f"a name is used before it has a value ({said})"
    if isinstance(error, NameError):
        return f"nothing has the name `{error.name}`" if error.name else said
    if isinstance(error, KeyError):
        return f"the key {said} is not there"
    for kind, words in _WORDS.items():
        if isinstance(error, kind):
            return words.format(said) if said else words.partition(" ({}")[0]
    if type(error) is TypeError:
        return _type_error(said)
    if type(error) is ValueError:
        return _value_error(said)
    if isinstance(error, (TypeError, ValueError)):  # one of the lesson's own: already in words
        return said.rstrip(".")
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


_WORDS: dict[type[BaseException], str] = {
    ZeroDivisionError: "it divides by zero",
    IndexError: "there is no item with that index ({}); places are counted from 0",
    AttributeError: "there is no such attribute ({})",
    RecursionError: "it calls itself and never ends",
    OverflowError: "a number becomes too large ({})",
    NotImplementedError: "it is not written yet",
    AssertionError: "an assert of your own fails ({})",
    SystemExit: "it ends the program; return a result instead",
    KeyboardInterrupt: "it was interrupted",
    MemoryError: "it asks for more memory than there is ({})",
}


def _type_error(said: str) -> str:
    if "NoneType" in said:
        return f"it computes with None, which a function without `return` gives ({said})"
    if "not callable" in said:
        return f"something is called that is not a function; a multiplication needs its * ({said})"
    if "positional argument" in said or "keyword argument" in said:
        return f"a function is called with the wrong arguments ({said})"
    return f"values of these kinds do not go together ({said})"


def _value_error(said: str) -> str:
    if "not invertible" in said:
        return "it divides by 0 modulo p: for j = i that is i - i, so leave out j = i"
    if "truth value of an array" in said:
        return "an `if`, `and` or `or` needs one truth value, and gets a whole array of them"
    if "broadcast" in said or "mismatch" in said or "not aligned" in said:
        return f"arrays of these shapes do not fit together ({said})"
    return said.rstrip(".")
