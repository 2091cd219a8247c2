"""One process: how it is started, what every kind of it offers, and the error when it fails.

`PlayerProcess` needs no more than this, so it does not matter to it whether the operating system
was asked for the process here, or a fork server forked it (`fl_krum.players.fork_server`).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Protocol

POSIX = os.name == "posix"

# Before the command of a player that could leave a core dump, full of shares, when it aborts.
WITHOUT_CORE_DUMP = ("sh", "-c", 'ulimit -c 0; exec "$@"', "sh")


class PlayerError(RuntimeError):
    """A player ended, stalled or said something unexpected; all players have been ended.

    Attributes
    ----------
    player : int or None
        The player it began with; None when no single one can be named.
    status : int or None
        Its exit status, or minus the number of the signal that ended it.
    last_words : str
        The last lines of its standard error.
    suspects : tuple of int
        The players of which one deviated from the protocol, if another one has found that and can
        tell. The next start can go without them.
    """

    def __init__(
        self,
        message: str,
        player: int | None = None,
        status: int | None = None,
        last_words: str = "",
        suspects: tuple[int, ...] = (),
    ):
        super().__init__(message)
        self.suspects = suspects
        self.player = player
        self.status = status
        self.last_words = last_words


@dataclass(frozen=True)
class Command:
    """How to start one process.

    Attributes
    ----------
    argv : tuple of str
        Program and arguments, no secret among them.
    cwd : Path
    env : mapping of str to str
        Added to the environment.
    player_arguments : tuple of str
        Of a player: the arguments that a fork server is told in place of ``argv``, if there is one.
    first_input : bytes
        What the process is given on standard input before all else; the place for secrets.
    """

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    player_arguments: tuple[str, ...] = ()
    first_input: bytes = field(default=b"", repr=False)


class Process(Protocol):
    """A running process with three unbuffered pipes."""

    stdin: BinaryIO
    stdout: BinaryIO
    stderr: BinaryIO

    def wait(self) -> int:
        """Wait for its end: exit status, or minus the number of the signal that ended it."""

    def is_stopped(self) -> bool:
        """Whether it is suspended, by SIGSTOP for instance (False where that cannot be told)."""

    def end(self, force: bool) -> None:
        """Terminate it and whatever it has started, or kill when ``force``."""


class SpawnedProcess(subprocess.Popen[bytes]):
    """A process in a group of its own, which Ctrl-C in the terminal does not reach."""

    stdin: BinaryIO  # pipes, all three, unless `streams` says otherwise
    stdout: BinaryIO
    stderr: BinaryIO

    def __init__(self, command: Command, **streams):
        options: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        options |= streams
        if sys.platform == "win32":
            options["creationflags"] = (
                subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
            )
        else:
            options["start_new_session"] = True
        environment = {**os.environ, **command.env}
        super().__init__(command.argv, cwd=command.cwd, env=environment, bufsize=0, **options)

    def is_stopped(self) -> bool:
        if not hasattr(os, "waitid"):
            return False
        try:
            options = os.WSTOPPED | os.WNOHANG | os.WNOWAIT
            return os.waitid(os.P_PID, self.pid, options) is not None
        except ChildProcessError:
            return False

    def end(self, force: bool) -> None:
        if POSIX:
            end_group(self.pid, force)
        elif force:
            self.kill()
        else:
            self.terminate()


def behind(prefix: Sequence[str]) -> Callable[[Command], SpawnedProcess]:
    """What spawns a command behind another one, so that it runs in another place: in a network
    namespace, for instance (`fl_krum.players.namespaces`)."""
    return lambda command: SpawnedProcess(replace(command, argv=(*prefix, *command.argv)))


def end_group(pid: int, force: bool) -> None:
    """Send SIGTERM, or SIGKILL when ``force``, to the process and the group that it leads."""
    number = signal.SIGKILL if force else signal.SIGTERM
    for send in (os.killpg, os.kill):  # the second for one that does not lead its group yet
        try:
            send(pid, number)
            return
        except (ProcessLookupError, PermissionError):  # or it ended by itself a moment ago
            pass
