"""Functions of the user's own: checked at the door, and their results looked at.

A session calls three: `train`, an attack and a rule. Each is given arrays of its own, never the
session's, so that one that works in place changes nothing but its own result; and what it returns
is copied, since many return a buffer that they fill again at the next call. All errors here name
the function, and what was expected of it.

A function is also tried when a session is made, on random numbers, but only if a call leaves no
trace: one that keeps something between its calls (a list of what it saw, a momentum) would have
seen numbers that never were. Such functions, and objects, are checked when they are first called.
"""

from __future__ import annotations

import contextlib
import dis
import functools
import inspect
import types
from collections.abc import Callable, Iterator

import numpy as np

_LEAVE_A_TRACE = {"STORE_GLOBAL", "DELETE_GLOBAL", "STORE_ATTR", "DELETE_ATTR"}
_DEPTH = 8  # of functions that call each other
_CANNOT_CHANGE = (int, float, complex, str, bytes, frozenset, type(None), type, types.ModuleType)


def name_of(function) -> str:
    """What to call a function, a partial of one, or an object, in settings and errors."""
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__name__", None) or type(function).__name__


def check_call(what: str, function, form: str) -> None:
    """ValueError unless `function` can be called in the `form` "name(a, b, keyword=…)"."""
    if isinstance(function, type):
        name = function.__name__
        raise ValueError(f"{what}: {name} is a class; give an object of it, {name}(…)")
    if not callable(function):
        raise ValueError(
            f"{what} must be a function {form}; got {function!r:.60}, a {type(function).__name__}"
        )
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # written in C, and says nothing
        return
    arguments = form[form.index("(") + 1 : -1].split(", ")
    keywords = {one.removesuffix("=…"): one for one in arguments if one.endswith("=…")}
    try:
        signature.bind(*arguments[: len(arguments) - len(keywords)], **keywords)
    except TypeError as error:
        raise ValueError(
            f"{what}: {name_of(function)}{signature} cannot be called as {form}: {error}"
        ) from None


@contextlib.contextmanager
def named(what: str) -> Iterator[None]:
    """Let errors inside a user's function say whose they are."""
    try:
        yield
    except ValueError as error:
        if type(error) is not ValueError:
            add_note(error, f"(in {what})")
            raise
        raise ValueError(f"{what}: {error}") from error
    except Exception as error:
        add_note(error, f"(in {what})")
        raise


def add_note(error: BaseException, note: str) -> None:
    """What ``error.add_note`` does; Python 3.10 has no such method, and does not show it."""
    vars(error).update(__notes__=[*getattr(error, "__notes__", ()), note])


def try_out(
    what: str, function, arguments: tuple, look: Callable[[object], object], call=None
) -> None:
    """Call it once with arguments of no meaning and `look` at the result, if it leaves no trace.

    `call` is what to call, where that is more than the function itself.
    """
    if not leaves_no_trace(function):
        return
    try:
        result = (call or function)(*arguments)
    except Exception as error:
        raise ValueError(
            f"{what} fails when it is tried on random vectors: {type(error).__name__}: {error}"
        ) from error
    look(result)


def leaves_no_trace(function, known: tuple = ()) -> bool:
    """Whether a call changes nothing that a later call could see; False if it cannot be told."""
    if isinstance(function, functools.partial):
        fixed = [*function.args, *function.keywords.values()]
        return all(_is_harmless(value, known) for value in [function.func, *fixed])
    if any(function is one for one in known):  # it calls itself
        return True
    if isinstance(function, types.BuiltinFunctionType):  # but not the method of a list
        return isinstance(function.__self__, types.ModuleType | None)
    if not isinstance(function, types.FunctionType):
        return False
    if len(known) > _DEPTH or any(_changes_names(code, function) for code in _codes(function)):
        return False
    defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    try:
        seen = inspect.getclosurevars(function)
    except ValueError:  # a name in it has no value yet
        return False
    values = [*defaults, *seen.nonlocals.values(), *seen.globals.values()]
    return all(_is_harmless(value, (*known, function)) for value in values)


def _is_harmless(value, known: tuple) -> bool:
    return isinstance(value, _CANNOT_CHANGE) or leaves_no_trace(value, known)


def _changes_names(code: types.CodeType, function) -> bool:
    """Whether it binds a global name, one around the function, or an attribute of anything."""
    around = function.__code__.co_freevars
    return any(
        line.opname in _LEAVE_A_TRACE or line.opname == "STORE_DEREF" and line.argval in around
        for line in dis.get_instructions(code)
    )


def _codes(function) -> list[types.CodeType]:
    """Its code, and that of the functions written inside it."""
    codes = [function.__code__]
    for code in codes:
        codes += [value for value in code.co_consts if isinstance(value, types.CodeType)]
    return codes


def as_vector(what: str, result, d: int, finite: bool = True) -> np.ndarray:
    """A result as float64 of shape (d,), an array of its own; ValueError if it is no such vector.

    Parameters
    ----------
    what : str
        What has returned it, to begin the error with.
    result : object
    d : int
    finite : bool
        Whether NaN and infinities are errors.
    """
    vector = _numbers(what, result, f"a vector of d = {d} real numbers")
    if vector.shape != (d,):
        flat = " (.ravel() makes it flat)" if vector.size == d else ""
        raise ValueError(
            f"{what} returned the shape {vector.shape}, not a vector of shape ({d},){flat}"
        )
    if finite and not np.isfinite(vector).all():
        at = int(np.flatnonzero(~np.isfinite(vector))[0])
        raise ValueError(f"{what} returned {vector[at]} at coordinate {at}: not a finite number")
    return vector


def as_rows(what: str, result, f: int, d: int) -> np.ndarray:
    """Like `as_vector`, of shape (f, d), for one vector that all share, or a row for each."""
    rows = _numbers(what, result, f"a vector of d = {d} real numbers, or f = {f} rows of them")
    if rows.shape not in ((d,), (1, d), (f, d)):
        raise ValueError(
            f"{what} returned the shape {rows.shape}, neither a vector of shape ({d},) nor f = {f} "
            f"rows, ({f}, {d})"
        )
    return np.broadcast_to(rows, (f, d)).copy()


def _numbers(what: str, result, wanted: str) -> np.ndarray:
    if result is None:
        raise ValueError(f"{what} returned None, not {wanted}: is there a return at its end?")
    if np.ma.is_masked(result):
        raise ValueError(f"{what} returned masked values: fill them, X.filled(0) for instance")
    try:
        array = np.asarray(result)
        if array.dtype.kind not in "iufO":
            raise TypeError(f"it is of the type {array.dtype}")
        return np.array(array, dtype=np.float64)
    except Exception as error:  # whatever its own conversion raises, as a tensor with a gradient
        kind = type(result).__name__
        raise ValueError(f"{what} returned a {kind}, not {wanted}: {error}") from None
