"""How processes of this project's own players are launched: where they are, and what they are given
besides this process's environment.

Imports little: the command line launches the fork server before it imports anything else.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys

TYPE_CHECKING = False  # as `typing` has it, which takes a while
if TYPE_CHECKING:
    from .process import Command

# mamba stands next to fl_krum, in the repository and when installed. It is not looked up by name,
# for conda has a package of the same name, and not imported: players are processes of their own.
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))

# The players share the cores of this machine already; threads in each only get in the way.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

# The arrays of long vectors come and go. glibc would give the memory of each back to the system,
# which hands it out again page by page: a quarter of the time at d = 10^6. Others ignore this.
KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": "1000000000", "MALLOC_MMAP_THRESHOLD_": "33554432"}

FORK_SERVER = "FL_KRUM_FORK_SERVER"

early: list[tuple[subprocess.Popen[bytes], socket.socket]] = []  # launched, and not taken yet


def fork_server_command() -> Command | None:
    """What forks the players; None where they are started one by one."""
    from pathlib import Path

    from .process import Command

    if not _forks():
        return None
    return Command(_fork_server_argv(), cwd=Path(ROOT), env=environment())


def launch_early() -> None:
    """Start a fork server now, where players are forked; `fl_krum.players.fork_server` takes it."""
    if _forks():
        try:
            early.append(spawn_fork_server(_fork_server_argv(), ROOT, environment()))
        except OSError:  # whoever needs it says so
            pass


def spawn_fork_server(argv, cwd, env) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start a fork server: its process, and this side of its socket."""
    # Packets, not a stream: each comes whole, and with its own pipes.
    mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        with its:
            process = subprocess.Popen(
                argv, bufsize=0, cwd=cwd, env={**os.environ, **env}, start_new_session=True,
                stdin=its.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            )  # fmt: skip
    except BaseException:
        mine.close()
        raise
    return process, mine


def _forks() -> bool:
    return sys.platform == "linux" and os.environ.get(FORK_SERVER) != "no"


def _fork_server_argv() -> tuple[str, ...]:
    return sys.executable, "-m", "mamba.fork_server"


def environment() -> dict[str, str]:
    """What players, or their fork server, are given besides this process's environment."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**dict.fromkeys(THREADS, "1"), **KEEP_MEMORY, "PYTHONPATH": path}
