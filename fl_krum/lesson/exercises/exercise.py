"""The machinery of exercises: a check that names the mistake, and never raises.

A check gets the student's function wrapped: every call is recorded, and whatever goes wrong in it
becomes a sentence. If the check complains, the recorded calls are put to the usual wrong answers.
One that gives the same results everywhere is the student's mistake, and has a sentence of its own.

Assumes that a check asks for all its cases before it judges the first: with few calls on record two
mistakes look alike.
"""

from __future__ import annotations

import contextvars
import copy
import ctypes
import functools
import inspect
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Real

import numpy as np

from ..errors_in_words import in_words
from ..feedback import Feedback
from .tries import Tries

#: Seconds after which a check gives up on a function that does not end; right ones take 0.5 s.
TIME_LIMIT = 5.0
_EMPTY = "Your function returns nothing yet."


class Wrong(Exception):
    """What is wrong with an answer: a sentence for the student."""


class _Stopped(Wrong):
    """There is no result that could be judged."""


class _Empty(_Stopped):
    """The student has not begun."""


def exercise(
    call: str,
    praise: str,
    hints: Sequence[str] = (),
    mistakes: Mapping[str, Callable] | None = None,
) -> Callable[[Callable], Exercise]:
    """Turn a check into an `Exercise`; the package's docstring has an example.

    Parameters
    ----------
    call : str
        How the student's function is called, for instance ``"lie(others, target)"``.
    praise : str
        What is said of a right answer.
    hints : sequence of str
        One more of them is shown at each try, from the second on.
    mistakes : mapping of str to callable
        A sentence for each usual wrong answer, and a function that makes the mistake.
    """
    return lambda check: Exercise(check, call, praise, tuple(hints), dict(mistakes or {}))


class Exercise(Tries):
    """A check of a student's function; `exercise` makes one.

    Attributes
    ----------
    call, praise, hints, mistakes
        As for `exercise`.
    tries : int
        Wrong answers since the last right one; a function that is still empty is no try.
    """

    def __init__(self, check, call, praise, hints, mistakes):
        self.call, self.praise, self.hints, self.mistakes = call, praise, hints, mistakes
        self.tries = 0
        self._check = check
        functools.update_wrapper(self, check)

    def __call__(self, function) -> Feedback:
        """Check the student's function; whatever it does, return what is to be said about it."""
        answer = Answer(function, self.call)
        try:
            _within_time(lambda: self._check(answer))
        except _Empty as empty:
            return Feedback(f"✗ {empty}")
        except Exception as error:
            return self._complain(self._sentence(error, answer))
        return self._praise()

    def _sentence(self, error: Exception, answer: Answer) -> str:
        if isinstance(error, _Stopped):
            return str(error)
        for sentence, mistake in self.mistakes.items():
            if answer.behaves_like(mistake):
                return sentence
        if isinstance(error, Wrong):
            return str(error)
        return f"What your function returns cannot be used here ({in_words(error)})."


class Answer:
    """The student's function as a check sees it: it gives a result, or raises `Wrong`.

    Attributes
    ----------
    calls : list of (tuple, object)
        Arguments and result of each call so far.
    """

    def __init__(self, function, call: str):
        self.function, self.call = function, call
        self.calls: list[tuple[tuple, object]] = []

    def __call__(self, *arguments):
        """Call the function with copies of its arguments, so that it cannot spoil them."""
        self._check_signature(len(arguments))
        kept = copy.deepcopy(arguments)
        try:
            result = self.function(*map(_copied, arguments))
        except _OutOfTime:
            raise
        except BaseException as error:  # `exit()` in a cell must not end the kernel
            raise _Stopped(f"Your function stops{in_words(error, self.function)}.") from None
        if result is None:
            raise self._nothing()
        self.calls.append((kept, result))
        return result

    def behaves_like(self, mistake: Callable) -> bool:
        """Whether a function gives the same result for every call on record."""
        try:
            with np.errstate(all="ignore"):
                return bool(self.calls) and all(
                    _same(result, mistake(*copy.deepcopy(arguments)))
                    for arguments, result in self.calls
                )
        except Exception:  # a mistake need not be able to cope with every case
            return False

    def _check_signature(self, count: int) -> None:
        if not callable(self.function):
            raise _Stopped(
                f"Give the check the function itself, without brackets; this is {self.function!r}."
            )
        try:
            inspect.signature(self.function).bind(*range(count))
        except TypeError:
            names = ", ".join(inspect.signature(self.function).parameters)
            raise _Stopped(
                f"Your function is called as {self.call}, with {_arguments(count)}; "
                f"yours is written for ({names})."
            ) from None
        except ValueError:  # functions of C may have no signature
            pass

    def _nothing(self) -> Wrong:
        code = getattr(self.function, "__code__", None)
        if code is None or len(code.co_code) <= len(_empty.__code__.co_code):
            return _Empty(_EMPTY)
        return _Stopped("Your function returns None. Is the `return` missing, on some way through?")


