"""The process in which one hand-in runs: ``python -I -B sandbox.py``, started by `guest`.

It limits itself first, and then executes the file, whose functions it calls as often as it is
asked. Requests and answers are lines of JSON, with the bytes of arrays after them; nothing that
comes out of here is executed or unpickled by the referee. What a file prints goes nowhere.

The limits stop mistakes: endless loops, too much memory, full disks. They are no prison. A file is
Python, and can do whatever its user can do: read files, use the network, end other processes.

On systems without POSIX limits nothing is limited here; the referee ends what takes too long, and
looks at the memory from outside where it can.
"""

from __future__ import annotations

import json
import linecache
import os
import sys
import types
from collections.abc import Callable

import numpy as np

MEGABYTE = 2**20
_LARGEST_RESULT = 10**7  # numbers; the referee refuses far fewer, but should not have to read them


def main() -> None:
    requests, answers = _channels()
    order = json.loads(requests.readline())
    sys.path.append(order["root"])
    import fl_krum.lesson.errors_in_words  # noqa: F401  while it still can be read

    limit(order["seconds"], order["memory"])
    _say(answers, {"ready": True})
    hand_in = _HandIn(order["name"], order["source"])
    for line in requests:
        request = json.loads(line)
        arrays = [_receive(requests, shape) for shape in request["shapes"]]
        try:
            result = hand_in.answer(request, arrays)
            if isinstance(result, str):
                _say(answers, {"kind": result})
            else:
                _say(answers, {"shape": result.shape}, result.astype("<f8").tobytes())
        except BaseException as error:  # SystemExit too: a file must not end the conversation
            _say(answers, {"error": hand_in.in_words(error)[:1000]})


class _HandIn:
    """The file, executed anew at the beginning of every session."""

    def __init__(self, name: str, source: str):
        self.name, self.source = name, source
        self.function: Callable = _nothing
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)

    def answer(self, request, arrays):
        """What a request asks for: a kind of function, or the numbers that it returns."""
        if request["do"] == "load":
            return self._load()
        if request["do"] == "attack":
            rng = np.random.default_rng(request["seed"])
            result = self.function(arrays[0], request["f"], rng, arrays[1])
        else:
            result = self.function(arrays[0], request["f"])
        return _as_numbers(result)

    def in_words(self, error: BaseException) -> str:
        """Why it stopped, with the line in which it did."""
        from fl_krum.lesson.errors_in_words import in_words

        if isinstance(error, _Useless):
            return str(error)
        if isinstance(error, SyntaxError):
            return f"is no Python, line {error.lineno}: {error.msg}"
        code = types.SimpleNamespace(co_filename=self.name)
        return "stops" + in_words(error, types.SimpleNamespace(__code__=code))

    def _load(self) -> str:
        names: dict = {"__name__": "hand_in", "__file__": self.name}
        exec(compile(self.source, self.name, "exec"), names)
        kinds = [kind for kind in ("attack", "rule") if callable(names.get(kind))]
        if len(kinds) != 1:
            found = "both functions, attack and rule" if kinds else "neither attack nor rule"
            raise _Useless(f"defines {found}; hand in one function in a file")
        self.function = names[kinds[0]]
        return kinds[0]


def _nothing(*arguments):
    """Stand for the function of a file that was not loaded."""


class _Useless(Exception):
    """A sentence about a file or a result that cannot be used."""


def _as_numbers(result) -> np.ndarray:
    if result is None:
        raise _Useless("returns nothing")
    try:
        array = np.asarray(result, dtype=np.float64)
    except (TypeError, ValueError):
        raise _Useless(f"returns {result!r:.40}, a {type(result).__name__}, no array") from None
    if array.size > _LARGEST_RESULT:
        raise _Useless(f"returns an array of shape {array.shape}")
    return array


def limit(seconds: float, megabytes: int) -> None:
    """Limit this process's time, memory, files and children, where the system can."""
    try:
        import resource
        import signal
    except ImportError:  # Windows
        return
    whole = int(seconds) + 1
    used = _address_space()
    for name, most in (
        ("RLIMIT_CPU", whole),
        ("RLIMIT_AS", used + megabytes * MEGABYTE if used else None),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_NPROC", 0),
    ):
        if most is not None and hasattr(resource, name):
            try:
                resource.setrlimit(getattr(resource, name), (most, most))
            except (OSError, ValueError):  # a lower limit is in force, or the system has none
                pass
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(60 + 10 * whole)  # should the referee be killed


def _address_space() -> int:
    """Bytes of address space in use; 0 where the system does not tell, as outside of Linux."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def _channels():
    """Standard input and output, for this file alone: a hand-in finds nothing but silence there."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(silence, number)
    return requests, answers


def _receive(requests, shape) -> np.ndarray:
    data = requests.read(8 * int(np.prod(shape)))
    return np.frombuffer(data, "<f8").reshape(shape).copy()


def _say(answers, header: dict, data: bytes = b"") -> None:
    answers.write(json.dumps(header).encode() + b"\n" + data)
    answers.flush()


if __name__ == "__main__":
    main()
