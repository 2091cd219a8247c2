"""What to do about what is missing or too small here: packages, threads, files, memory.

Each is one sentence.
"""

from __future__ import annotations

import errno
import sys

from ..players.packages import install
from ..players.process import PlayerError


def missing(error: ImportError) -> str:
    """About a package that is not there, or that the system cannot load."""
    if isinstance(error, ModuleNotFoundError):
        package = (error.name or "").partition(".")[0]
        return f"the package {package} is missing: {install(package)}"
    said = " ".join(str(error).split())
    return f"{said[:300]} (is the memory of this process limited? see ulimit -v)"


def limit(error: BaseException) -> str:
    """About a limit of the system that was met; "" when the error is about something else."""
    said = str(error)
    if isinstance(error, PlayerError):  # one that could not be started, say
        cause = error.__cause__ or error.__context__
        what, _, cure = (limit(cause) if cause is not None else "").partition(": ")
        return f"{said}: {cure or what}" if what else ""
    if isinstance(error, MemoryError):
        return (
            "this is more than the memory of this machine can hold, or than a process may take "
            "(ulimit -v)"
        )
    if isinstance(error, RuntimeError) and "start new thread" in said:
        return (
            "the system starts no more threads for this process: allow more memory (ulimit -v), or "
            "more processes (ulimit -u)"
        )
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.EMFILE, errno.ENFILE):
        return f"too many open files: allow more with ulimit -n{_open_files()}"
    if number == errno.EAGAIN:
        return "the system starts no more processes for this user: allow more with ulimit -u"
    if number == errno.ENOMEM:
        return "the system has no more memory for this process (ulimit -v)"
    return ""


def _open_files() -> str:
    """A limit that would do, and the present one, where the system has them."""
    try:
        import resource
    except ImportError:
        return ""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4096 if most == resource.RLIM_INFINITY else min(4096, most)
    return f" {wanted} (it is {now})" if wanted > now else f" (it is {now}, the most here)"


def plain_output() -> None:
    """Let terminals that lack a letter show its number, rather than end in an error."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