def compare(answer: Callable, reference: Callable, cases: Iterable[tuple]) -> None:
    """Compare a function's numbers with those of a right one, for every case.

    Parameters
    ----------
    answer : callable
        What a check is given.
    reference : callable
        A right answer; its results are numbers or arrays of numbers.
    cases : iterable of tuple
        Arguments of each call.

    Raises
    ------
    Wrong
        The first case in which they differ.
    """
    cases = list(cases)
    results = [answer(*case) for case in cases]
    for case, result in zip(cases, results, strict=True):
        right = np.asarray(reference(*case), dtype=np.float64)
        given = numbers(result, right.shape)
        if not np.allclose(given, right, rtol=1e-9, atol=1e-12):
            raise Wrong(_difference(case, given, right, answer))


def numbers(value, shape: tuple[int, ...], finite: bool = True) -> np.ndarray:
    """Return a student's result as float64 of this shape, or raise `Wrong` with the reason."""
    try:
        if np.asarray(value).dtype.kind in "USO" and not _python_numbers(value):
            raise TypeError("text is not a number, although NumPy would read it as one")
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        kind = type(value).__name__
        raise Wrong(
            f"Return {_shape_in_words(shape)}; you return a {kind}, {value!r:.60}."
        ) from None
    if array.shape != shape:
        yours = "a single number" if array.shape == () else f"an array of shape {array.shape}"
        raise Wrong(f"Return {_shape_in_words(shape)}; you return {yours}.")
    if finite and not np.isfinite(array).all():
        raise Wrong("Among the numbers that you return is one that is not finite (nan or inf).")
    return array


def _python_numbers(value) -> bool:
    """Whether these are numbers that NumPy has no type for: long integers, fractions."""
    return all(isinstance(one, Real) for one in np.asarray(value, dtype=object).flat)


def listed(value, example: str) -> list:
    """Return a student's collection as a list, or raise `Wrong`; a set or a generator will do."""
    try:
        if isinstance(value, str):
            raise TypeError("its members are letters")
        return list(value)
    except TypeError:
        raise Wrong(f"Return a list, such as {example}; you return {value!r:.40}.") from None


def _difference(case, given, right, answer) -> str:
    names = answer.call.partition("(")[2].rstrip(")").split(", ")
    short = [f"{name} = {v}" for name, v in zip(names, case, strict=False) if np.ndim(v) == 0]
    case_in_words = f"With {', '.join(short)}" if short else f"For {case[0]!r:.60}"
    place = tuple(np.argwhere(~np.isclose(given, right, rtol=1e-9, atol=1e-12))[0])
    where = "" if not place else f", in place {', '.join(str(int(k)) for k in place)} of the result"
    return f"{case_in_words}{where}: {right[place]:g} is right; you have {given[place]:g}."


def _shape_in_words(shape) -> str:
    if shape == ():
        return "one number"
    return f"{shape[0]} numbers" if len(shape) == 1 else f"an array of shape {shape}"


def _arguments(count) -> str:
    return "one argument" if count == 1 else f"{count} arguments"


def _same(one, other) -> bool:
    one, other = np.asarray(one), np.asarray(other)
    if one.shape != other.shape:
        return False
    if one.dtype.kind in "biuf" and other.dtype.kind in "biuf":
        return np.allclose(one, other, rtol=1e-9, atol=1e-12, equal_nan=True)
    return bool(np.all(one == other))


def _copied(argument):
    return copy.copy(argument) if isinstance(argument, (np.ndarray, list, Mapping)) else argument


def _empty():
    """Stand for a function that a student has not begun."""
    ...


class _OutOfTime(BaseException):
    """Raised in the thread of a check that took too long."""


def _within_time(check: Callable[[], object]) -> None:
    """Call a check in a thread, which is told to end when its time is up.

    Where no thread can be started, in a browser, the check runs without a limit.
    """
    errors: list[BaseException] = []

    def work():
        try:
            check()
        except BaseException as error:
            errors.append(error)

    # In the caller's context, so that what the student's function prints appears in this cell.
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(work,), daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return context.run(lambda: (check(), None)[1])
    try:
        thread.join(TIME_LIMIT)
    finally:
        late = thread.is_alive()
        if late:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_OutOfTime)
            )
    if late:
        raise _Stopped(
            f"Your function has not ended after {TIME_LIMIT:g} seconds: does a loop go on for "
            "ever, or does it try too much?"
        )
    if errors:
        raise errors[0]
