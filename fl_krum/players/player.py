"""One player: its process, the threads that listen to it, and what it has said so far.

A pipe that nobody reads fills up and stops its writer, so every player has a thread for each of
its two outputs, and one that waits for its end. They only note what happens and notify; to judge
it is the supervisor's task. Nothing here knows which engine the player belongs to.
"""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Iterable

from .engine import RunPlan
from .process import POSIX, Process
from .wire_text import is_report, parse_outputs, parse_reports

_PASSED = re.compile(rb"Client (\d+) passed : (\d+)\s")  # the check of what it shared
_CHEATS = re.compile(rb"Player \d+ cheats: (.*)")
_LONGEST = 64  # bytes of such a line
_TAIL = 1 << 14  # bytes of standard error that are kept for an error message
_TO_WRITE = 1.0  # seconds for a writer to notice that its player has ended
MOST_OUTPUT = 1 << 24  # bytes that a player of any program may print


class PlayerProcess:
    """A running player.

    Attributes
    ----------
    index : int
    ready : bool
        Whether the engine's words for "connected to all the others" have been seen.
    holders : tuple of int, or None
        Who holds shares, where these words tell.
    cheating : list of str
        What it says of its own departures from the protocol, where it was told to, and nobody has
        taken yet.
    has_drawn : bool
        Whether it has begun to make known who holds shares, where that is drawn.
    outputs : list of int
        What the player printed on "Output channel 0" and nobody has taken yet.
    passed : list of (int, bool)
        What it said of the check of each client's input, and nobody has taken yet.
    complaint : str
        What it said that cannot be understood, or "".
    status : int or None
        How it ended: exit status, or minus the signal's number; None while it runs.
    ended_at : float
        When it did, by `time.monotonic`.
    view : bytes
        What it printed last of what it saw, JSON; empty when it does not.
    said : bytearray
        All else that it printed, of a player that may print anything.
    """

    def __init__(self, index: int, process: Process, run: RunPlan, changed: threading.Condition):
        self.index = index
        self.ready = False
        self.holders: tuple[int, ...] | None = None
        self.cheating: list[str] = []
        self.has_drawn = False
        self.outputs: list[int] = []
        self.passed: list[tuple[int, bool]] = []
        self.complaint = ""
        self.status: int | None = None
        self.ended_at = 0.0
        self.reports: list[tuple[int, str, int]] = []  # (amount, unit, rounds), totals so far
        self.view, self.view_count = b"", 0
        self.said = bytearray()
        self._tail = b""
        self._any_output = run.any_output
        self._ready, self._draws, self._has_views = run.ready, run.draws, run.views
        self._changed = changed
        self._process = process
        self._writes, self._is_closed = threading.Lock(), False
        threads = [self._thread(self._read_output), self._thread(self._read_errors)]
        self._thread(self._wait, threads)

    @property
    def complaints(self) -> str:
        """The end of its standard error, without reports of communication and that it is ready."""
        lines = self._tail.decode("utf-8", "replace").splitlines()
        return "\n".join(line.strip() for line in lines if line.strip() and not self._is_news(line))

    def _is_news(self, line: str) -> bool:
        news = (self._ready, self._draws) if self._draws else (self._ready,)
        return is_report(line) or any(one.match(f"{line}\n".encode()) for one in news)

    @property
    def last_words(self) -> str:
        """The last lines of that."""
        return "\n".join(self.complaints.split("\n")[-5:])

    def send(self, pieces: Iterable[bytes], close: bool = False) -> None:
        """Write to its standard input, and close it, without waiting until all of it is read."""
        self._thread(self._write, pieces, close)

    def is_stopped(self) -> bool:
        """Whether it is suspended, by SIGSTOP for instance (False where that cannot be told)."""
        return self.status is None and self._process.is_stopped()

    def end(self, force: bool = False) -> None:
        """Terminate it and whatever it has started, or kill when ``force``."""
        if self.status is None:
            self._process.end(force)

    def close(self) -> None:
        """Close the pipe to its standard input; the readers close those of its outputs.

        Not while somebody writes to it: that could go to whatever this process opens next, under
        the same number. Who writes to a player that has ended is told so at once; else it is for
        the writer to close the pipe.
        """
        self._is_closed = True
        if self._writes.acquire(timeout=_TO_WRITE):
            self._close()
            self._writes.release()

    def _close(self) -> None:
        try:
            self._process.stdin.close()
        except OSError:  # what was still to be written has nobody to read it
            pass

    def _thread(self, target, *arguments) -> threading.Thread:
        def work() -> None:
            try:
                target(*arguments)
            except MemoryError:  # in a thread it would be a traceback, and the player read no more
                with self._changed:
                    self.complaint = "more than this process has memory for (ulimit -v)"
                    self._changed.notify_all()

        name = f"player {self.index} {target.__name__.strip('_')}"
        thread = threading.Thread(target=work, name=name, daemon=True)
        thread.start()
        return thread

    def _read_output(self) -> None:
        rest = unread = b""
        chunks = _chunks(self._process.stdout)
        for chunk in self._without_views(chunks) if self._has_views else chunks:
            if self._any_output:
                self._keep(chunk)
                continue
            self._look_for_ready(rest + chunk)
            passed, unread = _parse_passed(unread + chunk)
            outputs, rest, complaint = parse_outputs(rest + chunk)
            with self._changed:
                self.passed.extend(passed)
                self.outputs.extend(outputs)
                self.complaint = self.complaint or complaint
                self._changed.notify_all()

    def _keep(self, chunk: bytes) -> None:
        with self._changed:
            self.said += chunk[: MOST_OUTPUT - len(self.said)]
            if len(self.said) == MOST_OUTPUT:
                self.complaint = self.complaint or f"more than {MOST_OUTPUT >> 20} MB"
            self._look_for_ready(bytes(self.said[-len(chunk) - _LONGEST :]))
            self._changed.notify_all()

    def _without_views(self, chunks: Iterable[bytes]) -> Iterable[bytes]:
        """The output in whole lines, but for those that are a view."""
        parts: list[bytes] = []  # of the line that is not complete yet
        for chunk in chunks:
            *lines, rest = chunk.split(b"\n")
            for line in lines:
                line, parts = b"".join([*parts, line]), []
                if line.startswith(b"View "):
                    with self._changed:
                        self.view = line.removeprefix(b"View ")
                        self.view_count += 1
                        self._changed.notify_all()
                else:
                    yield line + b"\n"
            parts.append(rest)
        yield b"".join(parts)

    def _read_errors(self) -> None:
        unread = b""
        for chunk in _chunks(self._process.stderr):
            self._tail = (self._tail + chunk)[-_TAIL:]
            self._look_for_ready(self._tail)
            if self._draws and self._draws.search(self._tail):
                self.has_drawn = True
            *lines, unread = (unread + chunk).split(b"\n")
            with self._changed:
                self.reports += parse_reports(b"\n".join(lines))
                self.cheating += [m[1].decode() for line in lines if (m := _CHEATS.match(line))]
                self._changed.notify_all()

    def _look_for_ready(self, text: bytes) -> None:
        found = None if self.ready else self._ready.search(text)
        if found and found.re.groups:
            self.holders = tuple(map(int, found[1].split()))
        self.ready = self.ready or found is not None

    def _wait(self, readers: Iterable[threading.Thread]) -> None:
        status = self._process.wait()
        ended_at = time.monotonic()
        for reader in readers:
            reader.join(timeout=1.0)  # what it said last is on its way still
        with self._changed:
            self.status, self.ended_at = status, ended_at
            self._changed.notify_all()

    def _write(self, pieces: Iterable[bytes], close: bool) -> None:
        with self._writes:
            try:
                for piece in pieces:
                    unwritten = memoryview(piece)
                    while unwritten and not self._is_closed:
                        unwritten = unwritten[self._process.stdin.write(unwritten) :]
            except (OSError, ValueError):  # it has ended: others see to that
                pass
            if close or self._is_closed:
                self._close()


def _parse_passed(text: bytes) -> tuple[list[tuple[int, bool]], bytes]:
    """What is said of the clients' checks, and what may be the beginning of more."""
    if b"Client" not in text:
        return [], text[-_LONGEST:]
    found = list(_PASSED.finditer(text))
    said = [(int(one[1]), int(one[2]) == 1) for one in found]
    return said, text[max(found[-1].end() if found else 0, len(text) - _LONGEST) :]


def describe_exit(status: int) -> str:
    """An exit in words: 'was killed by SIGKILL', 'ended with exit status 1'."""
    if status >= 0 or not POSIX:
        return f"ended with exit status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f"was killed by {name}"


def _chunks(stream) -> Iterable[bytes]:
    """The pieces of a pipe as they come, until its other end is closed."""
    with stream:
        while chunk := stream.read(1 << 16):
            yield chunk
