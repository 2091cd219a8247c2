"""CPU time and memory of the processes that a measurement starts.

CPU time of processes that have ended comes from the operating system itself (`children_cpu`). What
running ones have used so far is asked with psutil, which is optional: without it, None.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

try:
    import psutil
except ImportError:
    psutil = None

PERIOD = 0.05  # seconds between two looks at running processes
QUIET = 4  # looks without any work done, after which processes count as idle


def children_cpu() -> float | None:
    """CPU-seconds, so far, of the ended children of this process and of their ended children."""
    if os.name != "posix":
        return None
    times = os.times()
    return times.children_user + times.children_system


class Watch:
    """Looks at the memory of processes again and again, while it is used as a context manager.

    Parameters
    ----------
    pids : iterable of int
        Processes of which nobody knows when they end; of others, `largest` tells the same.

    Attributes
    ----------
    memory : float or None
        Peak memory of the largest of them, in bytes.
    """

    def __init__(self, pids):
        self.memory: float | None = None
        self._pids = list(pids)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_again_and_again, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *error) -> None:
        self._ended.set()
        self._thread.join()

    def _look_again_and_again(self) -> None:
        while psutil and not self._ended.wait(PERIOD):
            self.memory = max(self.memory or 0, largest(self._pids) or 0) or None


def running() -> list[int]:
    """The processes that descend from this one: their numbers; none without psutil."""
    if not psutil:
        return []
    return [process.pid for process in psutil.Process().children(recursive=True)]


def cpu(pids) -> float | None:
    """CPU-seconds, so far, of running processes together."""
    if not psutil:
        return None
    return sum(_ask(pids, lambda process: sum(process.cpu_times()[:2])))


def largest(pids) -> float | None:
    """The most memory that one of these processes has had so far, in bytes."""
    return max(_ask(pids, _peak_memory), default=None) if psutil else None


def wait_until_idle(pids, limit: float) -> None:
    """Return when the processes do nothing any more, or after `limit` seconds."""
    quiet, before = 0, cpu(pids)
    for _ in range(int(limit / PERIOD)):
        time.sleep(PERIOD)
        now = cpu(pids)
        quiet, before = (quiet + 1 if now == before is not None else 0), now
        if quiet == QUIET:
            return


def _ask(pids, question) -> list:
    """The answers of those processes that are still there."""
    answers = []
    for pid in pids:
        with contextlib.suppress(psutil.Error, OSError, ValueError):
            answers.append(question(psutil.Process(pid)))
    return answers


def _peak_memory(process) -> float:
    """On Linux and Windows the peak; on macOS, which does not tell, what it has now."""
    status = Path(f"/proc/{process.pid}/status")
    if status.exists():
        return parse_peak(status.read_text())
    memory = process.memory_info()
    return getattr(memory, "peak_wset", memory.rss)


def parse_peak(status: str) -> float:
    """Bytes on the line ``VmHWM: 1234 kB`` of Linux's /proc/PID/status, else a ValueError.

    It is not what the `resource` module tells, which counts the memory of the parent at the fork.
    """
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return 1024.0 * int(line.split()[1])
    raise ValueError("no line VmHWM: the process has ended")
