"""The referee's side of a `sandbox`: starts it, asks it, and waits no longer than agreed.

Whatever a hand-in does wrong is a `Failed` with one line. Its answers are numbers of an expected
shape, read from a pipe; nothing else of it gets into this process.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .hand_in import Failed, HandIn
from .sandbox import MEGABYTE

_LONGEST_LINE = 8000
_PATIENCE = 60.0  # seconds for an interpreter to start, which is not the hand-in's fault
_LOOK = 0.05  # seconds between two looks at the memory, where the system does not limit it
_KEPT = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


@dataclass(frozen=True)
class Limits:
    """What one hand-in may use against one opponent.

    Attributes
    ----------
    seconds : float
        For all its calls together, by the clock; and as much of processor time.
    memory : int
        Megabytes beyond what Python and NumPy take.
    """

    seconds: float = 10.0
    memory: int = 1024

    def __post_init__(self):
        if not 0 < self.seconds < 1e6:
            raise ValueError(f"the seconds must be a number above 0; got {self.seconds}")
        if not 1 <= self.memory < 10**7:
            raise ValueError(f"the memory must be at least 1 (megabyte); got {self.memory}")


class Guest:
    """A hand-in in a process of its own; use it in a ``with``, and load it first."""

    def __init__(self, hand_in: HandIn, limits: Limits):
        self.name, self.limits = hand_in.name, limits
        self._left = limits.seconds
        self._thread: threading.Thread | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="fl_krum-", ignore_cleanup_errors=True)
        script = str(Path(__file__).with_name("sandbox.py"))
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-B", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._folder.name,
            env=_environment(self._folder.name),
            start_new_session=True,
        )
        self._memory = _memory_meter(self._process.pid)
        order = {
            "name": hand_in.name, "source": hand_in.source, "seconds": limits.seconds,
            "memory": limits.memory, "root": str(Path(__file__).resolve().parents[2]),
        }  # fmt: skip
        try:
            self._within(_PATIENCE, lambda: self._exchange(order, ()))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Guest:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def load(self) -> str:
        """Execute the file, again if need be; tells whether it is an attack or a rule."""
        answer = self._ask({"do": "load"}, ())
        if isinstance(answer, np.ndarray) or answer.get("kind") not in ("attack", "rule"):
            raise self._nonsense()
        return answer["kind"]

    def attack(self, honest, f: int, seed: int, previous) -> np.ndarray:
        """What the f Byzantine clients send, shape (f, d)."""
        d = honest.shape[1]
        request = {"do": "attack", "f": f, "seed": seed}
        forged = self._numbers(request, (honest, previous), ((d,), (f, d), (1, d)))
        return np.broadcast_to(forged, (f, d)).copy()

    def rule(self, X, f: int) -> np.ndarray:
        """The vector that it makes of the rows of X, shape (d,)."""
        return self._numbers({"do": "rule", "f": f}, (X,), ((X.shape[1],),))

    def close(self) -> None:
        """End its process and whatever that has started."""
        if os.name == "posix":
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        if self._thread is not None:
            self._thread.join(1)
        if self._thread is None or not self._thread.is_alive():  # else a child of it has the pipe
            for pipe in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(OSError):
                    if pipe is not None:
                        pipe.close()
        self._folder.cleanup()

    def _numbers(self, request: dict, arrays, shapes: Sequence[tuple[int, ...]]) -> np.ndarray:
        result = self._ask(request, arrays, shapes)
        if not isinstance(result, np.ndarray):
            raise self._nonsense()
        if not np.isfinite(result).all():
            raise Failed(self.name, "returns numbers that are not finite (nan or inf)")
        return result

    def _ask(self, request: dict, arrays, shapes: Sequence[tuple[int, ...]] = ()):
        """Put one request, in what is left of its time."""
        began = time.monotonic()
        try:
            return self._within(self._left, lambda: self._exchange(request, arrays, shapes))
        finally:
            self._left -= time.monotonic() - began

    def _exchange(self, request: dict, arrays, shapes: Sequence[tuple[int, ...]] = ()):
        assert self._process.stdin is not None and self._process.stdout is not None
        header = {**request, "shapes": [array.shape for array in arrays]}
        data = b"".join(np.ascontiguousarray(array, "<f8").tobytes() for array in arrays)
        try:
            self._process.stdin.write(json.dumps(header).encode() + b"\n" + data)
            self._process.stdin.flush()
        except OSError:
            raise self._ended() from None
        line = self._process.stdout.readline(_LONGEST_LINE)
        if len(line) == _LONGEST_LINE:
            raise self._nonsense()
        if not line.endswith(b"\n"):
            raise self._ended()
        try:
            answer = dict(json.loads(line))
            shape = tuple(answer["shape"]) if "shape" in answer else None
        except (ValueError, TypeError, RecursionError):
            raise self._nonsense() from None
        if "error" in answer:
            raise Failed(self.name, str(answer["error"]))
        if shape is None:
            return answer
        if shape not in shapes:
            wanted = " or ".join(map(str, shapes[:2]))
            raise Failed(self.name, f"returns the shape {shape} where {wanted} is expected")
        length = 8 * int(np.prod(shape))
        data = self._process.stdout.read(length)
        if len(data) < length:
            raise self._ended()
        return np.frombuffer(data, "<f8").reshape(shape).astype(np.float64)

    def _within(self, seconds: float, work: Callable):
        """Do it in a thread, which ends with the process when the time is up."""
        results: queue.SimpleQueue = queue.SimpleQueue()

        def put():
            try:
                results.put((work(), None))
            except BaseException as error:
                results.put((None, error))

        until = time.monotonic() + seconds
        self._thread = threading.Thread(target=put, daemon=True)
        self._thread.start()
        while True:
            left = until - time.monotonic()
            try:
                wait = min(left, _LOOK) if self._memory else left
                value, error = results.get(timeout=max(wait, 0))
                break
            except queue.Empty:
                self._look_at_memory()
                if until <= time.monotonic():
                    self._process.kill()
                    raise self._too_slow() from None
        if error is not None:
            raise error
        return value

    def _look_at_memory(self) -> None:
        if self._memory and self._memory() > self.limits.memory * MEGABYTE:
            self._process.kill()
            raise Failed(self.name, f"takes more than {self.limits.memory} MB of memory")

    def _too_slow(self) -> Failed:
        return Failed(
            self.name, f"has not answered: it has {self.limits.seconds:g} s against one opponent"
        )

    def _nonsense(self) -> Failed:
        return Failed(self.name, "writes into the pipe between its process and the referee")

    def _ended(self) -> Failed:
        """Why there is no answer from a process that has gone."""
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            return self._nonsense()
        if code < 0 and -code in (getattr(signal, "SIGXCPU", 0), signal.SIGTERM):
            return self._too_slow()
        if code < 0:
            return Failed(self.name, f"crashes its process ({signal.Signals(-code).name})")
        return Failed(self.name, f"ends its process (exit status {code})")


def _environment(folder: str) -> dict[str, str]:
    """As little as Python needs: one thread, and nothing of the user's."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**kept, **threads, "HOME": folder, "TMPDIR": folder, "TEMP": folder, "TMP": folder}


def _memory_meter(pid: int) -> Callable[[], int] | None:
    """A function that gives the bytes in use beyond now; None where the system limits them.

    Linux does (`sandbox.limit`). Elsewhere psutil is asked, if it is there; see `limits_memory`.
    """
    if platform.system() == "Linux" or not limits_memory():
        return None
    import psutil

    process, first = psutil.Process(pid), []

    def used() -> int:
        try:
            now = process.memory_info().rss
        except psutil.Error:
            return 0
        first.append(now)
        return now - first[0]

    return used


def limits_memory() -> bool:
    """Whether the memory of a hand-in is limited on this system: else psutil is missing."""
    if platform.system() == "Linux":
        return True
    with contextlib.suppress(ImportError):
        import psutil  # noqa: F401

        return True
    return False
